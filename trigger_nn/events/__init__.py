"""Events: generation with Pythia 8, toy detector, pile-up, images in hardware units, samples on disk."""

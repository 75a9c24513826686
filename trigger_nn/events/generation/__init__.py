"""Collisions from Pythia 8: processes, the generator, particles on disk."""

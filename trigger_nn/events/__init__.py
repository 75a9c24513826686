"""Events: generation, detector, pile-up, objects and views in hardware units, samples on disk, readers, streams."""

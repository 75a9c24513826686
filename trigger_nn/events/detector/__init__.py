"""A parametrised detector: particles in, towers and tracks out, each effect a stage of its own."""

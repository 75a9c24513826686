"""The heart: fixed-point types, operations, the Program, its rules, its meaning, its file. Needs numpy and h5py alone."""

"""The heart: fixed-point types, operations, the Program, its rules, its meaning, its file. numpy and h5py alone."""

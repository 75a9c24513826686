"""Other people's events: ROOT, HDF5, numpy and parquet files, through a mapping, as a sample of this package."""

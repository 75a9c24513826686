"""How long a full study of ten million events takes: python -m tests.benchmarks.studies --help."""

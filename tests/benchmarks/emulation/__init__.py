"""Speed of the emulator beside its peers, on the same events: `make bench`, or python -m tests.benchmarks.emulation."""

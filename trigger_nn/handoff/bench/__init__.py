"""`make check`: digests and a C++ bench, with g++ and make alone; the same bench serves the HLS tool."""

from trigger_nn.handoff.bench.files import FILES as BENCH_FILES
from trigger_nn.handoff.bench.files import bench_files

__all__ = ["BENCH_FILES", "bench_files"]

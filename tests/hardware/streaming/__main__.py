"""The token model against hls4ml on random networks: python -m tests.hardware.streaming FIRST LAST [EVERY].

For each seed from FIRST up to LAST that draws a streamed network which hls4ml takes: FIFOs and depths are those of its
project; and with EVERY, for each so manieth seed, the order of reads and writes is that of its C++.
"""

import sys
import tempfile
from pathlib import Path

from tests.hardware.streaming.csim import compare
from tests.proof.compare import Comparison, make_graph
from tests.proof.description import build_model
from tests.proof.models import draw_seeded
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend.graph import project_files
from trigger_nn.frontend.lowering import lower
from trigger_nn.hardware.streaming.build import token_graph
from trigger_nn.hardware.streaming.project import depths_of
from trigger_nn.recipe import HardwareSpec
from trigger_nn.toolchain import find


def network(seed):
    """Program, hardware and project of a seed, or None."""
    drawn = draw_seeded(seed)
    if drawn.io_type != "io_stream":
        return None
    types = {entry.name: entry.type for entry in drawn.inputs}
    graph = make_graph(
        build_model(drawn), "m0", drawn.backend, drawn.io_type, drawn.changes, types, own_namespace=False
    )
    if isinstance(graph, Comparison):
        return None
    try:
        program = lower(graph, "m0")
    except UnsupportedLayerError:
        return None
    return program, HardwareSpec(io_type="io_stream", backend=drawn.backend), project_files(graph)


def main(first, last, every=0):
    """Compare, and say how many were."""
    graphs = orders = 0
    for seed in range(first, last):
        made = network(seed)
        if made is None:
            continue
        program, hardware, project = made
        found = {edge.name: edge.given for edge in token_graph(program, hardware).fifos}
        assert found == depths_of(project), f"seed {seed}"
        graphs += 1
        if every and seed % every == 0:
            with tempfile.TemporaryDirectory() as folder:
                compare(program, hardware, project, str(find("g++")), Path(folder))
            orders += 1
    sys.stdout.write(f"{graphs} networks with the FIFOs of their projects, {orders} with the order of their C++\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))

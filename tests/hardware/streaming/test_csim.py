"""The token model against hls4ml's C++: every layer reads and writes its FIFOs in the order in which the model does.

csim runs layer after layer with endless streams. That says nothing of cycles, but all of what a cycle model rests on:
how many packs pass through each FIFO, and after which read each write comes.
"""

import re

import pytest

from tests.hardware.streaming.csim import compare, variables_of
from tests.hardware.streaming.networks import NETWORKS, compiled
from trigger_nn.hardware.streaming.build import token_graph
from trigger_nn.hardware.streaming.project import SOURCE, depths_of


@pytest.mark.parametrize("name", NETWORKS)
def test_every_layer_reads_and_writes_in_the_order_of_the_model(name, gxx, tmp_path):
    program, hardware, project, _ = compiled(name)
    compare(program, hardware, project, gxx, tmp_path)


@pytest.mark.parametrize("name", NETWORKS)
def test_fifos_of_the_model_are_those_of_the_project_with_hls4mls_depths(name):
    program, hardware, project, _ = compiled(name)
    assert {edge.name: edge.given for edge in token_graph(program, hardware).fifos} == depths_of(project)


@pytest.mark.parametrize("name", NETWORKS)
def test_widths_are_those_of_the_packs(name):
    program, hardware, project, _ = compiled(name)
    kinds = re.findall(r"hls::stream<(\w+)> (\w+)\(", project[SOURCE].decode())
    packs = re.findall(
        r"typedef nnet::array<ap_u?(?:fixed|int)<(\d+)[^>]*>, (\d+)\*1> (\w+);",
        project["firmware/defines.h"].decode(),
    )
    widths = {kind: int(bits) * int(size) for bits, size, kind in packs}
    graph = token_graph(program, hardware)
    variables = variables_of(program, graph, project)
    declared = {variable: widths[kind] for kind, variable in kinds}
    assert {variables[edge.name]: edge.width for edge in graph.fifos} == declared

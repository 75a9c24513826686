"""Depths in the HLS project."""

import pytest

from tests.hardware.streaming.networks import NETWORKS, compiled
from trigger_nn.errors import HandoffError
from trigger_nn.frontend.graph import project_files
from trigger_nn.hardware.streaming.analyse import stream
from trigger_nn.hardware.streaming.project import SOURCE, depths_of, with_depths


@pytest.mark.parametrize("name", NETWORKS)
def test_needed_depths_stand_in_the_project_and_nothing_else_changes(name):
    program, hardware, project, _ = compiled(name)
    needed = stream(program, hardware).needed
    changed = with_depths(project, needed)
    assert depths_of(changed) == needed != depths_of(project)
    assert {path for path in project if project[path] != changed[path]} == {SOURCE}
    assert with_depths(changed, depths_of(project)) == project


def test_the_project_is_what_hls4ml_writes_with_these_depths():
    _, _, project, graph = compiled("residual")
    variables = {v.name: v for v in graph.output_vars.values() if getattr(v, "pragma", None)}
    kept = variables["layer2_out"].pragma
    variables["layer2_out"].pragma = ("stream", 5)
    try:
        theirs = project_files(graph)
    finally:
        variables["layer2_out"].pragma = kept
    assert with_depths(project, {"c1": 5}) == theirs


def test_a_fifo_that_is_not_there_is_refused():
    project = compiled("residual")[2]
    with pytest.raises(HandoffError, match=r"has no FIFO 'layer2_out'.* Its FIFOs: .*c1"):
        with_depths(project, {"layer2_out": 5})
    with pytest.raises(HandoffError, match="'c1' can't have depth 0; give it 1 or more"):
        with_depths(project, {"c1": 0})


def test_another_layout_is_refused():
    project = compiled("residual")[2]
    source = project[SOURCE].decode()
    with pytest.raises(HandoffError, match=r"\d+ streams, of which its calls write \d+; make it"):
        depths_of({**project, SOURCE: source.replace(" // c1\n", "\n").encode()})
    with pytest.raises(HandoffError, match=r"has no streams; compile with hardware.io_type = 'io_stream'"):
        depths_of({SOURCE: b"void network(input_t x[4]) {}"})
    with pytest.raises(HandoffError, match=f"has no {SOURCE}"):
        depths_of({})

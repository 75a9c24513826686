"""docs/coverage.md is true: its lists are hls4ml's own, and the smallest model of each row does what the row says."""

import re
from pathlib import Path

import numpy as np
import pytest

from tests.frontend import coverage_models as models
from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend.graph import hls4ml
from trigger_nn.frontend.lowering import lower
from trigger_nn.frontend.lowering.walk import HANDLERS
from trigger_nn.frontend.readers import read_einsum_dense, without_events

DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"
BY_THE_WALK = {"Input", "TimeDistributed"}  # lowered without a handler
OTHER_BACKENDS = ("catapult", "quartus", "oneapi", "libero", "symbolic")


def table(title):
    """Rows of the table under a heading, first cell -> other cells."""
    section = DOCUMENT.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    found = {row[0].strip(): [cell.strip(" |") for cell in row[1:]] for row in rows}
    assert len(found) == len(lines), "no row stands twice"
    return found


KERAS = table("Layers of Keras 2 and QKeras")
CLASSES = table("Layers of hls4ml's graph")
REFUSED = table("Refused")
BEYOND = table("Refused by hls4ml itself")
CHANGED = table("Converted into something else")


@pytest.fixture(autouse=True, scope="module")
def _reader():
    """hls4ml with our reader of EinsumDense; it has no way to forget one."""
    if "EinsumDense" not in hls4ml.converters.get_supported_keras_layers():
        hls4ml.converters.register_keras_v2_layer_handler("EinsumDense", read_einsum_dense)


def converted(build):
    graph = models.graph_of(*build())
    assert not isinstance(graph, models.Comparison), graph.message
    return graph


def test_every_layer_that_hls4ml_reads_is_listed():
    known = set(hls4ml.converters.get_supported_keras_layers())
    assert set(KERAS) == known | {"Dropout", "EinsumDense"}  # skipped, and ours to read
    assert set(KERAS) == set(models.LAYERS) | {"GarNet", "GarNetStack"}


def test_every_class_of_hls4ml_is_listed():
    assert set(CLASSES) == {
        cls.__name__
        for cls in subclasses(hls4ml.model.layers.Layer)
        if not any(backend in cls.__module__ for backend in OTHER_BACKENDS) and not hasattr(cls, "_wrapped")
    }


def subclasses(cls):
    for child in cls.__subclasses__():
        yield child
        yield from subclasses(child)


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_is_lowered_or_refused_as_listed(name):
    state = CLASSES[name][0]
    if state == "lowered":
        assert name in HANDLERS or name in BY_THE_WALK
        return
    assert state in ("refused", "replaced")
    if name in HANDLERS:  # refused with a sentence of its own
        assert name in REFUSED
        return
    with pytest.raises(UnsupportedLayerError, match=rf"'it' can't be lowered: its kind \({name}\) is not supported"):
        lower(models.stub_of(name), "m0")


@pytest.mark.parametrize("name", models.LAYERS)
def test_a_keras_layer_becomes_the_operations_listed(name):
    kinds, operations = KERAS[name]
    if "can't call it" in operations:
        with pytest.raises(AttributeError, match="is_sequence"):
            models.graph_of(*models.LAYERS[name]())
        return
    graph = converted(models.LAYERS[name])
    made = dict.fromkeys(layer.class_name for layer in graph.get_layers() if layer.class_name != "Input")
    assert ", ".join(made) == kinds
    if operations == "refused: see below":
        with pytest.raises(UnsupportedLayerError):
            lower(graph, "m0")
        return
    assert ", ".join(models.operations_of(graph)) == operations


def test_every_case_listed_has_its_model():
    assert set(REFUSED) == set(models.REFUSED)
    assert set(BEYOND) == set(models.BEYOND_HLS4ML)
    assert set(CHANGED) == set(models.CHANGED)


@pytest.mark.parametrize("case", REFUSED)
def test_a_case_is_refused_with_its_sentence(case):
    reason, instead = REFUSED[case]
    graph = converted(models.REFUSED[case])
    with pytest.raises(UnsupportedLayerError, match=re.escape(reason)) as refused:
        lower(graph, "m0")
    assert instead in str(refused.value)


@pytest.mark.parametrize("case", BEYOND)
def test_hls4ml_refuses_in_its_own_words(case):
    graph = models.graph_of(*models.BEYOND_HLS4ML[case]())
    assert isinstance(graph, models.Comparison)
    assert BEYOND[case][0] in graph.message


def operation(case, kind):
    """The only operation of class `kind` in the program of a case that hls4ml changes."""
    program = lower(converted(models.CHANGED[case]), "m0")
    (found,) = [op for op in program.operations if type(op).__name__ == kind]
    return found


def test_what_hls4ml_changes_is_changed_as_listed():
    shared, dropped, branching, relu, dilation, bilinear, epsilon, embedding = CHANGED
    assert operation(shared, "Dense").name == "it"
    assert operation(shared, "Concatenate").inputs == ("it", "it")
    assert "Relu" not in models.operations_of(converted(models.CHANGED[dropped]))
    assert lower(converted(models.CHANGED[branching]), "m0").outputs[0].shape == models.SEQUENCE[1:]
    assert models.operations_of(converted(models.CHANGED[relu])) == ["Relu"]
    assert operation(dilation, "Conv2D").shape == (4, 4, 2)  # 2 x 2 in Keras
    assert operation(bilinear, "Rearrange").repeats == (2, 2, 1)
    first = operation(epsilon, "LayerNormalization").table
    assert first == operation_with_epsilon(1e-3).table
    program = lower(converted(models.CHANGED[embedding]), "m0")
    rows = Emulator(program).predict(np.array([[4.0, 5.0, 31.0, -1.0]]))
    table = program.operations[0].table.values().ravel()
    assert np.ravel(rows).tolist() == [table[4], table[4], table[4], table[0]]


def operation_with_epsilon(epsilon):
    layer = models.L.LayerNormalization(epsilon=epsilon, name="it")
    return lower(models.graph_of(models.SEQUENCE, layer), "m0").operations[0]


def test_an_equation_must_keep_events_first():
    assert without_events("abc, cd -> abd", "it") == "bc,cd->bd"
    assert without_events("...x,xy->...y", "it") == "...x,xy->...y"
    for wrong in ("abc,cd->bad", "ab,ac->ac"):
        with pytest.raises(ValueError, match="'it' has the equation"):
            without_events(wrong, "it")

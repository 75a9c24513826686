"""docs/coverage.md is true: its lists are hls4ml's own, and the smallest model of each row does what the row says."""

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.frontend import coverage_models as models
from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.frontend import lowering
from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.graph import _complete_hls4ml, hls4ml
from trigger_nn.frontend.lowering import lower
from trigger_nn.frontend.lowering.walk import HANDLERS
from trigger_nn.frontend.readers import without_events
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe import hardware_spec

_complete_hls4ml()
FRONTEND = Path(lowering.__file__).parents[1]
DOCUMENT = Path(__file__).parents[2] / "docs" / "coverage.md"
BY_THE_WALK = {"Input", "TimeDistributed"}  # lowered without a handler
OTHER_BACKENDS = ("catapult", "quartus", "oneapi", "libero", "symbolic")


def table(title):
    """Rows of the tables under a heading and its subheadings, first cell -> other cells."""
    section = DOCUMENT.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    lines = [line for text in section.split("|---|\n")[1:] for line in text.split("\n\n")[0].splitlines()]
    rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    found = {row[0].strip(): [cell.strip(" |") for cell in row[1:]] for row in rows}
    assert len(found) == len(lines), "no row stands twice"
    return found


KERAS = table("Layers of Keras 2 and QKeras")
CLASSES = table("Layers of hls4ml's graph")
REFUSED = table("Refused")
BY_COMPILE = table("Refused by compile")
BEYOND = table("Refused by hls4ml itself")
CHANGED = table("Converted into something else")


def converted(build):
    made = build()
    graph = models.graph_of(*made) if isinstance(made, tuple) else made
    assert not isinstance(graph, models.Comparison), graph.message
    return graph


def site_of(error):
    """The file below the frontend, and the line, of the statement that raised."""
    trace = error.__traceback__
    while trace.tb_next is not None:
        trace = trace.tb_next
    path = Path(trace.tb_frame.f_code.co_filename)
    return (path.relative_to(FRONTEND).as_posix() if path.is_relative_to(FRONTEND) else str(path)), trace.tb_lineno


@cache
def refused(case):
    """The sentence with which a case is refused, where that is raised, and the classes of the graph's layers."""
    graph = converted(models.REFUSED[case])
    with pytest.raises(UnsupportedLayerError) as caught:
        lower(graph, "m0")
    kinds = {layer.name: layer.class_name for layer in graph.get_layers()}
    return str(caught.value), site_of(caught.value), kinds


@cache
def refused_by_compile(case, folder):
    """The sentence with which `compile` refuses a case, and where that is raised."""
    shapes, layers, *hardware = models.REFUSED_BY_COMPILE[case]()
    model = models.model_of(shapes, layers)
    with pytest.raises(UnsupportedLayerError) as caught:
        compile_model(model, "m0", Fixed(True, 8, 4), folder, hardware_spec(**(hardware[0] if hardware else {})))
    return str(caught.value), site_of(caught.value)


@cache
def lowered(build):
    """Classes of the layers of a case's graph, and those of its program's operations, each in order and once."""
    graph = converted(build)
    made = dict.fromkeys(layer.class_name for layer in graph.get_layers() if layer.class_name != "Input")
    return tuple(made), tuple(models.operations_of(graph))


def test_every_layer_that_hls4ml_reads_is_listed():
    known = set(hls4ml.converters.get_supported_keras_layers())
    assert set(KERAS) == known | {"Dropout"}  # skipped; `known` has our reader of EinsumDense
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
        assert name in BY_THE_WALK or any(name in lowered(build)[0] for build in lowered_cases())
        return
    assert state in ("refused", "replaced")
    if name in HANDLERS:  # refused with a sentence of its own
        assert refused_whatever_it_is(name)
        return
    with pytest.raises(UnsupportedLayerError, match=rf"'it' can't be lowered: its kind \({name}\) is not supported"):
        lower(models.stub_of(name), "m0")


def lowered_cases():
    """Cases that say that they are lowered, those of classes that few models reach first."""
    yield from models.OTHER_CLASSES.values()
    without = ("refused", "QKeras 0.9")
    yield from (models.LAYERS[name] for name, row in KERAS.items() if not row[1].startswith(without))


def refused_whatever_it_is(name):
    """Whether a layer of class `name` is refused in a listed case, and its handler can do nothing but refuse."""
    listed = any("Layer 'it' can't" in sentence and kinds.get("it") == name for sentence, _, kinds in all_refused())
    code = HANDLERS[name].__code__
    tree = ast.parse(Path(code.co_filename).read_text())
    (handler,) = [node for node in tree.body if getattr(node, "name", "") == code.co_name]
    return listed and isinstance(handler.body[-1], ast.Raise) and len(handler.body) == 1


def all_refused():
    return [refused(case) for case in models.REFUSED]


@pytest.mark.parametrize("name", models.LAYERS)
def test_a_keras_layer_becomes_the_operations_listed(name):
    kinds, operations = KERAS[name]
    if "can't call it" in operations:
        with pytest.raises(AttributeError, match="is_sequence"):
            models.graph_of(*models.LAYERS[name]())
        return
    if operations == "refused: see below":
        graph = converted(models.LAYERS[name])
        with pytest.raises(UnsupportedLayerError):
            lower(graph, "m0")
        return
    assert [", ".join(names) for names in lowered(models.LAYERS[name])] == [kinds, operations]


def test_every_case_listed_has_its_model():
    assert set(REFUSED) == set(models.REFUSED)
    assert set(BY_COMPILE) == set(models.REFUSED_BY_COMPILE)
    assert set(BEYOND) == set(models.BEYOND_HLS4ML)
    assert set(CHANGED) == set(models.CHANGED)


@pytest.mark.parametrize("case", REFUSED)
def test_a_case_is_refused_with_its_sentence(case):
    reason, instead = REFUSED[case]
    words = rf"{re.escape(reason)}; (nearest that can: )?{re.escape(instead)}\."
    assert re.fullmatch(rf"(Layer '\w+' can't be lowered: )?{words}", refused(case)[0])


@pytest.mark.parametrize("case", BY_COMPILE)
def test_compile_refuses_with_its_sentence(case, tmp_path_factory):
    reason, instead = BY_COMPILE[case]
    sentence = refused_by_compile(case, tmp_path_factory.getbasetemp())[0]
    assert f"{reason}; {instead}" in sentence


def test_every_sentence_of_refusal_is_listed(tmp_path_factory):
    folder = tmp_path_factory.getbasetemp()
    reached = {site for _, site, _ in all_refused()}
    reached |= {refused_by_compile(case, folder)[1] for case in models.REFUSED_BY_COMPILE}
    sites, calls = refusals_in_the_code()
    assert reached == sites
    assert calls == len(sites)  # none is made in one place and raised in another


def refusals_in_the_code():
    """Where the frontend raises UnsupportedLayerError, by file and line; and how many such errors it makes."""
    sites, calls = set(), 0
    for path in FRONTEND.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text())))
        raised = [node for node in nodes if isinstance(node, ast.Raise) and is_refusal(node.exc)]
        sites |= {(path.relative_to(FRONTEND).as_posix(), node.lineno) for node in raised}
        calls += sum(is_refusal(node) for node in nodes)
    return sites, calls - 1  # `refusal` itself makes the error that its callers raise


def is_refusal(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("refusal", "UnsupportedLayerError")


@pytest.mark.parametrize("case", BEYOND)
def test_hls4ml_refuses_in_its_own_words(case):
    if "da4ml" in case and importlib.util.find_spec("da4ml") is not None:
        pytest.skip("da4ml is installed")
    graph = models.graph_of(*models.BEYOND_HLS4ML[case]())
    assert isinstance(graph, models.Comparison)
    assert BEYOND[case][0] in graph.message


def operation(case, kind):
    """The only operation of class `kind` in the program of a case that hls4ml changes."""
    program = lower(converted(models.CHANGED[case]), "m0")
    (found,) = [op for op in program.operations if type(op).__name__ == kind]
    return found


def test_what_hls4ml_changes_is_changed_as_listed():
    shared, dropped, branching, relu, dilation, dense, bilinear, epsilon, embedding = CHANGED
    assert operation(shared, "Dense").name == "it"
    assert operation(shared, "Concatenate").inputs == ("it", "it")
    assert "Relu" not in models.operations_of(converted(models.CHANGED[dropped]))
    assert lower(converted(models.CHANGED[branching]), "m0").outputs[0].shape == models.SEQUENCE[1:]
    assert models.operations_of(converted(models.CHANGED[relu])) == ["Relu"]
    assert operation(dilation, "Conv2D").shape == (4, 4, 2)  # 2 x 2 in Keras
    assert not operation(dense, "Conv2D").weights.mantissa.any()  # 0.25 in QKeras
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

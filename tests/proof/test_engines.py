"""The comparison of the two engines itself: that it runs what it says, and that no wrong value gets past it."""

import json

import numpy as np
import pytest

from tests.engines.native.agreement import inputs_of, program_of
from tests.proof import engines
from tests.proof.__main__ import _latest, _ran, table, table_of_engines
from tests.proof.batch import Record, compare_descriptions, from_line, to_line
from tests.proof.compare import EQUAL, HLS4ML, MISMATCH, Comparison
from tests.proof.description import InputDescription, LayerDescription, ModelDescription
from tests.proof.engines import DRAWN, compare_engines, left_of, targets_of
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.native.machine import runnable
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.operations import Cast, Relu

BYTE = Fixed(True, 8, 4)
ALL = [target.name for target in runnable()]
BEST = ALL[0]
EVENTS = 5


@pytest.fixture
def program():
    """Two layers of three elements; the second is the output."""
    first = Relu(name="first", inputs=("x",), shape=(3,), type=Fixed(False, 7, 4))
    return program_of(first, Cast(name="y", inputs=("first",), shape=(3,), type=BYTE))


def events_of(program):
    drawn = inputs_of(program, EVENTS)
    return {port.name: to_float(drawn[port.name], port.type) for port in program.inputs}


class Spoilt(NativeEngine):
    """Wrong on one target: one value of one layer, with that one alone kept or with all; or no result at all."""

    target_name, layer, layers, numbers_too, error = BEST, "y", 2, True, None

    def __call__(self, program, inputs, keep):
        found = super().__call__(program, inputs, keep)
        if self.target.name == self.target_name and len(keep) == self.layers:
            if self.error:
                raise self.error
            found[self.layer][-1, 2] += 1
        return found


class SpoiltNumbers(NativeEngine):
    """Wrong by one mantissa where it is given numbers."""

    def numbers(self, program, inputs, keep):
        return {name: values + 2.0**-4 for name, values in super().numbers(program, inputs, keep).items()}


def spoil(monkeypatch, **how):
    monkeypatch.setattr(engines, "NativeEngine", type("Engine", (Spoilt,), how))


def test_the_choice_of_targets():
    assert [(target.name, layers) for target, layers in targets_of("best")] == [(BEST, True)]
    assert [(target.name, layers) for target, layers in targets_of("outputs")] == [(n, n == BEST) for n in ALL]
    assert [(target.name, layers) for target, layers in targets_of("all")] == [(n, True) for n in ALL]


def test_all_values_are_counted(program):
    mantissas, numbers = EVENTS + DRAWN, EVENTS
    alone, layers = 3 * (mantissas + numbers), 6 * mantissas
    events = events_of(program)
    assert compare_engines(program, events, "best").values == {BEST: alone + layers}
    assert compare_engines(program, events, "all").values == dict.fromkeys(ALL, alone + layers)
    expected = {name: alone + layers * (name == BEST) for name in ALL}
    assert compare_engines(program, events, "outputs").values == expected


@pytest.mark.parametrize(("layer", "layers", "how"), [("first", 2, "all layers"), ("y", 1, "outputs alone")])
def test_one_wrong_value_is_told(monkeypatch, program, layer, layers, how):
    spoil(monkeypatch, target_name=ALL[-1], layer=layer, layers=layers)
    found = compare_engines(program, events_of(program), "all")
    assert found.layer == layer
    assert found.difference.startswith(f"event {EVENTS + DRAWN - 1}, element 2: reference ")
    assert f"{ALL[-1]} ({how})" in found.difference
    assert "1 of 240 values differ" in found.difference
    assert list(found.values) == ALL[:-1]  # what was equal before


def test_wrong_numbers_are_told(monkeypatch, program):
    monkeypatch.setattr(engines, "NativeEngine", SpoiltNumbers)
    found = compare_engines(program, events_of(program), "best")
    assert found.layer == "y"
    assert f"{BEST} (from numbers)" in found.difference


def test_an_engine_that_raises_is_told(monkeypatch, program):
    spoil(monkeypatch, layers=1, error=ValueError("no such step"))
    found = compare_engines(program, events_of(program), "best")
    assert found.difference == f"{BEST} crashed: ValueError: no such step"
    assert found.values == {}


def test_operations_left_to_the_reference_engine_are_counted():
    wide = Cast(name="wide", inputs=("x",), shape=(3,), type=Fixed(True, 90, 10))
    program = program_of(wide, Cast(name="y", inputs=("wide",), shape=(3,), type=BYTE))
    found = compare_engines(program, events_of(program), "best")
    assert found.difference == ""
    assert found.left == left_of(program)
    assert {kind for kind, _ in found.left} == {"Cast"}
    assert all(not any(letter.isdigit() for letter in reason) for _, reason in found.left)


def model():
    """One dense layer."""
    entry = InputDescription("inp0", (3,), "fixed<8,3>")
    layer = LayerDescription("dense_0", "Dense", {"units": 2}, ("inp0",))
    return ModelDescription("Vitis", "io_parallel", (entry,), (layer,), ("dense_0",), 5, {})


def test_models_without_cpp(monkeypatch):
    found = compare_descriptions([model()], "outputs", cpp=False)[0]
    assert (found.status, found.values, list(found.targets), found.choice) == (EQUAL, 0, ALL, "outputs")
    monkeypatch.setattr(engines, "NativeEngine", SpoiltNumbers)
    found = compare_descriptions([model()], "best", cpp=False)[0]
    assert (found.status, found.layer, found.targets) == (MISMATCH, "dense_0", {})
    assert "from numbers" in found.message


def record(seed, comparison, kind="Dense"):
    return Record(seed, "all", "Vitis", "io_parallel", ((kind, "latency"),), comparison)


LEFT = (("Cast", "exceeds N bits"), ("Dense", "exceeds N bits"), ("Cast", "exceeds N bits"))
RECORDS = [
    record(1, Comparison(EQUAL, 100, choice="all", targets={"avx2": 300, "x86-64": 200})),
    record(2, Comparison(EQUAL, 10, choice="all", targets={"avx2": 30, "x86-64": 20}, left=LEFT), "LSTM"),
    record(3, Comparison(MISMATCH, 0, layer="y", message="event 0", choice="all", targets={"avx2": 5})),
    record(4, Comparison(HLS4ML, stage="compile", message="no")),
]


def test_the_table_of_engines():
    """Values that were equal before another target differed count, the model does not."""
    lines = table_of_engines(RECORDS).splitlines()
    assert lines[1:] == [
        "native engine against reference engine:",
        "  avx2: 2 models, 335 values equal",
        "  x86-64: 2 models, 220 values equal",
        "  left to the reference engine: 3 operations",
        "  2 Cast: exceeds N bits",
        "  1 Dense: exceeds N bits",
    ]


def test_the_table_of_layers():
    head, *rows = (line.split() for line in table(RECORDS).splitlines())
    assert head[4:] == ["models", "equal", "values", "refused", "hls4ml", "unstable", "mismatch"]
    assert rows[0] == ["Dense", "latency", "io_parallel", "Vitis", "3", "1", "100", "0", "1", "0", "1"]
    assert rows[1] == ["LSTM", "latency", "io_parallel", "Vitis", "1", "1", "10", "0", "0", "0", "0"]
    assert rows[2] == ["all", "4", "2", "110", "0", "1", "0", "1"]


def test_records_survive_json():
    assert [from_line(json.loads(json.dumps(to_line(entry)))) for entry in RECORDS] == RECORDS


def test_a_campaign_goes_on_where_targets_are_missing():
    best = record(1, Comparison(EQUAL, 100, targets={"avx2": 300}))
    assert _ran(best.comparison, "best")
    assert not _ran(best.comparison, "all")
    assert _ran(RECORDS[3].comparison, "all")  # nothing to run
    assert _latest([best, *RECORDS])[1] is RECORDS[0]


def test_drawn_mantissas_reach_both_ends():
    for kind in (BYTE, Fixed(False, 12, 3), Fixed(True, 70, 3)):
        port = program_of(Cast(name="y", inputs=("x",), shape=(3,), type=BYTE), kind=kind)
        drawn = inputs_of(port, DRAWN)["x"]
        assert np.all(drawn[0] == kind.minimum)
        assert np.all(drawn[1] == kind.maximum)

"""Ranges of layers: types, proven bounds, and what events showed."""

from pathlib import Path

import numpy as np
import pytest

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import EventsError
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program
from trigger_nn.studies.layers import LayerRange, layer_ranges

PROGRAM = Path(__file__).parents[1] / "golden" / "event_image_program.h5"


@pytest.fixture(scope="module")
def program():
    return Program.load(PROGRAM)


def test_inputs_and_layers_stand_in_order_with_their_types_and_proven_bounds(program):
    found, proven = layer_ranges(program), prove_ranges(program)
    assert [layer.layer for layer in found] == [program.inputs[0].name, *(op.name for op in program.operations)]
    for layer in found:
        assert layer.type == program.type_of(layer.layer)
        assert layer.bounds == proven[layer.layer].bounds
        assert (layer.low, layer.high) == tuple(bound * layer.lsb for bound in layer.bounds)
        assert layer.observed is None
        assert layer.headroom >= 0
    assert [layer.kind for layer in found[:3]] == ["input", "Conv2D", "Relu"]


def test_what_events_show_lies_within_what_is_proven(program):
    port = program.inputs[0]
    counts = np.random.default_rng(3).integers(0, port.type.maximum + 1, (20, *port.shape))
    traced = Emulator(program).trace_mantissas({port.name: counts})
    numbers = {name: values * 2.0 ** -program.type_of(name).fraction for name, values in traced.items()}
    for layer in layer_ranges(program, numbers)[1:]:
        sizes = np.abs(numbers[layer.layer])
        assert layer.observed.values == sizes.size
        assert layer.observed.zeros == pytest.approx(np.mean(sizes == 0), abs=1e-15)
        assert layer.observed.quantiles[0] == sizes[sizes > 0].min()
        assert layer.observed.quantiles[-1] == sizes.max() <= layer.largest
        assert layer.observed.quantiles[0] >= layer.lsb * 2**layer.zeros


def test_a_layer_of_zeros_or_without_values_has_no_quantiles(program):
    name = program.operations[0].name
    assert layer_ranges(program, {name: np.zeros((3, 4))})[1].observed.quantiles == ()
    assert layer_ranges(program, {name: np.zeros((0, 4))})[1].observed.values == 0


def test_an_unknown_tensor_is_named(program):
    with pytest.raises(EventsError, match=r"has no tensor 'nowhere'; it has .*conv1"):
        layer_ranges(program, {"nowhere": np.zeros(1)})


@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0, 0), (0, 1), (0, 31), (0, 32), (-32, 5), (-33, 5), (-64, 63), (-1, 0)])
def test_headroom_is_the_bits_that_could_be_dropped_at_the_top(signed, low, high):
    if low < 0 and not signed:
        return
    layer = LayerRange("x", "Dense", Fixed(signed, 12, 5), (low, high), 0)
    narrower = [
        bits for bits in range(12 - signed + 1)
        if bits == 12 - signed + 1 or ((-(2**bits) if signed else 0) <= low and high <= 2**bits - 1)
    ]  # fmt: skip
    assert layer.headroom == 12 - signed - min(narrower)

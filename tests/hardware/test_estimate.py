"""Estimates: the parts of the model that can be counted, and one published design."""

from itertools import pairwise

import numpy as np
import pytest

from trigger_nn import Program
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate import csd_digits, estimate
from trigger_nn.hardware.parts import DEVICES, device_of
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import Constant, Dense, Relu
from trigger_nn.program.program import Port

PART = "xcvu13p-flga2577-2-e"


def fewest_digits(n):
    """Least number of signed powers of two that sum to n, by trying."""
    reach, found = {0}, 0
    while n not in reach:
        reach |= {r + s * 2**k for r in reach for k in range(8) for s in (1, -1)}
        found += 1
    return found


def test_csd_digits_are_fewest():
    numbers = np.arange(-40, 41)
    assert csd_digits(numbers).tolist() == [fewest_digits(int(n)) for n in numbers]


def tagger(reuse=1):
    """16-64-32-32-5 with 6-bit weights, half of them zero: the shape of the published jet tagger."""
    rng = np.random.default_rng(0)
    weight, activation = Fixed(True, 6, 1), Fixed(False, 6, 2, Rounding.RND_CONV, Overflow.SAT)
    widths, operations, reads = (16, 64, 32, 32, 5), [], "x"
    for i, (rows, columns) in enumerate(pairwise(widths)):
        mantissa = rng.integers(-31, 32, (rows, columns)) * (rng.random((rows, columns)) < 0.5)
        bias = Constant(np.zeros(columns, np.int64), weight)
        accumulator = covering(-31 * 63 * rows, 31 * 63 * rows, 9)
        node = {"name": f"d{i}", "inputs": (reads,), "shape": (columns,), "type": accumulator}
        operations.append(
            Dense(**node, weights=Constant(mantissa, weight), bias=bias, accumulator=accumulator, reuse_factor=reuse)
        )
        operations.append(Relu(name=f"a{i}", inputs=(f"d{i}",), shape=(columns,), type=activation))
        reads = f"a{i}"
    return Program("tagger", (Port("x", (16,), Fixed(True, 16, 6)),), tuple(operations), (reads,))


def test_order_of_magnitude_of_a_published_tagger():
    """6-bit QKeras tagger at 5 ns: 39,782 LUT, 124 DSP, 55 ns; the estimate claims a factor of 2, no more."""
    found = estimate(tagger(), 5.0, PART)
    assert 39_782 / 2 < found.total("lut") < 39_782 * 2
    assert 55 / 2 < found.latency < 55 * 2


def test_reuse_trades_interval_for_logic():
    fast, slow = estimate(tagger(1), 5.0, PART), estimate(tagger(4), 5.0, PART)
    assert (fast.interval, slow.interval) == (1, 4)
    assert slow.total("lut") < fast.total("lut")
    assert slow.cycles > fast.cycles
    assert (fast.instances, slow.instances) == (1, 1)


def test_zero_weights_cost_nothing():
    program = tagger()
    dense = program.operations[0]
    empty = Constant(np.zeros_like(dense.weights.mantissa), dense.weights.type)
    from dataclasses import replace

    silent = replace(program, operations=(replace(dense, weights=empty), *program.operations[1:]))
    assert estimate(silent, 5.0, PART).layers[0].lut == 0


def test_parts():
    assert device_of("xc7vx690tffg1927-2").name == "xc7vx690t"
    assert {device_of(f"{d.name}-flga2104-2L-e").name for d in DEVICES} == {d.name for d in DEVICES}
    for wrong in ("xcvu13", "vu13p", "xcvu13p", "xcvu13pp-flga2577-2-e", "EP4CE22"):
        with pytest.raises(RecipeError, match="unknown part"):
            device_of(wrong)

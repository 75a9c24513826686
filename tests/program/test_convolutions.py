"""Convolutions of images and sequences against the oracle: types, windows, strategies and products drawn."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.oracle.convolutions import convolution, depthwise
from tests.strategies import constants, fixed_types, mantissas
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import ProgramError
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Conv2D, DepthwiseConv2D, Product, Strategy, Window
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.program.semantics.windows import patches, slid

EVENTS = 2
BIT, SIGN = Fixed(False, 1, 1), Fixed(True, 2, 2)
PLAIN = st.just(Product.MULTIPLY)


@st.composite
def windows(draw, image):
    """A window over an image, less padded than it is large, so that every window sees the image."""
    size = tuple(draw(st.integers(1, n)) for n in image)
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    padding = tuple(draw(st.integers(0, s - 1)) for s in (size[0], size[0], size[1], size[1]))
    return Window(size=size, stride=stride, padding=padding)


@st.composite
def sums(draw, kernel, outputs, products):
    """Fields of a sum of products, and the type of its input."""
    product = draw(products)
    source = draw(fixed_types(8, plain=True)) if product is Product.MULTIPLY else BIT
    weights = draw(constants(kernel))
    if product is Product.AGREEMENT:
        weights = Constant(draw(mantissas(Fixed(False, 1, 1), kernel)) * 2 - 1, SIGN)
    accumulator, balance = draw(fixed_types(20)), 0
    if product is Product.AGREEMENT and accumulator.fraction >= 0:
        balance = draw(st.sampled_from([0, 2, 3, 8, 9]))
    fields = {
        "type": draw(fixed_types(16)), "accumulator": accumulator, "product": product, "weights": weights,
        "bias": draw(constants((outputs,))), "reuse_factor": draw(st.integers(1, 10)), "balance": balance,
        "strategy": draw(st.sampled_from([Strategy.LATENCY, Strategy.RESOURCE, Strategy.UNROLLED])),
    }  # fmt: skip
    return source, fields


@st.composite
def cases(draw, kind, products=PLAIN):
    """An operation of class `kind` on an image or (half the time) a sequence; the input's type and mantissas."""
    image = (draw(st.sampled_from([1, 1, 2, 4])), draw(st.integers(1, 5)))
    channels, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 2))
    window = draw(windows(image))
    last = (channels, outputs) if kind is Conv2D else (channels,)
    source, fields = draw(sums((*window.size, *last), last[-1], products))
    shape = (*image, channels) if image[0] > 1 else (image[1], channels)
    operation = kind(
        name="out", inputs=("in",), shape=(*slid(window, shape), last[-1]), window=window, partitions=1, **fields
    )
    return operation, source, draw(mantissas(source, (EVENTS, *shape)))


def program_of(operation, source, shape):
    return check(Program("one", (Port("in", shape, source),), (operation,), ("out",)))


def exact(array, kind):
    """Mantissas as nested lists of Fractions."""
    lsb = Fraction(2) ** -kind.fraction
    return np.vectorize(lambda m: int(m) * lsb, otypes=[object])(array).tolist()


def compare(case, oracle):
    operation, source, x = case
    result = run_reference(program_of(operation, source, x.shape[1:]), {"in": x}, ("out",))["out"]
    weights, bias = (exact(c.mantissa, c.type) for c in (operation.weights, operation.bias))
    for event, found in zip(exact(x, source), exact(result, operation.type), strict=True):
        flat = len(operation.shape) == 2  # a sequence: an image of one row
        expected = oracle([event] if flat else event, weights, bias, operation)
        assert found == (expected[0] if flat else expected)


@settings(max_examples=60, deadline=None)
@given(cases(Conv2D))
def test_convolution(case):
    compare(case, convolution)


@settings(max_examples=60, deadline=None)
@given(cases(DepthwiseConv2D))
def test_depthwise(case):
    compare(case, depthwise)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([Conv2D, DepthwiseConv2D]), st.data())
def test_single_bits(kind, data):
    case = data.draw(cases(kind, st.sampled_from([Product.SIGN, Product.AGREEMENT])))
    compare(case, convolution if kind is Conv2D else depthwise)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from([Conv2D, DepthwiseConv2D]), st.data())
def test_every_result_is_in_its_proven_range(kind, data):
    operation, source, x = data.draw(cases(kind, st.sampled_from([Product.MULTIPLY, Product.SIGN, Product.AGREEMENT])))
    program = program_of(operation, source, x.shape[1:])
    result = run_reference(program, {"in": x}, ("out",))["out"]
    proven = prove_ranges(program)["out"]
    assert np.all(proven.low <= result)
    assert np.all(result <= proven.high)


@pytest.mark.parametrize("reuse", [2, 3, 4, 6, 12])
@pytest.mark.parametrize("kind", [Conv2D, DepthwiseConv2D])
def test_the_order_of_products_that_saturate(kind, reuse):
    rng = np.random.default_rng(reuse)
    source, accumulator = Fixed(True, 6, 2), Fixed(True, 8, 3, Rounding.RND, Overflow.SAT)
    last = (2, 2) if kind is Conv2D else (2,)
    operation = kind(
        name="out", inputs=("in",), shape=(1, 2), type=accumulator, accumulator=accumulator, partitions=1,
        weights=Constant(rng.integers(-32, 32, (1, 6, *last)), source), bias=Constant(rng.integers(-9, 9, 2), source),
        window=Window(size=(1, 6), stride=(1, 1), padding=(0, 0, 0, 0)), reuse_factor=reuse,
        strategy=Strategy.RESOURCE,
    )  # fmt: skip
    x = rng.integers(-32, 32, (40, 6, 2))
    compare((operation, source, x), convolution if kind is Conv2D else depthwise)
    # Reuse factors for which every sum is taken in order: all products at once, or whole sums a turn.
    in_order = reuse == 12 or (kind is DepthwiseConv2D and reuse == 2)
    latency = replace(operation, strategy=Strategy.LATENCY)
    found = [run_reference(program_of(op, source, (6, 2)), {"in": x}, ("out",))["out"] for op in (operation, latency)]
    assert np.array_equal(*found) == in_order


def small(kind, **changes):
    """1 * x over windows of 2 steps, for errors and orders."""
    shape = (1, 2, 1, 1) if kind is Conv2D else (1, 2, 1)
    fields = {
        "name": "out", "inputs": ("in",), "shape": (3, 1), "type": Fixed(True, 8, 8), "partitions": 1,
        "weights": Constant(np.ones(shape, np.int64), SIGN), "bias": Constant(np.zeros(1, np.int64), SIGN),
        "accumulator": Fixed(True, 8, 8), "reuse_factor": 1,
        "window": Window(size=(1, 2), stride=(1, 1), padding=(0, 0, 0, 0)),
    }  # fmt: skip
    return kind(**(fields | changes))


@pytest.mark.parametrize("kind", [Conv2D, DepthwiseConv2D])
@pytest.mark.parametrize("shape", [(4, 2), (4,), (2, 4, 1, 1), (5, 1)])
def test_a_shape_that_does_not_fit_is_refused(kind, shape):
    with pytest.raises(ProgramError, match="out"):
        program_of(small(kind), Fixed(True, 8, 8), shape)


@pytest.mark.parametrize("kind", [Conv2D, DepthwiseConv2D])
def test_a_sequence_is_an_image_of_height_one(kind):
    x = np.arange(4)[None, :, None]
    sequence = program_of(small(kind), Fixed(True, 8, 8), (4, 1))
    image = program_of(small(kind, shape=(1, 3, 1)), Fixed(True, 8, 8), (1, 4, 1))
    found = run_reference(sequence, {"in": x}, ("out",))["out"]
    assert found.ravel().tolist() == [1, 3, 5]
    assert np.array_equal(found[:, None], run_reference(image, {"in": x[:, None]}, ("out",))["out"])


def test_patches_of_a_padded_sequence():
    window = Window(size=(1, 3), stride=(1, 2), padding=(0, 0, 1, 1))
    assert slid(window, (4, 2)) == (2,)
    assert patches(window, (4, 2), (2,)).tolist() == [[-1, -1, 0, 1, 2, 3], [2, 3, 4, 5, 6, 7]]

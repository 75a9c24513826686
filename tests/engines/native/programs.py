"""Hypothesis strategy: small programs of several operations, the types of which are near enough to keep information."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import (
    AveragePool2D,
    BinaryStep,
    Cast,
    Concatenate,
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    LeakyRelu,
    Lookup,
    MaxPool2D,
    Merge,
    MergeKind,
    Rearrange,
    Relu,
    Reshape,
    Scale,
    Softmax,
    SoftmaxKind,
    Strategy,
    TernaryStep,
    Window,
)
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.program.semantics import expected_shape

WIDTHS = [*range(1, 18), 24, 31, 32, 33]
SHAPES = [(1,), (5,), (9,), (4, 3), (6, 1), (3, 4, 2), (4, 4, 1)]
ORDERS = [Strategy.LATENCY, Strategy.RESOURCE]


@st.composite
def near(draw, fraction, widths=WIDTHS, most=1 << 10):
    """A type with about as many bits behind the point, of any modes."""
    width = min(draw(st.sampled_from(widths)), most)
    moved = fraction + draw(st.integers(-5, 3))
    signed, rounding, overflow = draw(st.booleans()), draw(st.sampled_from(Rounding)), draw(st.sampled_from(Overflow))
    return Fixed(signed, width, width - moved, rounding, overflow)


@st.composite
def weights(draw, shape):
    """Weights of 1 to 20 bits; some are zero, some columns, or all of them."""
    width = draw(st.sampled_from([1, 2, 4, 6, 8, 8, 9, 12, 16, 17, 20]))
    kind = Fixed(draw(st.booleans()), width, draw(st.integers(-2, width + 2)))
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    values = rng.integers(kind.minimum, kind.maximum, shape, endpoint=True)
    values.flat[0] = draw(st.sampled_from([kind.minimum, kind.maximum]))
    kept = {"all": 1, "half": rng.integers(0, 2, shape), "columns": rng.integers(0, 2, shape[-1:]), "none": 0}
    return Constant(values * kept[draw(st.sampled_from(["all", "all", "half", "columns", "none"]))], kind)


@st.composite
def windows(draw, shape, padded=True):
    """A window that fits an image or a sequence."""
    rows, columns = (1, *shape[:-1])[-2:]
    size = (draw(st.integers(1, min(rows, 3))), draw(st.integers(1, min(columns, 3))))
    stride = (draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    most = [(n - 1) // 2 if padded else 0 for n in (size[0], size[0], size[1], size[1])]
    return Window(size=size, stride=stride, padding=tuple(draw(st.integers(0, top)) for top in most))


def dense(draw, source):
    return Dense, sums(draw, source, (source.shape[0], draw(st.integers(1, 9))))


def convolution(draw, source):
    window = draw(windows(source.shape))
    shape = (*window.size, source.shape[-1], draw(st.integers(1, 5)))
    return Conv2D, {"window": window, "partitions": 1} | sums(draw, source, shape)


def depthwise(draw, source):
    window = draw(windows(source.shape))
    return DepthwiseConv2D, {"window": window, "partitions": 1} | sums(draw, source, (*window.size, source.shape[-1]))


def sums(draw, source, shape):
    """What all sums of products have; half of them round and saturate at the end alone."""
    given, bias = draw(weights(shape)), draw(weights(shape[-1:]))
    fraction = source.type.fraction + given.type.fraction
    accumulator = draw(near(fraction, [*WIDTHS, 40, 60, 64, 70]))
    if draw(st.booleans()):
        accumulator = replace(accumulator, integer=accumulator.width - fraction, overflow=Overflow.WRAP)
    return {
        "weights": given, "bias": bias, "accumulator": accumulator, "reuse_factor": 1,
        "strategy": draw(st.sampled_from(ORDERS)),
    }  # fmt: skip


def largest(draw, source):
    window = draw(windows(source.shape))
    first = not any(window.padding) and draw(st.booleans())
    fill = source.type.minimum if source.type.signed else 1 << (source.type.width - 1)
    accumulator = draw(near(source.type.fraction))
    return MaxPool2D, {"window": window, "accumulator": accumulator, "fill": fill, "cast_first": first}


def average(draw, source):
    window = draw(windows(source.shape, padded=False))
    accumulator, as_tree = draw(near(source.type.fraction)), draw(st.booleans())
    return AveragePool2D, {"window": window, "accumulator": accumulator, "count_padding": False, "tree": as_tree}


def scale(draw, source):
    per = draw(st.sampled_from([source.shape, source.shape[-1:]]))
    return Scale, {"scale": draw(weights(per)), "bias": draw(weights(per))}


def element(draw, source):
    cls = draw(st.sampled_from([Cast, Cast, Relu, Relu, LeakyRelu, BinaryStep, TernaryStep, Lookup]))
    fields = {
        Relu: lambda: {"limit": draw(st.sampled_from([None, None, 1, 6]))},
        LeakyRelu: lambda: {"slope": draw(weights((1,)))},
        Lookup: lambda: {"table": draw(weights((draw(st.integers(1, 40)),))), "span": 8},
    }
    return cls, fields.get(cls, dict)()


def softmax(draw, source):
    fraction = source.type.fraction
    kinds = {"difference": draw(near(fraction, range(3, 14))), "accumulator": draw(near(2, range(2, 18)))}
    kinds["sum"] = draw(near(2, range(3, 14)))
    kind = draw(st.sampled_from(SoftmaxKind))
    return Softmax, kinds | {"kind": kind, "exponential": draw(weights((8,))), "inverse": draw(weights((8,)))}


def rearrangement(draw, source):
    order = tuple(draw(st.permutations(range(len(source.shape)))))
    padding = tuple((draw(st.integers(0, 1)), draw(st.integers(0, 2))) for _ in source.shape)
    return Rearrange, {"permutation": order, "padding": padding}


def flat(draw, source):
    return Reshape, {"shape": (int(np.prod(source.shape)),), "type": source.type}


def merged(draw, source):
    return Merge, {"kind": draw(st.sampled_from(MergeKind))}


def joined(draw, source):
    return Concatenate, {"axis": draw(st.integers(0, len(source.shape) - 1))}


ANYWHERE = [scale, element, element, softmax, rearrangement, merged, merged, joined]
OF_VECTORS = [dense, dense, dense]
OF_IMAGES = [convolution, convolution, depthwise, largest, largest, average, flat, flat]


@st.composite
def operations(draw, name, known):
    """An operation on the last of the tensors (ports) `known`; those of two tensors take an earlier one as well."""
    source = known[-1]
    make = draw(st.sampled_from(ANYWHERE + (OF_VECTORS if len(source.shape) == 1 else OF_IMAGES)))
    cls, fields = make(draw, source)
    sources = [source]
    if make in (merged, joined):
        sources.insert(draw(st.integers(0, 1)), draw(st.sampled_from([p for p in known if p.shape == source.shape])))
    common = {"name": name, "inputs": tuple(port.name for port in sources), "shape": source.shape}
    growth = fields["accumulator"].fraction if "weights" in fields else source.type.fraction
    operation = cls(**common | {"type": draw(near(growth))} | fields)
    return replace(operation, shape=expected_shape(operation, [port.shape for port in sources]))


@st.composite
def programs(draw, widest=64, most=5):
    """A program of 1 to `most` operations, each on the result of the one before; some results are outputs too."""
    shape, kind = draw(st.sampled_from(SHAPES)), draw(near(draw(st.integers(-3, 6)), [*WIDTHS, 48, 64], widest))
    known = [Port("x", shape, kind)]
    made = []
    for i in range(draw(st.integers(1, most))):
        made.append(draw(operations(f"o{i}", known)))
        known.append(Port(f"o{i}", made[-1].shape, made[-1].type))
    kept = [op.name for op in made[:-1] if draw(st.integers(0, 4)) == 0]
    return check(Program("drawn", (known[0],), tuple(made), (*kept, made[-1].name)))

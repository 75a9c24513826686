"""Networks made for the fit: small ones of every kind a trigger uses, drawn from a seed, straight as Programs."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from trigger_nn.passes.exact import choose_exact_types
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import (
    AveragePool2D,
    Constant,
    Conv2D,
    Dense,
    Lookup,
    MaxPool2D,
    Operation,
    Relu,
    Reshape,
)
from trigger_nn.program.operations.base import Window
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.program.semantics.windows import slid

_WIDE = Fixed(True, 32, 16)  # until ranges are proven
CLOCKS = (1.6, 2.0, 2.5, 3.125, 4.0, 5.0, 6.25)  # ns


@dataclass(frozen=True)
class Network:
    """A network and the clock (ns) that it is pipelined for."""

    program: Program
    clock_period: float


def network(seed: int) -> Network:
    """The network of a seed: a multi-layer network (two in three) or one with convolutions."""
    random = np.random.default_rng([seed, 7])
    make = _convolutional if seed % 3 == 2 else _dense
    return Network(_settled(make(random, f"network_{seed}")), float(random.choice(CLOCKS)))


@dataclass(frozen=True)
class _Style:
    """What the layers of one network have in common."""

    weight_bits: int
    kept: float  # share of weights that is not pruned
    activation_bits: int
    rounding: Rounding
    overflow: Overflow


def _style(random: np.random.Generator) -> _Style:
    return _Style(
        weight_bits=int(random.integers(2, 10)),
        kept=float(random.choice([1.0, 1.0, 0.75, 0.5, 0.25])),
        activation_bits=int(random.integers(3, 11)),
        rounding=Rounding(random.choice([Rounding.TRN, Rounding.RND, Rounding.RND_CONV])),
        overflow=Overflow(random.choice([Overflow.WRAP, Overflow.SAT])),
    )


def _dense(random: np.random.Generator, name: str) -> Program:
    style = _style(random)
    inputs = int(random.integers(4, 33))
    port = Port("x", (inputs,), _input_type(random))
    widths = [int(random.integers(4, 33)) for _ in range(int(random.integers(1, 4)))]
    budget = float(random.choice([100, 200, 300, 800])) * 6 / style.weight_bits / style.kept  # weights
    while inputs * widths[0] + sum(a * b for a, b in pairwise(widths)) > budget:
        widths = [max(width * 3 // 4, 3) for width in widths]
        if max(widths) == 3:
            break
    operations: list[Operation] = []
    for number, width in enumerate(widths):
        operations += _dense_layer(random, style, _last(operations, port), number, width)
    outputs = int(random.integers(1, 6))
    operations += _dense_layer(random, style, _last(operations, port), len(widths), outputs)[:1]
    if random.random() < 0.3:
        operations.append(_sigmoid(operations[-1]))
    return Program(name, (port,), tuple(operations), (operations[-1].name,))


def _convolutional(random: np.random.Generator, name: str) -> Program:
    style = _style(random)
    port = Port("x", (int(random.integers(4, 7)), int(random.integers(4, 7)), 1), _input_type(random))
    operations: list[Operation] = _convolution(random, style, port, int(random.integers(1, 3)))
    operations.append(_pooled(operations[-1], largest=bool(random.random() < 0.7)))
    flat = Reshape(name="flat", inputs=(operations[-1].name,), shape=(_size(operations[-1]),), type=operations[-1].type)
    operations.append(flat)
    operations += _dense_layer(random, style, flat, 1, int(random.integers(1, 9)))
    operations += _dense_layer(random, style, operations[-1], 2, int(random.integers(1, 4)))[:1]
    return Program(name, (port,), tuple(operations), (operations[-1].name,))


def _input_type(random: np.random.Generator) -> Fixed:
    width = int(random.integers(4, 13))
    return Fixed(bool(random.random() < 0.5), width, int(random.integers(1, width + 1)))


def _last(operations: list[Operation], port: Port) -> Operation | Port:
    return operations[-1] if operations else port


def _weights(random: np.random.Generator, style: _Style, shape: tuple[int, ...]) -> Constant:
    """Normally distributed, as training leaves them, and pruned; every output keeps a few, or nothing would be left."""
    kind = Fixed(True, style.weight_bits, 1)
    drawn = np.rint(random.normal(0, 0.35, shape) * 2.0**kind.fraction)
    kept = random.random(shape) < style.kept
    weights = (np.clip(drawn, kind.minimum, kind.maximum) * kept).astype(np.int64).reshape(-1, shape[-1])
    poor = np.count_nonzero(weights, axis=0) < 2
    weights[:2, poor] = random.choice([-1, 1], (2, int(poor.sum())))[: len(weights)]
    return Constant(weights.reshape(shape), kind)


def _bias(random: np.random.Generator, count: int) -> Constant:
    kind = Fixed(True, 8, 2)
    return Constant(random.integers(-40, 41, count), kind)


def _dense_layer(
    random: np.random.Generator, style: _Style, source: Operation | Port, number: int, width: int
) -> list[Operation]:
    name = f"dense{number}"
    dense = Dense(
        name=name, inputs=(source.name,), shape=(width,), type=_WIDE, accumulator=_WIDE, reuse_factor=1,
        weights=_weights(random, style, (source.shape[0], width)), bias=_bias(random, width),
    )  # fmt: skip
    return [dense, _relu(style, dense)]


def _convolution(random: np.random.Generator, style: _Style, port: Port, filters: int) -> list[Operation]:
    window = Window(size=(3, 3), stride=(1, 1), padding=(0, 0, 0, 0))
    shape = (*slid(window, port.shape), filters)
    layer = Conv2D(
        name="conv", inputs=(port.name,), shape=shape, type=_WIDE, accumulator=_WIDE, reuse_factor=1, window=window,
        partitions=1, weights=_weights(random, style, (3, 3, 1, filters)), bias=_bias(random, filters),
    )  # fmt: skip
    return [layer, _relu(style, layer)]


def _relu(style: _Style, source: Operation) -> Operation:
    kind = Fixed(False, style.activation_bits, 3, style.rounding, style.overflow)
    return Relu(name=f"{source.name}_relu", inputs=(source.name,), shape=source.shape, type=kind)


def _pooled(source: Operation, largest: bool) -> Operation:
    window = Window(size=(2, 2), stride=(2, 2), padding=(0, 0, 0, 0))
    shape, kind = (*slid(window, source.shape), source.shape[-1]), source.type.modes(Rounding.TRN, Overflow.WRAP)
    if largest:
        return MaxPool2D(
            name="pool", inputs=(source.name,), shape=shape, type=kind, window=window, accumulator=kind, fill=0
        )
    total = Fixed(False, kind.width + 2, kind.integer + 2)
    return AveragePool2D(
        name="pool", inputs=(source.name,), shape=shape, type=kind, window=window, accumulator=total, count_padding=True
    )


def _sigmoid(source: Operation) -> Operation:
    """As hls4ml's: 1,024 entries over [-8, 8)."""
    kind = Fixed(False, 10, 0)
    values = 1 / (1 + np.exp(-np.linspace(-8, 8, 1024, endpoint=False)))
    table = Constant(np.minimum(np.rint(values * 1024), 1023).astype(np.int64), kind)
    return Lookup(name="sigmoid", inputs=(source.name,), shape=source.shape, type=kind, table=table, span=16)


def _size(operation: Operation) -> int:
    return int(np.prod(operation.shape))


def _settled(program: Program) -> Program:
    """With the narrowest types of accumulators and sums that lose nothing; those of activations are stated."""
    stated = [
        (op.name, "type") for op in program.operations if isinstance(op, Relu | MaxPool2D | AveragePool2D | Lookup)
    ]
    return check(choose_exact_types(program, stated)[0])

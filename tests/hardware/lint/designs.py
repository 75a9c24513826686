"""Small designs made by hand, for the tests of the rules."""

import numpy as np

from trigger_nn.hardware.lint.context import Context
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import (
    Concatenate,
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Lookup,
    Lstm,
    Merge,
    MergeKind,
    Relu,
    Reshape,
    Stack,
    Strategy,
    TimeStep,
    Window,
)
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.recipe import hardware_spec

INPUT, WEIGHT, ENTRY = Fixed(True, 8, 3), Fixed(True, 6, 1), Fixed(True, 18, 8)
ACTIVATION = Fixed(False, 8, 3, Rounding.RND, Overflow.SAT)


def weights(*shape, kind=WEIGHT, fill=3):
    """Weights of one value, 3 by default: neither zero nor a power of two."""
    return Constant(np.full(shape, fill), kind)


def wide_enough(source, kind, terms):
    """An accumulator that holds any sum of `terms` products and a bias of the weights' type."""
    most = (1 << (source.width + kind.width)) * terms + (1 << (kind.width + source.width))
    return covering(-most, most, source.fraction + kind.fraction)


def dense(name, reads, rows, sums, source=INPUT, kind=WEIGHT, **others):
    """A dense layer that loses no bit."""
    accumulator = wide_enough(source, kind, rows)
    fields = {
        "name": name, "inputs": (reads,), "shape": (sums,), "type": accumulator, "accumulator": accumulator,
        "weights": weights(rows, sums, kind=kind), "bias": Constant(np.zeros(sums, np.int64), kind), "reuse_factor": 1,
    }  # fmt: skip
    return Dense(**(fields | others))


def conv(name, reads, size, channels, filters, kernel=3, source=INPUT, depthwise=False, **others):
    """A convolution of stride 1 without padding; `size` is that of its output."""
    window = Window(size=(kernel, kernel), stride=(1, 1), padding=(0, 0, 0, 0))
    accumulator = wide_enough(source, WEIGHT, kernel * kernel * channels)
    shape = (kernel, kernel, channels) if depthwise else (kernel, kernel, channels, filters)
    fields = {
        "name": name, "inputs": (reads,), "shape": (*size, filters), "type": accumulator, "accumulator": accumulator,
        "weights": weights(*shape), "bias": Constant(np.zeros(filters, np.int64), WEIGHT), "reuse_factor": 1,
        "window": window, "partitions": size[0] * size[1],
    }  # fmt: skip
    return (DepthwiseConv2D if depthwise else Conv2D)(**(fields | others))


def relu(name, reads, shape, kind=ACTIVATION):
    return Relu(name=name, inputs=(reads,), shape=shape, type=kind)


def flatten(name, reads, shape, kind):
    return Reshape(name=name, inputs=(reads,), shape=(int(np.prod(shape)),), type=kind)


def add(name, one, other, shape, kind):
    return Merge(name=name, inputs=(one, other), shape=shape, type=kind, kind=MergeKind.ADD)


def lookup(name, reads, shape, entries=1024, kind=ENTRY):
    table = Constant(np.arange(entries) % 100, kind)
    return Lookup(name=name, inputs=(reads,), shape=shape, type=kind, table=table, span=16)


def lstm(name, reads, steps, features, units, reuse=1, strategy=Strategy.LATENCY, entries=1024):
    """An LSTM that hands out its last state."""
    state, accumulator = Fixed(True, 8, 3), Fixed(True, 24, 12)

    def matrix(part, rows, shape):
        common = {"type": accumulator, "accumulator": accumulator, "reuse_factor": reuse, "strategy": strategy}
        return dense(f"{name}_{part}", "", rows, 4 * units, **(common | {"inputs": (), "shape": shape}))

    def inner(part):
        kind = Constant(np.arange(entries) % 100, ENTRY)
        return Lookup(name=f"{name}_{part}", inputs=(), shape=(units,), type=accumulator, table=kind, span=16)

    return Lstm(
        name=name, inputs=(reads,), shape=(units,), type=state, accumulator=accumulator,
        kernel=matrix("kernel", features, (steps, 4 * units)), recurrent=matrix("recurrent", units, (4 * units,)),
        gate=inner("gate"), candidate=inner("candidate"), output=inner("output"),
    )  # fmt: skip


def both_ways(name, reads, steps, features, units, **others):
    """A bidirectional LSTM: its halves, and the operation that joins them."""
    halves = [lstm(f"{name}/{way}", reads, steps, features, units, **others) for way in ("forward", "backward")]
    joined = Concatenate(
        name=name, inputs=tuple(half.name for half in halves), shape=(2 * units,), type=halves[0].type, axis=0
    )
    return *halves, joined


def repeated(name, reads, steps, rows, sums):
    """A dense layer that runs over the steps of a sequence, as a loop over time steps is unrolled."""
    parts = []
    for step in range(steps):
        suffix = "" if step == steps - 1 else f"/step{step}"
        parts.append(TimeStep(name=f"loop{suffix}", inputs=(reads,), shape=(rows,), type=INPUT, step=step))
        parts.append(dense(f"{name}{suffix}", f"loop{suffix}", rows, sums))
    ends = tuple(op.name for op in parts if isinstance(op, Dense))
    return *parts, Stack(name="loop_end", inputs=ends, shape=(steps, sums), type=parts[-1].type)


def program(shape, *operations, kind=INPUT, name="x"):
    """A program whose last operation is its output."""
    return check(Program("design", (Port(name, shape, kind),), operations, (operations[-1].name,)))


def design(made, spacing=1e6, streams=None, da4ml=True, **hardware):
    """A context; without a spacing, events are so far apart that no layer is too slow."""
    return Context(made, hardware_spec(**hardware), spacing, streams, da4ml)

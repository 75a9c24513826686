"""Dense layers by hand: with numpy in float32, and as plain loops that numba compiles.

Both give the program's integers as long as float32 (below 2^24) or int32 holds its sums; whoever calls compares them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from trigger_nn.program.operations import Cast, Dense, Relu
from trigger_nn.program.program import Program

Score = Callable[[np.ndarray], np.ndarray]
BLOCK = 64  # events that numba's loops run over together: one cache line of bytes, four registers of float32


@dataclass(frozen=True)
class Layer:
    """Integer weights (in, out) and bias (out); sums are divided by 2^drop, rounded to even, cut to [low, high]."""

    weights: np.ndarray
    bias: np.ndarray
    drop: int
    low: int
    high: int


def layers_of(program: Program) -> list[Layer]:
    """The layers of a program that is a chain of dense layers, each with a cast or relu that saturates behind it."""
    pairs = zip(program.operations[::2], program.operations[1::2], strict=True)
    return [_layer(program, dense, cast) for dense, cast in pairs]


def _layer(program: Program, dense: Any, cast: Any) -> Layer:
    assert isinstance(dense, Dense)
    assert isinstance(cast, Relu | Cast)
    fraction = program.type_of(dense.inputs[0]).fraction + dense.weights.type.fraction
    bias = dense.bias.mantissa.astype(np.int64) << (fraction - dense.bias.type.fraction)
    low = 0 if isinstance(cast, Relu) else cast.type.minimum
    return Layer(dense.weights.mantissa, bias, fraction - cast.type.fraction, low, cast.type.maximum)


def in_numpy(program: Program) -> Score:
    """All events in one go: a matrix product and four passes over its result for each layer."""
    layers = layers_of(program)
    floats = [
        (own.weights.astype(np.float32), own.bias.astype(np.float32), np.float32(0.5**own.drop)) for own in layers
    ]

    def score(events: np.ndarray) -> np.ndarray:
        x = events.astype(np.float32)
        for (weights, bias, scale), layer in zip(floats, layers, strict=True):
            x = x @ weights
            x += bias
            x *= scale
            np.rint(x, out=x)
            np.clip(x, layer.low, layer.high, out=x)
        return x.astype(np.int16)

    return score


def in_blocks(program: Program, block: int = 4096) -> Score:
    """The same, `block` events at a time, so that results stay in the caches."""
    score, outputs = in_numpy(program), program.outputs[0].shape

    def score_all(events: np.ndarray) -> np.ndarray:
        scores = np.empty((len(events), *outputs), np.int16)
        for first in range(0, len(events), block):
            scores[first : first + block] = score(events[first : first + block])
        return scores

    return score_all


def in_numba(program: Program, kind: type) -> Score:
    """Loops over blocks of events, of float32 or int32; compiled at the first call.

    Raises:
        ImportError: numba is not installed.
    """
    compiled = _loops(import_module("numba"), kind)
    layers = tuple(_typed(layer, kind) for layer in layers_of(program))
    widest = max(max(weights.shape) for weights, *_ in layers)
    outputs = program.outputs[0].shape[0]

    def score(events: np.ndarray) -> np.ndarray:
        scores = np.empty((len(events), outputs), np.int16)
        compiled(events, layers, np.empty((2, widest, BLOCK), kind), scores)
        return scores

    return score


def _typed(layer: Layer, kind: type) -> tuple[Any, ...]:
    """Weights, bias, what sums are scaled by (float32) or shifted by (int32), and limits, all of one type."""
    by = 0.5**layer.drop if kind is np.float32 else layer.drop
    return layer.weights.astype(kind), layer.bias.astype(kind), kind(by), kind(layer.low), kind(layer.high)


def _loops(numba: Any, kind: type) -> Any:
    """A function of events, layers, room for two activations (2, widest, BLOCK), and scores, which it fills."""
    jit = numba.njit(fastmath=False)
    dense = _dense(jit, kind)

    @jit
    def score(events, layers, room, scores):  # type: ignore[no-untyped-def]
        for first in range(0, len(events), BLOCK):
            count = min(BLOCK, len(events) - first)
            for e in range(count):
                for i in range(events.shape[1]):
                    room[0, i, e] = events[first + e, i]
            for k in range(len(layers)):
                dense(room[k % 2], layers[k], room[1 - k % 2])
            for e in range(count):
                for j in range(scores.shape[1]):
                    scores[first + e, j] = np.int16(room[len(layers) % 2, j, e])

    return score


def _dense(jit: Any, kind: type) -> Any:
    """A function that fills y (out, BLOCK) from x (in, BLOCK) by one layer."""
    rounded = _rounded(jit, kind)

    @jit
    def dense(x, layer, y):  # type: ignore[no-untyped-def]
        weights, bias, by, low, high = layer
        total = np.empty(BLOCK, kind)  # type: ignore[var-annotated]
        for j in range(weights.shape[1]):
            total[:] = bias[j]
            for i in range(weights.shape[0]):
                weight = weights[i, j]
                for e in range(BLOCK):
                    total[e] += weight * x[i, e]
            for e in range(BLOCK):
                y[j, e] = min(max(rounded(total[e], by), low), high)

    return dense


def _rounded(jit: Any, kind: type) -> Any:
    """A function that scales or shifts one sum and rounds it, ties to even."""

    @jit
    def scaled(value, scale):  # type: ignore[no-untyped-def]
        return np.rint(value * scale)

    @jit
    def shifted(value, drop):  # type: ignore[no-untyped-def]
        below = np.int32((np.int32(1) << np.int32(drop - 1)) - 1)  # a little less than half
        return np.int32(np.int32(value + below + ((value >> drop) & np.int32(1))) >> drop)

    return scaled if kind is np.float32 else shifted

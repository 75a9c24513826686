"""Nodes in the making: what can be left out, because bounds or constants say so, is not made."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Kind, Node
from trigger_nn.passes.intervals import Interval
from trigger_nn.program.fixed import Fixed, Overflow


@dataclass(frozen=True)
class Traced:
    """A node, and the proven bounds of each of its elements."""

    node: Node
    interval: Interval


def hull(interval: Interval) -> dict[str, int]:
    """The bounds that a node of this interval has."""
    low, high = interval.bounds
    return {"low": low, "high": high}


def is_zero(node: Node) -> bool:
    """Whether it is nothing but zeros."""
    return isinstance(node, nodes.Constant) and node.low == node.high == 0


def covers(one: Traced, other: Traced) -> bool:
    """Whether `one` has the shape that both have together."""
    return np.broadcast_shapes(one.node.shape, other.node.shape) == one.node.shape


def gathered(source: Node, index: np.ndarray, fill: int, interval: Interval) -> Traced:
    """Elements of `source`; of what it gathers itself, if it does."""
    padded = bool(np.any(index < 0))
    if not padded and index.shape == source.shape and np.array_equal(index.ravel(), np.arange(index.size)):
        return Traced(source, interval)
    if isinstance(source, nodes.Constant):
        flat = np.append(source.values.ravel(), fill)
        return Traced(nodes.Constant(flat[index], shape=index.shape, **hull(interval)), interval)
    if isinstance(source, nodes.Gather) and (source.fill == fill or not padded or not np.any(source.index < 0)):
        inner = np.append(source.index.ravel(), -1)[index]
        return Traced(
            nodes.Gather(source.source, inner, fill if padded else source.fill, shape=index.shape, **hull(interval)),
            interval,
        )
    return Traced(nodes.Gather(source, index, fill, shape=index.shape, **hull(interval)), interval)


def binary(kind: Kind, left: Traced, right: Traced, interval: Interval) -> Traced:
    """Two into one, now if both are known."""
    shape = np.broadcast_shapes(left.node.shape, right.node.shape)
    if isinstance(left.node, nodes.Constant) and isinstance(right.node, nodes.Constant):
        values = interval.low[0]
        return Traced(nodes.Constant(values, shape=values.shape, **hull(interval)), interval)
    return Traced(nodes.Binary(kind, left.node, right.node, shape=shape, **hull(interval)), interval)


def extreme(kind: Kind, left: Traced, right: Traced, interval: Interval) -> Traced:
    """Without the side that never wins."""
    (low0, high0), (low1, high1) = left.interval.bounds, right.interval.bounds
    wins = (low0 >= high1, low1 >= high0) if kind is Kind.MAXIMUM else (high0 <= low1, high1 <= low0)
    if wins[0] and covers(left, right):
        return Traced(left.node, interval)
    if wins[1] and covers(right, left):
        return Traced(right.node, interval)
    return binary(kind, left, right, interval)


def peak(left: Node, right: Node, interval: Interval) -> Node | None:
    """Both as one `Peak`, where they are elements of one tensor at different places, as in pooling."""
    if not isinstance(right, nodes.Gather) or np.any(right.index < 0):
        return None
    indices: tuple[np.ndarray, ...]
    if isinstance(left, nodes.Gather) and not np.any(left.index < 0):
        source, indices = left.source, (left.index, right.index)
    elif isinstance(left, nodes.Peak):
        source, indices = left.source, (*left.indices, right.index)
    else:
        return None
    if source is not right.source or indices[0].shape != right.index.shape:
        return None
    return nodes.Peak(source, indices, shape=right.shape, **hull(interval))


def overflown(node: Node, target: Fixed, interval: Interval) -> Node:
    """Brought into the range of `target` by its mode, as some values are not in it."""
    shape, bounds = node.shape, hull(interval)
    match target.overflow:
        case Overflow.WRAP:
            return nodes.Wrap(node, target.width, target.signed, shape=shape, **bounds)
        case Overflow.SAT_ZERO:
            return nodes.ZeroOutside(node, target.minimum, target.maximum, shape=shape, **bounds)
        case Overflow.SAT | Overflow.SAT_SYM:
            return _limited(node, target.lowest, target.maximum)


def _limited(node: Node, least: int, most: int) -> Node:
    shape = node.shape
    if node.low < least:
        low = nodes.Constant(_number(least), shape=(1,), low=least, high=least)
        node = nodes.Binary(Kind.MAXIMUM, node, low, shape=shape, low=least, high=max(node.high, least))
    if node.high > most:
        high = nodes.Constant(_number(most), shape=(1,), low=most, high=most)
        node = nodes.Binary(Kind.MINIMUM, node, high, shape=shape, low=min(node.low, most), high=most)
    return node


def _number(number: int) -> np.ndarray:
    return np.array([number], object if number.bit_length() > 62 else np.int64)

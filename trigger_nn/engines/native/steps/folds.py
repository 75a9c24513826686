"""Running totals: what is known of them from one turn to the next."""

from dataclasses import replace

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.making import Traced, hull
from trigger_nn.engines.native.steps.nodes import Kind, Node, ordered
from trigger_nn.passes.intervals import Interval


class Unbounded(Exception):  # noqa: N818
    """A running total whose bounds do not settle."""


def wrapped_once(fold: nodes.Fold, turns: int) -> Node | None:
    """A total that wraps at every turn, wrapped after the last one instead; None if 32 bits don't hold it till then."""
    step, total = fold.step, fold.inner[0]
    if not isinstance(step, nodes.Wrap) or not isinstance(step.source, nodes.Binary):
        return None
    added, term = step.source, step.source.right
    if added.kind is not Kind.ADD or added.left is not total or total in ordered([term]):
        return None
    while isinstance(term, nodes.Wrap) and term.width >= step.width:
        term = term.source
    low, high = (end + turns * more for end, more in ((fold.start.low, term.low), (fold.start.high, term.high)))
    low, high = min(low, fold.start.low), max(high, fold.start.high)
    if low < -(1 << 31) or high >= 1 << 31:
        return None
    running = nodes.Running(-1, shape=total.shape, low=low, high=high)
    once = nodes.Binary(Kind.ADD, running, term, shape=added.shape, low=low, high=high)
    whole = replace(fold, step=once, inner=(running, *fold.inner[1:]), low=low, high=high)
    return replace(step, source=whole, shape=fold.shape, low=fold.low, high=fold.high)


def part(number: int, value: Traced, index: np.ndarray) -> Traced:
    """One turn's elements of a sequence: any of them, padding included."""
    low, high = value.interval.bounds
    if np.any(index < 0):
        low, high = min(low, 0), max(high, 0)
    interval = _everywhere(index.shape[1:], low, high, value.interval.zeros)
    return Traced(nodes.Running(number, shape=index.shape[1:], low=low, high=high), interval)


def running(interval: Interval) -> Traced:
    """The total between turns."""
    return Traced(nodes.Running(-1, shape=interval.low.shape[1:], **hull(interval)), interval)


def together(one: Interval, other: Interval) -> Interval:
    """Bounds of what is either."""
    low, high = np.minimum(one.low, other.low), np.maximum(one.high, other.high)
    return Interval(low, high, min(one.zeros, other.zeros))


def within(one: Interval, other: Interval) -> bool:
    """Whether all of `one` is known to be within `other`."""
    (low, high), (least, most) = one.bounds, other.bounds
    return least <= low and high <= most and one.low.shape == other.low.shape and one.zeros >= other.zeros


def flat(interval: Interval, more: int) -> Interval:
    """The same bounds for every element, and 2^more times as far, so that they settle soon."""
    low, high = interval.bounds
    return _everywhere(interval.low.shape[1:], min(low, 0) << more, max(high, 0) << more, 0)


def _everywhere(shape: tuple[int, ...], low: int, high: int, zeros: int) -> Interval:
    kind = object if max(low.bit_length(), high.bit_length()) > 62 else np.int64
    return Interval(np.full((1, *shape), low, kind), np.full((1, *shape), high, kind), zeros)

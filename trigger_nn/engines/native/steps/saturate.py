"""Nodes -> fewer nodes: limits around a rounding become one step, whose limits narrower registers give for nothing.

min(round(max(x, 0)), 255) is round(x) brought into [0, 255]: x86 packs registers with just these limits. And x may be
brought into 16 bits before it is rounded, if what does not fit there is beyond the limits anyway.
"""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Kind, Node, ordered, readers_of
from trigger_nn.engines.native.steps.simplify import rebuilt
from trigger_nn.program.fixed import round_off


def saturated(outputs: list[Node]) -> list[Node]:
    """The same tensors with every chain of limits and rounding as one `Saturate`."""
    order = ordered(outputs)
    readers = readers_of(order, outputs)
    changed: dict[Node, Node] = {}
    for node in order:
        fresh = rebuilt(node, changed)
        found = _Chain.ending_in(node, readers)
        if found is None:
            changed[node] = fresh
        else:
            start = changed[found.start]
            kept = (found.rounded, found.least, found.most)
            changed[node] = nodes.Saturate(start, *kept, shape=node.shape, low=node.low, high=node.high)
    return [changed[node] for node in outputs]


@dataclass(frozen=True)
class _Chain:
    """Limits and a rounding of `start`."""

    start: Node
    rounded: nodes.Round | None
    least: int
    most: int

    @staticmethod
    def ending_in(node: Node, readers: Counter[Node]) -> "_Chain | None":
        """The longest chain whose steps nobody else reads; None if it limits nothing."""
        least, most, rounded, found = node.low, node.high, None, False
        start = node
        while start is node or readers[start] == 1:
            limit = _limit(start)
            if limit is not None:
                assert isinstance(start, nodes.Binary)
                bound = limit if rounded is None else rounded_number(rounded, limit)
                least = max(least, bound) if start.kind is Kind.MAXIMUM else least
                most = min(most, bound) if start.kind is Kind.MINIMUM else most
                start, found = start.left, True
            elif isinstance(start, nodes.Round) and rounded is None:
                rounded, start = start, start.source
            else:
                break
        orderly = least <= most and start.shape == node.shape  # limits that cross are no interval
        return _Chain(start, rounded, least, most) if found and orderly else None


def _limit(node: Node) -> int | None:
    """The one number that a maximum or minimum compares with."""
    if not isinstance(node, nodes.Binary) or node.kind not in (Kind.MAXIMUM, Kind.MINIMUM):
        return None
    if not isinstance(node.right, nodes.Constant) or node.right.low != node.right.high or node.left.shape != node.shape:
        return None
    return node.right.low


def rounded_number(rounded: nodes.Round, number: int) -> int:
    """What a rounding makes of `number`, to which half is added already if it is `lifted`."""
    given = number - ((1 << (rounded.drop - 1)) if rounded.lifted else 0)
    return int(round_off(np.array([given], object), rounded.drop, rounded.rounding)[0])

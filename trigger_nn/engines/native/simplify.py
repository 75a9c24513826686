"""Nodes -> fewer nodes: pooling is moved in front of what is monotone, so that a window is rounded once."""

from collections import Counter
from dataclasses import fields, replace

import numpy as np

from trigger_nn.engines.native import nodes
from trigger_nn.engines.native.nodes import Kind, Node, operands, ordered


def simplified(outputs: list[Node]) -> list[Node]:
    """The same tensors, made by nodes in which `Peak` stands as near to its sums of products as it can.

    The largest of f(x) is f of the largest x where f never falls: adding a constant, rounding, saturating. Tensors that
    others read too stay as they are.
    """
    order = ordered(outputs)
    readers = Counter(operand for node in order for operand in operands(node))
    readers.update(outputs)
    changed: dict[Node, Node] = {}
    for node in order:
        fresh = _with(node, changed)
        changed[node] = _sunk(fresh, node, readers) if isinstance(fresh, nodes.Peak) else fresh
    return [changed[node] for node in outputs]


def _with(node: Node, changed: dict[Node, Node]) -> Node:
    """The node reading what its operands became."""
    if all(changed[operand] is operand for operand in operands(node)):
        return node
    new: dict[str, object] = {}
    for name in (f.name for f in fields(node)):
        value = getattr(node, name)
        if isinstance(value, nodes.Step):
            new[name] = changed.get(value, value)  # type: ignore[call-overload]
        elif name == "parts":
            new[name] = tuple(changed[part] for part in value)
        elif name == "sequences":
            new[name] = tuple((changed[source], *rest) for source, *rest in value)
    return replace(node, **new)  # type: ignore[arg-type]


def _sunk(peak: nodes.Peak, original: Node, readers: Counter[Node]) -> Node:
    """The peak moved behind every monotone step that it alone reads."""
    source = original.source if isinstance(original, nodes.Peak) else original
    if readers[source] > 1:
        return peak
    inner = peak.source
    match inner:
        case nodes.Round() | nodes.Left():
            return replace(inner, source=_lower(peak, inner.source, inner.shape, source, readers), shape=peak.shape)
        case nodes.Binary(right=nodes.Fixed()) if inner.kind is not Kind.MULTIPLY:
            assert isinstance(inner.right, nodes.Fixed)  # what the pattern says, for mypy
            constant = _same_at_all(inner.right, inner.shape, peak)
            if constant is not None:
                moved = _lower(peak, inner.left, inner.shape, source, readers)
                return replace(inner, left=moved, right=constant, shape=peak.shape)
        case _:
            pass
    return peak


def _lower(peak: nodes.Peak, source: Node, shape: tuple[int, ...], original: Node, readers: Counter[Node]) -> Node:
    """The peak of `source`, which broadcasts to `shape`, and that one sunk in its turn."""
    flat = np.broadcast_to(np.arange(source.size).reshape(source.shape), shape).ravel()
    indices = tuple(flat[index] for index in peak.indices)
    lower = nodes.Peak(source, indices, shape=peak.shape, low=source.low, high=source.high)
    before = operands(original)[0]
    if readers[before] > 1:
        return lower
    stand_in = nodes.Peak(before, indices, shape=peak.shape, low=source.low, high=source.high)
    return _sunk(lower, stand_in, readers)


def _same_at_all(constant: nodes.Fixed, shape: tuple[int, ...], peak: nodes.Peak) -> nodes.Fixed | None:
    """The constant at the peak's places, if all elements of a window find the same there."""
    values = np.broadcast_to(constant.values, shape).ravel()
    picked = [values[index] for index in peak.indices]
    if any(not np.array_equal(picked[0], other) for other in picked[1:]):
        return None
    return replace(constant, values=picked[0], shape=peak.shape)

"""Nodes -> fewer nodes: pooling is moved in front of what is monotone, so that a window is rounded once."""

from collections import Counter
from dataclasses import fields, replace

import numpy as np

from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.nodes import Kind, Node, operands, ordered, readers_of
from trigger_nn.program.fixed import Rounding


def simplified(outputs: list[Node]) -> list[Node]:
    """The same tensors, made by nodes in which `Peak` stands as near to its sums of products as it can.

    The largest of f(x) is f of the largest x where f never falls: adding a constant, rounding, saturating. Tensors that
    others read too stay as they are.
    """
    order = ordered(outputs)
    readers = readers_of(order, outputs)
    changed: dict[Node, Node] = {}
    for node in order:
        fresh = rebuilt(node, changed)
        match fresh:
            case nodes.Peak():
                changed[node] = _sunk(fresh, node, readers)
            case nodes.Round(rounding=Rounding.RND | Rounding.RND_CONV):
                changed[node] = _lifted(fresh, node, readers)
            case _:
                changed[node] = fresh
    return [changed[node] for node in outputs]


def _lifted(rounded: nodes.Round, original: Node, readers: Counter[Node]) -> Node:
    """Half of what is dropped added where a sum of products starts, instead of to the result, if that is possible."""
    if any(readers[node] > 1 for node in _chain(operands(original)[0])):
        return rounded
    raised = _raised(rounded.source, 1 << (rounded.drop - 1))
    return replace(rounded, source=raised, lifted=True) if raised else rounded


def _chain(node: Node) -> list[Node]:
    """A node and what it reads first, and so on, down to a sum of products."""
    found = [node]
    while not isinstance(found[-1], nodes.Dot) and operands(found[-1]):
        found.append(operands(found[-1])[0])
    return found


def _raised(node: Node, more: int) -> Node | None:
    """`node` plus `more`, without another step; None where that can't be."""
    low, high = node.low + more, node.high + more
    match node:
        case nodes.Dot():
            constant = nodes.Constant(np.array([more]), shape=(1,), low=more, high=more)
            return nodes.Binary(Kind.ADD, node, constant, shape=node.shape, low=low, high=high)
        case nodes.Binary(right=nodes.Constant()) if node.kind in (Kind.ADD, Kind.SUBTRACT):
            if not isinstance(node.left, nodes.Dot) or node.kind is Kind.SUBTRACT:
                return None
            return replace(node, right=_plus(node.right, more), low=low, high=high)
        case nodes.Binary(right=nodes.Constant()) if node.kind in (Kind.MAXIMUM, Kind.MINIMUM):
            source = _raised(node.left, more)
            right = _plus(node.right, more)
            return replace(node, left=source, right=right, low=low, high=high) if source else None
        case nodes.Peak():
            source = _raised(node.source, more)
            return replace(node, source=source, low=low, high=high) if source else None
        case _:
            return None


def _plus(node: Node, more: int) -> nodes.Constant:
    assert isinstance(node, nodes.Constant)
    return replace(node, values=node.values + more, low=node.low + more, high=node.high + more)


def rebuilt(node: Node, changed: dict[Node, Node]) -> Node:
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
        case nodes.Binary(left=nodes.Dot()):
            pass  # sums start from the constant
        case nodes.Binary(right=nodes.Constant()) if inner.kind is not Kind.MULTIPLY:
            assert isinstance(inner.right, nodes.Constant)  # what the pattern says, for mypy
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


def _same_at_all(constant: nodes.Constant, shape: tuple[int, ...], peak: nodes.Peak) -> nodes.Constant | None:
    """The constant at the peak's places, if all elements of a window find the same there."""
    values = np.broadcast_to(constant.values, shape).ravel()
    picked = [values[index] for index in peak.indices]
    if any(not np.array_equal(picked[0], other) for other in picked[1:]):
        return None
    return replace(constant, values=picked[0], shape=peak.shape)

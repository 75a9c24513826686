"""The same values in another place: reshaping, joining, permuting, repeating, padding, cropping."""

from dataclasses import dataclass

from trigger_nn.program.operations.base import Node


@dataclass(frozen=True, kw_only=True)
class ArrangementNode(Node):
    """Moves values, computes nothing but casts."""


@dataclass(frozen=True, kw_only=True)
class Reshape(ArrangementNode):
    """The same values in another shape."""


@dataclass(frozen=True, kw_only=True)
class Concatenate(ArrangementNode):
    """Two tensors joined along `axis` (counted without events), each cast to `type`."""

    axis: int


@dataclass(frozen=True, kw_only=True)
class Rearrange(ArrangementNode):
    """Axes permuted, then elements repeated along them, then zeros put around; every value cast to `type`.

    Axes are counted without events. Each part is a tuple with one entry an axis, or () to leave all axes as they are:
    `permutation` names the input's axis that becomes each axis, `repeats` says how often each element stands along it,
    `padding` how many zeros (before, after) it gets; a negative number crops.
    """

    permutation: tuple[int, ...] = ()
    repeats: tuple[int, ...] = ()
    padding: tuple[tuple[int, int], ...] = ()


ArrangementOperation = Reshape | Concatenate | Rearrange

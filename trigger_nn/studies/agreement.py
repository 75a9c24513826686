"""Do two implementations agree, bit for bit, and if not, where first?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import MismatchError


@dataclass(frozen=True)
class LayerAgreement:
    """One layer compared over all events: how many values, and how many differ."""

    layer: str
    values: int
    differing: int


@dataclass(frozen=True)
class Agreement:
    """The comparison of two sets of layers over `events` events."""

    ours: str
    theirs: str
    events: int
    layers: tuple[LayerAgreement, ...]

    @property
    def exact(self) -> bool:
        """Whether every value of every layer is equal."""
        return all(layer.differing == 0 for layer in self.layers)

    @property
    def values(self) -> int:
        """Number of values compared."""
        return sum(layer.values for layer in self.layers)


def compare_layers(
    ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], names: tuple[str, str]
) -> Agreement:
    """Compare the layers that both have, as arrays are equal.

    Args:
        ours, theirs: numbers by layer name, (events, ...), in the order of the network.
        names: what to call the two sides.

    Raises:
        MismatchError: they have no layer in common, or shapes differ; or values differ, with the first layer, event
            and element.
    """
    common = [name for name in ours if name in theirs]
    if not common:
        raise MismatchError(f"{names[0]} and {names[1]} have no layer in common; nothing was compared.")
    layers = []
    for name in common:
        left, right = ours[name], theirs[name].reshape(ours[name].shape)
        different = left != right
        if np.any(different):
            raise MismatchError(_first_difference(name, left, right, different, names))
        layers.append(LayerAgreement(name, left.size, 0))
    return Agreement(*names, len(ours[common[0]]), tuple(layers))


def _first_difference(
    layer: str, left: np.ndarray, right: np.ndarray, different: np.ndarray, names: tuple[str, str]
) -> str:
    event, *element = (int(i) for i in np.argwhere(different)[0])
    where = (event, *element)
    return (
        f"{names[0]} and {names[1]} part at layer {layer!r}, event {event}, element {tuple(element)}: "
        f"{left[where]!r} against {right[where]!r}; {int(different.sum())} of {left.size} values of that layer differ. "
        "Please report this with the model: it is a defect of the compiler."
    )

"""Whether two implementations agree, bit for bit, and if not, where first."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import MismatchError
from trigger_nn.hardware.csim import CppTrace
from trigger_nn.program.operations import Reshape
from trigger_nn.program.program import Program


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


def compare_with_cpp(program: Program, ours: Mapping[str, np.ndarray], theirs: CppTrace) -> Agreement:
    """Compare the emulator's trace with hls4ml's C++: every layer that computes, and every output port.

    Raises:
        MismatchError: a layer was not traced, or a value differs.
    """
    names = ("emulator", "hls4ml's C++ built by g++")
    silent = [op.name for op in program.operations if op.name not in theirs.layers and not isinstance(op, Reshape)]
    if silent:
        raise MismatchError(f"The C++ has no trace of layer(s) {', '.join(silent)}, so they were not compared.")
    ports = {f"output port {name}": ours[name] for name in program.output_names}
    outputs = dict(zip(ports, theirs.outputs, strict=True))
    return compare_layers({**ours, **ports}, {**theirs.layers, **outputs}, names)


def compare_layers(
    ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray], names: tuple[str, str]
) -> Agreement:
    """Compare the layers that both have, as arrays are equal.

    Args:
        ours: numbers by layer name, (events, ...), in the order of the network.
        theirs: the same of the other side.
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
        left, right = ours[name], theirs[name]
        if left.size != right.size:
            raise MismatchError(f"Layer {name!r}: {names[0]} has shape {left.shape}, {names[1]} {right.shape}.")
        right = right.reshape(left.shape)
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

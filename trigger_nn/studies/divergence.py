"""Where the float model, the quantized model, the emulator and the C++ part: layer by layer, and in which decision.

Everything is held against the emulator. A layer's values may differ without any decision differing, so beside the
differences stands the layer that flips: for an event whose decision differs, the other side's values are put into the
program up to and including a layer, and the emulator computes the rest; the first layer that takes the decision to the
other side's is where it changes. With the output itself put in, the decision is the other side's.
"""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError, MismatchError
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, from_float, to_float
from trigger_nn.program.program import Program


@dataclass(frozen=True)
class Decision:
    """What is decided from the outputs: which of them are above their thresholds; without thresholds, which is largest.

    A single output without a threshold is compared with zero. NaN is above nothing, and never the largest.
    """

    thresholds: tuple[float, ...] = ()

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        """Which outputs fire: booleans (events, outputs), from numbers of shape (events, ...).

        Raises:
            EventsError: there are neither one nor as many thresholds as outputs.
        """
        flat = outputs.reshape(len(outputs), -1)
        if not self.thresholds and flat.shape[1] > 1:
            largest = flat == np.fmax.reduce(flat, axis=1, keepdims=True)
            return np.asarray(largest & (largest.cumsum(axis=1) == 1))  # of equals the first
        thresholds = np.array(self.thresholds or (0.0,))
        if len(thresholds) not in (1, flat.shape[1]):
            raise EventsError(
                f"{len(thresholds)} thresholds were given for {flat.shape[1]} outputs; give one, or one for each."
            )
        return np.asarray(flat > thresholds)

    def differs(self, one: np.ndarray, two: np.ndarray) -> np.ndarray:
        """Whether the decisions differ, a boolean an event, from two sides' numbers of shape (events, ...)."""
        return np.asarray((self(one) != self(two)).any(axis=1))


@dataclass(frozen=True)
class LayerParting:
    """One layer of one side against the emulator's.

    `scale` is the power of two by which the side's values had to be multiplied, 1 unless the side may be scaled;
    `largest` and `rms` are differences as numbers, `largest_lsb` in least significant bits of the layer's type,
    infinite or NaN if the side's values are; `first` is the first event and element that differ, NaN from everything.
    """

    layer: str
    values: int
    differing: int
    scale: float
    largest: float
    rms: float
    largest_lsb: float
    first: tuple[int, ...] | None


@dataclass(frozen=True)
class SideParting:
    """One side against the emulator: its layers, the decisions that differ, and how many of those each layer flips.

    `flipped` is None where the side lacks the output, so that decisions are not compared.
    """

    side: str
    layers: tuple[LayerParting, ...]
    flipped: int | None
    flips: Mapping[str, int]

    @property
    def first_layer(self) -> str | None:
        """The first layer at which any value differs."""
        return next((layer.layer for layer in self.layers if layer.differing), None)

    @property
    def first_flip(self) -> str | None:
        """The first layer at which a decision changes."""
        return next((layer.layer for layer in self.layers if self.flips.get(layer.layer)), None)


@dataclass(frozen=True)
class Divergence:
    """Every side against the emulator, over `events` events."""

    events: int
    sides: tuple[SideParting, ...]


def find_divergence(
    program: Program,
    inputs: Mapping[str, np.ndarray],
    sides: Mapping[str, Mapping[str, np.ndarray]],
    decision: Decision | None = None,
    scaled: Collection[str] = (),
) -> Divergence:
    """Compare each side's layers with the emulator's.

    Args:
        program: the compiled network.
        inputs: mantissas by input port, (events, ...).
        sides: for each side (float Keras, QKeras, C++) the numbers of its layers by the program's names, (events, ...);
            layers that a side lacks are not compared.
        decision: what is decided from the first output.
        scaled: names of sides whose layers may be scaled by powers of two, as a float network's may against its
            quantized twin's; these are compared in scale, all others as they are.

    Raises:
        MismatchError: a side has no layer of the program. EventsError: thresholds do not fit.
    """
    decision = decision or Decision()
    names = tuple(op.name for op in program.operations)
    ours = NativeEngine()(program, inputs, names)
    found = tuple(
        _side(program, inputs, ours, side, values, decision, side in scaled) for side, values in sides.items()
    )
    return Divergence(len(next(iter(inputs.values()))), found)


def _side(
    program: Program,
    inputs: Mapping[str, np.ndarray],
    ours: Mapping[str, np.ndarray],
    side: str,
    theirs: Mapping[str, np.ndarray],
    decision: Decision,
    in_scale: bool,
) -> SideParting:
    common = [name for name in ours if name in theirs]
    if not common:
        raise MismatchError(f"{side} has no layer that the program has; name its layers as the program does.")
    layers, numbers = [], {}
    for name in common:
        kind = program.type_of(name)
        mine, other = to_float(ours[name], kind), np.asarray(theirs[name], np.float64).reshape(ours[name].shape)
        scale = power_of_two(mine, other) if in_scale else 1.0
        numbers[name] = other * scale
        layers.append(_parting(name, mine, numbers[name], scale, kind))
    flipped, flips = _flips(program, inputs, ours, numbers, decision)
    return SideParting(side, tuple(layers), flipped, flips)


def _parting(name: str, mine: np.ndarray, other: np.ndarray, scale: float, kind: Fixed) -> LayerParting:
    difference = np.abs(mine - other)
    different = np.argwhere(~(mine == other))  # NaN too
    largest = float(difference.max(initial=0.0))
    first = tuple(int(i) for i in different[0]) if len(different) else None
    rms = float(np.sqrt(np.mean(difference**2)))
    return LayerParting(name, mine.size, len(different), scale, largest, rms, largest * 2.0**kind.fraction, first)


def power_of_two(mine: np.ndarray, other: np.ndarray) -> float:
    """The power of two that brings `other` nearest to `mine` (least squares), by what is finite."""
    finite = np.isfinite(other)
    overlap, size = float(np.vdot(mine[finite], other[finite])), float(np.vdot(other[finite], other[finite]))
    return float(2.0 ** np.round(np.log2(overlap / size))) if overlap > 0 and size > 0 else 1.0


def _flips(
    program: Program,
    inputs: Mapping[str, np.ndarray],
    ours: Mapping[str, np.ndarray],
    theirs: Mapping[str, np.ndarray],
    decision: Decision,
) -> tuple[int | None, Mapping[str, int]]:
    """How many decisions differ, and at which layer each of them becomes the other side's."""
    output = program.output_names[0]
    if output not in theirs:
        return None, {}
    wanted = theirs[output]
    events = np.flatnonzero(decision.differs(to_float(ours[output], program.type_of(output)), wanted))
    given, other = ({name: x[events] for name, x in values.items()} for values in (inputs, theirs))
    counts = Counter(
        flipping_layers(program, given, other, lambda rest, own: ~decision.differs(rest, wanted[events[own]]))
    )
    return len(events), {op.name: counts[op.name] for op in program.operations if counts[op.name]}


def flipping_layers(
    program: Program,
    inputs: Mapping[str, np.ndarray],
    theirs: Mapping[str, np.ndarray],
    agrees: Callable[[np.ndarray, np.ndarray], np.ndarray],
) -> tuple[str, ...]:
    """For each event the first layer with which the emulator comes to the other side's decision.

    Args:
        program: the compiled network; its first output decides.
        inputs: mantissas by input port, (events, ...), of events whose decision differs.
        theirs: numbers of the other side's layers, (events, ...); put into the program one after the other.
        agrees: from numbers of the first output, (some, ...), and the places of these events among all, whether each
            one's decision is the other side's.
    """
    output = program.output_names[0]
    kind, given = program.type_of(output), dict(inputs)
    left = np.arange(len(next(iter(inputs.values()))))
    found = np.full(len(left), output, object)  # the side's own output decides, also where its type can't hold it
    for operation in program.operations:
        if operation.name == output or not len(left):
            break
        if operation.name in theirs:
            given[operation.name] = _cast(theirs[operation.name][left], operation.type)
            rest = run_reference(program, given, (output,))[output]
            changed = agrees(to_float(rest, kind), left)
            found[left[changed]] = operation.name
            given, left = {name: values[~changed] for name, values in given.items()}, left[~changed]
    return tuple(found)


def _cast(values: np.ndarray, kind: Fixed) -> np.ndarray:
    """To the layer's grid by rounding and saturating: the nearest that the layer could have yielded; 0 for NaN."""
    numbers = np.where(np.isnan(values), 0.0, values)
    return from_float(numbers, kind.modes(Rounding.RND_CONV, Overflow.SAT))

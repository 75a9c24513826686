"""Where flips begin: the first layer of another side with which the emulator comes to that side's decision."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program
from trigger_nn.studies.certificate.decisions import LARGEST, Judgement, SideScores
from trigger_nn.studies.certificate.values import EMULATOR, Onset
from trigger_nn.studies.divergence import flipping_layers, power_of_two

CAP = 500  # flipped events that are looked at
SCALE_EVENTS = 500  # from which a layer's scale is told
THRESHOLD = "threshold"

Layers = Callable[[np.ndarray], Mapping[str, np.ndarray]]


@dataclass(frozen=True)
class Inside:
    """What is needed to look into the sides' layers.

    inputs: mantissas by port, (n, ...). layers: for each side that can tell, from numbers of events to its layers as
    numbers, by the program's names, (events, ...). scaled: sides whose layers may be a power of two larger or smaller.
    """

    program: Program
    inputs: Mapping[str, np.ndarray]
    layers: Mapping[str, Layers]
    scaled: Collection[str] = ()


def onsets_of(sides: SideScores, judged: Sequence[Judgement], inside: Inside, cap: int = CAP) -> tuple[Onset, ...]:
    """Each side's flips against the emulator, by output, basis and rate; none where nothing flips.

    All have the same layers, those at which anything flips.
    """
    found = tuple(_onsets(sides, judged, inside, cap))
    order = (THRESHOLD, *(op.name for op in inside.program.operations))
    names = [name for name in order if any(name in onset.layers for onset in found)]
    return tuple(replace(onset, layers={name: onset.layers.get(name, 0) for name in names}) for onset in found)


def _onsets(sides: SideScores, judged: Sequence[Judgement], inside: Inside, cap: int) -> Iterator[Onset]:
    for side in inside.layers:
        flipped = [(judgement, _flipped(sides, judgement, side)) for judgement in judged]
        if not any(len(events) for _, events in flipped):
            continue
        scales = _scales(inside, side) if side in inside.scaled else {}
        for judgement, events in flipped:
            if len(events):
                found = _layers(sides, judgement, side, events[:cap], inside, scales)
                told = judgement.output, side, judgement.basis, judgement.target
                yield Onset(*told, len(found), len(events), Counter(found))


def _flipped(sides: SideScores, judgement: Judgement, side: str) -> np.ndarray:
    """Numbers of the events, of the kinds over which the output is counted, whose decision differs."""
    of_interest = np.logical_or.reduce([*sides.kinds_of(judgement.output).values()])
    return np.flatnonzero((judgement.passed[side] != judgement.passed[EMULATOR]) & of_interest)


def _layers(
    sides: SideScores, judgement: Judgement, side: str, events: np.ndarray, inside: Inside, scales: Mapping[str, float]
) -> tuple[str, ...]:
    """The layer of each of `events`; `threshold` where nothing but the threshold differs."""
    wanted = judgement.passed[side][events]
    at_once = _decided(judgement, side, sides.scores[EMULATOR][events]) == wanted
    rest = events[~at_once]
    if not len(rest):
        return (THRESHOLD,) * len(events)
    given = _inputs(inside, rest)
    theirs = {name: x * scales.get(name, 1.0) for name, x in _theirs(inside, side, rest).items()}
    still = wanted[~at_once]
    found = flipping_layers(
        inside.program, given, theirs, lambda outputs, own: _decided(judgement, side, outputs) == still[own]
    )
    return (THRESHOLD,) * int(at_once.sum()) + found


def _decided(judgement: Judgement, side: str, outputs: np.ndarray) -> np.ndarray:
    """What the side would decide, at its threshold, from numbers of the outputs (events, ...)."""
    flat = outputs.reshape(len(outputs), -1)
    if not judgement.thresholds:
        return LARGEST(flat)[:, judgement.element]
    return np.asarray(flat[:, judgement.element] > judgement.thresholds[side])


def _inputs(inside: Inside, events: np.ndarray) -> dict[str, np.ndarray]:
    return {port: mantissas[events].astype(np.int64) for port, mantissas in inside.inputs.items()}


def _theirs(inside: Inside, side: str, events: np.ndarray) -> dict[str, np.ndarray]:
    """The side's layers that the program has, in the program's shapes."""
    found = inside.layers[side](events)
    shapes = {op.name: (len(events), *op.shape) for op in inside.program.operations if op.name in found}
    return {name: np.asarray(found[name], np.float64).reshape(shape) for name, shape in shapes.items()}


def _scales(inside: Inside, side: str) -> dict[str, float]:
    """By how much the side's layers are to be multiplied, told from the first events."""
    events = np.arange(len(next(iter(inside.inputs.values()))))[:SCALE_EVENTS]
    theirs = _theirs(inside, side, events)
    ours = NativeEngine()(inside.program, _inputs(inside, events), tuple(theirs))
    return {name: power_of_two(to_float(ours[name], inside.program.type_of(name)), x) for name, x in theirs.items()}

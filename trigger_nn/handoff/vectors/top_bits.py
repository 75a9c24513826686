"""Events that need the most significant bits of every layer's type, as far as such are found.

A bit that no vector needs can be lost, or stuck, without any vector telling. Where the vectors known so far leave bits
that the proven range has, an element that can need them is driven there: every element of the input is moved alone
to its ends, anywhere and a little, the moves that help are made together, the best first, as many of them as help most;
and again, from several beginnings. The emulator judges; where no event is found, nothing is proven.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.handoff.vectors.cases import Space, random_cases, spread
from trigger_nn.passes.intervals import Interval
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.operations import Conv2D, Dense, Operation
from trigger_nn.program.operations.convolutions import DepthwiseConv2D
from trigger_nn.program.program import Program

MOST_LAYERS = 24  # that are driven
MOST_MOVED = 512  # input elements that are moved in a round
MOVES = 4  # of each element in a round
JOINED = 12  # numbers of moves that are made together
CLIMBS = 6  # from different events, for they end on different peaks
ROUNDS = 30  # of a climb, fewer of a large network
STEPS = 8  # from anywhere to a little away
MOST_WORK = 1e11  # products and values that are computed, all in all
WIDE = 64  # so many times the work, where numbers are wider than a machine word

Sums = Dense | Conv2D | DepthwiseConv2D
Judge = Callable[[np.ndarray], np.ndarray]
Ends = tuple[int, int]
Climbed = tuple[np.ndarray, int]  # an event, flat, and its score


def bits_used(low: int, high: int) -> int:
    """Bits that are needed for all values from `low` to `high`, that of the sign if one is negative."""
    if low >= 0:
        return high.bit_length()
    return 1 + max((~low).bit_length(), max(high, 0).bit_length())


def with_accumulators(program: Program) -> Program:
    """The program with an operation more, `LAYER accumulator`, for every sum whose accumulator is of another type.

    Nothing reads them, so that all else stays as it is.
    """
    operations = []
    for operation in program.operations:
        operations.append(operation)
        if isinstance(operation, Sums) and operation.accumulator != operation.type:
            operations.append(replace(operation, name=f"{operation.name} accumulator", type=operation.accumulator))
    return replace(program, operations=tuple(operations))


@dataclass(frozen=True)
class Summit:
    """Where a layer is driven to: up (`sign` 1) or down (-1), until with its `known` ends it uses `bits`."""

    layer: str
    sign: int
    known: Ends
    bits: int

    def reached(self, score: int) -> bool:
        """Whether a value of the layer, times the sign, needs the bits."""
        value = self.sign * score
        return bits_used(min(self.known[0], value), max(self.known[1], value)) >= self.bits


def top_bit_events(program: Program, known: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Flat events, one for each end of a layer that would use more bits than it does on `known` events, if found."""
    space, proven, tracer = Space(program.inputs), prove_ranges(program), Emulator(program)
    ends, found = _ends(tracer, space, known), [known[:0]]
    layers = [op.name for op in program.operations if _summits(op.name, ends, proven)]
    chosen = [layers[place] for place in spread(len(layers), MOST_LAYERS)]
    for layer in chosen:
        for summit in _summits(layer, ends, proven):  # fewer than before, if another layer's event was of use
            work = MOST_WORK / (2 * len(chosen))
            event = _driven(program, summit, proven[layer], np.concatenate([known, *found]), work, rng)[None]
            found.append(event)
            ends = {name: _joined(ends[name], more) for name, more in _ends(tracer, space, event).items()}
    return np.concatenate(found)


def _ends(tracer: Emulator, space: Space, events: np.ndarray) -> dict[str, Ends]:
    tensors = tracer.trace_mantissas(space.split(events))
    return {name: (int(values.min()), int(values.max())) for name, values in tensors.items()}


def _joined(left: Ends, right: Ends) -> Ends:
    return min(left[0], right[0]), max(left[1], right[1])


def _summits(layer: str, ends: Mapping[str, Ends], proven: Mapping[str, Interval]) -> list[Summit]:
    """The ends of a layer that would use more bits than the events known do."""
    known, found = ends[layer], []
    for sign, end in zip((-1, 1), proven[layer].bounds, strict=True):
        bits = bits_used(*_joined(known, (end, end)))
        if bits > bits_used(*known):
            found.append(Summit(layer, sign, known, bits))
    return found


def _driven(
    program: Program, summit: Summit, proven: Interval, known: np.ndarray, work: float, rng: np.random.Generator
) -> np.ndarray:
    """The event that gets farthest, of those for each element that is tried."""
    alone, space = _alone(program, summit.layer), Space(program.inputs)
    values = _values(alone)
    scores = summit.sign * values(known)
    bounds = -proven.low.reshape(-1) if summit.sign < 0 else proven.high.reshape(-1)
    elements = _elements(summit, scores.max(axis=0), bounds)
    rounds = work / (len(elements) * CLIMBS * MOVES * min(space.size, MOST_MOVED) * _work(alone))
    peaks: list[Climbed] = []
    for element in elements:
        judge = _judge(values, summit.sign, element)
        peaks.append(_climbed(space, summit, judge, known, int(np.clip(rounds, 1, ROUNDS)), rng))
        if summit.reached(peaks[-1][1]):
            break
    return max(peaks, key=lambda peak: peak[1])[0]


def _values(alone: Program) -> Judge:
    """The output's elements, (events, elements), of flat events."""
    space, (output,), run = Space(alone.inputs), alone.outputs, Emulator(alone).outputs_mantissas
    return lambda events: run(space.split(events))[output.name].reshape(len(events), -1)


def _judge(values: Judge, sign: int, element: int) -> Judge:
    """The score of an element, (events,)."""
    return lambda events: sign * values(events)[:, element]


def _elements(summit: Summit, scores: np.ndarray, bounds: np.ndarray) -> list[int]:
    """Of the elements that can need the bits, that with the farthest bound, and that which is nearest."""
    able = np.array([summit.reached(int(bound)) for bound in bounds])
    far, near = (np.where(able, values, values.min() - 1).argmax() for values in (bounds, scores))
    return list(dict.fromkeys([int(far), int(near)]))


def _climbed(
    space: Space, summit: Summit, judge: Judge, known: np.ndarray, rounds: int, rng: np.random.Generator
) -> Climbed:
    """The best event of several climbs, and its score: one from the best known, one from zero, others from anywhere."""
    others = known[rng.integers(0, len(known), CLIMBS - 2)]
    peaks: list[Climbed] = []
    for event in [known[judge(known).argmax()], space.zeros[0], *others]:
        climbed = event, int(judge(event[None])[0])
        for _ in range(rounds):
            climbed = _moved(space, judge, *climbed, rng)
            if summit.reached(climbed[1]):
                return climbed
        peaks.append(climbed)
    return max(peaks, key=lambda peak: peak[1])


def _moved(space: Space, judge: Judge, event: np.ndarray, score: int, rng: np.random.Generator) -> Climbed:
    """The event after as many moves as help most, the best first, or as it was."""
    places = rng.permutation(space.size)[:MOST_MOVED]
    moves = _moves(space, event, rng)[:, places]
    tries = np.repeat(event[None], moves.size, axis=0)
    tries[np.arange(moves.size), np.tile(places, MOVES)] = moves.reshape(-1)
    gains = judge(tries).reshape(moves.shape) - score
    way, gain = gains.argmax(axis=0), gains.max(axis=0)
    helpful = np.argsort(-gain, kind="stable")[: int((gain > 0).sum())]
    if not helpful.size:
        return event, score
    joined = _together(event, places[helpful], moves[way[helpful], helpful])
    scores = judge(joined)
    best = scores.argmax()
    return (joined[best], int(scores[best])) if scores[best] > score else (event, score)


def _moves(space: Space, event: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What each element is tried at, (MOVES, elements): its ends, anywhere, a little away."""
    anywhere, other = random_cases(space, 2, rng)
    little = (other - event) // STEPS
    return np.stack([space.low, space.high, anywhere, event + little])


def _together(event: np.ndarray, places: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Events with the first of the moves, the first few, ..., all of them."""
    counts = np.unique(np.geomspace(1, len(places), JOINED).round().astype(np.int64))
    events = np.repeat(event[None], len(counts), axis=0)
    for row, count in zip(events, counts, strict=True):
        row[places[:count]] = values[:count]
    return events


def _alone(program: Program, layer: str) -> Program:
    """The program up to a layer, its only output."""
    last = [operation.name for operation in program.operations].index(layer)
    return replace(program, operations=program.operations[: last + 1], output_names=(layer,))


def _work(program: Program) -> float:
    """Products and values that an event costs."""
    widest = max(operation.type.width for operation in program.operations)
    work = sum(math.prod(operation.shape) * _terms(operation) for operation in program.operations)
    return work * (WIDE if widest > 63 else 1)


def _terms(operation: Operation) -> int:
    """Products of a value."""
    if not isinstance(operation, Sums):
        return 1
    return operation.weights.mantissa.size // operation.shape[-1]

"""Inputs that drive a network to the ends: outputs, saturating layers, scores around a threshold, unused top bits.

Each goal is climbed to from the best event known: first every input element goes to the end that helps it when moved
alone, then random changes of the best event are kept when they help, from several beginnings. The emulator judges;
nothing is proven.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.vectors.bits import elements
from trigger_nn.handoff.vectors.cases import Cases, Space, random_cases, spread
from trigger_nn.handoff.vectors.top_bits import top_bit_events, with_accumulators
from trigger_nn.program.fixed import Overflow
from trigger_nn.program.operations.activations import ActivationNode
from trigger_nn.program.program import Program

TOP_BITS = "layers driven to the most significant bits of their types"
MOST_ELEMENTS = 16  # of an output that are driven
MOST_LAYERS = 24  # that are driven
MOST_PROBES = 512  # input elements that are moved alone
ROUNDS = 64  # of a climb, fewer of a large network
CLIMBS = 3  # from random events, before the last one from the best
TRIES = 12  # changed events for each goal in a round
STEP = 3  # that an element is moved by at most, where it is not moved far
BLOCK = 2048  # events that are judged at once
MOST_VALUES = 4e8  # that are computed, of all layers
FAR = 2.0**60  # more than the distance of any score on the right side


@dataclass(frozen=True)
class Extreme:
    """The largest (`sign` 1) or smallest (-1) mantissa of an element of a layer; of any element if that is None."""

    layer: str
    element: int | None
    sign: int

    def score(self, tensors: Mapping[str, np.ndarray]) -> np.ndarray:
        """How far each event gets, the larger the better."""
        values = self.sign * tensors[self.layer]
        return (values.max(axis=1) if self.element is None else values[:, self.element]).astype(np.float64)


@dataclass(frozen=True)
class Near:
    """The mantissa of an element just above `threshold` (`above`), or else at it or just below."""

    layer: str
    element: int
    threshold: int
    above: bool

    def score(self, tensors: Mapping[str, np.ndarray]) -> np.ndarray:
        """How near each event gets, the larger the better; on the wrong side every event is worse than on the right."""
        over = (tensors[self.layer][:, self.element] - self.threshold).astype(np.float64)
        distance = over - 1 if self.above else -over
        return np.where(distance >= 0, -distance, FAR * distance)


Goal = Extreme | Near
Judge = Callable[[np.ndarray], np.ndarray]
Held = tuple[np.ndarray, np.ndarray]  # the best event for each goal, flat, and its score


def driven_cases(design: Design, known: np.ndarray, rng: np.random.Generator) -> Cases:
    """Events of the network's input that come nearest to each goal, by group; `known` are flat events to begin with."""
    space, program = Space(design.program.inputs), design.program
    groups: list[tuple[str, list[Goal]]] = [
        ("outputs driven to their ends", output_goals(program)),
        ("saturating layers driven to their ends", saturation_goals(program)),
        ("scores at and just above a threshold", threshold_goals(design)),
    ]
    goals = [goal for _, members in groups for goal in members]
    values = sum(math.prod(operation.shape) for operation in program.operations) * len(goals) * TRIES * (CLIMBS + 1)
    rounds = max(1, min(ROUNDS, int(MOST_VALUES / values)))
    best = _climb(space, _judge(program, goals), known, rounds, rng)
    stops = np.cumsum([len(members) for _, members in groups])[:-1]
    cases = [(name, events) for (name, _), events in zip(groups, np.split(best, stops), strict=True)]
    beyond = top_bit_events(with_accumulators(program), np.concatenate([known, best]), rng)
    return [(name, events) for name, events in [*cases, (TOP_BITS, beyond)] if len(events)]


def output_goals(program: Program) -> list[Goal]:
    """Both ends of the outputs' elements."""
    return [
        Extreme(port.name, int(element), sign)
        for port in program.outputs
        for element in spread(elements(port), MOST_ELEMENTS)
        for sign in (1, -1)
    ]


def saturation_goals(program: Program) -> list[Goal]:
    """Both ends of what is cast to a saturating type: the layer before an activation, else the layer itself."""
    computed = {operation.name for operation in program.operations}
    driven = []
    for operation in program.operations:
        if operation.type.overflow is not Overflow.WRAP:
            source = operation.inputs[0] if isinstance(operation, ActivationNode) else operation.name
            driven.append(source if source in computed else operation.name)
    names = list(dict.fromkeys(driven))
    chosen = [names[place] for place in spread(len(names), MOST_LAYERS)] if names else []
    return [Extreme(name, None, sign) for name in chosen for sign in (1, -1)]


def threshold_goals(design: Design) -> list[Goal]:
    """Both sides of every decision."""
    output = design.program.output_names[0]
    return [Near(output, d.element, d.mantissa, above) for d in design.decisions for above in (True, False)]


def _judge(program: Program, goals: Sequence[Goal]) -> Judge:
    """Scores (events, goals) of flat events."""
    layers = tuple(dict.fromkeys(goal.layer for goal in goals))
    space, run = Space(program.inputs), Emulator(replace(program, output_names=layers)).outputs_mantissas

    def judge(events: np.ndarray) -> np.ndarray:
        blocks = []
        for first in range(0, len(events), BLOCK):
            tensors = run(space.split(events[first : first + BLOCK]))
            flat = {goal.layer: tensors[goal.layer].reshape(len(tensors[goal.layer]), -1) for goal in goals}
            blocks.append(np.stack([goal.score(flat) for goal in goals], axis=1))
        return np.concatenate(blocks)

    return judge


def _climb(space: Space, judge: Judge, known: np.ndarray, rounds: int, rng: np.random.Generator) -> np.ndarray:
    """The best event found for each goal, flat (goals, elements); each climb begins elsewhere."""
    begun = np.concatenate([known, _followed(space, judge)])
    best = _better(None, begun, judge(begun))
    for _ in range(CLIMBS):
        events = random_cases(space, BLOCK, rng)
        peak, _ = _climbed(space, judge, _better(None, events, judge(events)), rounds, rng)
        best = _better(best, peak, judge(peak))
    return _climbed(space, judge, best, rounds, rng)[0]


def _climbed(space: Space, judge: Judge, held: Held, rounds: int, rng: np.random.Generator) -> Held:
    """Better events than those held, found by random changes."""
    for _ in range(rounds):
        tries = _changed(space, np.repeat(held[0], TRIES, axis=0), rng)
        held = _better(held, tries, judge(tries))
    return held


def _better(held: Held | None, events: np.ndarray, scores: np.ndarray) -> Held:
    """For each goal the best event and its score, of those held and new ones."""
    winners, reached = events[scores.argmax(axis=0)], scores.max(axis=0)
    if held is None:
        return winners, reached
    better = reached > held[1]
    return np.where(better[:, None], winners, held[0]), np.where(better, reached, held[1])


def _followed(space: Space, judge: Judge) -> np.ndarray:
    """For each goal every element at the end that helps it most when it is moved alone, the others being zero."""
    places = spread(space.size, MOST_PROBES)
    probes = np.repeat(space.zeros, 2 * len(places), axis=0)
    rows = np.arange(len(places))
    probes[rows, places], probes[len(places) + rows, places] = space.high[places], space.low[places]
    scores = judge(np.concatenate([space.zeros, probes]))
    up, down = scores[1 : 1 + len(places)].T - scores[0][:, None], scores[1 + len(places) :].T - scores[0][:, None]
    ends = np.where(up >= down, space.high[places], space.low[places])
    events = np.repeat(space.zeros, len(ends), axis=0)
    events[:, places] = np.where(np.maximum(up, down) > 0, ends, 0)
    return events


def _changed(space: Space, events: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Events with some elements, few or many, at an end, at zero, anywhere, or a step away."""
    shares = np.exp(rng.uniform(-math.log(space.size + 1), 0, len(events)))
    touched = rng.random(events.shape) < np.maximum(shares, 1 / space.size)[:, None]
    way, step = rng.integers(0, 5, events.shape), rng.integers(-STEP, STEP, events.shape, endpoint=True)
    choices = [space.low, space.high, space.zeros, random_cases(space, len(events), rng), space.clip(events + step)]
    values = events
    for number, choice in enumerate(choices):
        values = np.where(touched & (way == number), choice, values)
    return values

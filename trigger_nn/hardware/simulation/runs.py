"""What a block is driven with in a check: events at every clock, scattered among others, and through a reset."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trigger_nn.hardware.simulation.corners import random_words
from trigger_nn.program.program import Port

GAP = 0.25  # how likely a cycle without an event is, in a scattered run


@dataclass(frozen=True)
class Run:
    """Clock cycles: what is at the inputs, and which event that is.

    `words` is int64 (cycles, words) as in `buses`; `event` numbers the event of each cycle, -1 where in_valid is low;
    `reset` is rst, bool (cycles).
    """

    name: str
    words: np.ndarray
    event: np.ndarray
    reset: np.ndarray

    @property
    def valid(self) -> np.ndarray:
        """in_valid, bool (cycles)."""
        return self.event >= 0

    def answered(self, latency: int) -> np.ndarray:
        """Event whose answer rising edge k must see, -1 where none: (cycles + latency).

        An event that is sampled by edge k is in the block's registers until edge k + latency - 1; a reset at one of
        these edges clears its valid bit.
        """
        lost = np.zeros(len(self.event), bool)
        for edge in np.flatnonzero(self.reset).tolist():
            lost[max(0, edge - latency + 1) : edge + 1] = True
        return np.concatenate([np.full(latency, -1), np.where(lost, -1, self.event)])


def back_to_back(words: np.ndarray) -> Run:
    """All events in order, one every clock cycle."""
    return Run("back to back", words, np.arange(len(words)), np.zeros(len(words), bool))


def scattered(words: np.ndarray, ports: Sequence[Port], rng: np.random.Generator) -> Run:
    """All events, each between other neighbours than in order, with random gaps that hold random bits.

    Those of odd number come first, those of even number after a gap, both shuffled: so no two that follow each other
    in order do so here.
    """
    odd, even = np.arange(1, len(words), 2), np.arange(0, len(words), 2)
    gaps = rng.geometric(1 - GAP, len(words)) - 1
    gaps[len(odd)] += 1
    at = np.cumsum(gaps + 1) - 1
    event = np.full(at[-1] + 1, -1)
    event[at] = np.concatenate([rng.permutation(odd), rng.permutation(even)])
    noise = random_words(ports, len(event), rng)
    return Run("scattered", np.where(event[:, None] < 0, noise, words[event]), event, np.zeros(len(event), bool))


def through_reset(words: np.ndarray, latency: int) -> Run:
    """Events at every clock, while a reset of one cycle comes when each register holds an event."""
    cycles = 3 * latency + 2
    event = np.arange(cycles) % len(words)
    return Run("through a reset", words[event], event, np.arange(cycles) == latency)

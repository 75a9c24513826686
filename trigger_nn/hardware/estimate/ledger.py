"""The ledger of a replay: what is built for which value, what needs what, and when each value is there.

A value that takes hardware has a number; -1 is a constant, which takes none. What no output needs is not built: the
tools remove it, so at the end everything is followed back from the outputs.
"""

from dataclasses import dataclass, field

import numpy as np

from trigger_nn.hardware.estimate.work import Bill, Work

BINS = 64  # equal parts of the time from input to output in which values alive are counted


@dataclass(frozen=True)
class Spans:
    """From when to when values are needed, their bits, and the operation they are of; arrays of one length."""

    owner: np.ndarray
    start: np.ndarray
    stop: np.ndarray
    bits: np.ndarray

    def alive(self, owners: int, end: float) -> np.ndarray:
        """Mean bits (owners, BINS) that are alive in each of BINS equal parts of the time from 0 to `end`."""
        if end <= 0 or not len(self.start):
            return np.zeros((owners, BINS))
        grown = np.zeros((owners, BINS + 1))
        for sign, edge in ((1, self.start), (-1, self.stop)):
            where = np.clip(edge * (BINS / end), 0, BINS)
            place = np.minimum(where.astype(np.int64), BINS - 1)
            np.add.at(grown, (self.owner, place), sign * self.bits * (place + 1 - where))
            np.add.at(grown, (self.owner, place + 1), sign * self.bits * (where - place))
        return np.asarray(np.cumsum(grown, axis=1)[:, :BINS])


@dataclass(frozen=True)
class _Need:
    """Values `of` are made of values `made_of`; `time` is when something that uses them is there.

    Element by element, or with a matrix (in, out) where sums over the last axis of `made_of` are the last of `of`.
    """

    of: np.ndarray
    made_of: np.ndarray
    time: np.ndarray
    matrix: np.ndarray | None = None

    def back(self, live: np.ndarray) -> np.ndarray:
        """Which of `made_of` are needed, given what is `live`, by number (the last for -1)."""
        wanted = live[self.of]
        return wanted if self.matrix is None else np.asarray(wanted @ self.matrix.T.astype(np.float64) > 0)


@dataclass
class Ledger:
    """Written while a program is replayed; `owner` is the number of the operation that is being replayed.

    A value is alive from the time at which it is there until its last user's result is there: a cut of the pipeline
    between them takes a register for each of its bits.
    """

    owner: int = 0
    count: int = 0
    bills: list[tuple[int, np.ndarray, Bill]] = field(default_factory=list)
    births: list[tuple[int, np.ndarray, np.ndarray]] = field(default_factory=list)
    needs: list[_Need] = field(default_factory=list)
    inner: list[tuple[int, np.ndarray, np.ndarray, float, np.ndarray]] = field(default_factory=list)

    def spend(self, number: np.ndarray, bill: Bill) -> None:
        """The values of these numbers cost `bill`."""
        self.bills.append((self.owner, number, bill))

    def born(self, width: np.ndarray, time: np.ndarray) -> np.ndarray:
        """Numbers of new values of `width` bits that are there at `time`; -1 for those of no bits."""
        real = width > 0
        numbers = np.full(width.shape, -1, np.int64)
        numbers[real] = self.count + np.arange(int(real.sum()))
        self.count += int(real.sum())
        self.births.append((self.owner, width[real], time[real]))
        return numbers

    def need(self, of: np.ndarray, made_of: np.ndarray, time: np.ndarray, matrix: np.ndarray | None = None) -> None:
        """See `_Need`; without a matrix the arrays broadcast."""
        if matrix is None:
            of, made_of, time = np.broadcast_arrays(of, made_of, time)
        self.needs.append(_Need(of, made_of, time, matrix))

    def within(self, number: np.ndarray, start: np.ndarray, length: float, bits: np.ndarray) -> None:
        """Inside the adder trees of these values so many bits are alive from `start` on for `length`."""
        self.inner.append((self.owner, number.ravel(), start.ravel(), length, bits.ravel()))

    def closed(self, outputs: list[np.ndarray], end: float) -> "Closed":
        """What is left when only the values of the numbers in `outputs` are wanted, at time `end`."""
        live = np.zeros(self.count + 1, bool)  # the last is for -1
        last = np.append(_joined([time for _, _, time in self.births]), 0.0)
        for number in outputs:
            live[number[number >= 0]] = True
            last[number] = end
        for need in reversed(self.needs):
            wanted = need.back(live)
            numbers, time = need.made_of[wanted], np.broadcast_to(need.time, need.made_of.shape)[wanted]
            live[numbers] = True
            np.maximum.at(last, numbers, time)
            live[-1] = False
        return Closed(self, live, last)


@dataclass(frozen=True)
class Closed:
    """A ledger with what is `live` in it, by number, and when each value is used `last`."""

    ledger: Ledger
    live: np.ndarray
    last: np.ndarray

    def works(self, owners: int) -> tuple[Work, ...]:
        """What each operation builds."""
        total = [Work()] * owners
        for owner, number, bill in self.ledger.bills:
            total[owner] += bill.of(self.live[number])
        return tuple(total)

    def values(self) -> Spans:
        """Of every value."""
        births, live = self.ledger.births, self.live[:-1]
        start = _joined([time for _, _, time in births])
        bits = _joined([width for _, width, _ in births]) * live
        return Spans(_owners([(owner, len(width)) for owner, width, _ in births]), start, self.last[:-1], bits)

    def trees(self) -> Spans:
        """Of all sums inside trees of adders."""
        inner = self.ledger.inner
        start = _joined([start for _, _, start, _, _ in inner])
        length = _joined([np.full(len(start), length) for _, _, start, length, _ in inner])
        bits = _joined([bits * self.live[number] for _, number, _, _, bits in inner])
        return Spans(_owners([(owner, len(bits)) for owner, _, _, _, bits in inner]), start, start + length, bits)


def _owners(counts: list[tuple[int, int]]) -> np.ndarray:
    return np.repeat(np.array([o for o, _ in counts], np.int64), np.array([n for _, n in counts], np.int64))


def _joined(arrays: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(arrays) if arrays else np.zeros(0)

"""Which of several samples each event of a stream comes from.

Sources without a rate count together as one of rate 1, which every one of their events leaves exactly once an
epoch, in random order. Each event of the stream is drawn from it or from a source with a rate, in proportion to the
rates. The epoch ends with the last event of the sources without a rate; sources with one are begun anew, in another
order, as often as needed. If all have rates, the epoch ends where an event of a source is drawn that has no more.
"""

from collections.abc import Sequence

import numpy as np


class Draw:
    """Which source each event of an epoch comes from."""

    def __init__(
        self, rates: Sequence[float | None], events: Sequence[int], generator: np.random.Generator, shuffle: bool
    ) -> None:
        """`rates` and numbers of `events` by source; without `shuffle` sources without a rate come in their order."""
        self._generator, self._shuffle, self._ended = generator, shuffle, False
        rated = np.array([rate is not None for rate in rates])
        self._rated, self._whole = np.flatnonzero(rated), np.flatnonzero(~rated)
        self._left = np.array(events)
        stated = [rate for rate in rates if rate is not None]
        self._rates = np.array([1.0] * bool(len(self._whole)) + stated)  # those without a rate first, as one

    def next(self, size: int) -> np.ndarray:
        """Sources of the next at most `size` events, (n,) int64; none at the end of the epoch."""
        groups = self._generator.choice(len(self._rates), size, p=self._rates / self._rates.sum())
        if not len(self._whole):
            return self._until_exhausted(self._rated[groups])
        left = int(self._left[self._whole].sum())
        if not left:
            return np.empty(0, np.int64)
        places = np.flatnonzero(groups == 0)
        if len(places) >= left:  # the epoch's last event is among these
            groups, places = groups[: places[left - 1] + 1], places[:left]
        chosen = np.concatenate([[0], self._rated])[groups]
        chosen[places] = self._without_rate(len(places))
        return chosen

    def _without_rate(self, count: int) -> np.ndarray:
        """Sources of the next `count` events of those without a rate, all their events alike."""
        left = self._left[self._whole]
        if self._shuffle:
            numbers = self._generator.multivariate_hypergeometric(left, count, method="marginals")
        else:
            before = np.cumsum(left) - left
            numbers = np.clip(count - before, 0, left)
        self._left[self._whole] -= numbers
        chosen = np.repeat(self._whole, numbers)
        return self._generator.permutation(chosen) if self._shuffle else chosen

    def _until_exhausted(self, chosen: np.ndarray) -> np.ndarray:
        """`chosen` up to the first event that its source no longer has; the epoch ends there."""
        size = 0 if self._ended else len(chosen)
        chosen = chosen[:size]
        for i in self._rated:
            beyond = np.flatnonzero(chosen == i)[self._left[i] :]
            chosen = chosen[: beyond[0]] if len(beyond) else chosen
        for i in self._rated:
            self._left[i] -= np.count_nonzero(chosen == i)
        self._ended |= len(chosen) < size
        return chosen

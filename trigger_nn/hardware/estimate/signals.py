"""What the domain of costs knows of a tensor: bounds, numbers in the ledger, times."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.hardware.estimate.widths import bits
from trigger_nn.passes.intervals import Interval
from trigger_nn.program.fixed import Fixed, Overflow


@dataclass(frozen=True)
class Signal:
    """Arrays of one shape, with a first axis of length 1 in place of events.

    An interval an element, the `number` under which the ledger knows it (-1: a constant), the `time` at which it is
    there, and how much of that time it spent in adder trees that share what they can (`shared`).
    """

    interval: Interval
    number: np.ndarray
    time: np.ndarray
    shared: np.ndarray

    @property
    def width(self) -> np.ndarray:
        """Bits that the elements need; low bits that are always zero are none. 0 for constants."""
        needed = np.maximum(bits(self.interval.low, self.interval.high) - self.interval.zeros, 0)
        return np.asarray(np.where(self.known, 0, needed), np.int64)

    @property
    def known(self) -> np.ndarray:
        """Where elements are constants."""
        return np.asarray(self.interval.low == self.interval.high)


def exceeded(interval: Interval, drop: int, target: Fixed) -> np.ndarray:
    """Ends, of two, at which values exceed what a type that does not wrap holds."""
    if target.overflow is Overflow.WRAP:
        return np.zeros(interval.low.shape, np.int64)
    low, high = ((a >> drop if drop >= 0 else a << -drop) for a in (interval.low, interval.high))
    return np.asarray((low < target.lowest) * 1 + (high > target.maximum) * 1)

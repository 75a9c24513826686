"""Inputs that are worth simulating: the ends of the ports' ranges, alone and together, single bits, and random ones."""

from collections.abc import Sequence

import numpy as np

from trigger_nn.hardware.simulation.buses import WIDEST, elements, from_words, signs, widths
from trigger_nn.program.program import Port

MOST_HOT = 64  # elements that are tried alone


def corner_inputs(ports: Sequence[Port], rng: np.random.Generator, uniform: int = 1000) -> dict[str, np.ndarray]:
    """Mantissas (events, *shape) by port: corner cases, then `uniform` random events and as many that are mostly zero.

    The corner cases are: all zero, at the minimum, at the maximum, at 1 and at -1 (where there is a sign); minimum and
    maximum in turn; one element at its maximum or minimum and the others zero, for up to 64 elements; one bit set in
    every element. No mantissa lies outside of what a cast to the port's type yields. Elements have 64 bits at most.
    """
    low = _each(ports, [port.type.lowest for port in ports])
    high = _each(ports, [port.type.maximum for port in ports])
    order = np.arange(len(low)) % 2 == 0
    ends = [np.zeros_like(low), low, high, np.where(order, low, high), np.where(order, high, low)]
    random = random_words(ports, 2 * uniform, rng)
    sparse = np.where(rng.random((uniform, len(low))) < 1 / 8, random[uniform:], 0)
    words = [np.array(ends), _ones(ports), _hot(high), _hot(low), _bits(ports), random[:uniform], sparse]
    return from_words(ports, _raised(ports, low, np.concatenate(words)))


def random_words(ports: Sequence[Port], count: int, rng: np.random.Generator) -> np.ndarray:
    """Rows of words as in `buses`, every bit of every element as likely 0 as 1: int64 (count, words)."""
    ends = np.iinfo(np.int64)
    return _cut(ports, rng.integers(ends.min, ends.max, (count, len(widths(ports))), np.int64, endpoint=True))


def _each(ports: Sequence[Port], mantissas: Sequence[int]) -> np.ndarray:
    """The word of each element, of one mantissa a port."""
    words = [(m + (1 << 63)) % (1 << 64) - (1 << 63) for m in mantissas]
    return np.concatenate([np.full(elements(port), word, np.int64) for port, word in zip(ports, words, strict=True)])


def _cut(ports: Sequence[Port], words: np.ndarray) -> np.ndarray:
    """The words of the elements' lowest bits alone."""
    unused = WIDEST - widths(ports).astype(np.int64)
    high = words << unused
    unsigned = high.astype(np.uint64) >> unused.astype(np.uint64)
    return np.where(signs(ports) == 1, high >> unused, unsigned.astype(np.int64))


def _raised(ports: Sequence[Port], low: np.ndarray, words: np.ndarray) -> np.ndarray:
    """Words of which none is lower than `low`; only signed types have such."""
    return np.where(signs(ports) == 1, np.maximum(words, low), words)


def _ones(ports: Sequence[Port]) -> np.ndarray:
    """1 everywhere, and -1 where there is a sign."""
    sign = signs(ports).astype(np.int64)
    return _cut(ports, np.array([np.ones_like(sign), -sign]))


def _bits(ports: Sequence[Port]) -> np.ndarray:
    """One bit set in every element that has so many."""
    places = np.arange(widths(ports).max(), dtype=np.int64)
    return _cut(ports, np.repeat(np.int64(1) << places[:, None], len(widths(ports)), axis=1))


def _hot(values: np.ndarray) -> np.ndarray:
    """One element at its value and the others zero, for elements at even distances, the first and last among them."""
    places = np.unique(np.linspace(0, len(values) - 1, min(len(values), MOST_HOT)).round().astype(np.int64))
    words = np.zeros((len(places), len(values)), np.int64)
    words[np.arange(len(places)), places] = values[places]
    return words

"""The domain of integers: numpy arrays of mantissas, int64 where that is enough, Python integers where it is not."""

import numpy as np

from trigger_nn.program.fixed import Fixed, headroom, requantize, widen


class Integers:
    """Exact integer arithmetic for `trigger_nn.program.semantics`; every array has events on its first axis."""

    def constant(self, mantissa: np.ndarray) -> np.ndarray:
        """The same constant for every event."""
        return mantissa[None]

    def gather(self, value: np.ndarray, index: np.ndarray, fill: int) -> np.ndarray:
        """Elements of each event's flattened values; index -1 gives `fill`."""
        flat = value.reshape(len(value), -1)
        if not np.any(index < 0):
            return flat[:, index]
        padded = np.concatenate([flat, np.full((len(flat), 1), fill, flat.dtype)], axis=1)
        return padded[:, index]  # index -1 is the column just added

    def concatenate(self, values: list[np.ndarray], axis: int) -> np.ndarray:
        """Join along `axis`."""
        return np.concatenate(values, axis=axis)

    def add(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Exact sum."""
        return self._room(left, 1 + _bits(right)) + right

    def subtract(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Exact difference."""
        return self._room(left, 1 + _bits(right)) - right

    def multiply(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Exact product."""
        return self._room(left, _bits(right)) * right

    def maximum(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The larger."""
        return np.maximum(left, right)

    def minimum(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The smaller."""
        return np.minimum(left, right)

    def select(self, value: np.ndarray, threshold: np.ndarray, reached: np.ndarray, below: np.ndarray) -> np.ndarray:
        """`reached` where value >= threshold, `below` elsewhere."""
        return np.where(value >= threshold[None], reached, below)

    def sum(self, value: np.ndarray) -> np.ndarray:
        """Exact sum over the last axis."""
        return np.asarray(self._room(value, value.shape[-1].bit_length()).sum(axis=-1))

    def shift(self, value: np.ndarray, bits: int) -> np.ndarray:
        """Exact value * 2^bits."""
        return self._room(value, bits) << bits if bits else value

    def divide(self, value: np.ndarray, by: np.ndarray) -> np.ndarray:
        """Quotient truncated towards zero, `by` positive."""
        return np.where(value < 0, -(-value // by), value // by)

    def dot(self, value: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """Exact sum over the last axis; by floating point where that is exact, since numpy's is many times faster."""
        bits = _bits(value) + _bits(weights) + len(weights).bit_length()
        if bits <= 53:
            # Every partial sum is an integer below 2^53, so float64 holds it exactly, in any order.
            return (value.astype(np.float64) @ weights.astype(np.float64)).astype(np.int64)
        if bits <= 63:
            return value @ weights
        return np.asarray(value.astype(object) @ weights.astype(object))

    def cast(self, value: np.ndarray, fraction: int, target: Fixed) -> np.ndarray:
        """Round and treat the overflow."""
        return requantize(self._room(value, headroom(fraction, target)), fraction, target)

    def lookup(self, index: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Table entries."""
        return table[index.astype(np.int64)]

    def one_hot_maximum(self, value: np.ndarray) -> np.ndarray:
        """1 at the first largest element of the last axis."""
        return (np.arange(value.shape[-1]) == np.argmax(value, axis=-1)[..., None]).astype(np.int64)

    def _room(self, value: np.ndarray, bits: int) -> np.ndarray:
        return widen(value, bits)


def _bits(value: np.ndarray) -> int:
    """Bits of the largest magnitude in `value`."""
    return max(int(value.max()).bit_length(), int(value.min()).bit_length()) if value.size else 0

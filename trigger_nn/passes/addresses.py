"""An embedding's addresses, observed: which of them its table does not have.

The program clips them, the C++ reads whatever lies beyond the table. Other tables' addresses are not told: clipping is
what the flat ends of a sigmoid mean.
"""

import numpy as np

from trigger_nn.passes.observing import Casts, Observing
from trigger_nn.passes.sites import ADDRESS
from trigger_nn.program.fixed import Fixed, Overflow, Rounding


class ObservingEmbedding(Observing):
    """Observes an embedding, whose one maximum and minimum clip the addresses of its one table."""

    _address: np.ndarray

    def maximum(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """The first half of clipping; `left` are the addresses as they were."""
        self._address = left
        return super().maximum(left, right)

    def lookup(self, index: np.ndarray, table: np.ndarray) -> np.ndarray:
        """Table entries at the clipped addresses."""
        before, after = self.of_events(self._address), self.of_events(index)
        casts = Casts(before, 0, before, 0, np.asarray(before != after, bool), None, 0, after)
        self.note(ADDRESS, address_type(len(table)), casts)
        return super().lookup(index, table)


def address_type(size: int) -> Fixed:
    """The type of addresses clipped to a table of `size` entries."""
    bits = max(1, (size - 1).bit_length())
    return Fixed(False, bits, bits, Rounding.TRN, Overflow.SAT)

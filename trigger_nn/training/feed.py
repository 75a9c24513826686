"""A stream of events as TensorFlow's `tf.data.Dataset`: what Keras trains on when a sample does not fit into memory."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.quantities import Column
from trigger_nn.events.storage.dataset import narrowed
from trigger_nn.events.storage.stream import Batch, Mixture
from trigger_nn.frontend.legacy import tf
from trigger_nn.program.fixed import Fixed

Types = Fixed | Mapping[str, Fixed]


def tf_dataset(
    mixture: Mixture, batch_size: int, epochs: int = 1, values: bool = True, types: Types | None = None,
    shuffle: bool = True,
) -> Any:  # fmt: skip
    """Batches (inputs, label, weight) of `mixture.batches(batch_size, epochs, shuffle)`.

    Args:
        mixture: what is streamed.
        batch_size: events a batch; the last of an epoch is shorter.
        epochs: passes; the data set is then at its end (give Keras no `epochs` beyond 1, or repeat it).
        values: inputs are the numbers that the port receives, counts * 2^-fraction, float32; else the counts, in the
            narrowest integer type.
        types: the port's type, for all columns or by name; None: the type of each column's own quantities.
        shuffle: as for `Mixture.batches`.

    Returns:
        `tf.data.Dataset` of (inputs, label (n,) int64, weight (n,) float32). `inputs` is the array (n, *shape) of
        the one column, or, of several, a dictionary of them by name.

    Raises:
        EventsError: as `Mixture.batches`; or `types` misses a column or float32 can't hold its counts exactly.
    """
    scales = {name: _scale(name, column, types) for name, column in mixture.columns.items()} if values else {}
    mixture.batches(batch_size, epochs, shuffle)  # refuses now what it would refuse inside TensorFlow

    def generate() -> Iterator[tuple[Any, np.ndarray, np.ndarray]]:
        for batch in mixture.batches(batch_size, epochs, shuffle):
            yield _inputs(batch, scales), batch.label, batch.weight

    return tf.data.Dataset.from_generator(generate, output_signature=_signature(mixture, values))


def _inputs(batch: Batch, scales: Mapping[str, np.ndarray]) -> Any:
    arrays = {name: v.astype("f4") * scales[name] if scales else v for name, v in batch.columns.items()}
    return _one_or_all(arrays)


def _one_or_all(by_name: dict[str, Any]) -> Any:
    return by_name if len(by_name) > 1 else next(iter(by_name.values()))


def _scale(name: str, column: Column, types: Types | None) -> np.ndarray:
    """What one count is worth at the port, for each place of the last axis or for all; real numbers stay. float32."""
    if isinstance(types, Mapping) and name not in types:
        raise EventsError(f"No type is given for column {name!r}, only for {', '.join(types)}; add one.")
    given = types[name] if isinstance(types, Mapping) else types
    held = [q.type and (given or q.type) for q in column.quantities]
    low, high = column.bounds()
    if any(held) and max(-low.min(), high.max()) > 2**24:
        raise EventsError(f"Counts of column {name!r} can pass 2^24, which float32 can't hold; use `values=False`.")
    return np.array([2.0**-fixed.fraction if fixed else 1.0 for fixed in held], np.float32)


def _signature(mixture: Mixture, values: bool) -> Any:
    def spec(column: Column) -> Any:
        dtype = np.float32 if values else narrowed(np.zeros(0), column).dtype
        return tf.TensorSpec((None, *column.shape), dtype)

    specs = {name: spec(column) for name, column in mixture.columns.items()}
    return _one_or_all(specs), tf.TensorSpec((None,), tf.int64), tf.TensorSpec((None,), tf.float32)

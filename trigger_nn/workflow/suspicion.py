"""Plain numbers that are probably not what they are read as: integers that are counts, numbers beyond the range."""

from collections.abc import Iterator, Sequence

import numpy as np

from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Port
from trigger_nn.workflow.beside import Given
from trigger_nn.workflow.sources import first_numbers

PROBED = 1000  # events that are looked at
MOST = 0.5  # share of numbers that are beyond the range


def suspicious(parts: Sequence[Given]) -> tuple[str, ...]:
    """A sentence for each of `parts` that is probably misread, by the first events of its first file.

    Raises:
        EventsError: a file is damaged.
    """
    return tuple(told for part in parts for told in _suspicious(part))


def _suspicious(part: Given) -> Iterator[str]:
    source = next(source for source in part.sources if source.events)
    for port, columns in first_numbers(source, PROBED):
        if port.type.fraction and all(column.dtype.kind in "iu" for column in columns):
            yield (
                f"{source.path} holds integers, which input {port.name!r} ({port.type}) takes as numbers, 1 as "
                f"{2.0**port.type.fraction:g} counts; if they are counts already, say so with --mantissas."
            )
        share = float(np.mean([_beyond(port, column) for column in columns]))
        if share > MOST:
            yield (
                f"{100 * share:.0f} % of the first numbers of {source.path} are beyond the range of input "
                f"{port.name!r} ({port.type}), where they saturate or wrap; check their unit."
            )


def _beyond(port: Port, values: np.ndarray) -> float:
    """Share of numbers outside the port's range; none of what are no numbers, which reading refuses."""
    if values.dtype.kind not in "biuf":
        return 0.0
    low, high = to_float(np.array([port.type.minimum, port.type.maximum + 1]), port.type)
    return float(np.mean((values < low) | (values >= high)))

"""From columns of a file to mantissas of a program's input ports, whatever does not fit named by file and event."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from trigger_nn.engines.native.casting import cast as cast_by_code
from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Port


def arranged(path: Path, port: Port, names: Sequence[str], columns: Mapping[str, np.ndarray]) -> np.ndarray:
    """Columns as (events, *port shape): several are stacked on the last axis, a flat one takes the shape in C order.

    Raises:
        EventsError: they hold no real numbers, or are of another shape.
    """
    where = f"{path}: input {port.name!r}"
    for name in names:
        if columns[name].dtype.kind not in "biuf":
            raise EventsError(
                f"{where} takes real numbers, column {name!r} holds {columns[name].dtype}; convert the events."
            )
    shapes = [columns[name].shape for name in names]
    if len(set(shapes)) > 1:
        found = ", ".join(f"{name!r} {shape}" for name, shape in zip(names, shapes, strict=True))
        raise EventsError(f"{where} is stacked of columns of differing shape: {found}; name columns of one shape.")
    x = columns[names[0]] if len(names) == 1 else np.stack([columns[name] for name in names], axis=-1)
    if x.shape[1:] == port.shape:
        return x
    if x.ndim <= 2 and int(np.prod(x.shape[1:], dtype=int)) == int(np.prod(port.shape, dtype=int)):
        return x.reshape(len(x), *port.shape)
    raise EventsError(
        f"{where} has shape (events, {', '.join(map(str, port.shape))}), found {x.shape} of {', '.join(names)}; "
        f"reshape the events, or name other columns{_wrapping(port.shape, x.shape)}."
    )


def _wrapping(wanted: tuple[int, ...], found: tuple[int, ...]) -> str:
    """What is said of images that lack no more than columns on both sides of their second axis."""
    shape = (*found[1:], *(1,) * (len(wanted) + 1 - len(found)))
    around, odd = divmod(wanted[1] - shape[1], 2) if len(shape) == len(wanted) > 1 else (0, 1)
    if odd or not 0 < around <= shape[1] or (shape[0], *shape[2:]) != (wanted[0], *wanted[2:]):
        return ""
    return (
        f" (images are wrapped in phi by {around} column{'s' if around > 1 else ''} on either side; add them with "
        "np.pad(mode='wrap'), or give the events file)"
    )


def cast(where: str, port: Port, x: np.ndarray, first: int) -> np.ndarray:
    """Numbers as the firmware's front end casts them; `first` is the number of the first event in its file.

    Raises:
        EventsError: one is not finite.
    """
    quick = cast_by_code(port, x)
    if quick is not None:
        return quick
    if x.dtype.kind == "f" and not np.all(np.isfinite(x)):
        event = first + int(np.argwhere(~np.isfinite(x))[0][0])
        raise EventsError(f"{where}: input {port.name!r} is not finite at event {event}; remove or mend that event.")
    return port.cast(x)


def checked(where: str, port: Port, x: np.ndarray, first: int) -> np.ndarray:
    """Integers that are the port's mantissas already.

    Raises:
        EventsError: they are no integers, or outside the port's range.
    """
    if x.dtype.kind not in "iu":
        raise EventsError(f"{where}: input {port.name!r} takes integers with --mantissas, found {x.dtype}; drop it.")
    if not _inside(x, port):
        wrong = (x < port.type.minimum) | (x > port.type.maximum)
        event = int(np.argwhere(wrong)[0][0])
        raise EventsError(
            f"{where}: input {port.name!r} is {port.type}, mantissas {port.type.minimum}..{port.type.maximum}, but "
            f"holds {x[wrong].ravel()[0]} at event {first + event}; saturate it first."
        )
    return np.ascontiguousarray(x)


def counts(port: Port, x: np.ndarray) -> np.ndarray:
    """Counts of our own events: one is one mantissa step, and what is too large overflows as the port's type says."""
    return np.ascontiguousarray(x) if _inside(x, port) else port.cast(to_float(x, port.type))


def _inside(x: np.ndarray, port: Port) -> bool:
    return not x.size or (int(x.min()) >= port.type.minimum and int(x.max()) <= port.type.maximum)

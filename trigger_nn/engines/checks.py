"""What every engine takes for granted, checked before it runs or once it finds it broken."""

from collections.abc import Mapping

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.program.program import Port, Program


def check_shapes(program: Program, arrays: Mapping[str, np.ndarray]) -> None:
    """Every input port has an array of its shape, and all have as many events.

    Raises:
        EventsError: one is missing, of another shape, or longer or shorter than the others.
    """
    for port in program.inputs:
        if port.name not in arrays:
            raise EventsError(f"Input {port.name!r} is missing; give a mapping with it, found {sorted(arrays)}.")
        if arrays[port.name].shape[1:] != port.shape:
            raise EventsError(
                f"Input {port.name!r} has shape (events, *{port.shape}), found {arrays[port.name].shape}; reshape the "
                "events."
            )
    counts = {port.name: len(arrays[port.name]) for port in program.inputs}
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} {count}" for name, count in counts.items())
        raise EventsError(f"The inputs have different numbers of events ({found}); give as many for each.")


def check_ranges(port: Port, mantissas: np.ndarray) -> None:
    """Mantissas lie in the range of their port's type.

    Raises:
        EventsError: one doesn't.
    """
    if mantissas.size and (int(mantissas.min()) < port.type.minimum or int(mantissas.max()) > port.type.maximum):
        raise EventsError(
            f"Input {port.name!r} is {port.type}, mantissas {port.type.minimum}..{port.type.maximum}, "
            f"but holds {mantissas.min()}..{mantissas.max()}; saturate it first."
        )


def finite(port: Port, numbers: np.ndarray) -> np.ndarray:
    """The numbers.

    Raises:
        EventsError: one is infinite or not a number.
    """
    if numbers.dtype.kind == "f" and not np.all(np.isfinite(numbers)):
        event = int(np.argwhere(~np.isfinite(numbers))[0][0])
        raise EventsError(f"Input {port.name!r} is not finite at event {event}; remove or mend that event.")
    return numbers

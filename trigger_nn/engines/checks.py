"""What every engine takes for granted, checked before it runs or once it finds it broken."""

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.program.program import Port


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
    """The numbers; those that came as Python objects as float64.

    Raises:
        EventsError: one is infinite or not a number.
    """
    if numbers.dtype.kind == "f" and not np.all(np.isfinite(numbers)):
        event = int(np.argwhere(~np.isfinite(numbers))[0][0])
        raise EventsError(f"Input {port.name!r} is not finite at event {event}; remove or mend that event.")
    return numbers

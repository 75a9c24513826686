"""Vectors as hls4ml's test bench reads them (`tb_data/*.dat` of its projects): decimal numbers, one event a line."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from fractions import Fraction

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import carried, carrier, elements
from trigger_nn.program.program import Port

EXACT = 53  # bits that float64 holds
LARGEST = 4000  # decimal exponent, beyond that of any type


def dat_text(ports: Sequence[Port], mantissas: Mapping[str, np.ndarray]) -> bytes:
    """Every port's elements of an event one after the other, as exact decimals: a cast gives the same bits."""
    columns = [_decimals(carried(port, mantissas[port.name]), port.type.fraction) for port in ports]
    return "".join(" ".join(row) + "\n" for row in np.concatenate(columns, axis=1)).encode()


def read_dat(text: str, ports: Sequence[Port], where: str = "the file") -> dict[str, np.ndarray]:
    """Mantissas (events, *shape) by port.

    A number with fewer digits than its port has bits is taken for the only mantissa that is written so.

    Raises:
        HandoffError: a line has too few or too many numbers, or one is no value of its port's type.
    """
    total = sum(map(elements, ports))
    lines = [line.split() for line in text.rstrip().splitlines()]
    for number, words in enumerate(lines, 1):
        if len(words) != total:
            raise HandoffError(
                f"{where}, line {number}: an event is {total} numbers, found {len(words)}; write one event a line."
            )
    table = np.array(lines, object).reshape(len(lines), total)
    found, first = {}, 0
    for port in ports:
        part = table[:, first : first + elements(port)]
        found[port.name] = _mantissas(part, port, where).reshape(len(lines), *port.shape)
        first += elements(port)
    return found


def _decimals(flat: np.ndarray, fraction: int) -> np.ndarray:
    values, places = np.unique(flat, return_inverse=True)
    return np.array([exact_decimal(int(value), fraction) for value in values], object)[places.reshape(flat.shape)]


def exact_decimal(mantissa: int, fraction: int) -> str:
    """The number mantissa * 2^-fraction in decimal, every digit of it."""
    if fraction <= 0:
        return str(mantissa << -fraction)
    figures = str(abs(mantissa) * 5**fraction).zfill(fraction + 1)
    behind = figures[-fraction:].rstrip("0")
    return ("-" if mantissa < 0 else "") + figures[:-fraction] + ("." + behind if behind else "")


def _mantissas(words: np.ndarray, port: Port, where: str) -> np.ndarray:
    """Mantissas of decimal words (events, elements)."""
    if port.type.width <= EXACT and words.size:
        try:
            scaled = np.ldexp(words.astype(np.float64), port.type.fraction)
        except ValueError:
            scaled = np.full(words.shape, np.nan)
        inside = (scaled >= port.type.minimum) & (scaled <= port.type.maximum)
        if np.all(inside & (scaled == np.floor(scaled))):
            return scaled.astype(np.int64)
    each = [[_mantissa(word, port, f"{where}, line {n}") for word in row] for n, row in enumerate(words, 1)]
    return np.array(each, object).reshape(words.shape).astype(carrier(port))


def _mantissa(word: str, port: Port, where: str) -> int:
    """The mantissa that `word` stands for; half a unit of its last digit is what it leaves open."""
    try:
        number = Decimal(word)
        if abs(number.adjusted()) > LARGEST:
            raise OverflowError
        exact, exponent = Fraction(number), number.as_tuple().exponent
    except (InvalidOperation, ValueError, OverflowError):
        raise HandoffError(f"{where}: {word!r} is no number; capture the output again.") from None
    scale = Fraction(2) ** port.type.fraction
    mantissa = round(exact * scale)
    open_end = Fraction(10) ** int(exponent) * scale / 2
    apart = abs(exact * scale - mantissa)
    if (apart and not apart <= open_end < Fraction(1, 2)) or not port.type.minimum <= mantissa <= port.type.maximum:
        raise HandoffError(
            f"{where}: {word} is no value of port {port.name!r}, {port.type}; write all digits, or choose the file of "
            "these ports."
        )
    return mantissa

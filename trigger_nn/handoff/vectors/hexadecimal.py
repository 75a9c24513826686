"""Vectors as hexadecimal text: one event a line, its elements in order, one space between them."""

import re

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import carried, carrier, digits, elements
from trigger_nn.program.program import Port

ASCII = np.frombuffer(b"0123456789abcdef", np.uint8)


def hex_text(port: Port, mantissas: np.ndarray) -> bytes:
    """Bit patterns of mantissas (events, *shape): as many lower-case digits for each as its width takes."""
    flat, count = carried(port, mantissas), digits(port.type.width)
    patterns = flat & ((1 << port.type.width) - 1)
    text = np.full((*flat.shape, count + 1), ord(" "), np.uint8)
    for place in range(count):
        text[..., count - 1 - place] = ASCII[((patterns >> (4 * place)) & 15).astype(np.uint8)]
    text[:, -1, -1] = ord("\n")
    return text.tobytes()


def read_hex(text: str, port: Port, where: str = "the file") -> np.ndarray:
    """Mantissas (events, *shape) of a file as `hex_text` writes it; upper-case digits are read too.

    Raises:
        HandoffError: a line has too few or too many elements, or one is no such pattern.
    """
    count, word = elements(port), re.compile(f"[0-9a-fA-F]{{{digits(port.type.width)}}}")
    lines = text.rstrip().splitlines()
    rows = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if len(words) != count:
            raise HandoffError(
                f"{where}, line {number}: an event of port {port.name!r} is {count} patterns, found {len(words)}; "
                "write one event a line, or choose the port the file is of."
            )
        rows.append([_pattern(found, word, port, f"{where}, line {number}") for found in words])
    return signed(np.array(rows, object).reshape(len(lines), count), port).reshape(len(lines), *port.shape)


def signed(patterns: np.ndarray, port: Port) -> np.ndarray:
    """Mantissas from bit patterns, both Python integers; the result has the port's dtype."""
    if port.type.signed:
        patterns = patterns - (patterns >> (port.type.width - 1) << port.type.width)
    return patterns.astype(carrier(port))


def _pattern(found: str, word: re.Pattern[str], port: Port, where: str) -> int:
    if not word.fullmatch(found) or int(found, 16) >> port.type.width:
        raise HandoffError(
            f"{where}: {found!r} is no bit pattern of {port.type.width} bits, {digits(port.type.width)} hexadecimal "
            f"digits, as port {port.name!r} has them; capture the port again or choose another."
        )
    return int(found, 16)

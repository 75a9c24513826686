"""Memory files for Verilog's $readmemh (IEEE 1364-2005, 17.2.9): one word an event, the packed port."""

import re

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.vectors.bits import digits, from_bits, size, to_bits
from trigger_nn.program.program import Port

_COMMENT = re.compile(r"//.*")


def mem_text(port: Port, mantissas: np.ndarray) -> bytes:
    """Words of mantissas (events, *shape), element 0 in the least significant bits, below a comment that says so."""
    bits = size((port,))
    packed = np.packbits(to_bits(port, mantissas), axis=1, bitorder="little")
    words = [int.from_bytes(row.tobytes(), "little") for row in packed]
    head = f"// {port.name}: {bits} bits a word, depth {len(words)}, element 0 in the least significant bits\n"
    return (head + "".join(f"{word:0{digits(bits)}x}\n" for word in words)).encode()


def read_mem(text: str, port: Port, where: str = "the file") -> np.ndarray:
    """Mantissas (events, *shape) of what `mem_text` or $writememh wrote, from address 0 without gaps.

    Raises:
        HandoffError: a word is no hexadecimal number of the port's bits (such as the x of a simulation), or addresses
            jump.
    """
    bits = size((port,))
    words: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        for found in _COMMENT.sub("", line).split():
            if found.startswith("@"):
                _check_address(found, len(words), f"{where}, line {number}")
            else:
                words.append(_word(found, bits, port, f"{where}, line {number}"))
    octets = b"".join(word.to_bytes(-(-bits // 8), "little") for word in words)
    packed = np.frombuffer(octets, np.uint8).reshape(len(words), -(-bits // 8))
    return from_bits(port, np.unpackbits(packed, axis=1, bitorder="little")[:, :bits])


def _check_address(found: str, expected: int, where: str) -> None:
    address = int(found[1:], 16) if re.fullmatch(r"@[0-9a-fA-F]+", found) else None
    if address != expected:
        raise HandoffError(
            f"{where}: the address {found!r} is not the next one, @{expected:x}; write the words in order, from 0."
        )


def _word(found: str, bits: int, port: Port, where: str) -> int:
    plain = found.replace("_", "")
    if re.fullmatch(r"[0-9a-fA-F]*[xXzZ][0-9a-fA-FxXzZ]*", plain):
        raise HandoffError(
            f"{where}: {found!r} has bits that the simulation left undefined (x or z); capture port {port.name!r} only "
            "while its output is valid."
        )
    if not re.fullmatch(r"[0-9a-fA-F]+", plain) or int(plain, 16) >> bits:
        raise HandoffError(
            f"{where}: {found!r} is no hexadecimal word of {bits} bits, as port {port.name!r} has; capture the port "
            "again or choose another."
        )
    return int(plain, 16)

"""What is constant, as C++: numbers, arrays of the smallest type that holds them, and formulas for indices."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

PER_LINE = 110  # characters of an array's line, about

# No unsigned 32 bits: C++ would compare a negative number with them as unsigned.
_KINDS = (("std::uint8_t", 0, 8), ("std::int8_t", 1, 8), ("std::uint16_t", 0, 16), ("i16", 1, 16),
          ("i32", 1, 32), ("i64", 1, 64), ("i128", 1, 128))  # fmt: skip


@dataclass
class Tables:
    """Static arrays, each content once, in the order in which they are first asked for."""

    names: dict[tuple[str, bytes], str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def add(self, values: np.ndarray, kind: str = "") -> str:
        """The name of an array of `values`, flattened; of C++ type `kind`, by default the smallest that holds them."""
        numbers = [int(value) for value in values.ravel()]
        kind = kind or smallest(numbers)
        key = kind, repr(numbers).encode()
        if key not in self.names:
            self.names[key] = f"t{len(self.names)}"
            body = "\n".join(_wrapped(literal(number) for number in numbers))
            self.lines.append(f"const {kind} {self.names[key]}[{len(numbers)}] = {{\n{body}\n}};")
        return self.names[key]

    def entry(self, values: np.ndarray, names: tuple[str, ...]) -> str:
        """A number that depends on loop variables `names`, one an axis of `values`: a literal or an array's element."""
        for axis in range(values.ndim):
            if np.all(values == values.take([0], axis)):
                values = values.take([0], axis)
        if values.size == 1:
            return literal(int(values.item()))
        return f"{self.add(values)}[{_row_major(values.shape, names)}]"

    def place(self, values: np.ndarray, names: tuple[str, ...]) -> tuple[int, str]:
        """An index that depends on loop variables, as one of `values` and what is added to it ("" for nothing)."""
        rest, start = values, 0
        terms: list[str] = []
        for axis, name in enumerate(names):
            steps = rest - rest.take([0], axis)
            line = steps[tuple(slice(None) if i == axis else slice(0, 1) for i in range(rest.ndim))]
            if np.all(steps == line):
                moved, term = self._term(line.reshape(-1), name)
                start, rest = start + moved, rest.take([0], axis)
                terms.append(term)
        start += int(rest.min())
        if rest.size > 1:
            terms.append(f"{self.add(rest - rest.min())}[{_row_major(rest.shape, names)}]")
        return start, " + ".join(term for term in terms if term)

    def _term(self, line: np.ndarray, name: str) -> tuple[int, str]:
        """What one variable alone adds: nothing, a multiple, or an array's element, to which the first is added."""
        step = int(line[1] - line[0]) if len(line) > 1 else 0
        if np.array_equal(line, step * np.arange(len(line))):
            return 0, scaled(name, step)
        return int(line.min()), f"{self.add(line - line.min())}[{name}]"


def scaled(name: str, step: int) -> str:
    """A loop variable times a number."""
    return "" if step == 0 else name if step == 1 else f"{name} * {step}"


def smallest(numbers: Iterable[int]) -> str:
    """The smallest C++ type that holds all `numbers`."""
    known = list(numbers)
    low, high = min(known), max(known)
    for kind, signed, bits in _KINDS:
        if (-(1 << (bits - 1)) if signed else 0) <= low and high < 1 << (bits - signed):
            return kind
    raise AssertionError(f"{low}..{high} was held by a word before")


def literal(number: int) -> str:
    """An integer of up to 128 bits as a constant expression."""
    if -(1 << 31) < number < 1 << 31:
        return str(number)
    if -(1 << 63) <= number < 1 << 63:
        return _signed(number)
    return f"whole({_signed(number >> 64)}, UINT64_C({number & ((1 << 64) - 1)}))"


def _signed(number: int) -> str:
    return "INT64_MIN" if number == -(1 << 63) else f"INT64_C({number})"


def _row_major(shape: tuple[int, ...], names: tuple[str, ...]) -> str:
    terms, step = [], 1
    for size, name in zip(reversed(shape), reversed(names), strict=True):
        if size > 1:
            terms.append(scaled(name, step))
            step *= size
    return " + ".join(reversed(terms)) or "0"


def _wrapped(texts: Iterable[str]) -> list[str]:
    lines = [""]
    for text in texts:
        if len(lines[-1]) > PER_LINE:
            lines.append("")
        lines[-1] += f"{text},"
    return [f"    {line}" for line in lines]

"""Rates in words: no power of ten, no digit that means nothing."""

import math


def significant(number: float, digits: int = 4) -> str:
    """`number` with so many significant digits, thousands apart, never with an exponent: `10,430`, `0.000012`."""
    if not number or not math.isfinite(number):
        return f"{number:g}"
    rounded = float(f"{number:.{digits}g}")
    places = max(digits - 1 - math.floor(math.log10(abs(rounded))), 0)
    written = f"{rounded:,.{places}f}"
    return written.rstrip("0").rstrip(".") if places else written


def khz(hertz: float) -> str:
    """A rate for a sentence."""
    return f"{significant(hertz / 1e3)} kHz"

"""Types that wrap, and can be reached beyond their ends."""

from fractions import Fraction
from math import floor

from trigger_nn.hardware.lint.context import Context, Findings, is_step, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.passes.proving import proven_bounds
from trigger_nn.passes.sites import fresh
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering

SOURCE = "AMD UG1399, overflow mode AP_WRAP of ap_fixed: bits above the type's are dropped; bounds by interval proof"
FIELDS = {"type": Key.RESULT, "accumulator": Key.ACCUMULATOR}


def check(context: Context) -> Findings:
    """Yield a warning for every wrapping result or accumulator whose proven bounds lie beyond its range.

    Bounds take every input for possible; `trigger-nn check` counts what wraps on events.
    """
    bounds = proven_bounds(fresh(context.program))
    for (layer, field, kind), (low, high) in bounds.items():
        ends = _mantissa(low, kind), _mantissa(high, kind)
        wraps = kind.overflow is Overflow.WRAP and not (kind.minimum <= ends[0] and ends[1] <= kind.maximum)
        if wraps and field in FIELDS and not is_step(layer):
            yield _finding(layer, field, kind, ends)


def _mantissa(number: Fraction, kind: Fixed) -> int:
    """`number` in steps of the type, rounded as most of its modes do where it matters: at the range's ends."""
    steps = number * Fraction(2) ** kind.fraction
    truncates = kind.rounding in (Rounding.TRN, Rounding.TRN_ZERO)
    return floor(steps) if truncates else floor(steps + Fraction(1, 2))


def _finding(layer: str, field: str, kind: Fixed, ends: tuple[int, int]) -> Finding:
    step = Fraction(2) ** -kind.fraction
    low, high, most = (float(end * step) for end in (*ends, kind.maximum))
    what = f"its {field} {kind} wraps, and what is cast to it can reach {low:g} to {high:g}"
    enough = covering(min(ends[0], kind.minimum), max(ends[1], kind.maximum), kind.fraction, kind.rounding)
    changes = (Change(stem(layer), FIELDS[field], str(enough)),)
    remedy = proposed(changes, "or overflow mode SAT")
    return Finding(Rule.OVERFLOW, Severity.WARNING, layer, what, Limit(most, "largest value", SOURCE), remedy, changes)

"""Whether the least significant bit of a score resolves a rate, and which wider type of the output would."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trigger_nn.errors import PrecisionError
from trigger_nn.program.fixed import Fixed
from trigger_nn.studies.menu import intervals
from trigger_nn.studies.menu.thresholds import Discriminant
from trigger_nn.studies.menu.values import Coarseness, FinerScore, Threshold
from trigger_nn.studies.menu.words import khz

FINE, STEP, CEILING, FLOOR, EVENTS, ALL = "fine", "step", "ceiling", "floor", "events", "all"
SATURATED = (CEILING, FLOOR)
MORE_BITS = 6

Finer = Callable[[Fixed], Discriminant]


@dataclass(frozen=True)
class _Found:
    """One requested rate, as the score stands, and the finer scores that were tried for it.

    wider: the type to try next, None if no other would help; left: why the last one tried misses the rate.
    """

    target: float
    allowed: float
    threshold: Threshold
    cause: str
    wider: Fixed | None
    tried: tuple[FinerScore, ...] = ()
    left: str = ""
    why: str = ""

    @property
    def missed(self) -> float:
        return self.target - self.threshold.rate.value


def coarseness(
    output: Discriminant, targets: Sequence[float], tolerance: float, finer: Finer | None
) -> tuple[Coarseness, ...]:
    """Of one signal's trigger, for each of `targets` (Hz); `tolerance` is the share of it that may be missed.

    `finer` makes the same output in a wider type on the same events, PrecisionError if there is nothing finer. Rates
    that need the same wider type share one computing of it. Types gain fraction bits where steps are too large, integer
    bits where scores saturate, one by one, `MORE_BITS` at most.
    """
    found = [_found(output, target, tolerance) for target in targets]
    while finer and any(each.wider for each in found):
        kind = next(each.wider for each in found if each.wider)
        found = _tried(found, kind, finer)
    return tuple(_stated(output, each, finer is not None) for each in found)


def _found(output: Discriminant, target: float, tolerance: float) -> _Found:
    threshold, cause = _judged(output, target, tolerance)
    return _Found(target, tolerance * target, threshold, cause, _widened(output.type, cause))


def _widened(kind: Fixed, cause: str) -> Fixed | None:
    """With a bit more where it is wanting."""
    if cause not in (STEP, *SATURATED):
        return None
    return replace(kind, width=kind.width + 1, integer=kind.integer + (cause in SATURATED))


def _judged(output: Discriminant, target: float, tolerance: float) -> tuple[Threshold, str]:
    """The threshold at a rate and why it misses it. A step that statistics can't tell from none is due to `events`."""
    threshold = output.threshold(output.at_rate(target))
    background = output.background.spectrum
    looser = intervals.rate(background.above(threshold.mantissa - 1), background.total)
    if not threshold.ties:
        return threshold, ALL
    if target - threshold.rate.value <= tolerance * target:
        return threshold, FINE
    if (looser.high - looser.low) / 2 > threshold.tied_rate:
        return threshold, EVENTS
    return threshold, _between(output.type, threshold.mantissa)


def _between(kind: Fixed, mantissa: int) -> str:
    """Why so many events share the score `mantissa`. Scores end at 0 without a sign, which no integer bit lowers."""
    if mantissa == kind.maximum:
        return CEILING
    return FLOOR if kind.signed and mantissa == kind.minimum else STEP


def _tried(found: Sequence[_Found], kind: Fixed, finer: Finer) -> list[_Found]:
    """The score in type `kind` tried for every rate that waits for it."""
    try:
        output = finer(kind)
    except PrecisionError as error:
        return [replace(each, wider=None, why=str(error)) if each.wider == kind else each for each in found]
    return [_with(each, output) if each.wider == kind else each for each in found]


def _with(each: _Found, output: Discriminant) -> _Found:
    threshold, cause = _judged(output, each.target, each.allowed / each.target)
    efficiency, missed = output.efficiency(threshold.mantissa), each.target - threshold.rate.value
    tried = (*each.tried, FinerScore(output.type, threshold, efficiency, missed))
    wider = _widened(output.type, cause) if len(tried) < MORE_BITS else None
    return replace(each, tried=tried, wider=wider, left=cause)


def _stated(output: Discriminant, each: _Found, asked: bool) -> Coarseness:
    mended = next((score for score in each.tried if score.missed <= each.allowed), None)
    statement = f"{_what(output, each)} {_remedy(each, mended, asked)}".strip()
    return Coarseness(output.signal, each.target, each.missed, each.allowed, each.cause, statement, each.tried, mended)


def _what(output: Discriminant, each: _Found) -> str:
    """What was asked for, and what the thresholds around it give."""
    threshold, kind = each.threshold, output.type
    if each.cause == ALL:
        return (
            f"{khz(each.target)} is not below all background together, {khz(threshold.rate.value)}: every event "
            "passes, and the network decides nothing."
        )
    given = khz(threshold.rate.value)
    if each.cause == FINE:
        return f"At {khz(each.target)}, threshold {threshold.mantissa} of {kind} gives {given}, within tolerance."
    looser = khz(threshold.rate.value + threshold.tied_rate)
    start = f"{khz(each.target)} falls between two thresholds of {kind}: {threshold.mantissa} gives {given}, "
    start += f"{threshold.mantissa - 1 if threshold.mantissa > kind.minimum else 'accepting all'} gives {looser}"
    share = f"{threshold.ties} background {'event' if threshold.ties == 1 else 'events'}"
    if each.cause == EVENTS:
        return f"{start}. {share} between them can't tell more; study more background."
    if each.cause == CEILING:
        return f"{start}, for {share} share the largest score that the type holds, where scores saturate."
    if each.cause == FLOOR:
        return f"{start}, for {share} share the smallest score that the type holds, where scores saturate."
    return f"{start}, for {share} share the score {threshold.mantissa}."


def _remedy(each: _Found, mended: FinerScore | None, asked: bool) -> str:
    """What would do, or what was tried in vain."""
    if each.cause in (FINE, EVENTS, ALL):
        return ""
    if mended:
        return f"{mended.type} gives {khz(mended.threshold.rate.value)}."
    bits = "integer" if each.cause in SATURATED else "fraction"
    if not asked:
        return f"Give the output more {bits} bits."
    if not each.tried:
        return f"Nothing finer was tried: {each.why}"
    last = each.tried[-1]
    reached = f"{last.type}, the widest tried, gives {khz(last.threshold.rate.value)}"
    return f"{reached}, as near as these events tell." if each.left == EVENTS else f"{reached}. {each.why}".strip()

"""Tables of one signal's trigger: working points, thresholds, and what finer scores would do."""

from collections.abc import Sequence

from trigger_nn.plots.page.values import Block, Cell, Table, Text
from trigger_nn.studies.menu.values import Coarseness, EfficiencyRow, FinerScore, SignalStudy, Threshold, WorkingRow
from trigger_nn.workflow.pages.cells import efficiency, interval, kilohertz, number, text

ASKED = "rate asked for (kHz)"
FINE = "fine"


def working_points(study: SignalStudy) -> Table:
    """Rate and efficiency at each requested rate."""
    heads = (
        ASKED, "score over", "rate (kHz)", "68 % interval (kHz)", "background events", "effective events", "efficiency",
        "68 % interval", "band", "resolved",
    )  # fmt: skip
    caption = (
        f"Trigger for {study.signal} alone: the loosest integer threshold whose rate is not above the rate asked for. "
        f"{study.events:,} signal and {study.background_events:,} background events. As many effective events, all of "
        "one weight, would be as precise as those that pass; resolved: at least ten of them. Band: the efficiencies at "
        "the thresholds to which the rate's interval could move it."
    )
    return Table(heads, tuple(map(_working, study.at_rate)), caption)


def _working(row: WorkingRow) -> tuple[Cell, ...]:
    found = row.threshold
    return (
        kilohertz(row.target, ",.4g"), number(found.mantissa, ""), *_rate(found), number(found.rate.events),
        number(found.rate.effective, ",.0f"), *efficiency(row.efficiency), interval(*row.band),
        text("yes" if row.resolved else "no"),
    )  # fmt: skip


def _rate(found: Threshold) -> tuple[Cell, Cell]:
    rate = found.rate
    return kilohertz(rate.value, ",.4g"), interval(rate.low / 1e3, rate.high / 1e3, ",.4g")


def thresholds(study: SignalStudy) -> Table:
    """What integers decide, and what one count more or less would do."""
    heads = (
        ASKED, "integer", "as a number", "alike from", "to", "events at the next score", "they would add (kHz)",
        "events at the largest score",
    )  # fmt: skip
    caption = (
        f"Thresholds for {study.signal}, one count being worth {study.curve.lsb:g}: events pass whose score is above "
        "the integer. All integers from `alike from` to `to` decide alike on these events. At the next score down "
        "events are tied: they would pass together."
    )
    return Table(heads, tuple(map(_threshold, study.at_rate)), caption)


def _threshold(row: WorkingRow) -> tuple[Cell, ...]:
    found = row.threshold
    first, last = found.plateau
    return (
        kilohertz(row.target, ",.4g"), number(found.mantissa, ""), number(found.score, "g"), number(first, ""),
        number(last, ""), number(found.ties), kilohertz(found.tied_rate, ",.4g"), number(found.ceiling),
    )  # fmt: skip


def at_efficiencies(study: SignalStudy) -> tuple[Block, ...]:
    """The rate at each requested efficiency; nothing if none is."""
    if not study.at_efficiency:
        return ()
    heads = (
        "efficiency asked for", "score over", "efficiency", "68 % interval", "rate (kHz)", "68 % interval (kHz)",
        "background events",
    )  # fmt: skip
    caption = (
        f"Trigger for {study.signal} alone: the tightest threshold that keeps as much of the signal, of "
        f"{study.events:,} signal and {study.background_events:,} background events."
    )
    return (Table(heads, tuple(map(_at_efficiency, study.at_efficiency)), caption),)


def _at_efficiency(row: EfficiencyRow) -> tuple[Cell, ...]:
    rate = row.rate
    return (
        number(row.target, "g"), number(row.threshold.mantissa, ""), *efficiency(row.efficiency),
        kilohertz(rate.value, ",.4g"), interval(rate.low / 1e3, rate.high / 1e3, ",.4g"), number(rate.events),
    )  # fmt: skip


def resolution(study: SignalStudy) -> tuple[Block, ...]:
    """Whether the score's least significant bit and the number of events resolve the rates asked for."""
    coarse = [found for found in study.coarseness if found.cause != FINE]
    fine = [found.statement for found in study.coarseness if found.cause == FINE]
    poor = [f"{row.target / 1e3:g} kHz" for row in study.at_rate if not row.resolved]
    told = [Text(found.statement, warning=True) for found in coarse]
    if poor:
        told.append(Text(f"Fewer than ten effective background events pass at {', '.join(poor)}.", warning=True))
    if fine:
        told.append(Text(" ".join(fine)))
    return (*told, *_finer(study, coarse))


def _finer(study: SignalStudy, coarse: Sequence[Coarseness]) -> tuple[Block, ...]:
    rows = tuple(_tried(found, score) for found in coarse for score in found.tried)
    heads = (
        ASKED, "output", "score over", "rate (kHz)", "68 % interval (kHz)", "missed (kHz)", "allowed (kHz)",
        "efficiency", "68 % interval", "does",
    )  # fmt: skip
    caption = (
        f"The same network with its output in wider types, emulated again on the same events: {study.events:,} of "
        f"{study.signal}, {study.background_events:,} of background."
    )
    return (Table(heads, rows, caption),) if rows else ()


def _tried(found: Coarseness, score: FinerScore) -> tuple[Cell, ...]:
    return (
        kilohertz(found.target, ",.4g"), text(score.type), number(score.threshold.mantissa, ""),
        *_rate(score.threshold), kilohertz(score.missed, ",.4g"), kilohertz(found.allowed, ",.4g"),
        *efficiency(score.efficiency), text("yes" if score == found.mended else "no"),
    )  # fmt: skip

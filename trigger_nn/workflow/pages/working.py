"""Tables of one signal's trigger: working points, thresholds, and what finer scores would do."""

from collections.abc import Sequence

from trigger_nn.plots.page.values import Block, Cell, Table, Text
from trigger_nn.studies.menu.values import Coarseness, EfficiencyRow, FinerScore, SignalStudy, WorkingRow
from trigger_nn.workflow.pages.cells import NONE, efficiency, interval, kilohertz, number, rate, text, threshold

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
        "one weight, would be as precise as those that pass; resolved: at least ten of them, and a rate above twice "
        "what background of which no event passed could still add. Band: the efficiencies at the thresholds to which "
        "the rate's interval could move it."
    )
    return Table(heads, tuple(map(_working, study.at_rate)), caption)


def _working(row: WorkingRow) -> tuple[Cell, ...]:
    found = row.threshold
    return (
        kilohertz(row.target), threshold(found), *rate(found.rate), number(found.rate.events),
        number(found.rate.effective, ",.0f"), *efficiency(row.efficiency), interval(*row.band),
        text("yes" if row.resolved else "no"),
    )  # fmt: skip


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
        kilohertz(row.target), threshold(found), NONE if found.always else number(found.score, "g"),
        number(first, ""), number(last, ""), number(found.ties), kilohertz(found.tied_rate), number(found.ceiling),
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
    return (
        number(row.target, "g"), threshold(row.threshold), *efficiency(row.efficiency), *rate(row.rate),
        number(row.rate.events),
    )  # fmt: skip


def resolution(study: SignalStudy) -> tuple[Block, ...]:
    """Whether the score's least significant bit and the number of events resolve the rates asked for."""
    coarse = [found for found in study.coarseness if found.cause != FINE]
    fine = [found.statement for found in study.coarseness if found.cause == FINE]
    poor = [f"{row.target / 1e3:g} kHz" for row in study.at_rate if not row.resolved]
    told = [Text(found.statement, warning=True) for found in coarse]
    if poor:
        why = "fewer than ten effective background events pass, or heavier ones, none of which passed, could add to it"
        told.append(Text(f"Not resolved at {', '.join(poor)}: {why}; study more events.", warning=True))
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
        kilohertz(found.target), text(score.type), threshold(score.threshold), *rate(score.threshold.rate),
        kilohertz(score.missed), kilohertz(found.allowed),
        *efficiency(score.efficiency), text("yes" if score == found.mended else "no"),
    )  # fmt: skip

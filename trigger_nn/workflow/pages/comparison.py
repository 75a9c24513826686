"""Float network, quantized network, emulator and cuts beside each other, signal by signal or class by class."""

from collections.abc import Sequence

from trigger_nn.plots import figures
from trigger_nn.plots.page.values import Cell, Figure, Section, Table, Text
from trigger_nn.studies.classes import MISTAG, Changed, ClassComparison
from trigger_nn.studies.comparison import Flips, Row, SignalComparison
from trigger_nn.workflow.pages.cells import efficiency, kilohertz, number, text


def trigger_section(comparison: SignalComparison, targets: Sequence[float], wanted: int, events: int) -> Section:
    """One signal at the rates `targets` (Hz), on `wanted` events of it among `events`."""
    signal = comparison.signal
    pictures = (
        Figure(
            f"Efficiency for {signal} against the rate of its trigger alone: {wanted:,} signal events of {events:,} "
            "test events. Lines mark the rates of the table.",
            figures.rate_curves(comparison, targets),
            "efficiency rises with rate; curves of networks and of cuts",
        ),
        Figure(
            f"Efficiency for {signal} at fixed rates, with 68 % binomial intervals, from {wanted:,} test events.",
            figures.efficiencies(comparison), "points with error bars by rate and by trigger",
        ),
    )  # fmt: skip
    tables = (_rates(comparison, wanted), _cuts(comparison), _flips(comparison))
    return Section(f"{signal}: networks and cuts", (*pictures, *_unresolved(comparison), *tables))


def _rates(comparison: SignalComparison, wanted: int) -> Table:
    rows = tuple(_rate(row) for row in (*comparison.rows, comparison.fixed_cut))
    heads = (
        "trigger", "rate asked for (kHz)", "rate (kHz)", "efficiency", "68 % interval", "background events",
        "effective events", "resolved",
    )  # fmt: skip
    caption = (
        f"Efficiency for {comparison.signal} at fixed rates, from {wanted:,} test events. Background events pass; as "
        "many effective events, all of one weight, would be as precise."
    )
    return Table(heads, rows, caption)


def _rate(row: Row) -> tuple[Cell, ...]:
    point = row.point
    return (
        text(row.trigger), kilohertz(row.target), kilohertz(point.rate), *efficiency(row.efficiency),
        number(point.events), number(point.effective, ",.0f"), text("yes" if row.resolved else "no"),
    )  # fmt: skip


def _unresolved(comparison: SignalComparison) -> tuple[Text, ...]:
    poor = [f"{row.trigger} at {row.target / 1e3:g} kHz" for row in comparison.rows if not row.resolved]
    told = f"Fewer than ten effective background events stand behind: {', '.join(poor)}."
    return (Text(told, warning=True),) if poor else ()


def _cuts(comparison: SignalComparison) -> Table:
    rows = tuple(
        (kilohertz(rate), number(cut.sum, ".0f"), number(cut.missing, ".0f")) for rate, cut in comparison.tuned.items()
    )
    caption = (
        "Cut-based trigger: at least 4 jets, and summed transverse momentum or missing transverse momentum over a "
        "threshold. Published thresholds are 400 and 200 GeV; these are tuned to each rate on the training split."
    )
    return Table(("rate (kHz)", "summed momentum over (GeV)", "missing momentum over (GeV)"), rows, caption)


def _flips(comparison: SignalComparison) -> Table:
    rows = tuple(_flip(flips) for flips in comparison.flips)
    heads = ("from", "to", "rate (kHz)", "events of", "events", "gained", "lost")
    return Table(heads, rows, "Decisions that change at the same rate, on the test events.")


def _flip(flips: Flips) -> tuple[Cell, ...]:
    counts = (number(n) for n in (flips.events, flips.gained, flips.lost))
    return text(flips.first), text(flips.second), kilohertz(flips.target), text(flips.kind), *counts


def class_section(comparison: ClassComparison) -> Section:
    """A classifier: how often each network is right, each class against all others, and whose class changes."""
    events = int(comparison.networks[0].confusion.sum())
    drawn = Figure(
        f"Mistag rate against efficiency of each class, against all others, of {events:,} test events.",
        figures.class_curves(comparison), "curves, a colour a class; float full, emulated dashed",
    )  # fmt: skip
    tables = (_networks(comparison, events), _classes(comparison), _changes(comparison))
    return Section("Classes: networks", (drawn, *tables))


def _networks(comparison: ClassComparison, events: int) -> Table:
    rows = tuple((text(n.network), *efficiency(n.accuracy, ".4f"), number(n.area, ".4f")) for n in comparison.networks)
    caption = f"How often the largest output is right, of {events:,} test events."
    return Table(("network", "accuracy", "68 % interval", "mean AUC"), rows, caption)


def _classes(comparison: ClassComparison) -> Table:
    rows = tuple(
        (text(n.network), text(row.name), number(row.area, ".4f"), *efficiency(row.efficiency))
        for n in comparison.networks
        for row in n.rows
    )
    heads = ("network", "class", "AUC", f"efficiency at {100 * MISTAG:g} % mistag", "68 % interval")
    return Table(heads, rows, "Each class against all others.")


def _changes(comparison: ClassComparison) -> Table:
    rows = tuple(_change(changed) for changed in comparison.changes)
    return Table(("from", "to", "events", "changed", "share"), rows, "Events whose class changes.")


def _change(changed: Changed) -> tuple[Cell, ...]:
    counts = number(changed.events), number(changed.changed)
    share = number(changed.changed / changed.events, ".2f", " %", 100)
    return text(changed.first), text(changed.second), *counts, share

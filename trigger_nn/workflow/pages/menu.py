"""A study of rates and efficiencies as sections of a page: all signals, then each of them."""

from collections.abc import Sequence
from itertools import groupby

from trigger_nn.plots import menu as draw
from trigger_nn.plots.page.values import Block, Cell, Figure, Section, Table, Text
from trigger_nn.studies.menu.values import MenuStudy, Overlap, PileUp, Rate, SignalStudy, TurnOn
from trigger_nn.studies.rates import Efficiency
from trigger_nn.workflow.pages.cells import NONE, efficiency, interval, kilohertz, number, text
from trigger_nn.workflow.pages.scores import class_section, roc_blocks, score_section
from trigger_nn.workflow.pages.working import ASKED, at_efficiencies, resolution, thresholds, working_points

KHZ = ",.4g"


def menu_sections(study: MenuStudy, lsb: float, originals: int | None = None) -> tuple[Section, ...]:
    """All of `study` in the order in which it is read.

    `lsb` is what one count of a score is worth; `originals` the number of events that those studied are copies of, None
    if each is its own.
    """
    classes = (class_section(study.classes),) if study.classes else ()
    return (events_section(study, originals), *map(signal_section, study.signals), *classes, score_section(study, lsb))


def events_section(study: MenuStudy, originals: int | None = None) -> Section:
    """Which events, how they got their rates, and the efficiencies of all signals against their rates."""
    rows = tuple((text(name), number(count)) for name, count in study.processes.items())
    background = f", which stand for {study.total / 1e6:,.4g} MHz of background" if study.signals else ""
    table = Table(("process", "events"), rows, f"Events studied: {study.events:,}{background}.")
    return Section("Events and rates", (Text(study.normalisation), *_copies(originals), table, *_all_signals(study)))


def _copies(originals: int | None) -> tuple[Text, ...]:
    if not originals:
        return ()
    return (
        Text(f"The events are turned and mirrored copies of {originals:,}; intervals are as wide as these make them."),
    )


def _all_signals(study: MenuStudy) -> tuple[Block, ...]:
    if not study.signals:
        return ()
    rows = [row for signal in study.signals for row in signal.at_rate]
    caption = (
        f"Efficiency against the rate of each signal's trigger alone, with 68 % intervals, of {study.events:,} events; "
        "markers are the rates asked for."
    )
    curves = [signal.curve for signal in study.signals]
    drawn = draw.efficiency_against_rate(curves, rows)
    return (Figure(caption, drawn, "efficiency rises with rate, a curve a signal"),)


def signal_section(study: SignalStudy) -> Section:
    """All about one signal: working points first, then what they depend on."""
    return Section(study.signal, (
        *resolution(study), working_points(study), thresholds(study), *at_efficiencies(study), _rate_curve(study),
        *roc_blocks(study.rocs), *turn_on_blocks(study.turn_ons), *overlap_blocks(study.overlaps),
        *pileup_blocks(study.pileup),
    ))  # fmt: skip


def _rate_curve(study: SignalStudy) -> Figure:
    caption = (
        f"Rate and efficiency of the trigger for {study.signal} against its integer threshold, with 68 % intervals, of "
        f"{study.background_events:,} background and {study.events:,} signal events. Hollow markers are not resolved."
    )
    drawn = draw.rate_curve(study.curve, study.at_rate)
    return Figure(caption, drawn, "rate and efficiency fall as the threshold rises")


def turn_on_blocks(curves: Sequence[TurnOn]) -> tuple[Block, ...]:
    """A figure for each offline quantity and process, then their tables."""
    groups = [tuple(own) for _, own in groupby(curves, lambda curve: (curve.column, curve.process))]
    drawn = (
        Figure(_turning(own), draw.turn_on(own), f"efficiency in bins of {own[0].column}, a colour a rate")
        for own in groups
    )
    return (*drawn, *(_bins(own, _turning(own)) for own in groups))


def _turning(curves: Sequence[TurnOn]) -> str:
    first = curves[0]
    return (
        f"Efficiency of the trigger for {first.signal} on {sum(first.events):,} events of {first.process} in bins of "
        f"{first.column}, with 68 % intervals."
    )


def _bins(curves: Sequence[TurnOn], caption: str) -> Table:
    unit = curves[0].unit if curves[0].unit not in ("", "1") else "counts"
    heads = (f"{curves[0].column} from ({unit})", f"to ({unit})", "events", *_at(curves))
    first = curves[0]
    rows = tuple(
        (
            number(float(first.edges[i]), "g"), number(float(first.edges[i + 1]), "g"), number(first.events[i]),
            *(cell for curve in curves for cell in _maybe(curve.bins[i])),
        )
        for i in range(len(first.bins))
    )  # fmt: skip
    return Table(heads, rows, caption)


def _at(curves: Sequence[TurnOn]) -> tuple[str, ...]:
    return tuple(head for curve in curves for head in (f"at {curve.target / 1e3:g} kHz", "68 % interval"))


def _maybe(found: Efficiency | None) -> tuple[Cell, Cell]:
    return (NONE, NONE) if found is None else efficiency(found)


def overlap_blocks(overlaps: Sequence[Overlap]) -> tuple[Block, ...]:
    """What the network adds to the menu at each rate, and the menu's own lines; nothing without a menu."""
    if not overlaps:
        return ()
    middle = overlaps[len(overlaps) // 2]
    at = f"{middle.target / 1e3:g} kHz"
    drawn = Figure(
        f"The trigger for {middle.signal} at {at} beside the menu's lines: pure and shared rate of each, the menu "
        f"without and with it, with 68 % intervals. {middle.before.events:,} background events pass the menu alone.",
        draw.overlap(middle), "bars, one a line of the menu",
    )  # fmt: skip
    return (drawn, _with_menu(overlaps), _seeds(middle))


def _with_menu(overlaps: Sequence[Overlap]) -> Table:
    heads = (
        ASKED, "menu alone (kHz)", "with the network (kHz)", "pure (kHz)", "68 % interval (kHz)", "shared (kHz)",
        "menu keeps", "68 % interval", "with the network", "68 % interval",
    )  # fmt: skip
    rows = tuple(
        (
            kilohertz(row.target, KHZ), kilohertz(row.before.value, KHZ), kilohertz(row.after.value, KHZ),
            *_rate(row.pure), kilohertz(row.shared.value, KHZ), *efficiency(row.signal_before),
            *efficiency(row.signal_after),
        )
        for row in overlaps
    )  # fmt: skip
    signal = overlaps[0].signal
    caption = (
        f"The menu's rate without and with the trigger for {signal}; what that alone accepts (pure) and what the menu "
        f"takes as well (shared); and the share of {signal} that the menu keeps without and with it."
    )
    return Table(heads, rows, caption)


def _seeds(overlap: Overlap) -> Table:
    signals = tuple(dict.fromkeys(name for seed in overlap.seeds for name in seed.efficiency))
    kept = tuple(head for name in signals for head in (f"keeps of {name}", "68 % interval"))
    heads = ("line of the menu", "rate (kHz)", "68 % interval (kHz)", "pure (kHz)", "68 % interval (kHz)", *kept)
    rows = tuple(
        (
            text(seed.name), *_rate(seed.rate), *_rate(seed.pure),
            *(cell for name in signals for cell in _maybe(seed.efficiency.get(name))),
        )
        for seed in overlap.seeds
    )  # fmt: skip
    caption = "The menu's lines beside each other, the network not among them; pure: what one alone accepts."
    return Table(heads, rows, caption)


def _rate(rate: Rate) -> tuple[Cell, Cell]:
    return kilohertz(rate.value, KHZ), interval(rate.low / 1e3, rate.high / 1e3, KHZ)


def pileup_blocks(tables: Sequence[PileUp]) -> tuple[Block, ...]:
    """Shares that fire and efficiencies in bins of pile-up; nothing if none was asked for."""
    if not tables:
        return ()
    first = tables[0]
    events = sum(row.crossings.events for row in first.rows)
    caption = (
        f"Share of the crossings' rate that fires the trigger for {first.signal}, and its efficiency, in bins of "
        f"{first.column}, with 68 % intervals, of {events:,} background events in these bins."
    )
    return (Figure(caption, draw.pileup(tables), "share that fires, and efficiency, in bins"), _pileup(tables, caption))


def _pileup(tables: Sequence[PileUp], caption: str) -> Table:
    heads = (
        ASKED, "from", "to", "crossings (kHz)", "background events", "share that fires", "68 % interval", "efficiency",
        "68 % interval",
    )  # fmt: skip
    rows = tuple(
        (
            kilohertz(table.target, KHZ), number(row.low, "g"), number(row.high, "g"),
            kilohertz(row.crossings.value, KHZ), number(row.crossings.events), *_fired(row.fired),
            *_maybe(row.efficiency),
        )
        for table in tables
        for row in table.rows
    )  # fmt: skip
    return Table(heads, rows, caption)


def _fired(found: Efficiency | None) -> tuple[Cell, Cell]:
    return (NONE, NONE) if found is None else efficiency(found, ".3g")

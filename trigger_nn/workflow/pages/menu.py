"""A study of rates and efficiencies as sections of a page: all signals, then each of them."""

from collections.abc import Sequence
from itertools import groupby, pairwise
from math import isfinite

from trigger_nn.plots import menu as draw
from trigger_nn.plots.page.values import Block, Cell, Figure, Section, Table, Text
from trigger_nn.studies.menu.values import (
    MenuStudy,
    Outside,
    Overlap,
    PileUp,
    PileUpRow,
    SignalStudy,
    Together,
    TurnOn,
)  # fmt: skip
from trigger_nn.studies.menu.words import khz, significant
from trigger_nn.studies.rates import Efficiency
from trigger_nn.workflow.pages.cells import NONE, efficiency, kilohertz, number, rate, text
from trigger_nn.workflow.pages.scores import class_section, roc_blocks, score_section
from trigger_nn.workflow.pages.working import ASKED, at_efficiencies, resolution, thresholds, working_points


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
    background = f", which stand for {significant(study.total / 1e6)} MHz of background" if study.signals else ""
    table = Table(("process", "events"), rows, f"Events studied: {study.events:,}{background}.")
    blocks = (Text(study.normalisation), *_copies(originals), table, *_all_signals(study), *_together(study.together))
    return Section("Events and rates", blocks)


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
        "markers are the rates asked for. Dotted: not resolved."
    )
    curves = [signal.curve for signal in study.signals]
    drawn = draw.efficiency_against_rate(curves, rows)
    return (Figure(caption, drawn, "efficiency rises with rate, a curve a signal"),)


def _together(found: Sequence[Together]) -> tuple[Block, ...]:
    """What all triggers take together; nothing of a single one."""
    heads = (
        "each at (kHz)", "any of them (kHz)", "68 % interval (kHz)", "sum of their rates (kHz)",
        "several of them (kHz)", "68 % interval (kHz)",
    )  # fmt: skip
    rows = tuple(
        (kilohertz(row.target), *rate(row.rate), kilohertz(row.alone), *rate(row.shared)) for row in found
    )  # fmt: skip
    caption = (
        "The triggers of all signals together, each at the threshold of its own rate: the rate that any of them takes, "
        "and that several take."
    )
    return (Table(heads, rows, caption),) if found else ()


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
    """A figure for each offline quantity, its bins and process, then their tables."""
    groups = [tuple(own) for _, own in groupby(curves, lambda one: (one.column, one.process, tuple(one.edges)))]
    drawn = (
        Figure(
            _turning(own) + (" Hollow markers are of these." if own[0].below.events or own[0].above.events else ""),
            draw.turn_on(own), f"efficiency in bins of {own[0].column}, a colour a rate",
        )
        for own in groups
    )  # fmt: skip
    return (*drawn, *(_bins(own, _turning(own)) for own in groups))


def _turning(curves: Sequence[TurnOn]) -> str:
    first = curves[0]
    counts = _counted(sum(first.events), first.below.events, first.above.events)
    return (
        f"Efficiency of the trigger for {first.signal} on {counts} events of {first.process} in bins of "
        f"{first.column}, with 68 % intervals{_beyond(first.below.events, first.above.events)}."
    )


def _counted(inside: int, below: int, above: int) -> str:
    """Events in bins, and of how many if some are in none."""
    return f"{inside:,} of {inside + below + above:,}" if below or above else f"{inside:,}"


def _beyond(below: int, above: int) -> str:
    """How many events are in no bin, as the end of a sentence."""
    told = [f"{n:,} {where}" for n, where in ((below, "below the first edge"), (above, "above the last")) if n]
    return f"; {' and '.join(told)}" if told else ""


def _bins(curves: Sequence[TurnOn], caption: str) -> Table:
    unit = curves[0].unit if curves[0].unit not in ("", "1") else "counts"
    heads = (f"{curves[0].column} from ({unit})", f"to ({unit})", "events", *_at(curves))
    edges = [number(float(edge), "g") for edge in curves[0].edges]
    ends = ((NONE, edges[0]), *pairwise(edges), (edges[-1], NONE))
    rows = tuple(
        (*ends[i], number(parts[0].events), *(cell for part in parts for cell in _maybe(part.efficiency)))
        for i, parts in enumerate(zip(*map(_parts, curves), strict=True))
        if 0 < i < len(ends) - 1 or parts[0].events
    )  # fmt: skip
    return Table(heads, rows, caption)


def _parts(curve: TurnOn) -> tuple[Outside, ...]:
    """What is below, in each bin, and above."""
    return (curve.below, *map(Outside, curve.events, curve.bins), curve.above)


def _at(curves: Sequence[TurnOn]) -> tuple[str, ...]:
    return tuple(head for curve in curves for head in (f"at {khz(curve.target)}", "68 % interval"))


def _maybe(found: Efficiency | None) -> tuple[Cell, Cell]:
    return (NONE, NONE) if found is None else efficiency(found)


def overlap_blocks(overlaps: Sequence[Overlap]) -> tuple[Block, ...]:
    """What the network adds to the menu at each rate, and the menu's own lines; nothing without a menu."""
    if not overlaps:
        return ()
    middle = overlaps[len(overlaps) // 2]
    drawn = Figure(
        f"The trigger for {middle.signal} at {khz(middle.target)} beside the menu's lines: the rate of each and the "
        "part of it that is pure, the menu without and with it, with 68 % intervals. "
        f"{middle.before.events:,} background events pass the menu alone.",
        draw.overlap(middle), "bars, one a line of the menu",
    )  # fmt: skip
    return (drawn, _with_menu(overlaps), _kept(overlaps), _seeds(middle))


def _with_menu(overlaps: Sequence[Overlap]) -> Table:
    told = ("menu alone (kHz)", "with the network (kHz)", "pure (kHz)", "shared (kHz)")
    heads = (ASKED, *(head for one in told for head in (one, "68 % interval (kHz)")))
    rows = tuple(
        (kilohertz(row.target), *rate(row.before), *rate(row.after), *rate(row.pure), *rate(row.shared))
        for row in overlaps
    )
    caption = (
        f"The menu's rate without and with the trigger for {overlaps[0].signal}; what that alone accepts (pure) and "
        "what the menu takes as well (shared)."
    )
    return Table(heads, rows, caption)


def _kept(overlaps: Sequence[Overlap]) -> Table:
    told = ("network alone", "menu alone", "both together")
    heads = (ASKED, *(head for one in told for head in (one, "68 % interval")))
    rows = tuple(
        (
            kilohertz(row.target), *efficiency(row.signal_network), *efficiency(row.signal_before),
            *efficiency(row.signal_after),
        )
        for row in overlaps
    )  # fmt: skip
    return Table(heads, rows, f"The share of {overlaps[0].signal} that is kept by the network, by the menu, by both.")


def _seeds(overlap: Overlap) -> Table:
    signals = tuple(dict.fromkeys(name for seed in overlap.seeds for name in seed.efficiency))
    kept = tuple(head for name in signals for head in (f"keeps of {name}", "68 % interval"))
    heads = ("line of the menu", "rate (kHz)", "68 % interval (kHz)", "pure (kHz)", "68 % interval (kHz)", *kept)
    rows = tuple(
        (
            text(seed.name), *rate(seed.rate), *rate(seed.pure),
            *(cell for name in signals for cell in _maybe(seed.efficiency.get(name))),
        )
        for seed in overlap.seeds
    )  # fmt: skip
    caption = "The menu's lines beside each other, the network not among them; pure: what one alone accepts."
    return Table(heads, rows, caption)


def pileup_blocks(tables: Sequence[PileUp]) -> tuple[Block, ...]:
    """Shares that fire and efficiencies in bins of pile-up; nothing if none was asked for."""
    if not tables:
        return ()
    first = tables[0]
    inside = sum(row.crossings.events for row in first.rows)
    below, above = (row.crossings.events if row else 0 for row in (first.below, first.above))
    caption = (
        f"Share of the crossings' rate that fires the trigger for {first.signal}, and its efficiency, in bins of "
        f"{first.column}, with 68 % intervals, of {_counted(inside, below, above)} background events"
        f"{_beyond(below, above)}."
    )
    return (Figure(caption, draw.pileup(tables), "share that fires, and efficiency, in bins"), _pileup(tables, caption))


def _pileup(tables: Sequence[PileUp], caption: str) -> Table:
    heads = (
        ASKED, "from", "to", "crossings (kHz)", "background events", "share that fires", "68 % interval", "efficiency",
        "68 % interval",
    )  # fmt: skip
    rows = tuple(
        (
            kilohertz(table.target), _edge(row.low), _edge(row.high), kilohertz(row.crossings.value),
            number(row.crossings.events), *_fired(row.fired), *_maybe(row.efficiency),
        )
        for table in tables
        for row in _with_beyond(table)
    )  # fmt: skip
    return Table(heads, rows, caption)


def _with_beyond(table: PileUp) -> tuple[PileUpRow, ...]:
    return tuple(row for row in (table.below, *table.rows, table.above) if row)


def _edge(value: float) -> Cell:
    return number(value, "g") if isfinite(value) else NONE


def _fired(found: Efficiency | None) -> tuple[Cell, Cell]:
    """A share that is small: to three digits, wherever they begin."""
    if found is None:
        return NONE, NONE
    value, low, high = (significant(each, 3) for each in (found.value, found.low, found.high))
    return Cell(value, found.value), Cell(f"{low} to {high}", found.low)

"""The sections and the page of a decision certificate."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from trigger_nn.plots import certificate as drawn
from trigger_nn.plots.page.values import Block, Cell, Fact, Figure, Page, Section, Table, Text
from trigger_nn.studies.certificate.decisions import BACKGROUND, SideScores
from trigger_nn.studies.certificate.needs import told_need
from trigger_nn.studies.certificate.onsets import CAP
from trigger_nn.studies.certificate.values import (
    EMULATOR,
    QKERAS,
    Alike,
    Certificate,
    Flips,
    Interval,
    Need,
    Onset,
    Residuals,
)
from trigger_nn.studies.certificate.verdict import headlines, verdict
from trigger_nn.workflow.pages.cells import NONE, kilohertz, number, text
from trigger_nn.workflow.pages.repeats import told_once

BASES = {
    "same rate": "each side at its own threshold for the rate",
    "same threshold": "all sides at the emulator's threshold for the rate",
    "largest output": "the largest output decides, and an output passes if it is the largest",
}
RATED = (
    ", at the same rate with what other background events would do to both thresholds (bootstrap); of background in "
    "percent of its rate, which at the same rate is the same"
)
AT = {"same rate": "at the same rate", "same threshold": "at the same threshold", "largest output": "by largest output"}


def certificate_page(certificate: Certificate, provenance: Mapping[str, str], sides: SideScores | None = None) -> Page:
    """The whole page; with the scores of all `sides` they are drawn beside the emulator's."""
    others = [side.name for side in certificate.sides if side.name != EMULATOR]
    told = f"Program {certificate.digest[:16]} beside {_listed(others)}, on {certificate.events:,} events."
    sections = certificate_sections(certificate, sides)
    return Page(f"{certificate.program}: decision certificate", told, _facts(certificate), sections, provenance)


def certificate_sections(certificate: Certificate, sides: SideScores | None = None) -> tuple[Section, ...]:
    """What is decided differently, where that begins, how far scores differ, how many events would tell more."""
    outputs = tuple(dict.fromkeys(flips.output for flips in certificate.flips))
    sections = [
        _verdict(certificate),
        *(_flips(certificate, output) for output in outputs),
        _onsets(certificate.onsets),
        _residuals(certificate, sides),
    ]
    return (*sections, _needs(certificate.needs)) if certificate.needs else tuple(sections)


def _facts(certificate: Certificate) -> tuple[Fact, ...]:
    facts = [
        Fact(
            f"{pair.differing:,} of {pair.events:,}",
            f"events that {side} and the emulator decide differently, {AT[pair.basis]}"
            f"{', at any rate asked for' if certificate.needs else ''}",
        )
        for side, pair in headlines(certificate).items()
    ]
    return (*facts, Fact(f"{certificate.events_per_second:,.0f}/s", "events emulated (native engine)"))


def _verdict(certificate: Certificate) -> Section:
    sentences = tuple(Text(sentence, _is_warning(certificate, sentence)) for sentence in verdict(certificate))
    which = Table(("side", "what"), tuple((text(s.name), text(s.what)) for s in certificate.sides), "What is compared.")
    rows = tuple(_pair(pair) for pair in certificate.alike)
    heads = ("first", "second", "basis", "events", "decided differently", "ppm", "68 % interval", "same scores")
    bases = "; ".join(f"{basis}: {BASES[basis]}" for basis in dict.fromkeys(pair.basis for pair in certificate.alike))
    caption = (
        f"Events of any kind that two sides decide differently at any output"
        f"{' and rate' if certificate.needs else ''}, of {certificate.events:,}, "
        f"per million simulated events. {bases[:1].upper()}{bases[1:]}."
    )
    told = (Text(certificate.normalisation),) if certificate.normalisation else ()
    return Section("Verdict", (*sentences, which, Table(heads, rows, caption), *told))


def _pair(pair: Alike) -> tuple[Cell, ...]:
    names = text(pair.first), text(pair.second), text(pair.basis)
    return (*names, number(pair.events), number(pair.differing), *_ppm(pair.ppm), number(pair.equal_scores))


def _is_warning(certificate: Certificate, sentence: str) -> bool:
    return sentence.startswith(QKERAS) and not certificate.exact


def _flips(certificate: Certificate, output: str) -> Section:
    every = tuple(flips for flips in certificate.flips if flips.output == output)
    own, told = told_once(every)
    kinds = {flips.kind: flips.events for flips in every}
    counted = " and ".join(f"{events:,} events of {kind}" for kind, events in kinds.items())
    said: list[Block] = [Text(sentence) for sentence in told]
    if not own:
        return Section(output, (*said, *_thresholds(certificate, output)))
    picture = Figure(
        f"Decisions for {output} that differ between two sides, per million of {counted}, with 68 % intervals; "
        "arrows are upper limits where none differs (95 %, one-sided).",
        drawn.flips(replace(certificate, flips=own)), "points by pair of sides, basis and rate", wide=True,
    )  # fmt: skip
    rated = any(flips.kind == BACKGROUND for flips in own)
    heads = ("from", "to", *(("basis", "rate (kHz)") if rated else ()), "events of", "gained", "lost")
    heads += ("gained (ppm)", "68 % interval", "lost (ppm)", "68 % interval")
    heads += ("gained (kHz)", "68 % interval", "lost (kHz)", "68 % interval") if rated else ()
    heads += ("change (%)", "68 % interval")
    caption = (
        f"Decisions for {output}: gained are events that only the second side accepts, lost those that only the first "
        f"does, of {counted}. The change is in percent points of efficiency"
        f"{RATED if rated else ''}."
    )
    table = Table(heads, tuple(_flip_row(flips, rated) for flips in own), caption)
    return Section(output, (*said, picture, table, *_thresholds(certificate, output)))


def _flip_row(flips: Flips, rated: bool) -> tuple[Cell, ...]:
    cells = [text(flips.first), text(flips.second)]
    cells += [text(flips.basis), kilohertz(flips.target)] if rated else []
    cells += [
        text(flips.kind),
        number(flips.gained),
        number(flips.lost),
        *_ppm(flips.gained_ppm),
        *_ppm(flips.lost_ppm),
    ]
    cells += [*_hertz(flips.gained_hz), *_hertz(flips.lost_hz)] if rated else []
    return (*cells, *((NONE, NONE) if flips.change is None else _interval(flips.change, ".2f")))


def _ppm(interval: Interval) -> tuple[Cell, Cell]:
    return _interval(interval, ",.0f")


def _hertz(interval: Interval | None) -> tuple[Cell, Cell]:
    return (NONE, NONE) if interval is None else _interval(interval, ".3g", 1e-3)


def _interval(interval: Interval, form: str, factor: float = 1.0) -> tuple[Cell, Cell]:
    """A value and its interval; nothing where there is none."""
    value, low, high = (bound * factor for bound in interval)
    return (number(value, form), Cell(f"{low:{form}} to {high:{form}}", low)) if math.isfinite(value) else (NONE, NONE)


def _thresholds(certificate: Certificate, output: str) -> tuple[Table, ...]:
    targets = sorted({target for _, own, target in certificate.thresholds if own == output})
    rows = tuple(
        (text(side.name), *(_threshold(certificate, side.name, output, target) for target in targets))
        for side in certificate.sides
        if targets
    )
    heads = ("side", *(f"at {target / 1e3:g} kHz" for target in targets))
    caption = f"Thresholds for {output}, above which an event passes: the loosest that keep the rate."
    return (Table(heads, rows, caption),) if rows else ()


def _threshold(certificate: Certificate, side: str, output: str, target: float) -> Cell:
    value = certificate.thresholds[side, output, target]
    always = certificate.loosest is not None and value <= certificate.loosest
    return Cell("always accept", value) if always else number(value, ".6g")


def _onsets(onsets: Sequence[Onset]) -> Section:
    title = "Where flips begin"
    if not onsets:
        return Section(title, (Text("No decision differs from the emulator's on these events."),))
    told = (
        "Each side's layers are put into the emulator one after the other, first to last, until its decision is the "
        "side's; there the flip begins. At `threshold` the emulator's own score gives that decision at the side's "
        "threshold for the rate, so no layer is needed."
    )
    picture = Figure(
        f"Layers at which decisions flip, of {sum(o.looked_at for o in onsets):,} flipped events in all: the first "
        f"{CAP} at most of each row.",
        drawn.onsets(onsets), "numbers of events by side and layer", wide=True,
    )  # fmt: skip
    layers = tuple(onsets[0].layers)
    heads = ("side", "output", "basis", "rate (kHz)", "flipped", "looked at", *layers)
    rows = tuple(
        (text(o.side), text(o.output), text(o.basis), kilohertz(o.target) if o.target else NONE, number(o.flipped),
         number(o.looked_at), *(number(count) for count in o.layers.values()))
        for o in onsets
    )  # fmt: skip
    return Section(title, (Text(told), picture, Table(heads, rows, "Flipped events by the layer at which they flip.")))


def _residuals(certificate: Certificate, sides: SideScores | None) -> Section:
    residuals, lsb = certificate.residuals, certificate.lsb
    picture = Figure(
        f"Scores of each side less the emulator's, in its least significant bits (1 LSB = {lsb:g}), of "
        f"{certificate.events:,} events.", drawn.residuals(residuals), "histograms of differences", wide=True,
    )  # fmt: skip
    rows = tuple(_residual(one) for one in residuals)
    heads = ("side", "output", "largest (LSB)", "RMS (LSB)", "equal (%)", "68 % interval")
    table = Table(heads, rows, f"Scores less the emulator's, 1 LSB = {lsb:g}; no side is scaled.")
    return Section("How far scores differ", (picture, *_beside(sides), table))


def _residual(one: Residuals) -> tuple[Cell, ...]:
    equal = tuple(100 * share for share in (one.equal.value, one.equal.low, one.equal.high))
    return (
        text(one.side), text(one.output), number(one.largest, ",.4g"), number(one.rms, ",.4g"),
        *_interval((equal[0], equal[1], equal[2]), ".4g"),
    )  # fmt: skip


def _beside(sides: SideScores | None) -> tuple[Figure, ...]:
    """The first side against the emulator, each output a picture: what the whole way from there to firmware changes."""
    if sides is None:
        return ()
    first, mask = next(iter(sides.scores)), sides.looked_at
    if first == EMULATOR:
        return ()
    return tuple(
        Figure(
            f"Score for {output} of the emulator against that of {first}, and their difference, of "
            f"{int(mask.sum()):,} events.",
            drawn.scores(sides.scores[first][mask, i], sides.scores[EMULATOR][mask, i], sides.lsb, (first, EMULATOR)),
            "events about the line of equal scores",
        )
        for i, output in enumerate(sides.outputs)
    )  # fmt: skip


def _needs(needs: Sequence[Need]) -> Section:
    rows, percent = tuple(_need(need) for need in needs), f"{100 * needs[0].precision:g}"
    heads = (
        "output", "rate (kHz)", "background events", "effective, behind the rate", f"events for {percent} %", "seconds",
        f"zero-bias crossings for {percent} %", "seconds",
    )  # fmt: skip
    caption = (
        f"Background events that would give the rate a statistical error of {percent} % of it: of this mixture (in "
        "brackets the 68 % interval; not resolved below ten effective events, or where heavier events of which none "
        "passes could add half the rate), and of "
        f"crossings as they come; and the time the emulator takes for them, at {needs[0].events_per_second:,.0f} "
        "events/s, measured here over these events again and again, reading left out."
    )
    return Section("Events that are needed", (Table(heads, rows, caption),))


def _need(need: Need) -> tuple[Cell, ...]:
    seconds = NONE if need.seconds is None else number(need.seconds, ",.3g")
    return (
        text(need.output), kilohertz(need.target), number(need.events), number(need.effective, ",.1f"),
        Cell(told_need(need), need.needed), seconds, number(need.zero_bias, ",.0f"),
        number(need.zero_bias_seconds, ",.3g"),
    )  # fmt: skip


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]

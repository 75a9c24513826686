"""What we set out to reach, beside what was measured."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.emulation.peers import OURS, OURS_NARROW, PREDICT
from tests.benchmarks.emulation.results import Results, Start

RATIOS = {"tagger": (2500, 5000), "event_image": (500, None), "regions": (500, None), "svhn": (300, None)}
SHARES = {"tagger": 1.8, "event_image": 0.6, "regions": 0.6, "svhn": 0.5}
CODE = {"tagger": 1.0, "regions": 1.0, "svhn": 3.0}  # seconds until code is ready
CALL = 100e-6  # seconds of a call with one event
CROSSINGS = {"tagger": 40e6}  # events a second on two cores: the rate of bunch crossings


@dataclass(frozen=True)
class Goal:
    """One line: what, of which network, and as text what was to be reached, what was measured, also narrow."""

    what: str
    network: str
    wanted: str
    measured: str
    narrow: str
    reached: bool


def goals(results: Results) -> list[Goal]:
    """Every goal of a network that was measured."""
    names = [facts.name for facts in results.networks]
    found = [*_ratios(results), *_shares(results), *_rates(results), *_starts(results)]
    return [goal for goal in found if goal.network in names]


def ratio(results: Results, network: str, ours: str, other: str, threads: int) -> float | None:
    """Our events a second over another's, on as many threads, or on one where the other can't use more."""
    own = results.rate(network, ours, threads)
    peer = results.rate(network, other, threads) or results.rate(network, other, 1)
    return own.per_second / peer.per_second if own and peer else None


def _ratios(results: Results) -> Iterator[Goal]:
    for network, pair in RATIOS.items():
        for threads, wanted in zip((1, 2), pair, strict=True):
            found = [ratio(results, network, ours, PREDICT, threads) for ours in (OURS, OURS_NARROW)]
            if wanted:
                what = f"events/s, {threads} thread{'s' * (threads > 1)}, against {PREDICT}"
                yield from _above(what, network, wanted, found, "{:,.0f} x")


def _shares(results: Results) -> Iterator[Goal]:
    for network, wanted in SHARES.items():
        rows = [results.rate(network, ours, 1) for ours in (OURS, OURS_NARROW)]
        found = [results.share(row) if row else None for row in rows]
        yield from _above("multiply-adds/s against the float32 product, 1 thread", network, wanted, found, "{:.0%}")


def _rates(results: Results) -> Iterator[Goal]:
    for network, wanted in CROSSINGS.items():
        rows = [results.rate(network, ours, 2) for ours in (OURS, OURS_NARROW)]
        found = [row.per_second if row else None for row in rows]
        yield from _above("events/s, 2 threads", network, wanted, found, "{:,.0f}")


def _starts(results: Results) -> Iterator[Goal]:
    starts = {row.network: row for row in results.starts}
    for network, most in CODE.items():
        yield from _below("code ready: first score of a fresh process", starts.get(network), most, "first", 1, "s")
    for network in RATIOS:
        yield from _below("one event in a warm emulator, median", starts.get(network), CALL, "call", 1e6, "µs")


def _above(what: str, network: str, wanted: float, found: Sequence[float | None], form: str) -> Iterator[Goal]:
    """From what was found with 64-bit and with narrow scores; the former decides. Nothing if it was not measured."""
    value, narrow = found
    if value is not None:
        shown = "-" if narrow is None else form.format(narrow)
        yield Goal(what, network, form.format(wanted), form.format(value), shown, value >= wanted)


def _below(what: str, row: Start | None, most: float, key: str, scale: float, unit: str) -> Iterator[Goal]:
    if row is not None:
        value = getattr(row, key)
        yield Goal(what, row.network, f"< {most * scale:g} {unit}", f"{value * scale:.3g} {unit}", "", value < most)

"""Results as tables of Markdown, one function each; every number comes from the results."""

from collections.abc import Iterable, Sequence

from tests.benchmarks.emulation.goals import goals, ratio
from tests.benchmarks.emulation.peers import ALKAID, KERAS, LOOP, OURS, OURS_FLOATS, OURS_NARROW, PREDICT
from tests.benchmarks.emulation.results import Rate, Results, WayFacts

COLUMNS = {
    OURS: "trigger_nn", OURS_NARROW: "narrow scores", OURS_FLOATS: "floats in and out", PREDICT: PREDICT, LOOP: LOOP,
    ALKAID: ALKAID, KERAS: KERAS,
}  # fmt: skip


def markdown(columns: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> str:
    """A table whose first `left` columns are flush left, the others right; "" without rows."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    rule = "|" + "|".join("---" if i < left else "---:" for i in range(len(columns))) + "|"
    return "\n".join([f"| {' | '.join(columns)} |", rule, *lines, ""]) if lines else ""


def short(number: float) -> str:
    """Three digits and k, M or G: 36.0 M."""
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if number >= 0.9995 * size:
            return f"{_three(number / size)}{unit}"
    return _three(number)


def counts(results: Results) -> list[int]:
    """Threads that contenders ran on."""
    return sorted({row.threads for row in results.rates})


def named(threads: int) -> str:
    """Threads in words."""
    return "1 thread" if threads == 1 else f"{threads} threads"


def networks(results: Results) -> str:
    """What was scored, and how many events were compared."""
    rows = [
        (f.name, f.title, f.weights, f.input_type, f"{f.multiply_adds:,}", f"{f.zero_share:.0%}", f"{f.exact:,}")
        for f in results.networks
    ]
    columns = ("name", "network", "weights", "input", "multiply-adds an event", "zero weights", "events compared")
    return markdown(columns, rows, 4)


def reached(results: Results) -> str:
    """What we set out to reach."""
    rows = [
        (goal.what, goal.network, goal.wanted, goal.measured, goal.narrow, "yes" if goal.reached else "no")
        for goal in goals(results)
    ]
    return markdown(("what", "network", "to reach", "measured", "with narrow scores", "reached"), rows, 2)


def rates(results: Results, threads: int) -> str:
    """Events a second by network and contender."""
    present = [
        name for name in COLUMNS if any((row.contender, row.threads) == (name, threads) for row in results.rates)
    ]
    rows = [
        (facts.name, *(_rate(results.rate(facts.name, name, threads)) for name in present))
        for facts in results.networks
    ]
    return markdown(("network", *(COLUMNS[name] for name in present)), rows)


def ratios(results: Results) -> str:
    """Our events a second over everybody else's."""
    pairs = [(OURS, PREDICT), (OURS_NARROW, PREDICT), (OURS, LOOP), (OURS, ALKAID), (OURS, KERAS)]
    pairs = [(ours, peer) for ours, peer in pairs if any(row.contender == peer for row in results.rates)]
    rows = [
        (facts.name, str(n), *(_times(ratio(results, facts.name, ours, peer, n)) for ours, peer in pairs))
        for facts in results.networks
        for n in counts(results)
    ]
    heads = [f"x of {peer}{', narrow scores' * (ours == OURS_NARROW)}" for ours, peer in pairs]
    return markdown(("network", "threads", *heads), rows)


def shares(results: Results) -> str:
    """Multiply-adds a second beside the matrix product's."""
    rows = []
    for facts in results.networks:
        for threads in counts(results):
            row, narrow = (results.rate(facts.name, name, threads) for name in (OURS, OURS_NARROW))
            if row is not None:
                done = row.per_second * facts.multiply_adds
                cells = (short(done), short(done / results.share(row)), f"{results.share(row):.0%}")
                rows.append((facts.name, str(threads), *cells, f"{results.share(narrow):.0%}" if narrow else "-"))
    columns = ("network", "threads", "multiply-adds/s", "the product's", "share", "share, narrow scores")
    return markdown(columns, rows)


def starts(results: Results) -> str:
    """From a file to a score, in ms; one event in µs."""
    rows = [
        (
            row.network,
            *(
                f"{1e3 * x:,.0f}"
                for x in (row.imports, row.load, row.first, row.imports + row.load + row.first, row.whole)
            ),
            *(f"{1e3 * x:,.1f}" for x in (row.inside, row.again)),
            *(f"{1e6 * x:,.0f}" for x in (row.call, row.call_99)),
        )
        for row in results.starts
    ]
    columns = (
        "network", "imports, ms", "load, ms", "first score, ms", "these three, ms", "whole process, ms",
        "load and score in a process that runs, ms", "the same, code known, ms", "one event, µs", "99 % below, µs",
    )  # fmt: skip
    return markdown(columns, rows)


def batches(results: Results) -> str:
    """Events a second by events in a call."""
    sizes = sorted({row.events for row in results.batches})
    rows = []
    for network, threads in dict.fromkeys((row.network, row.threads) for row in results.batches):
        found = {r.events: r for r in results.batches if (r.network, r.threads) == (network, threads)}
        rows.append((network, str(threads), *(_rate(found.get(size)) for size in sizes)))
    return markdown(("network", "threads", *(f"{size:,}" for size in sizes)), rows)


def memory(results: Results) -> str:
    """Peak memory of a process, in MB."""
    rows = [
        (row.network, f"{row.events:,}", *(f"{x / 1e6:,.1f}" for x in (row.before, row.peak, row.given, row.scores)),
         f"{max(row.peak - row.before - row.scores, 0) / 1e6:,.1f}")
        for row in results.memory
    ]  # fmt: skip
    columns = ("network", "events in a call", "before, MB", "peak, MB", "events, MB", "scores, MB", "beyond both, MB")
    return markdown(columns, rows)


def threads(results: Results) -> str:
    """Events a second by threads, and the gain over one."""
    most = sorted({row.threads for row in results.threads})
    rows = []
    for network in dict.fromkeys(row.network for row in results.threads):
        found = {row.threads: row for row in results.threads if row.network == network}
        gain = found[most[-1]].per_second / found[1].per_second
        rows.append((network, *(_rate(found.get(n)) for n in most), f"{gain:.2f} x"))
    return markdown(("network", *(map(named, most)), "gain"), rows)


def sizes(results: Results) -> str:
    """Rate by size of the network."""
    rows = []
    for key in dict.fromkeys((row.family, row.title) for row in results.sizes):
        found = [row for row in results.sizes if (row.family, row.title) == key]
        by_threads = [cell for r in found for cell in (short(r.per_second), short(r.per_second * r.multiply_adds))]
        rows.append((*key, f"{found[0].multiply_adds:,}", *by_threads, f"{1e3 * found[0].code_seconds:,.0f}"))
    heads = [f"{what}, {named(n)}" for n in counts(results) for what in ("events/s", "multiply-adds/s")]
    return markdown(("family", "size", "multiply-adds an event", *heads, "first score, ms"), rows, 2)


def ways(rows: Sequence[WayFacts]) -> str:
    """Other ways to score the tagger."""
    base = [row.per_second for row in rows if row.name == OURS]
    lines = [
        (
            row.name, short(row.per_second) if row.per_second else "not installed",
            _times(base[0] / row.per_second if row.per_second and base and base[0] else None),
            *(f"{1e3 * x:,.1f}" if x is not None else "-" for x in (row.imports, row.first)),
            "-" if row.megabytes is None else f"{row.megabytes:,.0f}", row.packages,
        )
        for row in rows
    ]  # fmt: skip
    columns = (
        "way",
        "events/s",
        "trigger_nn does times",
        "imports, ms",
        "program to first score, ms",
        "on disk, MB",
        "packages",
    )
    return markdown(columns, lines)


def absent(results: Results) -> str:
    """Who is missing, and why."""
    reasons = [(f.name, name, reason) for f in results.networks for name, reason in f.absent.items()]
    return "\n".join(f"* `{network}`: no {name}, {reason}." for network, name, reason in reasons)


def _rate(row: Rate | None) -> str:
    return short(row.per_second) if row else "-"


def _times(value: float | None) -> str:
    return "-" if value is None else f"{value:,.0f}" if value >= 100 else _three(value)


def _three(number: float) -> str:
    digits = 0 if number >= 99.95 else 1 if number >= 9.995 else 2
    return f"{number:.{digits}f}"

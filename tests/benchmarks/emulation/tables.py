"""Results as tables on the terminal."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tests.benchmarks.emulation.ours import thread_counts
from tests.benchmarks.emulation.peers import OURS, OURS_FLOATS, OURS_NARROW, PEERS
from tests.benchmarks.emulation.results import Facts, Part, Rate, Results

NUMBER = {"justify": "right", "no_wrap": True}


def show(results: Results, console: Console) -> None:
    """Print all tables."""
    for table in (
        _rates(results),
        _limits(results),
        _starts(results),
        _batches(results),
        _memory(results),
        _sizes(results),
        _profile(results),
    ):
        if table.row_count:
            console.print(table)
    for facts in results.networks:
        if facts.by_reference:
            console.print(
                f"{facts.name}: {', '.join(facts.by_reference)} ran in the reference engine.", highlight=False
            )
        for name, reason in facts.absent.items():
            console.print(f"{facts.name}: no {name}, {reason}.", highlight=False)


def _rates(results: Results) -> Table:
    table = _table(f"Events a second, {results.method['rounds']}", "network", "by", "events a call")
    for threads in thread_counts():
        for column in (f"{threads} thread{'s' * (threads > 1)}", "we do times"):
            table.add_column(column, **NUMBER)  # type: ignore[arg-type]
    for facts in results.networks:
        for name in (OURS, OURS_NARROW, OURS_FLOATS, *PEERS.values()):
            rows = [results.rate(facts.name, name, threads) for threads in thread_counts()]
            given = next((row.events for row in rows if row), None)
            if given is not None:
                cells = [
                    cell for row, n in zip(rows, thread_counts(), strict=True) for cell in _beside(results, row, n)
                ]
                table.add_row(facts.name if name == OURS else "", name, f"{given:,}", *cells)
        table.add_section()
    return table


def _beside(results: Results, row: Rate | None, threads: int) -> tuple[str, str]:
    """A rate and by how much ours is higher; a peer that can't use more threads is compared with its one thread."""
    if row is None:
        return "-", "-"
    ours = results.rate(row.network, OURS, threads)
    times = ours.per_second / row.per_second if ours else 0
    return f"{row.per_second:,.0f}", "" if row.contender == OURS else f"{times:,.1f}"


def _limits(results: Results) -> Table:
    table = _table(
        "Against this machine's float32 matrix product", "network", "weights", "zero", "multiply-adds", "events checked"
    )
    for threads in thread_counts():
        for column in (f"G/s, {threads} thr.", "product", "share"):
            table.add_column(column, **NUMBER)  # type: ignore[arg-type]
    for facts in results.networks:
        cells = [cell for threads in thread_counts() for cell in _share(results, facts, threads)]
        table.add_row(
            facts.name, facts.weights, f"{facts.zero_share:.0%}", f"{facts.multiply_adds:,}", f"{facts.exact:,}", *cells
        )
    return table


def _share(results: Results, facts: Facts, threads: int) -> Iterator[str]:
    row = results.rate(facts.name, OURS, threads)
    if row is not None:
        done = row.per_second * facts.multiply_adds
        yield from (f"{done / 1e9:.1f}", f"{done / results.share(row) / 1e9:.1f}", f"{results.share(row):.0%}")


def _starts(results: Results) -> Table:
    table = _table(
        "From nothing to a score (ms); warm call of one event (µs)", "network", "imports", "load", "first score",
        "second", "whole process", "same process", "once more", "call, median", "call, 99 %",
    )  # fmt: skip
    for row in results.starts:
        milliseconds = (row.imports, row.load, row.first, row.second, row.whole, row.inside, row.again)
        cells = [f"{value * 1e3:,.1f}" for value in milliseconds]
        table.add_row(row.network, *cells, *(f"{value * 1e6:,.1f}" for value in (row.call, row.call_99)))
    return table


def _batches(results: Results) -> Table:
    counts = sorted({row.events for row in results.batches})
    table = _table("Events a second (k) against events a call", "network", "threads", *(f"{n:,}" for n in counts))
    for network in dict.fromkeys(row.network for row in results.batches):
        for threads in thread_counts():
            rows = {r.events: r for r in results.batches if (r.network, r.threads) == (network, threads)}
            cells = [f"{rows[n].per_second / 1e3:,.4g}" if n in rows else "" for n in counts]
            table.add_row(network, str(threads), *cells)
    return table


def _memory(results: Results) -> Table:
    table = _table("Peak memory (MB)", "network", "events a call", "before", "peak", "inputs", "scores", "beyond both")
    for row in results.memory:
        beyond = row.peak - row.before - row.scores
        cells = [f"{value / 1e6:,.1f}" for value in (row.before, row.peak, row.given, row.scores, beyond)]
        table.add_row(row.network, f"{row.events:,}", *cells)
    return table


def _sizes(results: Results) -> Table:
    table = _table(
        "Size of the network", "family", "size", "multiply-adds", "threads", "events/s", "G/s", "first score, s"
    )
    for row in results.sizes:
        done = row.per_second * row.multiply_adds / 1e9
        table.add_row(
            row.family, row.title, f"{row.multiply_adds:,}", str(row.threads), f"{row.per_second:,.0f}", f"{done:.1f}",
            f"{row.code_seconds:.2f}",
        )  # fmt: skip
    return table


def _profile(results: Results) -> Table:
    title = "Where a block of events spends its time, one thread"
    table = _table(title, "network", "part", "of", "adds up by", "stores", "ns", "share")
    for network in dict.fromkeys(row.network for row in results.profile):
        rows = [row for row in results.profile if row.network == network]
        whole = sum(row.nanoseconds for row in rows)
        for row in rows:
            table.add_row(network, *_part(row), f"{row.nanoseconds:,.0f}", f"{row.nanoseconds / whole:.1%}")
        table.add_section()
    return table


def _part(row: Part) -> tuple[str, str, str, str]:
    return row.does, row.layer, row.adds, row.stores


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_justify="left")
    for k, column in enumerate(columns):
        table.add_column(column, justify="left" if k < 1 else "right", no_wrap=True)
    return table

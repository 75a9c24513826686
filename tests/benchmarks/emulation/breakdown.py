"""Where the time goes, as tables of Markdown: by kind of work, and part by part."""

from tests.benchmarks.emulation.peers import OURS
from tests.benchmarks.emulation.results import Facts, Results
from tests.benchmarks.emulation.sections import markdown


def shares(results: Results) -> str:
    """What share of a block's time each kind of work takes."""
    kinds = ("sums of products", "packing for them", "other steps", "reading events", "writing scores")
    rows = []
    for facts in _profiled(results):
        own = [part for part in results.profile if part.network == facts.name]
        whole = sum(part.nanoseconds for part in own)
        run = results.rate(facts.name, OURS, 1)
        by_kind = [sum(part.nanoseconds for part in own if _kind(part.does, part.adds) == kind) for kind in kinds]
        measured = f"{1e9 * own[0].events / run.per_second:,.0f}" if run else "-"
        rows.append((facts.name, f"{whole:,.0f}", measured, *(f"{x / whole:.0%}" for x in by_kind)))
    return markdown(("network", "all parts alone, ns", "a block in the run, ns", *kinds), rows)


def parts(results: Results) -> str:
    """Every part of every network."""
    texts = []
    for facts in _profiled(results):
        own = [part for part in results.profile if part.network == facts.name]
        whole = sum(part.nanoseconds for part in own)
        rows = [
            (f"{p.does} {p.layer}", p.adds, p.stores, f"{p.nanoseconds:,.0f}", f"{p.nanoseconds / whole:.1%}")
            for p in own
        ]
        columns = ("part", "adds up by", "stores", "ns a block", "share")
        texts.append(
            f"{facts.title} (`{facts.name}`), blocks of {own[0].events} events:\n\n" + markdown(columns, rows, 3)
        )
    return "\n".join(texts)


def _profiled(results: Results) -> list[Facts]:
    known = {part.network for part in results.profile}
    return [facts for facts in results.networks if facts.name in known]


def _kind(does: str, adds: str) -> str:
    sums = "sums of products" if adds else "other steps"
    return {"read": "reading events", "write": "writing scores", "pack for": "packing for them"}.get(does, sums)

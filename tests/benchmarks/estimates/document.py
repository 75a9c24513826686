"""A comparison in words and as a table in Markdown."""

from collections.abc import Iterator, Sequence

from tests.benchmarks.estimates.compare import Comparison, Score, best
from tests.benchmarks.estimates.describe import CLOCK, LEAST_INPUTS, NARROWEST, PRUNED, WIDEST
from tests.benchmarks.estimates.ours import COMPARED, CYCLES_AT_CLOCK, FOLDS
from tests.benchmarks.estimates.peer import GENERATIONS

HEADER = ("quantity", "estimator", "asked for", "median error", "90 % interval", "one factor", "order")
CAVEAT = f"""\
These two estimators predict different things, and what was measured is what ours predicts. Measured are cells that
Yosys counts, and registers on the way, of our own RTL: weights are constants, sums of products are adders that share
terms (distributed arithmetic), and there is no DSP slice. Our constants were fitted on networks drawn in the same way,
though never on the network in question ({FOLDS} folds). rule4ml predicts what Vivado or Vitis HLS reports after C
synthesis of hls4ml's C++, strategy latency, at a clock of {CLOCK:g} ns; nobody ran that here, so nothing is said of how
well it predicts it. Its error here is that of somebody who takes its figures for a distributed-arithmetic design.
Errors are estimate / measured - 1; of DSP slices, as none was measured, the difference. The median is that of their
size, the interval holds the errors of nine networks in ten. "One factor" is the median error once an estimator's
figures are all multiplied by one factor, found on the other folds; "order" is Spearman's rank correlation with what was
measured. These two forgive a different unit."""
BEST = """\
Of each generation of rule4ml the board and the reading of the width that have the least median error, chosen with
hindsight, quantity by quantity: nobody could have asked it better."""
READINGS = f"""\
rule4ml has one width for a whole network ({NARROWEST} to {WIDEST} bits): "weights" is that of the weights, "widest"
the widest of weights, inputs and activations. It sees sizes of layers only, neither values of weights nor zeros. The
graph network did not give the figures of its README's example when this was written (LUT 1753 instead of 2089, FF 3529
instead of 1060, cycles 37 instead of 27, with torch 2.13 and torch_geometric 2.8.1), which nobody explained yet."""


def text(found: Comparison) -> str:
    """The page: what applies, the table, what it means."""
    versions = ", ".join(f"{name} {version}" for name, version in found.versions.items())
    short = (applies(found), BEST, *_tables(best(found.scores)), usual(found), *_tables(best(found.usual)))
    words = (CAVEAT, READINGS, _weights(), versions)
    whole = ("## All ways of asking", *_tables(found.scores), "The usual networks:", *_tables(found.usual))
    parts = ("# Our estimates beside rule4ml's", *short, *words, *whole)
    return "\n\n".join(parts) + "\n"


def applies(found: Comparison) -> str:
    """To how many networks rule4ml applies, and why not to the others."""
    outside = "; ".join(f"{count} left out: {reason}" for reason, count in found.outside.items()) or "none left out"
    at_clock = sum(clock == CLOCK for clock in found.clocks)
    return (
        f"Of {found.measured} measured networks rule4ml has words for {found.applied} ({outside}). It knows a clock of "
        f"{CLOCK:g} ns only: {at_clock} of these {found.applied} were measured at that, the others at "
        f"{min(found.clocks):g} to {max(found.clocks):g} ns, to which its FF and cycles don't belong; "
        f'"{CYCLES_AT_CLOCK}" are the stages that RTL of the same depth has at that clock. {100 * PRUNED:.0f} % or '
        f"more of the weights are zero in {found.pruned}, which it can't be told."
    )


def usual(found: Comparison) -> str:
    """Which of the networks are such as rule4ml has seen."""
    count = found.usual[0].networks if found.usual else 0
    return (
        f"The same on those {count} of the {found.applied} networks that are most like what rule4ml was trained on: "
        f"less than {100 * PRUNED:.0f} % of the weights are zero, and {LEAST_INPUTS} inputs or more, as in its first "
        f"data set ({found.small} have fewer). Our estimates are the same as above, not fitted anew."
    )


def cells(score: Score) -> tuple[str, ...]:
    """One row of the table, in the order of HEADER."""
    unit, times = ("", 1.0) if score.kind == "difference" else (" %", 100.0)
    digits = 1 if score.kind == "difference" else 0
    median, low, high = (f"{value * times:{sign}.{digits}f}{unit}" for value, sign in (
        (score.median, ""), (score.low, "+"), (score.high, "+"),
    ))  # fmt: skip
    scaled = "-" if score.scaled is None else f"{score.scaled * 100:.0f} %"
    order = "-" if score.order is None else f"{score.order:.2f}"
    return score.quantity, score.estimator, score.asked, median, f"{low} to {high}", scaled, order


def _tables(scores: Sequence[Score]) -> Iterator[str]:
    for quantity in COMPARED if scores else ():
        rows = [cells(score) for score in scores if score.quantity == quantity]
        yield "\n".join(f"| {' | '.join(row)} |" for row in (HEADER, ("---",) * len(HEADER), *rows))


def _weights() -> str:
    told = "; ".join(
        f"{g.name} for {', '.join(g.boards)}"
        + "".join(f", {tool.removesuffix('_versions')} {v}" for tool, v in g.tools.items())
        for g in GENERATIONS
    )
    return f"Weights in rule4ml's wheel, and what each was asked for: {told}; reuse factor 1. v2/gnn is its default."

"""Our estimates beside rule4ml's on measured networks: python -m tests.benchmarks.estimates ROWS --rule4ml-python P.

Prints, and writes rule4ml.json and rule4ml.md.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.benchmarks.estimates import document
from tests.benchmarks.estimates.compare import Comparison, Score, best, reasons, scores
from tests.benchmarks.estimates.describe import LEAST_INPUTS, PRUNED, Description, Outside, describe
from tests.benchmarks.estimates.ours import COMPARED, cases
from tests.benchmarks.estimates.peer import ask
from trigger_nn.errors import TriggerNNError
from trigger_nn.hardware.calibration.fitting import measured
from trigger_nn.hardware.calibration.measure import Synthesised, rows_in
from trigger_nn.hardware.calibration.networks import network


def main() -> int:
    """Compare; exit code 1 if rule4ml is not there or does not answer."""
    options = _options()
    try:
        rows = rows_in(options.rows.read_text().splitlines())
        found = compared(rows, options.rule4ml_python)
    except (TriggerNNError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    show(found, Console(width=120))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "rule4ml.json").write_text(json.dumps(asdict(found), indent=1) + "\n")
    (options.out / "rule4ml.md").write_text(document.text(found))
    return 0


def compared(rows: Sequence[Synthesised], python: Path | None) -> Comparison:
    """Fit and hold out on all `rows`, ask rule4ml of those networks that it has words for, compare on these."""
    held = cases(measured(rows))
    kept = {case.program for case in held}
    told = [describe(each) for each in (network(row.seed) for row in rows) if each.program.digest in kept]
    described = {each.program: each for each in told if isinstance(each, Description)}
    answers, versions = ask(python, list(described.values()))
    used = [case for case in held if case.program in described]
    usual = [case for case in used if described[case.program].is_usual]
    outside = reasons([each for each in told if isinstance(each, Outside)])
    if len(held) < len(rows):
        outside["hardly any logic, which says nothing of relative errors"] = len(rows) - len(held)
    return Comparison(
        scores(used, answers), scores(usual, answers) if usual else (), len(rows), len(used), outside,
        tuple(each.clock_period for each in described.values()),
        sum(each.zeros >= PRUNED for each in described.values()),
        sum(each.inputs < LEAST_INPUTS for each in described.values()),
        versions | rows[0].versions,
    )  # fmt: skip


def show(found: Comparison, console: Console) -> None:
    """Print what applies, of each generation the best way of asking, and what that means."""
    console.print(document.applies(found), document.BEST, _table(best(found.scores)), sep="\n", highlight=False)
    console.print(document.usual(found), _table(best(found.usual)), sep="\n", highlight=False)
    console.print(document.CAVEAT, document.READINGS, sep="\n", highlight=False)


def _table(rows: Sequence[Score]) -> Table:
    table = Table(*document.HEADER)
    for column in table.columns[3:]:
        column.justify = "right"
    for quantity in COMPARED:
        for score in (row for row in rows if row.quantity == quantity):
            table.add_row(*document.cells(score))
        table.add_section()
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.estimates", description=__doc__)
    parser.add_argument("rows", type=Path, help="measured networks, as trigger_nn.hardware.calibration writes them")
    parser.add_argument("--rule4ml-python", type=Path, help="interpreter of an environment that has rule4ml")
    parser.add_argument("--out", type=Path, default=Path("build/bench/estimates"), help="folder for JSON and Markdown")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())

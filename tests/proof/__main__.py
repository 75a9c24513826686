"""`python -m tests.proof`: random models by the thousand against hls4ml's C++; exit code 1 on any mismatch."""

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.proof.batch import Record, compare_descriptions, compare_seeds, from_line, to_line
from tests.proof.choose import choose
from tests.proof.compare import EQUAL, HLS4ML, MISMATCH, REFUSED, UNSTABLE
from tests.proof.description import ModelDescription, from_json, to_json
from tests.proof.models import draw_seeded
from tests.proof.reduce import smaller

TOGETHER = 10  # models in one translation unit: more gain little and need memory
REGRESSIONS = Path(__file__).parent / "regressions"


def main() -> int:
    """Parse the command line and run."""
    options = _options()
    if options.case is not None:
        return show_case(draw_seeded(options.case, options.families), options)
    if options.file is not None:
        return show_case(from_json(options.file.read_text()), options)
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / "results.jsonl"
    if options.choose:
        print(json.dumps(choose(_read(results), options.choose), indent=1))
        return 0
    known = [entry for entry in _read(results) if entry.families == options.families]
    seeds = range(options.seed, options.seed + options.models)
    missing = sorted(set(seeds) - {entry.seed for entry in known})
    records = [entry for entry in known if entry.seed in seeds]
    records += _run(missing, options.families, options.processes, results)
    print(table(records))
    return 1 if any(entry.comparison.status == MISMATCH for entry in records) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--models", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--families", default="all", help="names separated by commas, or all")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("proof"), help="folder of results; what is there is kept")
    parser.add_argument("--case", type=int, help="run the model of this seed alone, and say everything")
    parser.add_argument("--file", type=Path, help="the same for a description in a file")
    parser.add_argument("--reduce", action="store_true", help="with --case or --file: make the model smaller")
    parser.add_argument("--keep", help="with --case or --file: keep it as a regression of this name")
    parser.add_argument("--choose", type=int, metavar="N", help="at most N seeds of --out that cover all, for the test")
    return parser.parse_args()


def _run(seeds: Sequence[int], families: str, processes: int, results: Path) -> list[Record]:
    """Records of `seeds`, written as they come."""
    batches = [seeds[start : start + TOGETHER] for start in range(0, len(seeds), TOGETHER)]
    records: list[Record] = []
    begin = time.monotonic()
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with context.Pool(processes, maxtasksperchild=20) as pool:
        for batch in pool.imap_unordered(partial(compare_seeds, families=families), batches):
            with results.open("a") as file:
                file.writelines(json.dumps(to_line(entry)) + "\n" for entry in batch)
            records += batch
            _progress(records, len(seeds), time.monotonic() - begin)
    return records


def _progress(records: Sequence[Record], total: int, seconds: float) -> None:
    counts = Counter(entry.comparison.status for entry in records)
    pace = seconds / len(records)
    words = ", ".join(f"{count} {status}" for status, count in sorted(counts.items()))
    print(f"{len(records)}/{total} ({pace:.1f} s each): {words}", file=sys.stderr)
    for entry in records[-TOGETHER:]:
        if entry.comparison.status == MISMATCH:
            found = entry.comparison
            print(f"  seed {entry.seed}: {found.layer}: {found.message}", file=sys.stderr)


def _read(path: Path) -> list[Record]:
    if not path.exists():
        return []
    return [from_line(json.loads(line)) for line in path.read_text().splitlines()]


def table(records: Iterable[Record]) -> str:
    """Models, values and verdicts by layer kind, strategy, io type and backend, and in all."""
    rows: dict[tuple[str, ...], Counter[str]] = {}
    for entry in records:
        keys = {(*kind, entry.io_type, entry.backend) for kind in entry.kinds} | {("all", "", "", "")}
        for key in keys:
            row = rows.setdefault(key, Counter())
            row.update(["models", entry.comparison.status])
            row["values"] += entry.comparison.values
    columns = ("models", EQUAL, "values", REFUSED, HLS4ML, UNSTABLE, MISMATCH)
    heads = ("layer", "strategy", "io", "backend", *columns)
    lines = [heads, *((*key, *(str(rows[key][column]) for column in columns)) for key in sorted(rows))]
    widths = [max(len(line[index]) for line in lines) for index in range(len(heads))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def show_case(description: ModelDescription, options: argparse.Namespace) -> int:
    """One model, with everything that is needed to look into it."""
    if options.reduce:
        description = smaller(description)
    verdict = compare_descriptions([description])[0]
    print("\n".join(_words(description)))
    for key, value in asdict(verdict).items():
        if value != "":
            print(f"{key}: {value}")
    print(to_json(description))
    if options.keep:
        (REGRESSIONS / f"{options.keep}.json").write_text(to_json(description) + "\n")
    return 1 if verdict.status == MISMATCH else 0


def _words(description: ModelDescription) -> Iterator[str]:
    """The model as a person reads it."""
    yield f"{description.backend} {description.io_type}, weights of seed {description.weights}"
    for entry in description.inputs:
        yield f"  {entry.name}: {entry.shape} {entry.type}, events: {entry.values}"
    for layer in description.layers:
        arguments = ", ".join(f"{key}={value!r}" for key, value in layer.args.items())
        yield f"  {layer.name} = {layer.kind}({arguments})({', '.join(layer.inputs)})"
    yield f"  outputs: {', '.join(description.outputs)}"
    for name, changes in description.changes.items():
        yield f"  hls4ml {name}: {changes}"


if __name__ == "__main__":
    sys.exit(main())

"""`python -m tests.proof`: random models by the thousand against hls4ml's C++; exit code 1 on any mismatch."""

import argparse
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from functools import partial
from pathlib import Path

from tests.proof.batch import Record, compare_descriptions, compare_seeds, from_line, to_line
from tests.proof.choose import choose
from tests.proof.compare import EQUAL, HLS4ML, MISMATCH, REFUSED, UNSTABLE, Comparison
from tests.proof.description import ModelDescription, from_json, to_json
from tests.proof.engines import CHOICES, Choice
from tests.proof.models import draw_seeded
from tests.proof.reduce import smaller

TOGETHER = 10  # models in one translation unit: more gain little and need memory
_TARGETS = "of the native engine: the best, or all; or all where outputs alone are kept, the best where layers are"
REGRESSIONS = Path(__file__).parent / "regressions"


def main() -> int:
    """Parse the command line and run."""
    options = _options()
    if options.case is not None:
        return show_case(draw_seeded(options.case, options.families), options)
    if options.file is not None:
        return show_case(from_json(options.file.read_text()), options)
    options.out.mkdir(parents=True, exist_ok=True)
    results = options.out / ("engines.jsonl" if options.no_cpp else "results.jsonl")
    if options.choose:
        print(json.dumps(choose(_read(results), options.choose), indent=1))
        return 0
    seeds = range(options.seed, options.seed + options.models)
    known = _latest(entry for entry in _read(results) if entry.families == options.families and entry.seed in seeds)
    done = {seed: entry for seed, entry in known.items() if _ran(entry.comparison, options.targets)}
    missing = [seed for seed in seeds if seed not in done]
    records = [*done.values(), *_run(missing, options, results)]
    print(table(records))
    print(table_of_engines(records))
    return 1 if any(entry.comparison.status == MISMATCH for entry in records) else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof", description=__doc__)
    parser.add_argument("--models", type=int, default=100, help="how many")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--families", default="all", help="names separated by commas, or all")
    parser.add_argument("--targets", choices=CHOICES, default="best", help=_TARGETS)
    parser.add_argument("--no-cpp", action="store_true", help="our two engines alone; needs no g++")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--out", type=Path, default=Path("proof"), help="folder of results; what is there is kept")
    parser.add_argument("--case", type=int, help="run the model of this seed alone, and say everything")
    parser.add_argument("--file", type=Path, help="the same for a description in a file")
    parser.add_argument("--reduce", action="store_true", help="with --case or --file: make the model smaller")
    parser.add_argument("--keep", help="with --case or --file: keep it as a regression of this name")
    parser.add_argument("--choose", type=int, metavar="N", help="at most N seeds of --out that cover all, for the test")
    return parser.parse_args()


def _latest(records: Iterable[Record]) -> dict[int, Record]:
    """By seed; what was run later, on more targets perhaps, counts."""
    return {entry.seed: entry for entry in records}


def _ran(found: Comparison, choice: Choice) -> bool:
    """Whether the native engine ran on all targets of `choice`, unless something before it failed."""
    return found.status != EQUAL or CHOICES.index(found.choice) >= CHOICES.index(choice)


def _run(seeds: Sequence[int], options: argparse.Namespace, results: Path) -> list[Record]:
    """Records of `seeds`, written as they come."""
    batches = [seeds[start : start + TOGETHER] for start in range(0, len(seeds), TOGETHER)]
    job = partial(compare_seeds, families=options.families, choice=options.targets, cpp=not options.no_cpp)
    records: list[Record] = []
    begin = time.monotonic()
    context = multiprocessing.get_context("spawn")  # TensorFlow does not survive a fork
    with ProcessPoolExecutor(options.processes, context, max_tasks_per_child=20) as pool:
        running = {pool.submit(job, batch): batch for batch in batches}
        for future in as_completed(running):
            try:
                batch = future.result()
            except BrokenProcessPool:  # machine code that is wrong may well end its process
                lost = [seeds for other, seeds in running.items() if not other.done() or other.exception()]
                raise SystemExit(
                    f"A process died at one of seeds {lost[: options.processes]}; run them by --case."
                ) from None
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


def table_of_engines(records: Iterable[Record]) -> str:
    """What the native engine and the reference engine agree on, by target; what has no machine code, by reason."""
    found = [entry.comparison for entry in records]
    models: Counter[str] = Counter(name for entry in found for name in entry.targets if entry.status == EQUAL)
    values: Counter[str] = Counter()
    for entry in found:
        values.update(entry.targets)
    lines = ["", "native engine against reference engine:"]
    lines += [f"  {name}: {models[name]} models, {count} values equal" for name, count in values.items()]
    left = Counter(item for entry in found for item in entry.left)
    lines.append(f"  left to the reference engine: {left.total()} operations")
    lines += [f"  {count} {kind}: {reason}" for (kind, reason), count in left.most_common()]
    return "\n".join(lines)


def show_case(description: ModelDescription, options: argparse.Namespace) -> int:
    """One model, with everything that is needed to look into it."""
    if options.reduce:
        description = smaller(description, options.targets, not options.no_cpp)
    verdict = compare_descriptions([description], options.targets, not options.no_cpp)[0]
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

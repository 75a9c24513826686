"""Measure, print, draw, and write build/bench/results.json: python -m tests.benchmarks.emulation --help."""

import argparse
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ["TF_ENABLE_ONEDNN_OPTS"] = "1"  # Keras at its best; the package itself turns this off

from rich.console import Console

from tests.benchmarks.emulation import machine, plots, studies, tables
from tests.benchmarks.emulation.compete import compete
from tests.benchmarks.emulation.exactness import Differs
from tests.benchmarks.emulation.measure import QUICK, Effort
from tests.benchmarks.emulation.networks import NETWORKS, build, convolution_of, dense_of
from tests.benchmarks.emulation.peers import PEERS
from tests.benchmarks.emulation.profile import profile
from tests.benchmarks.emulation.results import Results
from trigger_nn.program.program import Program

WIDTHS, SIDES = (8, 16, 32, 64, 128, 256, 512), (10, 14, 20, 28, 40, 56)
SWEPT = ("tagger", "event_image", "svhn")  # whose batches and memory are looked at
MOST_ADDERS, MOST_ADDERS_QUICK = 100_000, 10_000  # multiply-adds that alkaid is asked to unroll
METHOD = {
    "trigger_nn": "Emulator.predict_mantissas on the narrowest integers that hold the inputs; scores are int64",
    "trigger_nn, narrow scores": "the same with an engine that writes the narrowest integers that hold the scores",
    "trigger_nn, floats": "Emulator.predict on float32; scores are float64",
    "hls4ml predict": "ModelGraph.predict on float32; built by hls4ml's script, g++ -O3; it has one thread only",
    "hls4ml C loop": "the same library called from C on float32; a copy of the library for each thread",
    "alkaid": "its C++ interpreter on float64, byte code made beforehand, up to the last layer before a softmax",
    "Keras predict": "the (Q)Keras model, float32, batches of 4096, oneDNN on; one thread: all threads on one core",
    "limit": "numpy's float32 product of two 2048 x 2048 matrices, in turns with the contenders",
    "events": "random over the whole input range, both ends included; slower contenders get the first of them",
}


def main() -> None:
    """Run what is asked for; exit code 1 if any score is not the reference engine's."""
    options = _options()
    effort = QUICK if options.quick else Effort()
    console = Console(width=150)
    results = Results(machine.facts(), METHOD | {"rounds": str(effort)})
    began = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)

    def progress(text: str) -> None:
        console.print(f"[dim]{time.perf_counter() - began:5.0f} s  {text}[/]", highlight=False)
        results.save(options.out / "results.json")  # what there is stays, whatever happens later

    try:
        _measure(options, effort, results, progress)
    except Differs as difference:
        console.print(f"[bold red]Not the same bits.[/] {difference}", highlight=False)
        raise SystemExit(1) from None
    tables.show(results, console)
    results.save(options.out / "results.json")
    for path in (options.out / "results.json", *plots.draw(results, options.out)):
        console.print(f"wrote {path}", highlight=False)


def _measure(options: argparse.Namespace, effort: Effort, results: Results, say: Callable[[str], None]) -> None:
    programs: dict[str, Program] = {}
    wanted = {PEERS[name] for name in options.peers}
    for name in options.networks:
        say(f"{name}: exactness, then all contenders in turns")
        most = MOST_ADDERS_QUICK if options.quick else MOST_ADDERS
        programs[name] = compete(build(name), wanted, effort, most, results)
    if options.only_peers:
        return
    for name, program in programs.items():
        say(f"{name}: start, threads, profile")
        others = [other for other in programs.values() if other is not program]
        results.starts.append(studies.start(program, others[0] if others else program, 1 if options.quick else 5))
        results.threads.extend(studies.threads(program, effort.most_events, effort))
        if options.profile:
            results.profile.extend(profile(program, effort))
    for name in [name for name in SWEPT[: 1 if options.quick else None] if name in programs]:
        say(f"{name}: batch sizes, memory")
        results.batches.extend(studies.batches(programs[name], effort.most_events, effort))
        counts = sorted({row.events for row in results.batches if row.network == name} - {10, 100})
        results.memory.extend(studies.memory(programs[name], counts))
    _sizes(options, effort, results, say)


def _sizes(options: argparse.Namespace, effort: Effort, results: Results, say: Callable[[str], None]) -> None:
    say("sizes of networks")
    step = 3 if options.quick else 1
    for width in WIDTHS[::step]:
        results.sizes.extend(studies.size("dense 16-w-w-w-5", dense_of(width), effort))
    for side in SIDES[::step]:
        results.sizes.extend(studies.size("CNN, s x s pixels", convolution_of(side), effort))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.emulation", description=__doc__)
    parser.add_argument(
        "--networks", type=_names(NETWORKS), default=list(NETWORKS), help="some of " + ",".join(NETWORKS)
    )
    parser.add_argument(
        "--peers", type=_names(PEERS), default=list(PEERS), help="some of " + ",".join(PEERS) + ", or none"
    )
    parser.add_argument("--quick", action="store_true", help="shorter and fewer rounds, smaller batches, fewer sizes")
    parser.add_argument("--only-peers", action="store_true", help="leave out what is measured of us alone")
    parser.add_argument(
        "--profile", action=argparse.BooleanOptionalAction, default=True, help="time each generated loop by itself"
    )
    parser.add_argument("--out", type=Path, default=Path("build/bench"), help="folder for results and plots")
    return parser.parse_args()


def _names(known: Iterable[str]) -> Callable[[str], list[str]]:
    """A parser of names with commas between them, each one of `known`."""
    names = list(known)

    def parse(text: str) -> list[str]:
        asked = [] if text == "none" else text.split(",")
        for name in asked:
            if name not in names:
                raise argparse.ArgumentTypeError(f"{name!r} is unknown; known are {', '.join(names)}")
        return asked

    return parse


if __name__ == "__main__":
    main()

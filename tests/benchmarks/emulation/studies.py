"""What is measured of us alone: from nothing to a score, batch sizes, memory, threads, sizes of networks."""

import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from tests.benchmarks.emulation import events, work
from tests.benchmarks.emulation.fresh import run_fresh
from tests.benchmarks.emulation.measure import Effort, best_of, in_turns, latencies, seconds
from tests.benchmarks.emulation.networks import Network
from tests.benchmarks.emulation.ours import CORES, emulator, forget_code, thread_counts
from tests.benchmarks.emulation.peers import OURS
from tests.benchmarks.emulation.results import Memory, Rate, Size, Start
from trigger_nn.program.program import Program

SLOWEST = 2.0  # seconds of a call, beyond which batches grow no more
PACE = 150_000_000_000  # multiply-adds a second, about what one core does
MOST = 1_000_000  # events of a call
CALLS = 2000  # single-event calls whose median counts


def start(program: Program, other: Program, repeats: int) -> Start:
    """From nothing to a score: in fresh processes, and in this one, which has scored `other` before."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        program.save(path)
        children = [run_fresh("start", path) for _ in range(repeats)]
        forget_code()
        emulator(other).predict_mantissas(_zeros(other))
        inside, again = seconds(partial(_load_and_score, path)), seconds(partial(_load_and_score, path))
    warm, event = emulator(program), _zeros(program)
    call, call_99 = latencies(lambda: warm.predict_mantissas(event), CALLS)
    medians = {key: float(np.median([child[key] for child in children])) for key in children[0]}
    return Start(program.name, **medians, inside=inside, again=again, call=call, call_99=call_99)


def batches(program: Program, most: int, effort: Effort) -> Iterator[Rate]:
    """Rates for 1, 10, 100 ... `most` events a call, on one thread and on all."""
    most = min(most, events.most(program))
    whole = events.mantissas(program, most)
    engines = {threads: emulator(program, threads) for threads in thread_counts()}
    for count in (10**k for k in range(12) if 10**k <= most):
        part = {name: values[:count] for name, values in whole.items()}
        calls = {str(n): partial(ours.predict_mantissas, part) for n, ours in engines.items()}
        for threads, best in in_turns(calls, effort).items():
            yield Rate(program.name, OURS, int(threads), count, best)
        if best > SLOWEST:
            return


def threads(program: Program, most: int, effort: Effort) -> Iterator[Rate]:
    """Rates on 1, 2, 3 ... threads, in turns."""
    count = _sized(program, most, effort)
    given = events.mantissas(program, count)
    engines = {n: emulator(program, n) for n in range(1, CORES + 1)}
    best = in_turns({str(n): partial(ours.predict_mantissas, given) for n, ours in engines.items()}, effort)
    for n in engines:
        yield Rate(program.name, OURS, n, count, best[str(n)])


def memory(program: Program, counts: Sequence[int]) -> Iterator[Memory]:
    """Peak memory by batch, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        program.save(path)
        for count in counts:
            found = run_fresh("memory", path, count)
            sizes = {key: int(found[key]) for key in ("before", "peak", "given", "scores")}
            yield Memory(program.name, count, **sizes)


def size(family: str, network: Network, effort: Effort) -> Iterator[Size]:
    """Rate on one thread and on all of one size of network, and how long its first score took."""
    program: Program = network.compile().program
    products = work.multiply_adds(program)
    count = _sized(program, effort.most_events, effort)
    given = events.mantissas(program, count)
    for n in thread_counts():
        forget_code()
        ours = emulator(program, n)
        code = seconds(partial(ours.predict_mantissas, _zeros(program)))
        best = best_of(partial(ours.predict_mantissas, given), effort)
        yield Size(family, network.title, products, n, count / best, code)


def _sized(program: Program, most: int, effort: Effort) -> int:
    """Events whose arithmetic takes about one measurement, so that starting threads counts for little."""
    count = int(PACE * effort.seconds / max(work.multiply_adds(program), 1))
    return min(most, MOST, events.most(program), max(1000, count))


def _load_and_score(path: Path) -> object:
    program = Program.load(path)
    return emulator(program).predict_mantissas(_zeros(program))


def _zeros(program: Program) -> dict[str, np.ndarray]:
    return {port.name: np.zeros((1, *port.shape), np.int64) for port in program.inputs}

"""Clocks. Contenders take turns, round by round, and of each the best round counts: the machine's mood is shared."""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Call = Callable[[], object]


@dataclass(frozen=True)
class Effort:
    """How long to measure: `rounds`, each of at least `seconds` a contender (one call if that takes longer).

    `reference_products` is how many multiply-adds the reference engine is asked for, to compare with.
    """

    seconds: float = 0.2
    rounds: int = 4
    most_events: int = 10_000_000
    reference_products: int = 200_000_000

    def __str__(self) -> str:
        """One phrase for tables."""
        return f"best of {self.rounds} rounds of at least {self.seconds} s each, contenders in turns"


QUICK = Effort(0.05, 2, 100_000, 40_000_000)
PAUSE = 0.03  # seconds between contenders: threads of BLAS and OpenMP go on spinning for a while, in vain


def in_turns(calls: Mapping[str, Call], effort: Effort) -> dict[str, float]:
    """Least seconds of one call of each; short calls are made once before each round, unmeasured."""
    repeats = {name: _repeats(call, effort.seconds) for name, call in calls.items()}
    best = dict.fromkeys(calls, np.inf)
    for _ in range(effort.rounds):
        for name, call in calls.items():
            time.sleep(PAUSE)
            if repeats[name] > 1:
                call()  # brings events and code back into the caches; one long call is hardly slower without
            best[name] = min(best[name], _mean(call, repeats[name]))
    return best


def best_of(call: Call, effort: Effort) -> float:
    """Least seconds of one call, of one contender alone."""
    return in_turns({"": call}, effort)[""]


def seconds(call: Call) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def latencies(call: Call, count: int) -> tuple[float, float]:
    """Median and 99 % quantile of the seconds of single calls."""
    for _ in range(20):
        call()
    times = [seconds(call) for _ in range(count)]
    return float(np.median(times)), float(np.quantile(times, 0.99))


@contextlib.contextmanager
def on_one_core() -> Iterator[None]:
    """Keep every thread of this process on one core: for libraries whose threads can't be counted once they run."""
    allowed = os.sched_getaffinity(0)
    try:
        _pin({min(allowed)})
        yield
    finally:
        _pin(allowed)


def _pin(cores: set[int]) -> None:
    for task in Path("/proc/self/task").iterdir():
        with contextlib.suppress(OSError):  # a thread that has just ended
            os.sched_setaffinity(int(task.name), cores)


def _repeats(call: Call, least: float) -> int:
    call()
    once = seconds(call)
    return max(1, int(np.ceil(least / max(once, 1e-9))))


def _mean(call: Call, repeats: int) -> float:
    start = time.perf_counter()
    for _ in range(repeats):
        call()
    return (time.perf_counter() - start) / repeats

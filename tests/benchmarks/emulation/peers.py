"""Everybody who can score a network, as one kind of value: a name, how many events it is given, and a function."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.emulation import hls4ml_peer
from tests.benchmarks.emulation.exactness import compare
from tests.benchmarks.emulation.measure import on_one_core, seconds
from tests.benchmarks.emulation.ours import emulator, thread_counts
from trigger_nn.program.program import Program

OURS, OURS_NARROW, OURS_FLOATS = "trigger_nn", "trigger_nn, narrow scores", "trigger_nn, floats"
PREDICT, LOOP, ALKAID, KERAS = "hls4ml predict", "hls4ml C loop", "alkaid", "Keras predict"
PEERS = {"predict": PREDICT, "loop": LOOP, "alkaid": ALKAID, "keras": KERAS}
PILOT = 16  # least events of a call
KERAS_TIMES = 4  # a call of Keras may take that much longer than others', as it spends 50 ms on no event at all
BATCH = 4096  # events that Keras is given at once; its own default, 32, is several times slower


@dataclass(frozen=True)
class Contender:
    """`run(threads)` scores the first `events` events; `threads` are the counts that it can use."""

    name: str
    events: int
    threads: tuple[int, ...]
    run: Callable[[int], object]


@dataclass(frozen=True)
class Absent:
    """Who does not take part, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Task:
    """A compiled network, its events as mantissas and as `numbers` (float32), and what must come out.

    `scores` are the reference engine's outputs of the first events, as numbers, and `logits` those of the last layer
    before a softmax. `seconds` is how long one call of a contender shall take, `most_adders` what alkaid may unroll.
    """

    model: Any
    graph: Any
    program: Program
    products: int
    mantissas: Mapping[str, np.ndarray]
    numbers: np.ndarray
    scores: np.ndarray
    logits: np.ndarray
    seconds: float
    most_adders: int
    folder: Path


def contenders(task: Task, wanted: set[str]) -> Iterator[Contender | Absent]:
    """Us, and of the peers those that are `wanted`.

    Raises:
        Differs: a peer that means the same integers got others.
    """
    yield from _ours(task)
    if wanted & {PREDICT, LOOP}:
        yield from (one for one in _hls4ml(task) if one.name in wanted)
    if ALKAID in wanted:
        yield _alkaid(task)
    if KERAS in wanted:
        yield _keras(task)


def _ours(task: Task) -> Iterator[Contender]:
    engines = {n: emulator(task.program, n) for n in thread_counts()}
    narrow_engines = {n: emulator(task.program, n, narrow=True) for n in thread_counts()}
    port = task.program.inputs[0].name
    whole = task.mantissas[port]

    def integers(values: np.ndarray, threads: int) -> object:
        return engines[threads].predict_mantissas({port: values})

    def narrow(values: np.ndarray, threads: int) -> object:
        return narrow_engines[threads].predict_mantissas({port: values})

    def floats(values: np.ndarray, threads: int) -> object:
        return engines[threads].predict(values)

    works = ((OURS, integers, whole), (OURS_NARROW, narrow, whole), (OURS_FLOATS, floats, task.numbers))
    for name, work, values in works:
        yield _sized(name, work, values, task.seconds, thread_counts())


def _hls4ml(task: Task) -> Iterator[Contender]:
    hls4ml_peer.build(task.graph)
    loop = hls4ml_peer.looped(task.graph, task.folder, thread_counts()[-1])
    known = task.numbers[: len(task.scores)]
    compare(PREDICT, hls4ml_peer.predict(task.graph, known), task.scores)
    compare(LOOP, loop(known, thread_counts()[-1]), task.scores)
    yield _sized(PREDICT, lambda x, _: hls4ml_peer.predict(task.graph, x), task.numbers, task.seconds, (1,))
    yield _sized(LOOP, loop, task.numbers, task.seconds, thread_counts())


def _alkaid(task: Task) -> Contender | Absent:
    try:
        from tests.benchmarks.emulation import alkaid_peer
    except ImportError:
        return Absent(ALKAID, "not installed; pip install 'trigger_nn[bench]'")
    try:
        score = alkaid_peer.build(task.program, task.products, task.most_adders)
    except alkaid_peer.NotExpressible as reason:
        return Absent(ALKAID, str(reason))
    numbers = task.numbers.astype(np.float64)  # what it would make of them at every call
    compare(ALKAID, score(numbers[: len(task.logits)], thread_counts()[-1]), task.logits)
    return _sized(ALKAID, score, numbers, task.seconds, thread_counts())


def _keras(task: Task) -> Contender:
    """Not held to our bits: it computes in float32, its softmax without a table."""

    def score(values: np.ndarray, threads: int) -> object:
        if threads > 1:
            return task.model.predict(values, batch_size=BATCH, verbose=0)
        with on_one_core():
            return task.model.predict(values, batch_size=BATCH, verbose=0)

    return _sized(KERAS, score, task.numbers, KERAS_TIMES * task.seconds, thread_counts())


def _sized(
    name: str, score: Callable[[np.ndarray, int], object], values: np.ndarray, least: float, threads: tuple[int, ...]
) -> Contender:
    """A contender with as many events as it scores in about `least` seconds on all its threads."""

    def run(count: int, threads: int) -> object:
        return score(values[:count], threads)

    count = min(PILOT, len(values))
    run(count, threads[-1])
    while (spent := seconds(partial(run, count, threads[-1]))) < least and count < len(values):
        count = min(4 * count, len(values))
    count = min(count, max(PILOT, round(count * least / spent)))
    return Contender(name, count, threads, partial(run, count))

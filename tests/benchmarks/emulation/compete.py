"""One network: compiled, checked, and scored by all contenders in turns."""

import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.benchmarks.emulation import events, work
from tests.benchmarks.emulation.exactness import check, reference
from tests.benchmarks.emulation.measure import Effort, in_turns
from tests.benchmarks.emulation.networks import Network
from tests.benchmarks.emulation.ours import left_to_reference, thread_counts
from tests.benchmarks.emulation.peers import Absent, Contender, Task, contenders
from tests.benchmarks.emulation.results import Facts, Limit, Rate, Results
from trigger_nn.program.fixed import to_float
from trigger_nn.program.operations import Softmax
from trigger_nn.program.program import Program

FEW, MANY = 40, 4000  # least and most events that are compared
MOST = 1_000_000  # events scored at once


def compete(network: Network, wanted: set[str], effort: Effort, most_adders: int, results: Results) -> Program:
    """Add the network's facts, rates and limits to `results`; its program.

    Raises:
        Differs: an engine or a peer that must give the reference engine's integers does not.
    """
    compiled = network.compile()
    program: Program = compiled.program
    products = work.multiply_adds(program)
    given = events.mantissas(program, min(MOST, effort.most_events, events.most(program)))
    checked = min(len(given[program.inputs[0].name]), max(FEW, min(MANY, effort.reference_products // products)))
    first = {name: values[:checked] for name, values in given.items()}
    expected = reference(program, first)
    check(program, first, expected)
    scores, logits = (
        to_float(expected[name], program.type_of(name)).reshape(checked, -1)
        for name in (program.output_names[0], before_softmax(program))
    )
    with tempfile.TemporaryDirectory() as folder:
        task = Task(
            network.model, compiled.graph, program, products, given, events.numbers(program, given), scores, logits,
            effort.seconds, most_adders, Path(folder),
        )  # fmt: skip
        found = list(contenders(task, wanted))
        results.networks.append(_facts(network, program, products, checked, found))
        _race([one for one in found if isinstance(one, Contender)], network.name, effort, results)
    return program


def before_softmax(program: Program) -> str:
    """The output tensor, or what a softmax at the end reads."""
    last = program.operation(program.output_names[0])
    return last.inputs[0] if isinstance(last, Softmax) else last.name


def _race(found: list[Contender], network: str, effort: Effort, results: Results) -> None:
    calls: dict[str, Callable[[], object]] = {
        f"{one.name}/{threads}": partial(one.run, threads) for one in found for threads in one.threads
    }
    limits = {threads: work.matrix_product(threads) for threads in thread_counts()}
    calls |= {f"limit/{threads}": multiply for threads, (multiply, _) in limits.items()}
    best = in_turns(calls, effort)
    for one in found:
        for threads in one.threads:
            results.rates.append(Rate(network, one.name, threads, one.events, best[f"{one.name}/{threads}"]))
    for threads, (_, count) in limits.items():
        results.limits.append(Limit(network, threads, count / best[f"limit/{threads}"]))


def _facts(network: Network, program: Program, products: int, checked: int, found: list[Contender | Absent]) -> Facts:
    absent = {one.name: one.reason for one in found if isinstance(one, Absent)}
    return Facts(
        network.name, network.title.replace("\n", " "), network.weights, str(program.inputs[0].type), products,
        work.zero_share(program), checked, left_to_reference(program), absent,
    )  # fmt: skip

"""A program replayed over the domain of costs: what each operation builds, and when its result is there."""

from dataclasses import dataclass

import numpy as np

from trigger_nn.hardware.estimate.costs import Costs
from trigger_nn.hardware.estimate.ledger import Ledger
from trigger_nn.hardware.estimate.signals import Signal
from trigger_nn.hardware.estimate.work import Work
from trigger_nn.passes.intervals import full_range
from trigger_nn.program import semantics
from trigger_nn.program.program import Program


@dataclass(frozen=True)
class Replay:
    """Of each operation, in order, its work and the time at which its last element is there.

    Time is in the unit of `delays`; `shared` is how much of it lies in adder trees that share operands. Bits `alive`
    (operations, 2, BINS) are of values and of sums inside adder trees, see `Spans.alive`; `outputs` are bits of all
    output ports. Only what an output needs counts.
    """

    works: tuple[Work, ...]
    times: tuple[float, ...]
    shared: tuple[float, ...]
    alive: np.ndarray
    outputs: int

    @property
    def work(self) -> Work:
        """All together."""
        return sum(self.works, Work())


def replay(program: Program) -> Replay:
    """Count what `program` needs, unrolled: every operation has its own hardware for each of its elements."""
    ledger = Ledger()
    costs = Costs(ledger)
    signals = {port.name: costs.given(full_range(port.type, port.shape)) for port in program.inputs}
    for owner, operation in enumerate(program.operations):
        ledger.owner = owner
        signals[operation.name] = semantics.apply(operation, costs, program, [signals[n] for n in operation.inputs])
    results = [signals[operation.name] for operation in program.operations]
    outputs = [signals[name] for name in program.output_names]
    end = max((_last(output, ~output.known) for output in outputs), default=0.0)
    closed = ledger.closed([output.number for output in outputs], end)
    owners = len(results)
    return Replay(
        closed.works(owners),
        tuple(_last(result, closed.live[result.number]) for result in results),
        tuple(float(np.max(result.shared * closed.live[result.number], initial=0.0)) for result in results),
        np.stack([spans.alive(owners, end) for spans in (closed.values(), closed.trees())], axis=1),
        sum(int(output.width.sum()) for output in outputs),
    )


def _last(signal: Signal, wanted: np.ndarray) -> float:
    """When the last of the elements that are wanted is there."""
    return float(np.max(signal.time * wanted, initial=0.0))

"""What was chosen for each operation of a program: carriers, ways to add up sums, and what is left to the reference."""

from dataclasses import dataclass

from trigger_nn.engines.native.code.sums import choose_method
from trigger_nn.engines.native.stages import Trace, traced
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import Carried, choose_carriers
from trigger_nn.engines.native.steps.nodes import Node, ordered
from trigger_nn.engines.native.steps.plan import room_to_start
from trigger_nn.engines.native.target import Target
from trigger_nn.program.program import Program

SUMS = {
    "dot8": "8-bit dot products in int32",
    "dot16": "16-bit dot products in int32",
    "f32": "float32, below 2^24",
    "f64": "float64, below 2^53",
    "i32": "int32",
    "i64": "int64",
}


@dataclass(frozen=True)
class Choice:
    """How the result of operation `layer`, mantissas from `low` to `high`, is computed.

    `carrier` is its machine type, "" for the reference engine, which `reason` explains. `modular`: only low bits are
    needed of the result, so it is kept modulo 2^bits of the carrier. `sums` says how each of its sums of products is
    added up.
    """

    layer: str
    low: int
    high: int
    carrier: str
    modular: bool
    sums: tuple[str, ...]
    reason: str


def explain(program: Program, target: Target) -> tuple[Choice, ...]:
    """One choice an operation, in order, as for a run that asks for the program's outputs alone."""
    trace = traced(program)
    results = [trace.tensors[name].node for name in program.output_names]
    carried = choose_carriers(results) if not trace.left else {}
    return tuple(_choice(program, name, trace, carried, target) for name in (op.name for op in program.operations))


def _choice(program: Program, name: str, trace: Trace, carried: dict[Node, Carried], target: Target) -> Choice:
    result = trace.tensors[name]
    low, high = result.interval.bounds
    if name in trace.left:
        return Choice(name, low, high, "", False, (), trace.left[name])
    known = {trace.tensors[source].node for source in program.operation(name).inputs}
    own = carried if result.node in carried else choose_carriers([result.node], known)
    steps = ordered([result.node], known)
    sums = [_sum(node, own, target) for node in steps if isinstance(node, nodes.Dot | nodes.Fold)]
    found = own[result.node]
    return Choice(name, low, high, found.carrier, found.modular, tuple(dict.fromkeys(sums)), "")


def _sum(node: nodes.Dot | nodes.Fold, carried: dict[Node, Carried], target: Target) -> str:
    modular = f" modulo 2^{carried[node].carrier.bits}" if carried[node].modular else ""
    if isinstance(node, nodes.Fold):
        inner = choose_carriers([node.step])
        return f"{inner[node.step].carrier}, cast at every step"
    return SUMS[choose_method(node, carried[node], room_to_start(node), target).name] + modular

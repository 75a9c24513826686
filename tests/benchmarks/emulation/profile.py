"""Where the time goes: every generated loop run by itself, again and again, on the rows of a real block of events.

Loops run in their order, so that each finds what the ones before it have stored. Alone and repeated, a loop has its
data in the nearest caches: the sum of all is what a block takes at best.
"""

import ctypes
import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from tests.benchmarks.emulation import events
from tests.benchmarks.emulation.measure import Effort, best_of
from tests.benchmarks.emulation.results import Part
from trigger_nn.engines.native.code.assemble import Assembly, assemble
from trigger_nn.engines.native.code.memory import ALIGNMENT
from trigger_nn.engines.native.code.ports import Load, Store, loader, storer
from trigger_nn.engines.native.code.sums import choose_method
from trigger_nn.engines.native.compiled import Form
from trigger_nn.engines.native.machine import Code, runnable
from trigger_nn.engines.native.stages import Trace, traced
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import Carried, choose_carriers
from trigger_nn.engines.native.steps.nodes import Node
from trigger_nn.engines.native.steps.plan import Loop, plan, room_to_start
from trigger_nn.engines.native.steps.saturate import saturated
from trigger_nn.engines.native.steps.simplify import simplified
from trigger_nn.engines.native.target import Target
from trigger_nn.program.operations import Conv2D, Dense
from trigger_nn.program.program import Program

RUNS = 100  # of a loop, in one call
SECONDS, ROUNDS = 0.01, 3  # of one measurement of one loop
REPEATED = """
define void @time{k}(ptr %s, ptr %c, i64 %n) {{
entry:
  br label %again
again:
  %i = phi i64 [ 0, %entry ], [ %next, %again ]
{call}
  %next = add i64 %i, 1
  %more = icmp ult i64 %next, %n
  br i1 %more, label %again, label %end
end:
  ret void
}}
"""
_REPEAT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)


def profile(program: Program, effort: Effort) -> list[Part]:
    """Nanoseconds of every part of the code for one block of events; parts that are described alike are one row.

    Empty for a program of which some operations are left to the reference engine.
    """
    trace, target = traced(program), runnable()[0]
    if trace.left:
        return []
    assembly = assemble({name: trace.tensors[name].node for name in program.output_names}, target)
    brief = replace(effort, seconds=SECONDS, rounds=min(effort.rounds, ROUNDS))
    scratch = _aligned(bytes(assembly.scratch))
    parts = [
        *_read(program, assembly, target, scratch, brief),
        *_loops(program, trace, assembly, target, scratch, brief),
        *_written(program, assembly, target, scratch, brief),
    ]
    return _merged(parts)


def _loops(
    program: Program, trace: Trace, assembly: Assembly, target: Target, scratch: np.ndarray, effort: Effort
) -> Iterator[Part]:
    """Loops that compute, and those that pack before them what their sums read."""
    head, _, rest = assembly.text.partition("define internal void @block(")
    calls = [line for line in rest.partition("}")[0].splitlines() if line.startswith("  call void @loop")]
    timed = head + "".join(REPEATED.format(k=k, call=call) for k, call in enumerate(calls))
    code = Code(timed, target, tuple(f"time{k}" for k in range(len(calls))))
    constants = _aligned(assembly.constants)
    for k, part in enumerate(_described(program, trace, head, calls, target)):
        yield replace(part, nanoseconds=_timed(code, f"time{k}", scratch, constants, effort))


def _described(program: Program, trace: Trace, text: str, calls: list[str], target: Target) -> Iterator[Part]:
    """What each call does, not yet timed. A function without positions packs for the loop that comes after it."""
    roots = saturated(simplified([trace.tensors[name].node for name in program.output_names]))
    carried, planned = choose_carriers(roots), plan(roots)
    loops, layers = iter(planned), _layers(program, trace, planned)
    loop, layer = next(loops), next(layers)
    for call in calls:
        name = call.split("@")[1].split("(")[0]
        function = text.partition(f"@{name}(")[2].partition("\n}")[0]
        adds = _added(loop, carried, target, "tdpb" in function)
        if "\nposition:" not in function:
            yield Part(program.name, target.vector, "pack for", layer, "", f"groups for {adds.split(',')[0]}", 0)
            continue
        stores = f"{loop.node.size} x {carried[loop.into].carrier}"
        yield Part(program.name, target.vector, "compute", layer, adds, stores, 0)
        loop, layer = next(loops, loop), next(layers, layer)


def _added(loop: Loop, carried: Mapping[Node, Carried], target: Target, tiles: bool) -> str:
    """How the sums of a loop are added up, and how many products one of them has."""
    return ", ".join(dict.fromkeys(_sum(node, carried, target, tiles) for node, _ in loop.sums))


def _sum(node: Node, carried: Mapping[Node, Carried], target: Target, tiles: bool) -> str:
    if isinstance(node, nodes.Dot):
        method = choose_method(node, carried[node], room_to_start(node), target).name
        return f"{'tiles' if tiles else method}, {node.weights.shape[0]} products"
    assert isinstance(node, nodes.Fold)
    return f"cast at each of {len(node.sequences[0][1])} turns"


def _layers(program: Program, trace: Trace, loops: list[Loop]) -> Iterator[str]:
    """Which operations each loop computes, "first to last", or which one it is a step towards.

    The last is found by size and bounds, from the last loop (which stores the output) to the first; the first is the
    one whose weights the loop multiplies with.
    """
    waiting = [(op.name, trace.tensors[op.name].node) for op in program.operations]
    found: list[str] = []
    current = waiting[-1][0]
    for loop in reversed(loops):
        key = loop.into.size, loop.into.low, loop.into.high
        places = [i for i, (_, node) in enumerate(waiting) if (node.size, node.low, node.high) == key]
        if places:
            current, waiting = waiting[places[-1]][0], waiting[: places[-1]]
        first = _weighted(program, loop)
        found.append(
            f"within {current}" if not places else current if first in ("", current) else f"{first} to {current}"
        )
    return reversed(found)


def _weighted(program: Program, loop: Loop) -> str:
    """The operation whose weights the loop's sums have; '' if there is none."""
    for op in program.operations:
        if isinstance(op, Dense | Conv2D):
            weights = op.weights.mantissa.reshape(-1, op.weights.mantissa.shape[-1])
            if any(isinstance(node, nodes.Dot) and np.array_equal(weights, node.weights) for node, _ in loop.sums):
                return op.name
    return ""


def _read(program: Program, assembly: Assembly, target: Target, scratch: np.ndarray, effort: Effort) -> Iterator[Part]:
    given = events.mantissas(program, target.vector)
    for port in (port for port in program.inputs if port.name in assembly.given):
        size, dtype = math.prod(port.shape), given[port.name].dtype
        job = Load(size, dtype.str, assembly.given[port.name], port.type.minimum, port.type.maximum)
        taken = _port(loader(job, target), target, given[port.name], scratch, effort)
        yield Part(program.name, target.vector, "read", port.name, "", f"{size} x {dtype}", taken)


def _written(
    program: Program, assembly: Assembly, target: Target, scratch: np.ndarray, effort: Effort
) -> Iterator[Part]:
    for port in program.outputs:
        size, buffer = math.prod(port.shape), assembly.made[port.name]
        array = np.zeros((target.vector, size), np.int64)
        taken = _port(storer(Store(size, buffer), target), target, array, scratch, effort)
        yield Part(program.name, target.vector, "write", port.name, "", f"{size} x {Form().dtype}", taken)


def _port(text: str, target: Target, array: np.ndarray, scratch: np.ndarray, effort: Effort) -> float:
    """Nanoseconds to read or write one block."""
    code = Code(text + REPEATED.format(k=0, call="  %bad = call i64 @port(ptr %c, ptr %s)"), target, ("time0",))
    return _timed(code, "time0", scratch, array, effort)


def _timed(code: Code, name: str, scratch: np.ndarray, other: np.ndarray, effort: Effort) -> float:
    """Nanoseconds of one run of what the function repeats."""
    function = _REPEAT(code.address(name))
    return best_of(partial(function, scratch.ctypes.data, other.ctypes.data, RUNS), effort) / RUNS * 1e9


def _merged(parts: list[Part]) -> list[Part]:
    """Parts that are described alike as one, such as the turns of a recurrent layer."""
    groups: dict[Part, list[float]] = {}
    for part in parts:
        groups.setdefault(replace(part, nanoseconds=0), []).append(part.nanoseconds)
    return [_together(part, times) for part, times in groups.items()]


def _together(part: Part, times: list[float]) -> Part:
    stores = part.stores if len(times) == 1 else f"{len(times)} times {part.stores}"
    return replace(part, stores=stores, nanoseconds=sum(times))


def _aligned(content: bytes) -> np.ndarray:
    """A copy of `content` that starts where a cache line does."""
    whole = np.zeros(len(content) + ALIGNMENT, np.uint8)
    start = -whole.ctypes.data % ALIGNMENT
    values = whole[start : start + len(content)]
    values[:] = np.frombuffer(content, np.uint8)
    return values

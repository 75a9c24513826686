"""The emulator as it is measured: the public class, with the native engine on a given number of threads."""

import os

from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.program.program import Program

CORES = len(os.sched_getaffinity(0))


def thread_counts() -> tuple[int, ...]:
    """One thread, and as many as there are cores."""
    return (1,) if CORES == 1 else (1, CORES)


def emulator(program: Program, threads: int = CORES) -> Emulator:
    """A new one, with an engine of its own, so that nothing is warm."""
    return Emulator(program, NativeEngine(threads=threads))


def left_to_reference(program: Program) -> list[str]:
    """Operations that the native engine hands to the reference engine; none, unless it can't make code of them."""
    stages = NativeEngine(threads=1).stages(program, program.output_names)
    return [op.name for stage in stages if stage.code is None for op in stage.program.operations]

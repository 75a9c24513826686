"""The emulator as it is measured: the public class, with the native engine on a given number of threads."""

import os

from trigger_nn.engines.emulator import Emulator
from trigger_nn.engines.native import stages
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.program.program import Program

CORES = len(os.sched_getaffinity(0))


def thread_counts() -> tuple[int, ...]:
    """One thread, and as many as there are cores."""
    return (1,) if CORES == 1 else (1, CORES)


def emulator(program: Program, threads: int = CORES, narrow: bool = False) -> Emulator:
    """A new one; its engine finds code that this process has made before, unless it is told to `forget_code`."""
    return Emulator(program, NativeEngine(threads=threads, narrow=narrow))


def forget_code() -> None:
    """Make every program's code anew when a new engine first sees it."""
    stages._compiled.cache_clear()


def left_to_reference(program: Program) -> list[str]:
    """Operations that the native engine hands to the reference engine; none, unless it can't make code of them."""
    stages = NativeEngine(threads=1).stages(program, program.output_names)
    return [op.name for stage in stages if stage.code is None for op in stage.program.operations]

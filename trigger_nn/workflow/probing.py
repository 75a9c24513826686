"""A tiny program on the native engine and on the reference, to see whether machine code gives the right bits here."""

import time
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.reference import run_reference
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Dense, Relu
from trigger_nn.program.program import Port, Program

EVENTS, WIDTH, SEED = 1000, 16, 8
INPUT, WEIGHT, BIAS = Fixed(True, 8, 4), Fixed(True, 6, 1), Fixed(True, 10, 4)
SUM, RESULT = Fixed(True, 20, 10), Fixed(False, 8, 4, Rounding.RND_CONV, Overflow.SAT)


@dataclass(frozen=True)
class Probe:
    """`targets`: instruction sets this processor can run, the fastest first, which is taken; all of them were tried.

    `seconds`: to make and run the code of the first. `error`: how it failed, "" if every bit was right.
    """

    targets: tuple[str, ...]
    seconds: float
    error: str


def probe_engine() -> Probe:
    """Run a dense layer and a relu on random mantissas, on each target, against the reference engine."""
    try:
        from trigger_nn.engines.native.engine import NativeEngine
        from trigger_nn.engines.native.machine import runnable
    except ImportError as error:
        return Probe((), 0.0, f"can't be loaded ({error})")
    program, events = _program(), _events()
    wanted = run_reference(program, events, program.output_names)["relu"]
    took, wrong = [], ""
    for target in runnable():
        started = time.monotonic()
        try:
            found = NativeEngine(threads=1, target=target)(program, events, program.output_names)["relu"]
        except (RuntimeError, OSError) as error:  # what LLVM raises
            wrong = wrong or f"can't make code for {target.name} ({error})"
            continue
        took.append(time.monotonic() - started)
        if not np.array_equal(found, wanted):
            wrong = wrong or f"gives wrong bits on {target.name}"
    return Probe(tuple(target.name for target in runnable()), took[0] if took else 0.0, wrong)


def _events() -> dict[str, np.ndarray]:
    return {"x": np.random.default_rng(SEED).integers(INPUT.minimum, INPUT.maximum + 1, (EVENTS, WIDTH))}


def _program() -> Program:
    random = np.random.default_rng(SEED)

    def constant(kind: Fixed, *shape: int) -> Constant:
        return Constant(random.integers(kind.minimum, kind.maximum + 1, shape), kind)

    dense = Dense(
        name="dense", inputs=("x",), shape=(WIDTH,), type=SUM, weights=constant(WEIGHT, WIDTH, WIDTH),
        bias=constant(BIAS, WIDTH), accumulator=SUM, reuse_factor=1,
    )  # fmt: skip
    relu = Relu(name="relu", inputs=("dense",), shape=(WIDTH,), type=RESULT)
    return Program("probe", (Port("x", (WIDTH,), INPUT),), (dense, relu), ("relu",))

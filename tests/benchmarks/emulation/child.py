"""What must be measured in a fresh process: python -m tests.benchmarks.emulation.child start|memory|way file ...

Prints one JSON object. Imports are made where they are timed, and nothing but the package's light half.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


def start(path: Path) -> dict[str, float]:
    """Seconds of the imports, of loading, and of the first and second score of one event."""
    times = [time.perf_counter()]
    import numpy as np

    from tests.benchmarks.emulation.ours import emulator
    from trigger_nn.program.program import Program

    times.append(time.perf_counter())
    program = Program.load(path)
    times.append(time.perf_counter())
    event = {port.name: np.zeros((1, *port.shape), np.int64) for port in program.inputs}
    ours = emulator(program)
    for _ in range(2):
        ours.predict_mantissas(event)
        times.append(time.perf_counter())
    names = ("imports", "load", "first", "second")
    return {name: after - before for name, before, after in zip(names, times[:-1], times[1:], strict=True)}


def memory(path: Path, count: int) -> dict[str, int]:
    """Peak resident bytes before and after scoring `count` events at once, and the sizes of both arrays."""
    from tests.benchmarks.emulation.events import mantissas
    from tests.benchmarks.emulation.ours import emulator
    from trigger_nn.program.program import Program

    program = Program.load(path)
    ours = emulator(program)
    block = mantissas(program, min(count, 1024))
    ours.predict_mantissas(block)  # code is there, threads run
    given = {name: _repeated(values, count) for name, values in block.items()}
    before = _peak()
    scores = ours.predict_mantissas(given)
    return {
        "before": before,
        "peak": _peak(),
        "given": sum(values.nbytes for values in given.values()),
        "scores": scores.nbytes,
    }


def way(path: Path, name: str, *modules: str) -> dict[str, float]:
    """Seconds of importing `modules`, and from a loaded program to its first score by the way of that name."""
    from importlib import import_module

    began = time.perf_counter()
    for module in modules:
        import_module(module)
    imported = time.perf_counter()
    from tests.benchmarks.emulation.ways import first_score
    from trigger_nn.program.program import Program

    program = Program.load(path)
    loaded = time.perf_counter()
    first_score(name, program)
    return {"imports": imported - began, "first": time.perf_counter() - loaded}


def _repeated(block: Any, count: int) -> Any:
    """`count` events without any array beside the result."""
    import numpy as np

    values = np.empty((count, *block.shape[1:]), block.dtype)
    for first in range(0, count, len(block)):
        values[first : first + len(block)] = block[: count - first]
    return values


def _peak() -> int:
    status = Path("/proc/self/status").read_text()  # getrusage would also count the parent before it became us
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


if __name__ == "__main__":
    task, file, *rest = sys.argv[1:]
    tasks: dict[str, Callable[[], object]] = {
        "start": lambda: start(Path(file)),
        "memory": lambda: memory(Path(file), int(rest[0])),
        "way": lambda: way(Path(file), *rest),
    }
    print(json.dumps(tasks[task]()))

"""Measurements in a process of their own, which knows nothing yet."""

import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[3]


def run_fresh(task: str, *arguments: object) -> dict[str, float]:
    """What `child` prints for a task, and seconds of the `whole` process.

    Raises:
        RuntimeError: the process failed.
    """
    command = [sys.executable, "-m", "tests.benchmarks.emulation.child", task, *map(str, arguments)]
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    whole = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stderr}")
    found: dict[str, float] = json.loads(done.stdout)
    return found | {"whole": whole}

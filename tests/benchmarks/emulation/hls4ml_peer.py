"""hls4ml's own emulation: the C++ of the same graph that the Program was lowered from, built by hls4ml's script.

Two ways to run it: `predict`, one Python call an event, and the shared library called in a loop of C, on as many
threads as asked, each with a copy of the library of its own.
"""

import contextlib
import ctypes
import io
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

LOOP = Path(__file__).with_name("loop.c")


def build(graph: Any) -> None:
    """Write the project, run g++ (with hls4ml's flags, -O3) and load the library; 5 to 10 s."""
    with contextlib.redirect_stdout(io.StringIO()):
        graph.compile()


def predict(graph: Any, numbers: np.ndarray) -> np.ndarray:
    """Scores of `numbers` (float32), (events, outputs)."""
    return np.asarray(graph.predict(numbers)).reshape(len(numbers), -1)


def looped(graph: Any, folder: Path, most: int) -> Callable[[np.ndarray, int], np.ndarray]:
    """A function of numbers (float32) and up to `most` threads: scores, (events, outputs), by the library alone."""
    loop = _loop(folder)
    tops = [_copy(graph, folder / f"copy{k}.so") for k in range(most)]
    addresses = (ctypes.c_void_p * most)(*(ctypes.cast(top, ctypes.c_void_p).value for top in tops))
    outputs = int(np.prod(graph.get_output_variables()[0].shape))

    def run(numbers: np.ndarray, threads: int) -> np.ndarray:
        scores = np.empty((len(numbers), outputs), np.float32)
        size = numbers.size // len(numbers)
        failed = loop(addresses, numbers.ctypes, scores.ctypes, len(numbers), size, outputs, threads)
        if failed:
            raise RuntimeError(f"{failed} of {threads} threads for hls4ml's library could not be started.")
        return scores

    return run


def _loop(folder: Path) -> Any:
    library = folder / "loop.so"
    subprocess.run(["gcc", "-O3", "-shared", "-fPIC", "-pthread", str(LOOP), "-o", str(library)], check=True)
    function = ctypes.CDLL(str(library)).loop
    function.argtypes = [ctypes.c_void_p] * 3 + [ctypes.c_long] * 3 + [ctypes.c_int]
    return function


def _copy(graph: Any, path: Path) -> Any:
    """The top function for float32 of a copy of the graph's library, which has static variables of its own."""
    shutil.copyfile(graph._top_function_lib._name, path)
    return getattr(ctypes.CDLL(str(path)), f"{graph.config.get_project_name()}_float")

"""A block that is built for simulation: a shared library, and the calls of its driver."""

import contextlib
import ctypes
import tempfile
import time
import weakref
from _ctypes import dlclose
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.simulation import buses, library, verilator
from trigger_nn.hardware.simulation.process import Deadline

SECONDS = 900.0  # that building and running may take, unless told otherwise
WORDS = 1 << 20  # of inputs and outputs in one call of the driver, so that a limit in time is seen soon
POINTER, COUNT = ctypes.c_void_p, ctypes.c_int64


@dataclass(frozen=True)
class Cycles:
    """What a block gave, cycle by cycle: what rising edge k would sample at its outputs is row k.

    `words` is int64 (cycles, words) as in `buses`, `out_valid` bool (cycles); `seconds` is what it took.
    """

    words: np.ndarray
    out_valid: np.ndarray
    seconds: float


@dataclass(frozen=True)
class Model:
    """A block that is built; `seconds` is what building took, `version` is Verilator's."""

    rtl: Rtl
    driver: ctypes.CDLL
    deadline: Deadline
    seconds: float
    version: str

    def run(self, words: np.ndarray, in_valid: np.ndarray, reset: np.ndarray, seed: int = 1) -> Cycles:
        """Drive the block from its state after power-up, of which all that has no initial value is random.

        Args:
            words: int64 (cycles, words), in row k what rising edge k samples at the inputs.
            in_valid: bool (cycles).
            reset: bool (cycles).
            seed: of the random state.

        Raises:
            ToolFailed: it took too long.
        """
        # Verilator keeps data of each thread, which hold the library in memory until the thread ends: so one for a run.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(self._run, words, in_valid, reset, seed).result()

    def _run(self, words: np.ndarray, in_valid: np.ndarray, reset: np.ndarray, seed: int) -> Cycles:
        start = time.monotonic()
        simulation = POINTER(self.driver.simulation_new(ctypes.c_int(seed)))
        try:
            given, valid = self._steps(simulation, np.ascontiguousarray(words), in_valid, reset)
        finally:
            self.driver.simulation_delete(simulation)
        return Cycles(given, valid.astype(bool), time.monotonic() - start)

    def _steps(
        self, simulation: ctypes.c_void_p, words: np.ndarray, in_valid: np.ndarray, reset: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        signals = [np.ascontiguousarray(signal, np.uint8) for signal in (reset, in_valid)]
        in_width, out_width = buses.widths(self.rtl.inputs), buses.widths(self.rtl.outputs)
        out_signed = buses.signs(self.rtl.outputs)
        valid, given = np.zeros(len(words), np.uint8), np.zeros((len(words), len(out_width)), np.int64)
        step = max(1, WORDS // (len(in_width) + len(out_width)))
        for first in range(0, len(words), step):
            if not self.deadline.left:
                raise self.deadline.passed(f"The simulation of block {self.rtl.name}, at cycle {first},")
            self.driver.simulation_run(
                simulation, COUNT(min(step, len(words) - first)), *(_at(signal[first:]) for signal in signals),
                _at(words[first:]), COUNT(len(in_width)), _at(in_width), _at(valid[first:]),
                _at(given[first:]), COUNT(len(out_width)), _at(out_width), _at(out_signed),
            )  # fmt: skip
        return given, valid


@contextlib.contextmanager
def built(rtl: Rtl, seconds: float = SECONDS) -> Iterator[Model]:
    """Build `rtl` for simulation in a temporary folder, which is removed at the end.

    Args:
        rtl: a Verilog block.
        seconds: wall-clock time that building and all runs may take together.

    Raises:
        ToolNotFound: there is no Verilator or no g++.
        ToolFailed: the block can't be built (see `verilator.translate`), has elements of more than 64 bits, or took
            too long.
    """
    buses.refuse_wide((*rtl.inputs, *rtl.outputs), rtl.name)
    tool, deadline, start = verilator.find(), Deadline.after(seconds), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="trigger_nn_simulation_") as name:
        folder = Path(name)
        sources = verilator.translate(rtl, tool, folder, deadline)
        driver = ctypes.CDLL(str(library.build(sources, tool, folder, deadline)))
        # Python keeps libraries for ever; this one goes when nothing can call it any more.
        weakref.finalize(driver, dlclose, driver._handle)
        driver.simulation_new.restype = POINTER
        driver.simulation_delete.restype = driver.simulation_run.restype = None
        yield Model(rtl, driver, deadline, time.monotonic() - start, tool.version)


def _at(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(POINTER)

"""The bundle's C++ emulator beside hls4ml's own g++ library: python -m tests.benchmarks.emulator_cpp

Both score the same events in a loop of compiled code, on one thread, in turns; hls4ml's is built with its own flags
(-O3), ours with -O2 and for no particular processor. Scores are compared first, bit for bit.
"""

import ctypes
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tests.benchmarks.emulation import hls4ml_peer
from tests.benchmarks.emulation.events import mantissas, numbers
from tests.benchmarks.emulation.exactness import compare
from tests.benchmarks.emulation.measure import Effort, in_turns
from tests.benchmarks.emulation.networks import build
from trigger_nn.handoff.design import Identity
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program

MODELS = {"tagger": 4096, "event_image": 512}  # events that both score
EFFORT = Effort(seconds=0.3, rounds=5)
CALL = """#include "{0}.h"

extern "C" void batch(std::size_t events, const std::int64_t *const *from, std::int64_t *const *to) {{
    {0}::run_batch(events, from, to);
}}
"""


@dataclass(frozen=True)
class Speed:
    """Events per second of one network, one thread."""

    network: str
    ours: float
    hls4ml: float

    def __str__(self) -> str:
        """One line."""
        return f"{self.network:12} {self.ours:12,.0f} {self.hls4ml:12,.0f} {self.ours / self.hls4ml:8.1f}"


def loaded(program: Program, folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """The emulator built by g++ -O2: a function of mantissas (events, *shape) of the one input, int64."""
    identity = Identity(program.name, program.digest)
    for path, content in emulator_files(identity, program, 1, "vectors/design").items():
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_bytes(content)
    call, library = folder / "call.cpp", folder / "emulator.so"
    call.write_text(CALL.format(identity.symbol))
    sources = [str(folder / f"{identity.symbol}.cpp"), str(call)]
    subprocess.run(["g++", "-std=c++17", "-O2", "-fPIC", "-shared", *sources, "-o", str(library)], check=True)
    return partial(_scores, ctypes.CDLL(str(library)).batch, program)


def _scores(batch: Callable[..., None], program: Program, given: np.ndarray) -> np.ndarray:
    scores = np.empty((len(given), *program.outputs[0].shape), np.int64)
    tables = [(ctypes.c_void_p * 1)(array.ctypes.data) for array in (given, scores)]
    batch(ctypes.c_size_t(len(given)), *tables)
    return scores


def measure(name: str, events: int, folder: Path) -> Speed:
    """Build both, compare them, time them."""
    compiled = build(name).compile()
    program = compiled.program
    port, output = program.inputs[0], program.outputs[0]
    drawn = mantissas(program, events)
    whole, real = drawn[port.name].astype(np.int64), numbers(program, drawn)
    ours = loaded(program, folder)
    hls4ml_peer.build(compiled.graph)
    theirs = hls4ml_peer.looped(compiled.graph, folder, 1)
    compare("hls4ml C loop", theirs(real, 1), to_float(ours(whole), output.type))
    calls = {"ours": partial(ours, whole), "hls4ml": partial(theirs, real, 1)}
    seconds = in_turns(calls, EFFORT)
    return Speed(name, events / seconds["ours"], events / seconds["hls4ml"])


def main() -> None:
    """Print a table."""
    print(f"{'events/s':12} {'C++ emulator':>12} {'hls4ml':>12} {'ratio':>8}")
    for name, events in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            print(measure(name, events, Path(folder)), flush=True)


if __name__ == "__main__":
    main()

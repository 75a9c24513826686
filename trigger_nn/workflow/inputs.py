"""Events on disk -> numbers or mantissas of a program's input ports."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import EventsError
from trigger_nn.events.inputs import column_for, mantissas_for
from trigger_nn.events.storage.dataset import SPLITS
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.files import check_readable
from trigger_nn.program.fixed import to_float
from trigger_nn.program.program import Program
from trigger_nn.workflow.arrays import DAMAGE


def mantissas_at(program: Program, path: Path, split: str = "test") -> dict[str, np.ndarray]:
    """Mantissas by input port from `path`; see `numbers_at`."""
    return Emulator(program).cast(numbers_at(program, path, split))


def numbers_at(program: Program, path: Path, split: str = "test") -> Mapping[str, np.ndarray]:
    """Numbers by input port from `path`, not cast yet.

    An events file of this package (HDF5; its `split`), an array of numbers (.npy), or for several inputs arrays of
    numbers by port name (.npz).

    Raises:
        EventsError: the file is missing, unreadable, empty, or does not fit the program's ports.
    """
    array = path.suffix in (".npy", ".npz")
    found = _arrays(program, path) if array else {program.inputs[0].name: _column(program, path, split)}
    if not all(values.ndim and len(values) for values in found.values()):
        raise EventsError(f"{path} holds no events; give a file with some.")
    return found


def _arrays(program: Program, path: Path) -> dict[str, np.ndarray]:
    names = [port.name for port in program.inputs]
    if not path.is_file():
        raise EventsError(f"There is no file of arrays at {path}; give the path of one, .npy or .npz.")
    check_readable(path)
    try:
        stored = np.load(path, mmap_mode="r")
        if isinstance(stored, np.ndarray):
            stored = {names[0]: stored}
        arrays = {name: stored[name] for name in names if name in stored}
    except DAMAGE as error:
        # numpy takes whatever it does not know for pickled objects, and says how to load them at one's own risk.
        reason = "it holds pickled objects, or is no file of numpy" if "pickle" in str(error) else error
        raise EventsError(f"{path} is no array: {reason}; write it with numpy.save or numpy.savez.") from None
    missing = [name for name in names if name not in arrays]
    if missing:
        raise EventsError(
            f"{path} has nothing for input {missing[0]!r}; write one array for each of {', '.join(names)} with "
            "numpy.savez(path, name=array, ...)."
        )
    return arrays


def _column(program: Program, path: Path, split: str) -> np.ndarray:
    if len(program.inputs) != 1:
        names = ", ".join(port.name for port in program.inputs)
        raise EventsError(f"The program has several inputs ({names}); give their arrays in one .npz file.")
    if split not in SPLITS:
        raise EventsError(f"There is no split {split!r}; choose one of {', '.join(SPLITS)}.")
    sample = read_sample(path)
    if split not in sample.splits:
        raise EventsError(f"{path} has no split {split!r}; it has: {', '.join(sample.splits)}.")
    name, port = column_for(sample, program), program.inputs[0]
    return to_float(mantissas_for(sample.splits[split][name], sample.column(name), port), port.type)

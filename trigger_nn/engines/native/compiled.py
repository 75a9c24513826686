"""A stage of a program as machine code: compiled once, then run on arrays of any number of events."""

import ctypes
import math
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from threading import Lock

import numpy as np

from trigger_nn.engines.native.code.assemble import Assembly, assemble
from trigger_nn.engines.native.code.memory import ALIGNMENT
from trigger_nn.engines.native.code.ports import Load, Store, loader, storer
from trigger_nn.engines.native.machine import Code
from trigger_nn.engines.native.steps.carriers import smallest
from trigger_nn.engines.native.steps.making import Traced
from trigger_nn.engines.native.target import Target
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port

CHUNK = 1 << 15  # events that a thread takes at a time, at most
FIRST = 1 << 11  # events that the calling thread does before others are started
WORTH_THREADS = 2e-3  # seconds of work for which threads are started
_DRIVE = ctypes.CFUNCTYPE(
    ctypes.c_int64, *[ctypes.c_void_p] * 2, ctypes.c_int64, ctypes.c_void_p, *[ctypes.c_int64] * 2
)


@dataclass(frozen=True)
class Array:
    """An input as it is given: values (events, elements), and the type that numbers are cast to (None: mantissas).

    Mantissas that are `checked` are in their port's range; they may be low bits of wider ones.
    """

    values: np.ndarray
    cast: Fixed | None = None
    checked: bool = False


@dataclass(frozen=True)
class Form:
    """How an output is wanted: integers, or float64 times 2^-fraction."""

    kind: str = "i64"
    fraction: int = 0

    @property
    def dtype(self) -> np.dtype:
        """The array's."""
        return np.dtype(f"{self.kind[0]}{int(self.kind[1:]) // 8}")

    @staticmethod
    def narrowest(kind: Fixed) -> "Form":
        """The fewest bits of signed or unsigned integers that hold the type's mantissas."""
        found = smallest(kind.minimum, kind.maximum)
        return Form(found or "i64")


@dataclass
class Compiled:
    """Machine code for tensors `made` of tensors `given`; code that reads and writes arrays is made when needed."""

    assembly: Assembly
    target: Target
    ports: Mapping[str, Port]
    _code: Code = field(init=False)
    _doors: dict[Load | Store, Code] = field(default_factory=dict)
    _spare: list[np.ndarray] = field(default_factory=list)
    _making: Lock = field(default_factory=Lock)

    def __post_init__(self) -> None:
        self._code = Code(self.assembly.text, self.target, ("drive",))
        self._drive = _DRIVE(self._code.address("drive"))

    @cached_property
    def _constants(self) -> np.ndarray:
        values = _aligned(len(self.assembly.constants))
        values[:] = np.frombuffer(self.assembly.constants, np.uint8)
        return values

    def run(
        self, events: int, inputs: Mapping[str, Array], outputs: Mapping[str, Form], threads: int
    ) -> dict[str, np.ndarray] | None:
        """Tensors (events, elements), each in its form.

        None if a value of the inputs is out of range, not finite, or a number too large to be cast here.
        """
        made = {name: np.empty((events, _size(self.ports[name])), form.dtype) for name, form in outputs.items()}
        doors = self._open(inputs, outputs)
        part = partial(self._part, doors, inputs, made)
        first, rest = self._begun(part, events, threads)
        if len(rest) > 1 and threads > 1:
            with ThreadPoolExecutor(min(threads, len(rest))) as pool:
                fine = [first, *pool.map(part, rest)]
        else:
            fine = [first, *map(part, rest)]
        return made if all(fine) else None

    def _begun(
        self, part: Callable[[tuple[int, int]], bool], events: int, threads: int
    ) -> tuple[bool, list[tuple[int, int]]]:
        """The first events done, and what is left, in parts for each thread.

        How long they took says whether the others are worth threads, which take a while to start.
        """
        width = self.target.vector
        begun = min(events, FIRST // width * width)
        started = time.perf_counter()
        fine = part((0, begun)) if begun else True
        seconds = time.perf_counter() - started
        alone = threads == 1 or seconds * (events - begun) < WORTH_THREADS * begun
        return fine, list(_chunks(begun, events, width, 1 if alone else threads))

    def _open(self, inputs: Mapping[str, Array], outputs: Mapping[str, Form]) -> list[int]:
        """Addresses of the functions that read inputs and write outputs, in order."""
        addresses = []
        for name, array in inputs.items():
            port = self.ports[name]
            kind = array.values.dtype.str.replace(">", "<")
            unchecked = port.type.minimum, port.type.maximum
            low, high = (-(1 << 64), 1 << 64) if array.checked else unchecked
            addresses.append(self._door(Load(_size(port), kind, self.assembly.given[name], low, high, array.cast)))
        for name, form in outputs.items():
            size, buffer = _size(self.ports[name]), self.assembly.made[name]
            addresses.append(self._door(Store(size, buffer, form.kind, form.fraction)))
        return addresses

    def _door(self, job: Load | Store) -> int:
        with self._making:  # or one thread could drop the code that another runs
            if job not in self._doors:
                text = loader(job, self.target) if isinstance(job, Load) else storer(job, self.target)
                self._doors[job] = Code(text, self.target, ("port",))
            return self._doors[job].address("port")

    def _part(
        self, doors: list[int], inputs: Mapping[str, Array], made: Mapping[str, np.ndarray], job: tuple[int, int]
    ) -> bool:
        """Whole blocks where they lie; the rest of a block in a copy that is filled up with its last event."""
        start, end = job
        width = self.target.vector
        whole = (end - start) // width * width
        given = [array.values[start:end] for array in inputs.values()]
        results = [values[start:end] for values in made.values()]
        fine = not whole or self._drive_over(doors, len(given), given + results, whole // width)
        if whole == end - start:
            return fine
        rest = end - start - whole
        padded = [np.zeros((width, values.shape[1]), values.dtype) for values in given + results]
        for block, values in zip(padded, given, strict=False):
            block[:rest] = values[whole:]
            block[rest:] = values[-1]  # a real event: another could be beyond the bounds that the code relies on
        fine &= self._drive_over(doors, len(given), padded, 1)
        for values, block in zip(results, padded[len(given) :], strict=True):
            values[whole:] = block[:rest]
        return fine

    def _drive_over(self, doors: list[int], inputs: int, arrays: list[np.ndarray], blocks: int) -> bool:
        width = self.target.vector
        table = np.array(
            [(door, a.ctypes.data, width * a.shape[1] * a.itemsize) for door, a in zip(doors, arrays, strict=True)],
            np.uint64,
        )
        try:
            scratch = self._spare.pop()
        except IndexError:
            scratch = _aligned(self.assembly.scratch)
        try:
            constants = self._constants.ctypes.data
            return self._drive(scratch.ctypes.data, constants, blocks, table.ctypes.data, inputs, len(table)) == 0
        finally:
            self._spare.append(scratch)


def compile_stage(given: Mapping[str, Port], tensors: Mapping[str, tuple[Traced, Port]], target: Target) -> Compiled:
    """Code for `tensors`, traced from inputs `given`.

    Raises:
        TooWideError: a value needs more than 64 bits.
    """
    assembly = assemble({name: traced.node for name, (traced, _) in tensors.items()}, target)
    return Compiled(assembly, target, {**given, **{name: port for name, (_, port) in tensors.items()}})


def _aligned(size: int) -> np.ndarray:
    """Zero bytes that start where a cache line does."""
    whole = np.zeros(size + ALIGNMENT, np.uint8)
    start = -whole.ctypes.data % ALIGNMENT
    return whole[start : start + size]


def _chunks(start: int, end: int, width: int, threads: int) -> list[tuple[int, int]]:
    """Ranges of events in whole blocks, several for each thread so that all end at about the same time."""
    share = -(-(end - start) // (4 * threads)) if threads > 1 else CHUNK
    size = max(width, min(CHUNK, share) // width * width)
    return [(first, min(first + size, end)) for first in range(start, end, size)]


def _size(port: Port) -> int:
    """Elements of an event."""
    return math.prod(port.shape)

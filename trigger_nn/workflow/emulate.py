"""A program over any number of events: in blocks, as an iterator or into a file that survives every interrupt."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger_nn.engines.emulator import Engine
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError, ToolNotFound
from trigger_nn.program.program import Program
from trigger_nn.version import __version__
from trigger_nn.workflow.part import append, finish, part_of
from trigger_nn.workflow.reading import Reading, Source
from trigger_nn.workflow.scores import Job, check_out, score_type
from trigger_nn.workflow.sources import open_sources

DEFAULT_ENGINE = "native"
BLOCKS = {"native": 65536, "reference": 4096}  # most events in a block: a fraction of a second each
MEMORY = 2**26  # bytes that a block's inputs and outputs may take, whatever the size of an event

Report = Callable[[str, int, int], None]
Paths = str | Path | Iterable[str | Path]


@dataclass(frozen=True)
class Scores:
    """Scores of consecutive events of one file.

    scores: by output port, (events, *shape), mantissas of the port's type in the narrowest integers that hold it.
    first: number of the first event among all that are emulated. source: their file. first_in_source: number of the
    first event in it (of an own events file: in its split). All are counted from 0.
    """

    scores: Mapping[str, np.ndarray]
    first: int
    source: Path
    first_in_source: int

    def __len__(self) -> int:
        """Number of events."""
        return len(next(iter(self.scores.values())))


@dataclass(frozen=True)
class Emulated:
    """What was written: where, how many events, of them how many by an earlier run, and at how many events/s."""

    out: Path
    job: Job
    continued: int
    rate: float


def emulate(
    program: Program,
    paths: Paths,
    *,
    split: str = "test",
    columns: Iterable[str] = (),
    mapping: str | Path | None = None,
    tree: str = "",
    mantissas: bool = False,
    block: int | None = None,
    engine: str = DEFAULT_ENGINE,
    threads: int | None = None,
) -> Iterator[Scores]:
    """Scores of the events in `paths`, block by block, in their order; memory does not grow with their number.

    Files are events of this package (file or folder, its `split`), npy, npz, HDF5, parquet and ROOT. Numbers are taken
    from columns named after the input ports, or the only one, or `columns` (several are stacked on the port's last
    axis; `port=column` if there are several ports), or through a foreign `mapping` (TOML). `mantissas`: they are
    integers of the port already. `block` is the largest number of events at once.

    Raises:
        EventsError: a file is missing, damaged or does not fit the program; what its header tells at once, the rest
            when its block is reached.
        ToolNotFound: the library that reads a file is not installed.
    """
    reading = Reading(split, tuple(columns), None if mapping is None else Path(mapping), tree, mantissas)
    for port in program.outputs:
        score_type(port)
    given = (paths,) if isinstance(paths, str | Path) else tuple(paths)
    sources = open_sources(program, tuple(map(Path, given)), reading)
    return run_sources(program, sources, engine_named(engine, threads), block_size(program, engine, block), 0)


def emulate_to_file(
    program: Program, sources: tuple[Source, ...], reading: Reading, out: Path, engine: Engine, block: int,
    report: Report, restart: bool = False,
) -> Emulated:  # fmt: skip
    """Emulate `sources` into `out` (.h5: integers with their types, .npy: one array of int64).

    What an interrupted run of the same program, files and options has done is not done again, see `workflow.part`.

    Raises:
        EventsError: as `emulate`, or an interrupted run of something else left scores for `out` (unless `restart`).
        TriggerNNError: the file system refuses.
    """
    job = Job(program.outputs, {
        "program": program.name, "digest": program.digest, "trigger_nn": __version__, "options": reading.facts(),
        "sources": [source.facts() for source in sources],
    })  # fmt: skip
    check_out(out, job)
    started = time.monotonic()
    with part_of(out, job, restart) as (folder, progress):
        before = progress.done
        report("events emulated", before, job.events)
        for scores in run_sources(program, sources, engine, block, before):
            progress = append(folder, job, progress, scores.scores)
            report("events emulated", progress.done, job.events)
        rate = (job.events - before) / max(time.monotonic() - started, 1e-9)
        finish(folder, job, out)
    return Emulated(out, job, before, rate)


def engine_named(name: str, threads: int | None = None) -> Engine:
    """The engine called native (on `threads` threads, None: all cores) or reference.

    Raises:
        EventsError: there is none of this name. ToolNotFound: its code generator is not installed.
    """
    if name not in BLOCKS:
        raise EventsError(f"There is no engine {name!r}; choose one of {', '.join(BLOCKS)}.")
    if name == "reference":
        return run_reference
    try:
        from trigger_nn.engines.native.engine import NativeEngine
    except ImportError as error:
        raise ToolNotFound(
            f"The native engine can't be loaded ({error}); run: pip install llvmlite, or give --engine reference."
        ) from None
    return NativeEngine(threads, narrow=True)


def block_size(program: Program, engine: str, wanted: int | None = None) -> int:
    """Events in a block: as many as wanted, or as suits the engine, but never more than memory should hold."""
    # Numbers arrive as float64 at worst and leave the cast as int64; outputs leave the engine as int64.
    numbers = sum(2 * _size(port.shape) for port in program.inputs) + sum(_size(port.shape) for port in program.outputs)
    if wanted is not None and wanted < 1:
        raise EventsError(f"A block of {wanted} events is none; give at least 1.")
    return max(1, min(wanted or BLOCKS[engine], MEMORY // (8 * numbers)))


def _size(shape: tuple[int, ...]) -> int:
    return int(np.prod(shape, dtype=np.int64))


def run_sources(
    program: Program, sources: tuple[Source, ...], engine: Engine, block: int, start: int = 0
) -> Iterator[Scores]:
    """Scores of `sources` from event `start` of all on, at most `block` events at a time.

    Raises:
        EventsError: a file is damaged, holds fewer events than it lists, or was changed in the meantime.
    """
    types, before = {port.name: score_type(port) for port in program.outputs}, 0
    for source in sources:
        done = max(start - before, 0)
        if done < source.events:
            _check_unchanged(source)
            for inputs in source.reader.blocks(done, block):
                found = engine(program, inputs, program.output_names)
                scores = Scores(
                    {n: found[n].astype(t, copy=False) for n, t in types.items()}, before + done, source.path, done
                )
                done += len(scores)
                yield scores
            _check_unchanged(source)
            if done != source.events:
                raise EventsError(f"{source.path} lists {source.events} events, but holds {done}; copy it again.")
        before += source.events


def _check_unchanged(source: Source) -> None:
    stat = source.path.stat()
    if (stat.st_size, stat.st_mtime_ns) != (source.size, source.modified):
        raise EventsError(
            f"{source.path} was changed while its events were emulated; begin again when it is complete (--restart)."
        )

"""Stages of making events that are kept: particles, and the pile-up library. A file's place is the digest of its cause.

Below the cache folder: `particles/<digest>/`, `library/<digest>/` and `views/<digest>/`, a file for each shard. A file
that is there is complete, so an interrupted command goes on where it stopped, and a new detector, pile-up or
view reads particles again instead of generating them.
"""

import json
import time
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import h5py
import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.detector.parameters import DetectorSpec
from trigger_nn.events.detector.simulate import TRACK_ARRAYS, Collisions, Tracks, simulate
from trigger_nn.events.flat import concatenated
from trigger_nn.events.generation.particles import Origin, read_particles, write_particles
from trigger_nn.events.generation.processes import Process
from trigger_nn.events.generation.pythia import Generator, write_multiparton
from trigger_nn.files import replacing, sha256

STAGE_VERSIONS = {"particles": 1, "library": 1, "views": 1}  # raised when the code of a stage changes its result
STALE = 600  # seconds after which a half-written file is nobody's


def digest(stage: str, *causes: object) -> str:
    """Sixteen hexadecimal digits of everything that decides a stage's result, versions of earlier stages included."""
    so_far = list(STAGE_VERSIONS.items())[: list(STAGE_VERSIONS).index(stage) + 1]
    return sha256(json.dumps([so_far, *causes], sort_keys=True, default=str).encode())[:16]


def seed_of(recipe_seed: int, purpose: str, split: str, shard: int) -> int:
    """A seed that depends on what is made and on nothing else, in Pythia's range of 1 to 900,000,000."""
    return 1 + zlib.crc32(f"{recipe_seed}/{purpose}/{split}/{shard}".encode()) % 900_000_000


def sweep(cache: Path) -> None:
    """Remove what killed commands left half-written."""
    for path in cache.rglob(".*.part"):
        if time.time() - path.stat().st_mtime > STALE:
            path.unlink(missing_ok=True)


@dataclass(frozen=True)
class ParticlesTask:
    """Generate `events` collisions of a process into `path`; `multiparton` is the table for soft processes, or None."""

    path: Path
    process: Process
    energy: float
    seed: int
    events: int
    multiparton: Path | None

    def run(self) -> None:
        """Do it, unless the file is there."""
        if self.path.is_file():
            return
        generator = Generator(self.process, self.energy, self.seed, self.multiparton)
        particles = concatenated(list(generator.batches(self.events)))
        section, error = generator.cross_section_mb, generator.cross_section_error_mb
        write_particles(self.path, particles, Origin(section, error, f"Pythia {generator.version}"))


@dataclass(frozen=True)
class LibraryTask:
    """Pass the particles of one file through the detector into `path`."""

    path: Path
    particles: Path
    detector: DetectorSpec
    seed: int
    events: int

    def run(self) -> None:
        """Do it, unless the file is there."""
        if not self.path.is_file():
            write_collisions(self.path, simulate(read_particles(self.particles), self.detector, self.seed))


def particles_folder(cache: Path, process: Process, energy: float, seed: int, generator: str) -> Path:
    """Where particles of `process` are kept; its multiparton table too."""
    return cache / "particles" / digest("particles", asdict(process), energy, seed, generator)


def multiparton_table(folder: Path, process: Process, energy: float) -> Path | None:
    """Pythia's table for a soft process, made if it is not there; None for a hard one, which initialises at once."""
    if not any(setting.startswith("SoftQCD") for setting in process.settings):
        return None
    path = folder / "multiparton.init"
    if not path.is_file():
        with replacing(path) as temporary:
            write_multiparton(temporary, process, energy)
    return path


# --- collisions behind the detector ----------------------------------------------------------------------------


def write_collisions(path: Path, collisions: Collisions) -> None:
    """Write a library file, energies in single precision."""
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        arrays = {
            "offsets": collisions.offsets,
            "channel": collisions.channel.astype(np.int32),
            "energy": collisions.energy.astype(np.float32),
            "pt_hat": collisions.pt_hat,
            "weight": collisions.weight,
            "tracks/offsets": collisions.tracks.offsets,
        } | {f"tracks/{name}": getattr(collisions.tracks, name) for name in TRACK_ARRAYS}
        for name, values in arrays.items():
            file.create_dataset(name, data=values, compression="gzip", compression_opts=1, shuffle=True)


def read_collisions(path: Path) -> Collisions:
    """Read a library file.

    Raises:
        EventsError: it is missing or damaged.
    """
    try:
        with h5py.File(path, "r") as file:
            own = {name: file[name][()] for name in ("offsets", "channel", "energy", "pt_hat", "weight")}
            tracks = {name: file[f"tracks/{name}"][()] for name in ("offsets", *TRACK_ARRAYS)}
    except (OSError, KeyError) as error:
        raise EventsError(f"{path} is missing or damaged ({error}); remove it and repeat the command.") from None
    own["channel"] = own["channel"].astype(np.int64)  # what bincount wants
    return Collisions(**own, tracks=Tracks(**tracks))

"""Final-state particles of many collisions, as flat arrays, and the file that keeps them.

The file is a cache between Pythia and everything behind it: a new detector, a new pile-up or another view reads it
again instead of generating.
"""

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.flat import event_of
from trigger_nn.files import replacing

NEUTRINOS = (12, 14, 16)
PER_PARTICLE = ("pt", "eta", "phi", "pdg_id", "charge")
PER_EVENT = ("pt_hat", "weight")


@dataclass(frozen=True)
class Particles:
    """Final-state particles of `len(weight)` collisions.

    `offsets[i]:offsets[i + 1]` are the rows of collision i. pT in GeV, phi in radians in (-pi, pi]; `charge` in
    units of e; `pt_hat` in GeV (of the hardest parton scattering); `weight` is the generator's event weight.
    """

    offsets: np.ndarray
    pt: np.ndarray
    eta: np.ndarray
    phi: np.ndarray
    pdg_id: np.ndarray
    charge: np.ndarray
    pt_hat: np.ndarray
    weight: np.ndarray

    def __len__(self) -> int:
        """Number of collisions."""
        return len(self.weight)

    def event(self) -> np.ndarray:
        """Collision number of each particle."""
        return event_of(self.offsets)


@dataclass(frozen=True)
class Origin:
    """What the generator says of a file of particles: cross section and its error (mb), and its own version."""

    cross_section_mb: float
    cross_section_error_mb: float
    generator: str


def write_particles(path: Path, particles: Particles, origin: Origin) -> None:
    """Write to HDF5, in single precision, under another name first."""
    with replacing(path) as temporary, h5py.File(temporary, "w") as file:
        for name in PER_PARTICLE:
            kind = {"pdg_id": np.int32, "charge": np.int8}.get(name, np.float32)
            _store(file, name, getattr(particles, name).astype(kind))
        for name in ("offsets", *PER_EVENT):
            _store(file, name, getattr(particles, name))
        file.attrs["cross_section_mb"] = origin.cross_section_mb
        file.attrs["cross_section_error_mb"] = origin.cross_section_error_mb
        file.attrs["generator"] = origin.generator


def _store(file: h5py.File, name: str, values: np.ndarray) -> None:
    file.create_dataset(name, data=values, compression="gzip", compression_opts=1, shuffle=True, track_times=False)


def read_origin(path: Path) -> tuple[Origin, float]:
    """What the generator said of a file, and its sum of weights."""
    with _opened(path) as file:
        stored = file.attrs
        section, error = float(stored["cross_section_mb"]), float(stored["cross_section_error_mb"])
        return Origin(section, error, str(stored["generator"])), float(file["weight"][()].sum())


def read_particles(path: Path) -> Particles:
    """All collisions of a file, pT, eta and phi in double precision.

    Raises:
        EventsError: the file is missing or damaged.
    """
    with _opened(path) as file:
        arrays = {name: file[name][()] for name in ("offsets", *PER_PARTICLE, *PER_EVENT)}
    for name in ("pt", "eta", "phi"):
        arrays[name] = arrays[name].astype(np.float64)
    return Particles(**arrays)


def _opened(path: Path) -> h5py.File:
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise EventsError(f"{path} is missing or damaged ({error}); remove it and repeat the command.") from None

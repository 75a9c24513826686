"""Make an event sample: particles -> towers -> pile-up -> images, in parallel, the same bits on 1 or N processes.

The background is stitched from two samples so that its tail is populated without counting anything twice.
A crossing whose hardest pile-up collision has pTHat under `hard_above` belongs to zero bias; all others are made as
weighted QCD with one hard collision, and weight 1 / (1 + k) when k of its pile-up collisions are hard as well.
"""

import signal
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass

import numpy as np

from trigger_nn.events import objects
from trigger_nn.events.dataset import SPLITS, Events, Sample
from trigger_nn.events.detector import Calorimeter, Deposits, deposits
from trigger_nn.events.image import ImageGrid, pedestals, quantize_towers, subtract, sum_cells
from trigger_nn.events.pileup import overlay
from trigger_nn.events.processes import INELASTIC, VBF_INVISIBLE, Process, qcd, resonant_hh4b
from trigger_nn.events.pythia import Generator
from trigger_nn.recipe import SampleRecipe
from trigger_nn.version import __version__

PROCESSES = ("zero_bias", "qcd", "hh4b", "vbf_inv")
CHUNK = 1000
PEDESTAL_CROSSINGS = 2000
CALORIMETER = Calorimeter()
IMAGE = ImageGrid()

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Generated:
    """Deposits of one process and split, with what Pythia says of its cross section."""

    deposits: Deposits
    cross_section_mb: float
    pythia: str


@dataclass(frozen=True)
class _Chunk:
    process: Process
    energy: float
    seed: int
    events: int


def make_sample(recipe: SampleRecipe, workers: int, progress: Progress) -> Sample:
    """Generate everything `recipe` asks for on `workers` processes.

    `progress(stage, done, total)` is called as collisions and crossings get ready.
    """
    # Ctrl-C reaches the workers too; they die at once instead of finishing their chunk.
    with ProcessPoolExecutor(workers, initializer=signal.signal, initargs=(signal.SIGINT, signal.SIG_DFL)) as pool:
        libraries = {split: _generate(pool, recipe, INELASTIC, split, progress) for split in SPLITS}
        pedestal_cells, pedestal_towers = _pedestals(libraries["train"], recipe)
        maker = _CrossingMaker(recipe, pedestal_cells, pedestal_towers)
        splits, notes = {}, {}
        for split in SPLITS:
            parts = []
            for name, process in _hard_processes(recipe).items():
                hard = _generate(pool, recipe, process, split, progress) if process else None
                parts.append(maker.events(name, split, libraries[split], hard, progress))
                notes[f"{name}/{split}"] = _note(hard or libraries[split])
            splits[split] = _merge(parts, _seed(recipe, "shuffle", split, 0))
    provenance = _provenance(recipe, libraries, notes, pedestal_cells)
    return Sample(PROCESSES, IMAGE.lsb, IMAGE.bits, CALORIMETER.grid.eta_max, splits, provenance)


@dataclass(frozen=True)
class _CrossingMaker:
    recipe: SampleRecipe
    pedestal_cells: np.ndarray
    pedestal_towers: np.ndarray

    def events(self, name: str, split: str, library: Generated, hard: Generated | None, progress: Progress) -> Events:
        """All crossings of process `name` in `split`, with the rate each stands for."""
        wanted = getattr(getattr(self.recipe, name), split)
        parts, weights, done = [], [], 0
        for chunk in range(-(-wanted // CHUNK)):
            size = min(CHUNK, wanted - chunk * CHUNK)
            own = _slice(hard.deposits, chunk * CHUNK, size) if hard else None
            crossing = overlay(
                own, library.deposits, size, self.recipe.pileup, self.recipe.hard_above,
                CALORIMETER.grid.towers, _seed(self.recipe, f"overlay {name}", split, chunk),
            )  # fmt: skip
            weight = own.weight / (1 + crossing.hard_pileup) if own is not None else (crossing.hard_pileup == 0) * 1.0
            parts.append(self._quantize(crossing.energy, PROCESSES.index(name)))
            weights.append(weight)
            done += size
            progress(f"{name} crossings, {split}", done, wanted)
        whole = _concatenate(parts)
        weight = np.concatenate(weights)
        rate = weight * self._rate_per_weight(name, library, hard, weight)
        whole = _replace_rate(whole, rate)
        return _take(whole, weight > 0) if name == "zero_bias" else whole

    def _quantize(self, energy: np.ndarray, process: int) -> Events:
        towers = quantize_towers(energy, IMAGE)
        cells = sum_cells(towers, CALORIMETER.grid, IMAGE)
        momentum = objects.jets(towers, self.pedestal_towers, CALORIMETER.grid)
        return Events(
            image=subtract(cells, self.pedestal_cells, IMAGE),
            process=np.full(len(cells), process, np.uint8),
            rate=np.zeros(len(cells), np.float32),
            jet_pt=momentum.astype(np.uint16),
            met=objects.missing_momentum(cells, self.pedestal_cells).astype(np.uint16),
        )

    def _rate_per_weight(self, name: str, library: Generated, hard: Generated | None, weight: np.ndarray) -> float:
        """Hz that one unit of weight stands for; 0 for signals, whose cross section no network should learn."""
        if name == "zero_bias":
            return self.recipe.colliding_rate / len(weight)
        if name == "qcd" and hard is not None:
            mean = self.recipe.pileup * hard.cross_section_mb / library.cross_section_mb
            return self.recipe.colliding_rate * mean / float(hard.deposits.weight[: len(weight)].sum())
        return 0.0


def _hard_processes(recipe: SampleRecipe) -> dict[str, Process | None]:
    return {
        "zero_bias": None,
        "qcd": qcd(recipe.hard_above),
        "hh4b": resonant_hh4b(recipe.resonance_mass),
        "vbf_inv": VBF_INVISIBLE,
    }


def _generate(
    pool: ProcessPoolExecutor, recipe: SampleRecipe, process: Process, split: str, progress: Progress
) -> Generated:
    name = "library" if process is INELASTIC else process.name
    wanted = getattr(getattr(recipe, name), split)
    size = 5 * CHUNK if process is INELASTIC else CHUNK  # Pythia takes seconds to initialise inelastic collisions
    chunks = [
        _Chunk(process, recipe.centre_of_mass_energy, _seed(recipe, name, split, i), min(size, wanted - i * size))
        for i in range(-(-wanted // size))
    ]
    parts: list[Generated] = []
    for part in pool.map(_generate_chunk, chunks):
        parts.append(part)
        progress(f"{name} collisions, {split}", sum(len(p.deposits) for p in parts), wanted)
    return Generated(
        join([part.deposits for part in parts]),
        float(np.mean([part.cross_section_mb for part in parts])),
        parts[0].pythia,
    )


def _generate_chunk(chunk: _Chunk) -> Generated:
    generator = Generator(chunk.process, chunk.energy, chunk.seed)
    rng = np.random.default_rng(chunk.seed)
    parts = [deposits(particles, CALORIMETER, rng) for particles in generator.batches(chunk.events)]
    return Generated(_summed(join(parts)), generator.cross_section_mb, generator.version)


def join(parts: list[Deposits]) -> Deposits:
    """Concatenate deposits of several batches into one."""
    shifts = np.cumsum([0, *(int(part.offsets[-1]) for part in parts)])
    offsets = [part.offsets[1:] + shift for part, shift in zip(parts, shifts[:-1], strict=True)]
    return Deposits(
        offsets=np.concatenate([[0], *offsets]),
        tower=np.concatenate([part.tower for part in parts]),
        energy=np.concatenate([part.energy for part in parts]),
        pt_hat=np.concatenate([part.pt_hat for part in parts]),
        weight=np.concatenate([part.weight for part in parts]),
    )


def _summed(all_deposits: Deposits) -> Deposits:
    """Add up the rows of one tower in one collision: a third of the memory, and a faster overlay."""
    towers = CALORIMETER.grid.towers
    event = np.repeat(np.arange(len(all_deposits)), np.diff(all_deposits.offsets))
    key, where = np.unique(event * towers + all_deposits.tower, return_inverse=True)
    energy = np.bincount(where, all_deposits.energy, len(key)).astype(np.float32)
    offsets = np.searchsorted(key, np.arange(len(all_deposits) + 1) * towers)
    return Deposits(offsets, (key % towers).astype(np.int32), energy, all_deposits.pt_hat, all_deposits.weight)


def _pedestals(library: Generated, recipe: SampleRecipe) -> tuple[np.ndarray, np.ndarray]:
    """Per eta ring: pedestal of a cell (integer counts) and mean counts of a tower, from training pile-up alone."""
    crossing = overlay(
        None, library.deposits, PEDESTAL_CROSSINGS, recipe.pileup, recipe.hard_above, CALORIMETER.grid.towers,
        _seed(recipe, "pedestal", "train", 0),
    )  # fmt: skip
    towers = quantize_towers(crossing.energy, IMAGE)
    rings = towers.reshape(-1, CALORIMETER.grid.eta_bins, CALORIMETER.grid.phi_bins).mean(axis=(0, 2))
    return pedestals(sum_cells(towers, CALORIMETER.grid, IMAGE)), rings


def _seed(recipe: SampleRecipe, purpose: str, split: str, chunk: int) -> int:
    """A seed that depends on what is made and on nothing else, in Pythia's range of 1 to 900,000,000."""
    return 1 + zlib.crc32(f"{recipe.seed}/{purpose}/{split}/{chunk}".encode()) % 900_000_000


def _slice(whole: Deposits, start: int, events: int) -> Deposits:
    first, last = whole.offsets[start], whole.offsets[start + events]
    return Deposits(
        whole.offsets[start : start + events + 1] - first,
        whole.tower[first:last], whole.energy[first:last],
        whole.pt_hat[start : start + events], whole.weight[start : start + events],
    )  # fmt: skip


def _fields(events: Events) -> Iterator[str]:
    yield from events.__dataclass_fields__


def _concatenate(parts: list[Events]) -> Events:
    return Events(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in _fields(parts[0])})


def _take(events: Events, which: np.ndarray) -> Events:
    return Events(**{name: getattr(events, name)[which] for name in _fields(events)})


def _replace_rate(events: Events, rate: np.ndarray) -> Events:
    return Events(**{name: getattr(events, name) for name in _fields(events)} | {"rate": rate.astype(np.float32)})


def _merge(parts: list[Events], seed: int) -> Events:
    whole = _concatenate(parts)
    return _take(whole, np.random.default_rng(seed).permutation(len(whole)))


def _note(generated: Generated) -> dict[str, float]:
    return {
        "collisions": len(generated.deposits),
        "cross_section_mb": generated.cross_section_mb,
        "sum_of_weights": float(generated.deposits.weight.sum()),
    }


def _provenance(
    recipe: SampleRecipe, libraries: dict[str, Generated], notes: dict[str, dict[str, float]], pedestal: np.ndarray
) -> dict[str, object]:
    library = libraries["train"]
    return {
        "recipe": recipe.model_dump(),
        "trigger_nn": __version__,
        "pythia": library.pythia,
        "numpy": np.__version__,
        "generated": notes,
        "library_hard_fraction": {
            split: float(np.mean(g.deposits.pt_hat > recipe.hard_above)) for split, g in libraries.items()
        },
        "pedestal_counts": pedestal.tolist(),
        "processes": {name: list(p.settings) for name, p in _hard_processes(recipe).items() if p}
        | {"inelastic": list(INELASTIC.settings)},
    }

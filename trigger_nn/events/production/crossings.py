"""One shard of a sample: collisions through the detector, pile-up, the front end, objects and views."""

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.events.detector import electronics
from trigger_nn.events.detector.pileup import Beam, Overlaid, chosen_of, overlay
from trigger_nn.events.detector.simulate import Collisions, Tracks, simulate
from trigger_nn.events.flat import concatenated, picked
from trigger_nn.events.generation.particles import PER_EVENT, PER_PARTICLE, Particles, read_particles
from trigger_nn.events.objects import jets, particle_flow
from trigger_nn.events.production.cache import read_collisions
from trigger_nn.events.production.specification import SampleRecipe
from trigger_nn.events.quantities import Column
from trigger_nn.events.records import Candidates, Crossings, Jets
from trigger_nn.events.storage.dataset import Events, Sample, check_events, concatenate, write_sample
from trigger_nn.events.views import build
from trigger_nn.events.views.build import FrontEnd, Rows
from trigger_nn.events.views.values import View

BLOCK_ENERGIES = 2**18  # energies held at once, 2 MB: they stay in the cache
LEAST_BLOCK = 16  # crossings, however fine their towers


def front_end_of(recipe: SampleRecipe) -> FrontEnd:
    """What the integers of `recipe`'s events mean."""
    tower = electronics.tower_quantity(recipe.detector, recipe.units)
    units = electronics.candidate_units(recipe.detector, recipe.units)
    return FrontEnd(recipe.detector.towers.grid(), tower, units, recipe.pulse, recipe.jets)


def beam_of(recipe: SampleRecipe, hard_share: float | None = None) -> Beam:
    """The pile-up of `recipe`; with `hard_share`, crossings have no hard collision (see `Beam`)."""
    leaks = recipe.pileup.out_of_time if recipe.detector.has("out_of_time") else ()
    return Beam(recipe.pileup.mean, {leak.offset: leak.share for leak in leaks}, recipe.hard_above, hard_share)


@dataclass(frozen=True)
class Made:
    """Rows of a few crossings, each row's crossing, and per crossing how many pile-up collisions were hard."""

    rows: Rows
    crossing: np.ndarray
    hard_pileup: np.ndarray


def rows_of(
    recipe: SampleRecipe,
    hard: Collisions | None,
    library: Collisions | None,
    events: int,
    seed: int,
    hard_share: float | None = None,
) -> Iterator[Made]:
    """Crossings (or their jets) in blocks, collision i of `hard` in crossing i; `seed` decides pile-up and noise."""
    front_end, beam = front_end_of(recipe), beam_of(recipe, hard_share)
    block = max(LEAST_BLOCK, BLOCK_ENERGIES // front_end.grid.channels)
    for number, first in enumerate(range(0, events, block)):
        size = min(block, events - first)
        own = chosen_of(hard, np.arange(first, first + size)) if hard is not None else None
        yield _made(recipe, front_end, beam, own, library, size, (seed, number))


def _made(
    recipe: SampleRecipe,
    front_end: FrontEnd,
    beam: Beam,
    hard: Collisions | None,
    library: Collisions | None,
    events: int,
    seed: tuple[int, int],
) -> Made:
    views = recipe.views.values()
    pulses = any(build.needs_pulses(view) for view in views)
    offsets = electronics.pulse_offsets(recipe.pulse) if pulses else ()
    wanted = recipe.jets is not None or any(build.needs_candidates(view) for view in views)
    mixed = int(np.random.SeedSequence(seed).generate_state(1)[0])
    overlaid = overlay(hard, library, events, beam, front_end.grid.channels, mixed, offsets, wanted)
    towers = electronics.digitise(overlaid.energy, recipe.detector, recipe.units)
    found = _candidates(towers, overlaid.tracks, front_end, recipe) if overlaid.tracks is not None else None
    if recipe.jets is not None and found is not None:
        spec = recipe.jets
        rows = jets.cluster(found, front_end.units, spec.radius, spec.minimum, spec.count, spec.eta_max)
        rows = _under(rows, spec.maximum / front_end.units.candidate_lsb)
        return Made(rows, rows.event, overlaid.hard_pileup)
    samples, pulse_energy = _pulses(recipe, front_end, overlaid, offsets, mixed)
    crossings = Crossings(
        towers, found, samples, pulse_energy, overlaid.pileup, _hard_towers(recipe, hard, events, front_end)
    )
    return Made(crossings, np.arange(events), overlaid.hard_pileup)


def _hard_towers(recipe: SampleRecipe, hard: Collisions | None, events: int, front_end: FrontEnd) -> np.ndarray | None:
    """What the hard collisions alone leave in the towers, if a view asks for it."""
    if not any(build.needs_hard_towers(view) for view in recipe.views.values()):
        return None
    alone = overlay(hard, None, events, Beam(0.0, {}, recipe.hard_above), front_end.grid.channels, 0, (), False)
    return electronics.digitise(alone.energy, recipe.detector, recipe.units)


def _candidates(towers: np.ndarray, tracks: Tracks, front_end: FrontEnd, recipe: SampleRecipe) -> Candidates:
    muons = recipe.detector.muons
    deposit = muons.electromagnetic + muons.hadronic if recipe.detector.has("muons") else 0.0
    return particle_flow.candidates(towers, tracks, front_end.grid, front_end.tower.lsb, front_end.units, deposit)


def _pulses(
    recipe: SampleRecipe, front_end: FrontEnd, overlaid: Overlaid, offsets: tuple[int, ...], seed: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    if overlaid.around is None:
        return None, None
    pulses = electronics.waveforms(overlaid.around, offsets, front_end.grid, recipe.pulse, seed)
    return pulses.samples, np.floor(pulses.energy / front_end.tower.lsb).astype(np.int64)


def _under(rows: Jets, maximum: float) -> Jets:
    keep = rows.pt < maximum
    return take_jets(rows, np.flatnonzero(keep))


def take_jets(rows: Jets, which: np.ndarray) -> Jets:
    """The jets at the indices `which`."""
    offsets, inside = picked(rows.constituents.offsets, which)
    names = ("pt", "eta", "phi", "kind", "charge")
    constituents = Candidates(offsets, *(getattr(rows.constituents, name)[inside] for name in names))
    return Jets(rows.pt[which], rows.eta[which], rows.phi[which], constituents, rows.event[which])


@dataclass(frozen=True)
class ShardTask:
    """Make one shard at `path`: what is needed, by value, so that any process can do it.

    `particles` is None for zero bias. `rate_per_weight` is in Hz, `hard_share` as in `Beam`. `views` are resolved.
    """

    path: Path
    recipe: SampleRecipe
    split: str
    process: int
    particles: Path | None
    library: tuple[Path, ...]
    events: int
    seed: int
    rate_per_weight: float
    hard_share: float | None
    views: Mapping[str, View]
    columns: Mapping[str, Column]
    provenance: Mapping[str, Any]

    def run(self) -> None:
        """Do it, unless the file is there."""
        if self.path.is_file():
            return
        names = tuple(process.name for process in self.recipe.processes)
        sample = Sample(names, self.columns, {self.split: self._events()}, self.provenance)
        check_events(f"{self.path.name}: {self.split}", sample, sample.splits[self.split])
        write_sample(self.path, sample, level=4)

    def _events(self) -> Events:
        spec = self.recipe.processes[self.process]
        particles = first_events(read_particles(self.particles), self.events) if self.particles else None
        hard = simulate(particles, self.recipe.detector, self.seed) if particles is not None else None
        weights = particles.weight if particles is not None else np.ones(self.events)
        front_end, parts, done = front_end_of(self.recipe), [], 0
        library = load_library(self.library)
        for made in rows_of(self.recipe, hard, library, self.events, self.seed, self.hard_share):
            weight = weights[done : done + len(made.hard_pileup)]
            if spec.rate == "stitched":  # a crossing of k + 1 hard collisions is made k + 1 times
                weight = weight / (1 + made.hard_pileup)
            done += len(made.hard_pileup)
            parts.append(self._row_events(made, weight[made.crossing], front_end))
        return concatenate(parts)

    def _row_events(self, made: Made, weight: np.ndarray, front_end: FrontEnd) -> Events:
        columns = {name: self._column(name, made.rows, front_end) for name in self.views}
        process = np.full(len(weight), self.process, np.uint8)
        return Events(process, (weight * self.rate_per_weight).astype("f4"), weight.astype("f4"), columns)

    def _column(self, name: str, rows: Rows, front_end: FrontEnd) -> np.ndarray:
        """A view's array; energies saturate at the range that its column states, anything else must be within."""
        values, column = build.build(self.views[name], rows, front_end), self.columns[name]
        low, high = (bound.astype(np.int64) for bound in column.bounds())
        energy = np.array([quantity.unit == "GeV" for quantity in column.quantities])
        return np.where(energy, np.clip(values, low, high), values)


@functools.lru_cache(maxsize=1)
def load_library(paths: tuple[Path, ...]) -> Collisions | None:
    """The pile-up library of one split; None without files. Kept between the tasks of one process."""
    return concatenated([read_collisions(path) for path in paths]) if paths else None


def first_events(particles: Particles, events: int) -> Particles:
    """The first `events` collisions."""
    end = particles.offsets[events]
    rows = {name: getattr(particles, name)[:end] for name in PER_PARTICLE}
    own = {name: getattr(particles, name)[:events] for name in PER_EVENT}
    return Particles(particles.offsets[: events + 1], **rows, **own)

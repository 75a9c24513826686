"""How fast events are made and read, beside the least that could be done: python -m tests.benchmarks.events --help.

Both sides of a comparison run in turns in one process, and of each the best round counts: a machine that is busy with
something else then hurts both alike.
"""

import argparse
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

import h5py
import numpy as np
from rich.console import Console
from rich.table import Table
from threadpoolctl import threadpool_limits

from trigger_nn.events.detector.pileup import overlay as overlay_pileup
from trigger_nn.events.detector.simulate import Collisions, simulate
from trigger_nn.events.flat import concatenated
from trigger_nn.events.generation.particles import Origin, Particles, write_particles
from trigger_nn.events.generation.processes import INELASTIC, Process, qcd, ttbar
from trigger_nn.events.generation.pythia import BATCH, Generator
from trigger_nn.events.production import crossings
from trigger_nn.events.production.make import make_sample
from trigger_nn.events.production.specification import SampleRecipe
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.dataset import Events, Sample, write_sample
from trigger_nn.events.storage.shards import Manifest, describe, read_manifest, write_manifest
from trigger_nn.events.storage.stream import Mixture, Source
from trigger_nn.events.views import build
from trigger_nn.program.fixed import Fixed

ENERGY = 14000.0  # GeV
SEED = 7
BATCH_READ = 1024  # images
GRIDS = {  # name: eta and phi bins, largest |eta|, cells of the image (4 x 4 towers each)
    "56 x 72, |eta| < 3": (56, 72, 3.0, (14, 18)),
    "100 x 72, |eta| < 5": (100, 72, 5.0, (25, 18)),
}
LIBRARY = 4000  # collisions that pile-up is drawn from
COPIES = (1, 15)  # of it: what fits into a processor's cache, and as many as the embedded sample has
OVERLAY_GOALS = {200.0: 2500.0, 60.0: 6000.0}  # images a second on one core, by mean pile-up
READING_GOAL = 20_000.0  # images a second
MEMORY_GOAL = 2e9  # bytes


@dataclass
class Report:
    """Rows of the table that is printed at the end."""

    rows: list[tuple[str, str, str, str, str]] = field(default_factory=list)

    def compare(self, what: str, ours: float, bare: float, goal: str) -> None:
        """Two rates (1/s) and their ratio."""
        self.rows.append((what, f"{ours:,.0f}", f"{bare:,.0f}", f"{ours / bare:.2f}", goal))

    def state(self, what: str, ours: str, goal: str) -> None:
        """One number that nothing is compared with."""
        self.rows.append((what, ours, "", "", goal))

    def show(self) -> None:
        """Print."""
        table = Table("", "ours", "bare", "ratio", "goal", title="Events a second, best of several rounds")
        for column in table.columns:
            column.no_wrap = True
        for row in self.rows:
            table.add_row(*row)
        Console(width=140).print(table)


def seconds(work: Callable[[], object]) -> float:
    """Wall-clock time of one call."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def in_turns(ours: Callable[[], object], bare: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Least time (s) of each side."""
    times = [(seconds(ours), seconds(bare)) for _ in range(rounds)]
    return min(a for a, _ in times), min(b for _, b in times)


# --- generation: collisions to a file, beside Pythia alone -----------------------------------------------------------


def generation(report: Report, rounds: int) -> None:
    """Particles on disk a second, beside the same instance's bare `nextBatch` with the same settings and seed."""
    for process, events in ((INELASTIC, 1000), (qcd(50.0), 500), (ttbar(), 250)):
        ours, bare = Generator(process, ENERGY, SEED), Generator(process, ENERGY, SEED)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "particles.h5"
            best = in_turns(partial(_generate, ours, events, path), partial(_bare, bare, events), rounds)
        report.compare(f"generation, {process.name}", events / best[0], events / best[1], "ratio 0.80")


def _generate(generator: Generator, events: int, path: Path) -> None:
    particles = concatenated(list(generator.batches(events)))
    write_particles(path, particles, Origin(generator.cross_section_mb, generator.cross_section_error_mb, "Pythia"))


def _bare(generator: Generator, events: int) -> None:
    """What `Generator.batches` asks Pythia for, and nothing else; `events` is a multiple of `BATCH`."""
    for _ in range(events // BATCH):
        generator._pythia.nextBatch(BATCH)


# --- overlay: a library to images --------------------------------------------------------------------------------


def overlay(report: Report, rounds: int) -> None:
    """Images a second on one core: pile-up summed, digitised, made an image, beside the sums alone.

    From a library that fits into a processor's cache, and from a large one; energies as they are read from its file.
    """
    particles = _collisions(INELASTIC, LIBRARY)
    for grid in GRIDS:
        once = simulate(particles, _recipe(grid, 1.0, 1, 1).detector, SEED)
        for copies in COPIES:
            library = concatenated([replace(once, energy=once.energy.astype(np.float32))] * copies)
            for mean, goal in OVERLAY_GOALS.items():
                events = round(60_000 / mean)
                recipe = _recipe(grid, mean, 1, 1)
                with threadpool_limits(1):
                    whole, sums = partial(_images, recipe, library, events), partial(_sums, recipe, library, events)
                    best = in_turns(whole, sums, rounds)
                what = f"{grid}, mean {mean:g}, library {len(library):,}; bare: sums alone"
                report.compare(what, events / best[0], events / best[1], f"{goal:,.0f}")


def _collisions(process: Process, events: int) -> Particles:
    return concatenated(list(Generator(process, ENERGY, SEED).batches(events)))


def _images(recipe: SampleRecipe, library: Collisions, events: int) -> int:
    front_end, total = crossings.front_end_of(recipe), 0
    view = build.fitted(recipe.views["image"], front_end)
    for made in crossings.rows_of(recipe, None, library, events, SEED):
        total += len(build.build(view, made.rows, front_end))
    return total


def _sums(recipe: SampleRecipe, library: Collisions, events: int) -> None:
    channels = recipe.detector.towers.grid().channels
    overlay_pileup(None, library, events, crossings.beam_of(recipe), channels, SEED, with_tracks=False)


def _recipe(grid: str, mean: float, events: int, library: int) -> SampleRecipe:
    """Zero bias on `grid` as images of regions, all of it training events."""
    eta_bins, phi_bins, eta_max, (rows, columns) = GRIDS[grid]
    none = {"validation": 0, "test": 0}
    zero_bias = {"name": "zero_bias", "kind": "zero_bias", "rate": "crossings", "events": {"train": events, **none}}
    return SampleRecipe.model_validate({
        "name": "benchmark", "seed": SEED, "centre_of_mass_energy": ENERGY,
        "pileup": {"mean": mean, "library": {"train": library, **none}},
        "detector": {"towers": {"eta_bins": eta_bins, "phi_bins": phi_bins, "eta_max": eta_max}},
        "processes": (zero_bias,),
        "views": {"image": {"kind": "event_image", "eta_bins": rows, "phi_bins": columns}},
    })  # fmt: skip


# --- reading: shards to batches, beside h5py alone ------------------------------------------------------------------


def reading(report: Report, rounds: int, shards: int = 40, events: int = 1000) -> None:
    """Images of 14 x 18 regions a second, beside h5py's reading of the same files from first to last."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_shards(folder, shards, events)
        best = in_turns(lambda: _batches(folder), lambda: _plain(folder), rounds)
    report.compare(
        "reading 14 x 18 images", shards * events / best[0], shards * events / best[1], f"{READING_GOAL:,.0f}"
    )


def _write_shards(folder: Path, shards: int, events: int) -> None:
    """Images with the few large numbers among many small ones that pile-up has, so that they pack as usual."""
    rng = np.random.default_rng(SEED)
    column = Column((14, 18), (Quantity("et", "GeV", Fixed(False, 10, 10), 0.5),), {})
    nothing = np.zeros(events, np.float32)
    entries = []
    for shard in range(shards):
        images = np.minimum(rng.exponential(12.0, (events, 14, 18)), 1023).astype(np.int64)
        of_split = Events(np.zeros(events, np.uint8), nothing, nothing + 1, {"image": images})
        path = folder / f"train-{shard:05d}.h5"
        write_sample(path, Sample(("zero_bias",), {"image": column}, {"train": of_split}, {}), level=4)
        entries.append(describe(path, folder, "train", "zero_bias"))
    write_manifest(folder, Manifest("benchmark", tuple(entries), {}))


def _batches(folder: Path) -> int:
    mixture = Mixture((Source(folder, ("image",), 0),), "train", SEED)
    return sum(int(batch.columns["image"][0, 0, 0] >= 0) for batch in mixture.batches(BATCH_READ))


def _plain(folder: Path) -> int:
    total = 0
    for shard in read_manifest(folder).shards:
        with h5py.File(folder / shard.file, "r") as file:
            stored = file["train/image"]
            for first in range(0, len(stored), BATCH_READ):
                total += len(stored[first : first + BATCH_READ])
    return total


# --- a large sample: memory ------------------------------------------------------------------------------------------


def large(report: Report, events: int, workers: int) -> None:
    """Many images made of a small library, then read back as batches: time, and memory of all processes together."""
    recipe = _recipe("56 x 72, |eta| < 3", 60.0, events, 5000)
    with tempfile.TemporaryDirectory() as name, watched() as peak:
        folder = Path(name)
        made = seconds(lambda: make_sample(recipe, folder / "sample", folder / "cache", workers, lambda *_: None))
        memory_made = peak()
        read = seconds(lambda: _batches(folder / "sample"))
    report.state(f"{events:,} images on {workers} processes", f"{events / made:,.0f}", "")
    report.state("... read back as batches", f"{events / read:,.0f}", f"{READING_GOAL:,.0f}")
    report.state("... most memory while made", f"{memory_made / 1e9:.2f} GB", f"{MEMORY_GOAL / 1e9:g} GB")
    report.state("... most memory in all", f"{peak() / 1e9:.2f} GB", f"{MEMORY_GOAL / 1e9:g} GB")


@contextmanager
def watched() -> Iterator[Callable[[], float]]:
    """Watch this process and all its descendants; the function tells their largest memory (bytes) so far."""
    most, done = [0.0], threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            most[0] = max(most[0], float(sum(map(_memory, _family(os.getpid())))))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield lambda: most[0]
    finally:
        done.set()
        watcher.join()


def _family(root: int) -> list[int]:
    """`root` and its descendants, from Linux's /proc."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:  # it ended meanwhile
            continue
    found = [root]
    for process in found:  # grows while it is read
        found += [child for child, parent in parents.items() if parent == process]
    return found


def _memory(process: int) -> int:
    """Resident bytes, pages that several processes share counted in shares."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))


PARTS: dict[str, Callable[[Report, int], None]] = {"generation": generation, "overlay": overlay, "reading": reading}


def main() -> None:
    """Run what is asked for and print one table."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.events", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"any of {', '.join(PARTS)}; all without any")
    parser.add_argument("--rounds", type=int, default=5, help="of which the best counts")
    parser.add_argument("--large", type=int, nargs="?", const=100_000, help="images of a large sample, alone (minutes)")
    parser.add_argument("--workers", type=int, default=2, help="processes of the large sample")
    asked = parser.parse_args()
    wrong = [part for part in asked.parts if part not in PARTS]
    if wrong:
        parser.error(f"there is no part {wrong[0]!r}; choose from {', '.join(PARTS)}")
    report = Report()
    if asked.large:
        large(report, asked.large, asked.workers)
    for part in asked.parts or (() if asked.large else PARTS):
        PARTS[part](report, asked.rounds)
    report.show()


if __name__ == "__main__":
    main()

"""Make an event sample: particles -> towers and tracks -> pile-up -> views, in parallel, the same on 1 or N processes.

The background can be stitched from two samples so that its tail is populated without counting anything twice:
`zero_bias` (rate `crossings`) and weighted QCD (rate `stitched`); see `trigger_nn.events.production.crossings`.
"""

import json
import math
import shutil
import signal
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from trigger_nn.errors import EventsError, RecipeError, ToolNotFound
from trigger_nn.events.detector.simulate import simulate
from trigger_nn.events.flat import concatenated
from trigger_nn.events.generation.particles import read_origin, read_particles
from trigger_nn.events.generation.processes import INELASTIC, Process
from trigger_nn.events.production import cache as stage
from trigger_nn.events.production import crossings
from trigger_nn.events.production.specification import LIBRARY, ProcessSpec, SampleRecipe
from trigger_nn.events.storage.dataset import SPLITS, Sample, write_sample
from trigger_nn.events.storage.shards import (
    MANIFEST,
    Manifest,
    Shard,
    describe,
    read_folder,
    read_manifest,
    read_sample,
    write_manifest,
)
from trigger_nn.events.views import build
from trigger_nn.events.views.values import View
from trigger_nn.files import replacing
from trigger_nn.toolchain import installed
from trigger_nn.version import __version__

LIBRARY_SHARD = 5000
TOOLS = ("numpy", "h5py", "pythia8mc", "fastjet")  # that decide the events
PEDESTAL_CROSSINGS = 2000
UNFINISHED = ".unfinished"  # in a sample folder that is being written

Progress = Callable[[str, int, int], None]
Task = stage.ParticlesTask | stage.LibraryTask | crossings.ShardTask


@dataclass(frozen=True)
class Generated:
    """Particles of one process and split: their files with the number of collisions in each."""

    files: tuple[tuple[Path, int], ...]

    @property
    def collisions(self) -> int:
        """Number of collisions."""
        return sum(events for _, events in self.files)

    def facts(self) -> dict[str, Any]:
        """Cross section (mb) and its error, sum of weights, generator: over all files."""
        origins = [read_origin(path) for path, _ in self.files]
        share = np.array([events for _, events in self.files]) / self.collisions
        sections = np.array([origin.cross_section_mb for origin, _ in origins])
        errors = np.array([origin.cross_section_error_mb for origin, _ in origins])
        return {
            "collisions": self.collisions,
            "cross_section_mb": float(share @ sections),
            "cross_section_error_mb": float(np.sqrt(share**2 @ errors**2)),
            "sum_of_weights": sum(weights for _, weights in origins),
            "generator": origins[0][0].generator,
        }


def make_sample(recipe: SampleRecipe, out: Path, cache: Path, workers: int, progress: Progress) -> Path:
    """Generate everything `recipe` asks for on `workers` processes, and put it at `out`.

    `out` is a folder of shards with a manifest, or one file if its name ends with .h5. What `cache` has is not made
    again. `progress(stage, done, total)` is called as collisions and crossings get ready.

    Raises:
        EventsError: `out` is a folder that holds something else. ToolNotFound: Pythia is not installed.
    """
    _check_place(out)
    stage.sweep(cache)
    with ProcessPoolExecutor(workers, initializer=_start_worker) as pool:
        maker = _Maker(recipe, cache, pool, progress)
        folder = maker.shards()
    return _packed(folder, out, recipe) if out.suffix == ".h5" else _published(folder, out)


@dataclass(frozen=True)
class _Maker:
    recipe: SampleRecipe
    cache: Path
    pool: ProcessPoolExecutor
    progress: Progress

    def shards(self) -> Path:
        """Bring all stages up to date; the folder of the last one."""
        collisions, facts = self._collisions()
        libraries = self._libraries(collisions)
        folder = self.cache / "views" / stage.digest("views", self._causes())
        views = self._resolved(collisions, libraries, folder / "views.json")
        front_end = crossings.front_end_of(self.recipe)
        columns = {name: build.column(view, front_end) for name, view in views.items()}
        provenance = _provenance(self.recipe, facts)
        tasks, places = [], []
        for split in SPLITS:  # one split after the other: a worker holds one library at a time
            for number, spec in enumerate(self.recipe.processes):
                scale = self._rate_per_weight(spec, split, facts)
                soft = self._hard_share(split, facts) if spec.rate == "crossings" else None
                for shard, (particles, events) in enumerate(self._plan(collisions, spec, split)):
                    name = folder / "shards" / f"{split}-{spec.name}-{shard:05d}.h5"
                    seed = stage.seed_of(self.recipe.seed, f"crossings {spec.name}", split, shard)
                    tasks.append(crossings.ShardTask(
                        name, self.recipe, split, number, particles, libraries.get(split, ()), events, seed, scale,
                        soft, views, columns, provenance,
                    ))  # fmt: skip
                    places.append((name, split, spec.name))
        self._run("rows made", tasks)
        entries: list[Shard] = [describe(path, folder, split, process) for path, split, process in places]
        write_manifest(folder, Manifest(self.recipe.name, tuple(entries), provenance))
        return folder

    def _causes(self) -> dict[str, Any]:
        tools = {name: installed(name) for name in TOOLS}
        return self.recipe.model_dump(mode="json") | {"tools": tools}

    def _collisions(self) -> tuple[dict[tuple[str, str], Generated], dict[str, dict[str, Any]]]:
        """Particles of every process and split, the pile-up library's among them, and the facts of each."""
        wanted: list[tuple[str, Process, Any, int]] = []
        if self.recipe.pileup.mean:
            wanted.append((LIBRARY, INELASTIC, self.recipe.pileup.library, LIBRARY_SHARD))
        for spec in self.recipe.processes:
            process = spec.process()
            if process is not None:
                wanted.append((spec.name, process, spec.events, self.recipe.shard))
        made, tasks = {}, []
        for name, process, events, size in wanted:
            own = self._particle_tasks(name, process, events, size)
            for split in SPLITS:
                if own[split]:
                    made[name, split] = Generated(tuple((task.path, task.events) for task in own[split]))
            tasks += [task for split in SPLITS for task in own[split]]
        self._run("collisions generated", tasks)
        return made, {f"{name}/{split}": generated.facts() for (name, split), generated in made.items()}

    def _particle_tasks(self, name: str, process: Process, events: Any, size: int) -> dict[str, list[Any]]:
        energy, seed = self.recipe.centre_of_mass_energy, self.recipe.seed
        folder = stage.particles_folder(self.cache, process, energy, seed, _generator())
        table = stage.multiparton_table(folder, process, energy)
        tasks: dict[str, list[Any]] = {}
        for split in SPLITS:
            tasks[split] = [
                stage.ParticlesTask(
                    folder / f"{name}-{split}-{shard:05d}-{count}.h5", process, energy,
                    stage.seed_of(seed, name, split, shard), count, table,
                )
                for shard, count in enumerate(_sizes(getattr(events, split), size))
            ]  # fmt: skip
        return tasks

    def _libraries(self, collisions: Mapping[tuple[str, str], Generated]) -> dict[str, tuple[Path, ...]]:
        """The pile-up library behind the detector, split by split."""
        libraries, tasks = {}, []
        for split in SPLITS:
            generated = collisions.get((LIBRARY, split))
            if generated is None:
                continue
            folder = self.cache / "library"
            folder /= stage.digest("library", str(generated.files[0][0].parent.name), self.recipe.detector.model_dump())
            own = [
                stage.LibraryTask(
                    folder / path.name, path, self.recipe.detector,
                    stage.seed_of(self.recipe.seed, LIBRARY, split, shard), events,
                )
                for shard, (path, events) in enumerate(generated.files)
            ]  # fmt: skip
            tasks += own
            libraries[split] = tuple(task.path for task in own)
        self._run("library collisions through the detector", tasks)
        return libraries

    def _plan(
        self, collisions: Mapping[tuple[str, str], Generated], spec: ProcessSpec, split: str
    ) -> Sequence[tuple[Path | None, int]]:
        """Particles (None for zero bias) and number of crossings of each shard."""
        if (spec.name, split) in collisions:
            return collisions[spec.name, split].files
        wanted = getattr(spec.events, split) if spec.process() is None else 0
        return [(None, count) for count in _sizes(wanted, self.recipe.shard)]

    def _rate_per_weight(self, spec: ProcessSpec, split: str, facts: Mapping[str, Mapping[str, Any]]) -> float:
        """Hz that one unit of weight stands for; 0 where the recipe asks for no rate.

        Stitched, zero bias are the crossings without a hard collision, exp(-m) of all with m hard ones on average.
        """
        rate = self.recipe.colliding_rate
        if spec.rate == "crossings":
            share = self._hard_share(split, facts)
            none = math.exp(-self.recipe.pileup.mean * share) if share is not None else 1.0
            return rate * none / max(getattr(spec.events, split), 1)
        own = facts.get(f"{spec.name}/{split}")
        if spec.rate == "none" or own is None:
            return 0.0
        mean = self.recipe.pileup.mean * own["cross_section_mb"] / facts[f"{LIBRARY}/{split}"]["cross_section_mb"]
        return rate * float(mean) / float(own["sum_of_weights"])

    def _hard_share(self, split: str, facts: Mapping[str, Mapping[str, Any]]) -> float | None:
        """Share of inelastic collisions that the stitched process makes; None if nothing is stitched."""
        for spec in self.recipe.processes:
            own = facts.get(f"{spec.name}/{split}")
            if spec.rate == "stitched" and own is not None:
                return float(own["cross_section_mb"] / facts[f"{LIBRARY}/{split}"]["cross_section_mb"])
        return None

    def _resolved(
        self, collisions: Mapping[tuple[str, str], Generated], libraries: Mapping[str, tuple[Path, ...]], path: Path
    ) -> dict[str, View]:
        """The views with what they measure on training events; measured once, and kept at `path`."""
        front_end = crossings.front_end_of(self.recipe)
        views = {name: build.fitted(view, front_end) for name, view in self.recipe.views.items()}
        if all(build.is_resolved(view) for view in views.values()):
            return views
        if path.is_file():
            stored = json.loads(path.read_text())
            return {name: type(view).model_validate_json(json.dumps(stored[name])) for name, view in views.items()}
        rows = self._training_rows(collisions, libraries)
        views = {name: build.resolved(view, rows) for name, view in views.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary:
            temporary.write_text(json.dumps({name: view.model_dump(mode="json") for name, view in views.items()}))
        return views

    def _training_rows(
        self, collisions: Mapping[tuple[str, str], Generated], libraries: Mapping[str, tuple[Path, ...]]
    ) -> build.Rows:
        """Pile-up-only crossings; or, in a sample of jets, those of the first training shard of every process."""
        seed = stage.seed_of(self.recipe.seed, "pedestal", "train", 0)
        library = crossings.load_library(libraries.get("train", ()))
        if self.recipe.jets is None:
            made = crossings.rows_of(self.recipe, None, library, PEDESTAL_CROSSINGS, seed)
            return concatenated([part.rows for part in made])
        parts: list[build.Rows] = []
        for number, spec in enumerate(self.recipe.processes):
            if (spec.name, "train") in collisions:
                path, events = collisions[spec.name, "train"].files[0]
                hard = simulate(read_particles(path), self.recipe.detector, seed + number)
                made = crossings.rows_of(self.recipe, hard, library, events, seed + number)
                parts += [part.rows for part in made]
        if not parts:
            raise RecipeError(
                "Jet features are measured on training jets, and there are none; ask for events in train."
            )
        return concatenated(parts)

    def _run(self, what: str, tasks: Sequence[Task]) -> None:
        total, done = sum(task.events for task in tasks), 0
        missing = [task for task in tasks if not task.path.is_file()]
        done = total - sum(task.events for task in missing)
        for task, _ in zip(missing, self.pool.map(_run_task, missing), strict=True):
            done += task.events
            self.progress(what, done, total)


def _start_worker() -> None:
    # Ctrl-C reaches the workers too; they die at once instead of finishing their shard.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    # One thread each: the matrices of a jet are small, and threads of several workers stand in each other's way.
    threadpool_limits(1)


def _run_task(task: Task) -> None:
    task.run()


def _sizes(total: int, size: int) -> list[int]:
    return [min(size, total - first) for first in range(0, total, size)]


def _generator() -> str:
    """Name and version of the generator, without starting it."""
    version = installed("pythia8mc")
    if version == "not installed":
        raise ToolNotFound("Making events needs Pythia 8, which is not installed; run: pip install 'trigger_nn[sim]'.")
    return f"pythia8mc {version}"


def _provenance(recipe: SampleRecipe, facts: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    versions = {name: installed(name) for name in TOOLS} | {"trigger_nn": __version__}
    processes = {spec.name: spec.process() for spec in recipe.processes}
    settings = {name: list(process.settings) for name, process in processes.items() if process}
    if recipe.pileup.mean:
        settings[LIBRARY] = list(INELASTIC.settings)
    return {
        "recipe": recipe.model_dump(mode="json"),
        "versions": versions,
        "generated": dict(facts),
        "settings": settings,
        "stages": stage.STAGE_VERSIONS,
    }


def _check_place(out: Path) -> None:
    if out.suffix == ".h5":
        if out.is_dir():
            raise EventsError(f"{out} is a folder; give the name of a file, or of a folder without .h5.")
    elif out.is_file():
        raise EventsError(f"{out} is a file; give the name of a folder, or of a file that ends with .h5.")
    elif out.is_dir() and any(out.iterdir()) and not any((out / name).is_file() for name in (MANIFEST, UNFINISHED)):
        raise EventsError(f"{out} holds files that are no event sample; choose another folder.")


def _published(folder: Path, out: Path) -> Path:
    """The sample at `out`: copies of its shards (links would let damage reach the cache), its manifest last.

    Until then a file says that the folder is ours and unfinished, so that an interrupted command can be repeated.
    """
    manifest = read_manifest(folder)
    out.mkdir(parents=True, exist_ok=True)
    (out / UNFINISHED).touch()
    (out / MANIFEST).unlink(missing_ok=True)
    for shard in manifest.shards:
        with replacing(out / shard.file) as temporary:
            shutil.copyfile(folder / shard.file, temporary)
    listed = {out / shard.file for shard in manifest.shards}
    for path in (out / "shards").glob("*"):  # of an earlier, larger sample, or cut off
        if path not in listed:
            path.unlink()
    write_manifest(out, manifest)
    (out / UNFINISHED).unlink()
    return out


def _packed(folder: Path, out: Path, recipe: SampleRecipe) -> Path:
    """The sample as one file, each split shuffled."""
    whole = read_folder(folder)
    splits = {}
    for split, events in whole.splits.items():
        order = np.random.default_rng(stage.seed_of(recipe.seed, "shuffle", split, 0)).permutation(len(events))
        splits[split] = events.take(order)
    write_sample(out, Sample(whole.processes, whole.columns, splits, whole.provenance))
    read_sample(out)  # what was written can be read
    return out

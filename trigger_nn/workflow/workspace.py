"""Where a run keeps its files, and the facts that later steps read from earlier ones."""

import contextlib
import json
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn import toolchain
from trigger_nn.errors import TriggerNNError
from trigger_nn.events.storage.dataset import SPLITS, Sample
from trigger_nn.events.storage.shards import MANIFEST, read_sample
from trigger_nn.files import replacing, sha256
from trigger_nn.handoff.bundle import SUMS, Bundle, sums
from trigger_nn.hardware.estimate import Estimate, estimate
from trigger_nn.passes.exact import Choice
from trigger_nn.program.fixed import Fixed, to_float
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe
from trigger_nn.studies.agreement import Agreement, LayerAgreement
from trigger_nn.version import __version__

EMBEDDED = "embedded"
EVENT_IMAGES = "event_images"


def embedded_sample(name: str = EVENT_IMAGES) -> Path:
    """An events file that comes with the package: `event_images` or `jets`."""
    return Path(str(resources.files("trigger_nn.events") / "sample" / f"{name}.h5"))


def events_at(file: str, folder: Path) -> Path:
    """Where `file` is: `embedded` and `embedded:jets` come with the package, other paths are counted from `folder`."""
    kind, _, name = file.partition(":")
    return embedded_sample(name or EVENT_IMAGES) if kind == EMBEDDED else folder / file


@dataclass(frozen=True)
class Workspace:
    """A recipe, and where its files go: intermediate ones below `build`, bundles into the folder `bundles`."""

    recipe: ModelRecipe
    recipe_path: Path
    build: Path
    bundles: Path

    @property
    def recipe_folder(self) -> Path:
        """Where paths in the recipe are counted from."""
        return self.recipe_path.parent

    @property
    def command(self) -> str:
        """What a person types to make the bundle again, at the root of the repository that holds the recipe."""
        return f"trigger-nn bundle {in_repository(self.recipe_path)}"

    @property
    def revision(self) -> str:
        """Of the repository that holds the recipe."""
        return toolchain.git_revision(self.recipe_folder)

    @property
    def bundle(self) -> Path:
        """The bundle that was written last.

        Raises:
            TriggerNNError: none was written, or the file that says where is damaged.
        """
        with readable(self.path("bundle.json")) as path:
            return Path(json.loads(path.read_text())["folder"])

    @property
    def events_path(self) -> Path:
        """The events: `embedded`, `embedded:jets`, or a path counted from the recipe."""
        return events_at(self.recipe.events.file, self.recipe_folder)

    def path(self, name: str) -> Path:
        """A file of a step."""
        return self.build / name

    def sample(self) -> Sample:
        """The events, with the processes that the recipe names.

        Raises:
            EventsError: the file is missing or damaged. TriggerNNError: it lacks a process.
        """
        return checked(read_sample(self.events_path), self.recipe, str(self.events_path))


def checked(sample: Sample, recipe: ModelRecipe, where: str) -> Sample:
    """`sample`, read from `where`, if it has all that `recipe` names.

    Raises:
        TriggerNNError: it lacks a process, or events of a split. EventsError: it lacks the view.
    """
    for name in recipe.events.named:
        if name not in sample.processes:
            raise TriggerNNError(
                f"{where} has no process {name!r}; the recipe can name: {', '.join(sample.processes)}."
            )
    sample.column(recipe.events.view)
    missing = [split for split in SPLITS if split not in sample.splits or not len(sample.splits[split])]
    if missing:
        raise TriggerNNError(f"{where} has no events in {missing[0]!r}; make a sample with some.")
    return sample


def in_repository(path: Path) -> str:
    """`path` from the root of the git repository that holds it, the file's name alone if none does."""
    root = toolchain.git_root(path.parent)
    folder = path.parent.resolve()
    inside = root is not None and folder.is_relative_to(root.resolve())
    return (folder / path.name).relative_to(root.resolve()).as_posix() if root and inside else path.name


def write_bundle(bundle: Bundle, bundles: Path) -> Path:
    """Write `bundle` as `bundles`/NAME-DIGEST8 and as a zip beside it; the folder is returned.

    Raises:
        TriggerNNError: the file system refuses, or another folder has that name.
    """
    folder = bundle.write(bundles / bundle.label)
    with replacing(bundles / f"{bundle.label}.zip") as temporary:
        temporary.write_bytes(bundle.zip())
    return folder


def is_written(workspace: Workspace) -> bool:
    """Whether the bundle that was written last is still there as it was, with its zip."""
    folder = workspace.bundle
    archive = folder.parent / f"{folder.name}.zip"
    if not (folder / SUMS).is_file() or not archive.is_file():
        return False
    bundle = Bundle.read(folder)
    return bundle.files[SUMS] == sums(bundle.files) and archive.read_bytes() == bundle.zip()


def estimated(workspace: Workspace, program: Program) -> Estimate:
    """Latency and resources of `program` for the recipe's part and clock."""
    hardware = workspace.recipe.hardware
    return estimate(program, hardware.clock_period, hardware.part, uncertainty=hardware.clock_uncertainty)


def load_scores(workspace: Workspace, program: Program) -> tuple[dict[str, np.ndarray], float]:
    """Scores of the test sample, by network, as numbers; and the emulator's events/s."""
    with readable(workspace.path("scores.npz")) as path, np.load(path) as stored:
        scores = {name: stored[name].astype(np.float64) for name in ("float", "QKeras")}
        scores["emulator"] = to_float(stored["emulator"], program.outputs[0].type)
        return scores, float(stored["rate"])


def load_agreements(workspace: Workspace) -> list[Agreement]:
    """What the verify step found equal."""
    with readable(workspace.path("agreement.json")) as path:
        stored = json.loads(path.read_text())
        return [
            Agreement(**facts | {"layers": tuple(LayerAgreement(**x) for x in facts["layers"])}) for facts in stored
        ]


def packages() -> dict[str, str]:
    """Versions of the packages that decide the bits."""
    names = ("numpy", "h5py", "hls4ml", "qkeras", "tensorflow", "tf_keras")
    return {"trigger_nn": __version__} | {name: toolchain.installed(name) for name in names}


def versions() -> dict[str, str]:
    """Versions of the packages that decide the bits, and of the compiler that checked them."""
    return packages() | {"g++": toolchain.version("g++")}


def load_choices(workspace: Workspace) -> list[Choice]:
    """What the compile step chose, layer by layer."""
    types = ("before", "after", "accumulator_before", "accumulator_after")
    with readable(workspace.path("choices.json")) as path:
        stored = json.loads(path.read_text())
        return [Choice(**facts | {key: facts[key] and Fixed.parse(facts[key]) for key in types}) for facts in stored]


@contextlib.contextmanager
def readable(path: Path) -> Iterator[Path]:
    """Turn whatever a missing or damaged file of a run raises into one sentence."""
    try:
        yield path
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise TriggerNNError(f"{path} is missing or damaged ({error}); remove it and repeat the command.") from None


def events_digest(workspace: Workspace) -> str:
    """SHA-256 of the events file."""
    return events_digest_at(workspace.events_path)


def events_digest_at(path: Path) -> str:
    """SHA-256 of an events file, or of what lists those of a folder."""
    path = path / MANIFEST if path.is_dir() else path  # the manifest lists the SHA-256 of every shard
    return sha256(path.read_bytes()) if path.is_file() else "missing"


def write_json(path: Path, content: object) -> None:
    """Write `content` as JSON under `path`, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=1, default=str))


def write_yaml(path: Path, content: Mapping[str, Any]) -> None:
    """Write `content` as YAML under `path`, whole or not at all."""
    import yaml

    with replacing(path) as temporary:
        temporary.write_text(yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False))


def how_made(sample: Sample) -> str:
    """Generator, energy and pile-up, as far as the file says."""
    made = sample.provenance
    if "mapping" in made:
        return f"read from {made['file']}"
    recipe = made.get("recipe", {})
    generators = {facts.get("generator") for facts in made.get("generated", {}).values()} - {None}
    generator = ", ".join(sorted(generators)) or f"Pythia {made.get('pythia', '?')}"
    pileup = recipe.get("pileup", 0)
    mean = pileup.get("mean", 0) if isinstance(pileup, dict) else pileup
    energy, seed = recipe.get("centre_of_mass_energy", 0) / 1000, recipe.get("seed", "?")
    return f"{generator}, {energy:g} TeV, pile-up {mean:g}, seed {seed}"

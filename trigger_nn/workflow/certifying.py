"""A decision certificate from files: of a recipe's run, or of a program, its models and events; and its page."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trigger_nn.errors import EventsError, TriggerNNError
from trigger_nn.events.storage.shards import read_sample
from trigger_nn.program.program import Program
from trigger_nn.recipe import ModelRecipe, StudySpec, load_model_recipe
from trigger_nn.studies.certificate.values import Certificate
from trigger_nn.workflow.asking import Roles, recorded_study, roles_of
from trigger_nn.workflow.bundles import Side
from trigger_nn.workflow.certificate import Gathered, Others, gathered
from trigger_nn.workflow.pages.certificate import certificate_page
from trigger_nn.workflow.pages.writing import write_page
from trigger_nn.workflow.sides import Progress, model_at
from trigger_nn.workflow.workspace import Workspace, events_at, events_digest_at, in_repository, versions

RUN = ("program.h5", "float.h5", "quantized.h5")  # what a certificate needs of a run


@dataclass(frozen=True)
class Asked:
    """What is to be certified.

    subject: a recipe (.toml) whose steps up to `compile` are done, or a program, or a bundle. Others replace what a
    recipe names, and must be given for a program: models (HDF5), second program or bundle, `events` (a file or folder,
    `embedded`, `embedded:jets`). split: of the events. limit: their first that are taken, None for all. rates_khz: of
    one signal's trigger alone, the study's own if none. signals, backgrounds, classes: what outputs are for.
    """

    subject: Path
    build: Path = Path("build")
    float_model: Path | None = None
    quantized: Path | None = None
    second: Path | None = None
    events: str = ""
    split: str = "test"
    limit: int | None = None
    rates_khz: tuple[float, ...] = ()
    signals: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Certified:
    """A certificate, what it was made of, where everything comes from, and the folder that its page belongs in."""

    certificate: Certificate
    gathered: Gathered
    provenance: Mapping[str, str]
    folder: Path

    def write(self, folder: Path | None = None) -> Path:
        """Write the page and its JSON as certificate.html and .json; the path of the page is returned.

        Raises:
            TriggerNNError: the file system refuses.
        """
        page = certificate_page(self.certificate, self.provenance, self.gathered.sides)
        return write_page(page, folder or self.folder, "certificate")


@dataclass(frozen=True)
class _Found:
    """The files that are meant, read but for the events."""

    program: Program
    roles: Roles
    study: StudySpec
    models: tuple[Path | None, Path | None]
    events: Path
    folder: Path


def certify_files(asked: Asked, progress: Progress | None = None) -> Certified:
    """Read what is asked for, run all sides on the events, and compare their decisions.

    Raises:
        TriggerNNError: a file is missing, damaged, or does not fit the others.
    """
    found = _of_recipe(asked) if asked.subject.suffix == ".toml" else _of_program(asked)
    float_model, quantized = (model_at(path) if path else None for path in found.models)
    others = Others(float_model, quantized, Side.read(asked.second).program if asked.second else None)
    made = gathered(
        found.program, read_sample(found.events), others, found.roles, beam=found.study.beam, split=asked.split,
        limit=asked.limit, progress=progress,
    )  # fmt: skip
    certificate = made.certificate(asked.rates_khz or found.study.rates_khz)
    return Certified(certificate, made, _provenance(asked, found, certificate), found.folder)


def _of_recipe(asked: Asked) -> _Found:
    recipe = load_model_recipe(asked.subject)
    workspace = Workspace(recipe, asked.subject, asked.build / recipe.name, Path("firmware_projects"))
    program, float_model, quantized = (workspace.path(name) for name in RUN)
    given = asked.float_model or float_model, asked.quantized or quantized
    missing = [path for path in (program, *given) if not path.is_file()]
    if missing:
        raise TriggerNNError(f"There is no {missing[0]} yet; run: trigger-nn compile {asked.subject}.")
    events = events_at(asked.events, Path()) if asked.events else workspace.events_path
    loaded = Program.load(program)
    return _Found(loaded, _roles(asked, loaded, recipe), recipe.study, given, events, workspace.build)


def _of_program(asked: Asked) -> _Found:
    if not asked.events:
        raise EventsError("A program alone has no events; give them with --events, or a recipe in its place.")
    program = Side.read(asked.subject).program
    return _Found(
        program, _roles(asked, program, None), recorded_study(program), (asked.float_model, asked.quantized),
        events_at(asked.events, Path()), asked.build / program.name,
    )  # fmt: skip


def _roles(asked: Asked, program: Program, recipe: ModelRecipe | None) -> Roles:
    named = asked.signals, asked.backgrounds, asked.classes
    if recipe and not any(named):
        return Roles(recipe.events.signals, recipe.events.backgrounds, recipe.events.classes)
    return roles_of(program, *named)


def _provenance(asked: Asked, found: _Found, certificate: Certificate) -> dict[str, str]:
    sides = {side.name: side.what for side in certificate.sides}
    return {
        "command": _command(asked),
        **sides,
        "program": certificate.digest,
        "events": f"{found.events.name}, SHA-256 {events_digest_at(found.events)}",
        "split": asked.split if asked.limit is None else f"{asked.split}, the first {asked.limit} events",
        "versions": ", ".join(f"{name} {version}" for name, version in versions().items()),
    }


def _command(asked: Asked) -> str:
    """What a person types, at the root of the repository that holds the files, to make the certificate again."""
    paths = {"--float": asked.float_model, "--quantized": asked.quantized, "--second": asked.second}
    words = ["trigger-nn", "certify", in_repository(asked.subject)]
    words += [word for name, path in paths.items() if path for word in (name, in_repository(path))]
    words += ["--events", asked.events] if asked.events else []
    words += ["--split", asked.split] if asked.split != Asked.split else []
    words += ["--limit", str(asked.limit)] if asked.limit is not None else []
    words += [word for khz in asked.rates_khz for word in ("--rate-khz", f"{khz:g}")]
    roles = {"--signal": asked.signals, "--background": asked.backgrounds, "--class": asked.classes}
    return shlex.join([*words, *(word for name, several in roles.items() for one in several for word in (name, one))])

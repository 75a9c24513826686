"""Programs outside Python, and versions of packages: what is there, or how to get it."""

import re
import shutil
import subprocess
from importlib import metadata
from pathlib import Path

from trigger_nn.errors import ToolNotFound

ADVICE = {
    "g++": "install a C++ compiler, on Debian or Ubuntu with: apt install g++",
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

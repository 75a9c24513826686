"""Programs outside Python: where they are, or how to get them."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from trigger_nn.errors import ToolFailed, ToolNotFound

ADVICE = {
    "g++": "install a C++ compiler, on Debian or Ubuntu with: apt install g++",
    "make": "install it, on Debian or Ubuntu with: apt install make",
    "vitis-run": "install AMD Vitis 2024.2 or later and source its settings64.sh",
    "vitis_hls": "install AMD Vitis HLS and source its settings64.sh",
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


def run(command: Sequence[str], folder: Path) -> str:
    """Run `command` in `folder` and return its output.

    Raises:
        ToolNotFound: its program is missing.
        ToolFailed: it ended with an error; carries the end of its output.
    """
    find(command[0])
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        tail = "\n".join((done.stdout + done.stderr).splitlines()[-15:])
        raise ToolFailed(f"{' '.join(command)} failed in {folder} with exit code {done.returncode}:\n{tail}")
    return done.stdout

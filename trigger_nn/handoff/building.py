"""`make check` of a bundle, run in a copy: what it said, in a sentence."""

import shutil
import subprocess
import tempfile
from pathlib import Path

from trigger_nn import toolchain
from trigger_nn.errors import TriggerNNError
from trigger_nn.files import write_tree
from trigger_nn.handoff.bundle import SUMS, Bundle
from trigger_nn.handoff.verification import Check

# What the bench, the checker of digests and the emulator's check begin a line with that says what is wrong.
TELLING = ("DIFFERENT", "ALTERED", "MISSING", "NOT LISTED", "NOT A FILE", "UNREADABLE", "MALFORMED", "ERROR", "FAILED")
MAKE_CHECK = "make check"
BUILD_TIME = 3600  # seconds that `make check` may take


def made_check(bundle: Bundle, build: bool) -> Check:
    """`make check` in a copy."""
    name = MAKE_CHECK
    if not build:
        return Check(name, None, "left out, as asked")
    missing = [tool for tool in ("g++", "make") if shutil.which(tool) is None]
    if missing:
        return Check(name, None, f"no {' and no '.join(missing)} here; {toolchain.ADVICE[missing[0]]}")
    with tempfile.TemporaryDirectory(prefix="trigger_nn_") as folder:
        copy = Path(folder) / "bundle"
        try:
            write_tree(copy, bundle.files, marker=SUMS)
            done = subprocess.run(
                ["make", "check"], cwd=copy, capture_output=True, text=True, errors="replace", check=False,
                timeout=BUILD_TIME,
            )  # fmt: skip
        except (OSError, ValueError, TriggerNNError, subprocess.TimeoutExpired) as error:
            return Check(name, False, str(error))
    lines = [line for line in (done.stdout + done.stderr).splitlines() if line.strip()]
    if done.returncode:
        return Check(name, False, _first_complaint(lines))
    return Check(name, True, "; ".join(line for line in lines if line.startswith("PASSED")) or "it ended with code 0")


def _first_complaint(lines: list[str]) -> str:
    """The line that says most, of what a failed `make check` printed."""
    telling = [line for line in lines if line.startswith(TELLING)]
    telling += [line for line in lines if "error" in line.lower()]
    return (telling or lines or ["it failed without a word"])[0]

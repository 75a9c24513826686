"""Programs outside Python, stopped with all that they started when their time is over."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from trigger_nn.errors import ToolFailed


@dataclass(frozen=True)
class Deadline:
    """The moment (of `time.monotonic`) at which what was allowed `seconds` is over."""

    seconds: float
    moment: float

    @classmethod
    def after(cls, seconds: float) -> "Deadline":
        """`seconds` of wall-clock time from now."""
        return cls(seconds, time.monotonic() + seconds)

    @property
    def left(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self.moment - time.monotonic())

    def passed(self, what: str) -> ToolFailed:
        """The error to raise when `what` was not done in time."""
        return ToolFailed(
            f"{what} was stopped after {self.seconds:g} s, the limit; allow more seconds, simulate fewer events, or "
            "make the block smaller."
        )


def run(command: Sequence[str], deadline: Deadline, what: str, environment: Mapping[str, str] | None = None) -> str:
    """Run `command` and return what it said on standard error; `what` names the step in messages.

    Raises:
        ToolFailed: it could not be started, ended with an error, or not in time.
    """
    try:
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            text=True, errors="replace", start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise ToolFailed(f"{what}: {command[0]} could not be started ({error.strerror}); install it anew.") from None
    try:
        _, said = process.communicate(timeout=deadline.left)
    except subprocess.TimeoutExpired:
        raise deadline.passed(what) from None
    finally:
        _stop(process)
    if process.returncode != 0:
        raise ToolFailed(f"{what} failed: {_first_error(said, process.returncode)}")
    return said


def _stop(process: "subprocess.Popen[str]") -> None:
    """Kill what still runs: g++ and Verilator start processes of their own, which share its session."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def _first_error(said: str, code: int) -> str:
    if code < 0:
        return f"it was ended by {signal.Signals(-code).name}; if the machine was short of memory, free some."
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return next((line for line in lines if "rror" in line), lines[-1] if lines else f"it ended with code {code}")

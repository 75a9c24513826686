"""rule4ml (GPL-3.0), asked in an environment of its own, as a program beside ours: it needs PyTorch."""

import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.estimates import driver
from tests.benchmarks.estimates.describe import Description, Reading
from trigger_nn.errors import ToolFailed, ToolNotFound

SECONDS = 3600
INSTALL = (
    "install it in an environment of its own, with: python3.11 -m venv ENV && ENV/bin/pip install rule4ml==0.2.0, "
    "and give --rule4ml-python ENV/bin/python"
)


@dataclass(frozen=True)
class Generation:
    """A set of weights in rule4ml's wheel, the boards to ask it for, and the versions of tools that it asks for.

    Some sets predict shares of a board, so the board matters even for cells. Asked are the largest that a set knows
    (an Alveo U250 has the cells of a VU13P, a U200 those of a VU9P), another UltraScale+ (ZCU102) and the smallest.
    `together`: networks may be asked in one call. The answers of the graph network were seen to change with the other
    networks of a call, so it is asked one by one.
    """

    name: str
    boards: tuple[str, ...]
    tools: dict[str, str]
    together: bool


_NEWEST = {"hls4ml_versions": "1.1.0", "vivado_versions": "2024.2"}  # that it knows
GENERATIONS = (
    Generation("v1/mlp", ("alveo-u200", "zcu102", "pynq-z2"), {}, together=True),
    Generation("v2/mlp", ("alveo-u250", "zcu102", "pynq-z2"), {}, together=True),
    Generation("v2/gnn", ("alveo-u250", "zcu102", "pynq-z2"), _NEWEST, together=False),
)


@dataclass(frozen=True)
class Answer:
    """What a generation says, by `driver.TARGETS`, of the network of a program's digest, its width read in one way."""

    program: str
    generation: str
    board: str
    reading: Reading
    said: dict[str, float]


def ask(python: Path | None, networks: Sequence[Description]) -> tuple[tuple[Answer, ...], dict[str, str]]:
    """Answers of all generations of rule4ml in the environment of `python`, and versions of what answered.

    Raises:
        ToolNotFound: there is no such interpreter, or no rule4ml in its environment.
        ToolFailed: rule4ml did not answer.
    """
    if python is None or not python.is_file():
        raise ToolNotFound(f"No interpreter with rule4ml was given, or it is not there ({python}); {INSTALL}.")
    request = {"generations": [asdict(g) for g in GENERATIONS], "networks": [asdict(n) for n in networks]}
    found: dict[str, Any] = json.loads(_answer(python, json.dumps(request)))
    return tuple(Answer(**answer) for answer in found["answers"]), found["versions"]


def _answer(python: Path, request: str) -> str:
    command = [str(python), "-I", driver.__file__]  # -I: nothing of this environment leaks into the other
    try:
        done = subprocess.run(command, input=request, capture_output=True, text=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise ToolFailed(f"rule4ml took more than {SECONDS} s; give fewer rows.") from None
    if done.returncode == driver.MISSING:
        raise ToolNotFound(f"{python} can't import rule4ml ({_last(done.stderr)}); {INSTALL}.")
    if done.returncode:
        raise ToolFailed(f"rule4ml failed ({_last(done.stderr)}); try its README's example with {python}.")
    return done.stdout


def _last(text: str) -> str:
    return (text.strip().splitlines() or ["no message"])[-1]

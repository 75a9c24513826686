"""One trial, in a process of its own: `python -m trigger_nn.workflow.scan.trial FOLDER RATE_KHZ [SIGNAL]`.

TensorFlow's memory and crashes stay in it. It ends when its standard input does, and so with the scan that began it.
"""

import os
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from trigger_nn.errors import TriggerNNError
from trigger_nn.recipe import load_model_recipe
from trigger_nn.workflow.workspace import Workspace, packages, write_json

RECIPE, RESULT, LOG = "recipe.toml", "result.json", "trial.log"


def workspace_of(folder: Path) -> Workspace:
    """Where the files of a trial are."""
    path = folder / RECIPE
    return Workspace(load_model_recipe(path), path, folder / "build", folder / "bundles")


def run_trial(folder: Path, signal: str | None, rate: float) -> dict[str, Any]:
    """Train, compile and emulate the recipe in `folder`, as far as that is not done; what is measured, or `why` not.

    Args:
        folder: of the trial.
        signal: whose efficiency is quoted, None of a classifier.
        rate: Hz of that signal's trigger alone.
    """
    started = time.monotonic()
    try:
        found = _measured(folder, signal, rate)
    except TriggerNNError as error:
        found = {"why": str(error)}
    except Exception as error:  # hls4ml and TensorFlow raise what they like, and the other trials are to go on
        traceback.print_exc()
        found = {"why": f"{type(error).__name__}: {error}; see {LOG} beside the recipe."}
    return found | {"seconds": time.monotonic() - started, "packages": packages()}


def _measured(folder: Path, signal: str | None, rate: float) -> dict[str, Any]:
    from trigger_nn.workflow.run import run_until
    from trigger_nn.workflow.scan.metrics import measured

    workspace = workspace_of(folder)
    run_until(workspace, "emulate", lambda what, done, total: _tell(f"{what} {done}/{total}"), _tell)
    return measured(workspace, signal, rate)


def _tell(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _end_with_the_scan() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def main(arguments: list[str]) -> None:
    """Run the trial that the command line names and write its result."""
    folder, khz, signal = Path(arguments[0]), float(arguments[1]), next(iter(arguments[2:]), None)
    threading.Thread(target=_end_with_the_scan, daemon=True).start()
    write_json(folder / RESULT, run_trial(folder, signal, 1e3 * khz))


if __name__ == "__main__":
    main(sys.argv[1:])

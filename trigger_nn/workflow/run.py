"""Bring the steps of the main job up to date, in order.

Each step has a stamp: the digest of all that decides its result, earlier steps included. A step whose stamp still
holds is not repeated, so a failure late costs nothing early.
"""

import json
import time
from collections.abc import Callable

from trigger_nn.files import replacing, sha256
from trigger_nn.version import __version__
from trigger_nn.workflow.steps import STEPS, Progress
from trigger_nn.workflow.threads import limit_threads
from trigger_nn.workflow.workspace import Workspace, is_written


def run_until(
    workspace: Workspace, verb: str, progress: Progress, say: Callable[[str], None], force: bool = False
) -> None:
    """Bring every step up to and including `verb` up to date; `say` gets one line a step.

    `force` repeats the last step even when nothing changed.
    """
    limit_threads(workspace.recipe.training.threads)
    digest = ""
    last = [step.verb for step in STEPS].index(verb)
    for number, step in enumerate(STEPS[: last + 1], 1):
        digest = sha256(json.dumps([digest, step.verb, __version__, step.decides(workspace)], default=str).encode())
        stamp = workspace.path(f"{step.verb}.stamp")
        current = stamp.is_file() and stamp.read_text() == digest
        head = f"[{number}/{len(STEPS)}] {step.verb}"
        if current and all(_present(workspace, name) for name in step.writes) and not (force and step.verb == verb):
            say(f"{head}: up to date")
            continue
        stamp.unlink(missing_ok=True)
        started = time.monotonic()
        say(f"{head}: {step.does}")
        outcome = step.run(workspace, progress)
        with replacing(stamp) as temporary:
            temporary.write_text(digest)
        say(f"{head}: {outcome} ({time.monotonic() - started:.0f} s)")


def _present(workspace: Workspace, name: str) -> bool:
    """Whether a file of a step is there; of the bundle also the folder that was written."""
    path = workspace.path(name)
    return path.exists() and (name != "bundle.json" or is_written(workspace))

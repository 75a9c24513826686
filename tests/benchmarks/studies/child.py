"""One full study in its own process: python -m tests.benchmarks.studies.child THREADS PROGRAM SAMPLE RECIPE OUT."""

import json
import sys
import time

BEGAN = time.monotonic()

from pathlib import Path  # noqa: E402 - what is imported from here on is part of what is measured

from trigger_nn.program.program import Program  # noqa: E402
from trigger_nn.workflow.asking import load_study  # noqa: E402
from trigger_nn.workflow.pages.study import study_page, write_study  # noqa: E402
from trigger_nn.workflow.study import study  # noqa: E402


def main(threads: int, program: Path, sample: Path, recipe: Path, out: Path) -> None:
    """Print seconds by stage, the largest memory in use and the size of the page, as JSON."""
    loaded, imported = Program.load(program), time.monotonic()
    found = study(loaded, [sample], load_study(recipe), threads=threads)
    studied = time.monotonic()
    page = write_study(found, study_page(found, loaded), out)
    written = time.monotonic()
    emulating = found.study.seconds
    stages = {
        "start": imported - BEGAN, "read and emulate": emulating, "columns and tables": studied - imported - emulating,
        "page": written - studied, "in all": written - BEGAN,
    }  # fmt: skip
    causes = [row.cause for signal in found.study.signals for row in signal.coarseness]
    size = page.stat().st_size / 2**20
    told = {"events": found.study.events, "seconds": stages, "memory_gb": _most_memory(), "page_mb": size}
    print(json.dumps(told | {"causes": causes}))


def _most_memory() -> float:
    """GB; what getrusage tells begins with the parent's."""
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 2**20


if __name__ == "__main__":
    main(int(sys.argv[1]), *map(Path, sys.argv[2:6]))

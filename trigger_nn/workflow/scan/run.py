"""Run a scan: ask for trials, give each a folder and a process, tell how it ended; a repeated command goes on."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from trigger_nn.errors import ToolNotFound, TriggerNNError
from trigger_nn.files import replacing
from trigger_nn.studies.scans.table import told
from trigger_nn.studies.scans.values import Scan, State
from trigger_nn.workflow.part import locked
from trigger_nn.workflow.scan.ledger import Entry, Ledger, open_ledger
from trigger_nn.workflow.scan.plan import Plan, Series, load_plan, relative, series_of
from trigger_nn.workflow.scan.read import LEDGER, folder_of, read_scan
from trigger_nn.workflow.scan.samples import Progress, Samples
from trigger_nn.workflow.scan.trial import LOG, RECIPE, RESULT
from trigger_nn.workflow.workspace import write_json

PAUSE = 0.2  # seconds between looks at the processes
PATIENCE = 10.0  # seconds that one gets to end
Say = Callable[[str], None]


@dataclass(frozen=True)
class Options:
    """How a scan is run: trials at once, how many more (None: all), where particles are kept."""

    workers: int | None = None
    limit: int | None = None
    cache: Path = Path("build") / "events"


def run_scan(path: Path, out: Path, options: Options, progress: Progress, say: Say) -> Scan:
    """Run the scan at `path` in the folder `out`, where an earlier run of it goes on.

    `progress(what, done, total)` is called as trials end and events get made; `say` gets a line a trial.

    Raises:
        RecipeError: a recipe is wrong, or `out` holds another scan. EventsError: another process runs it.
        ToolNotFound: events are to be made without Pythia, or Optuna is not installed.
    """
    plan = load_plan(path)
    workers = options.workers or plan.spec.workers
    samples = Samples(out / "events", options.cache, workers, progress)
    left = options.limit
    out.mkdir(parents=True, exist_ok=True)
    with locked(out):
        for series in series_of(plan):
            ledger = open_ledger(out / LEDGER, plan, series, workers)
            done = _Runner(plan, series, ledger, samples, out, workers, progress, say).run(left)
            left = None if left is None else left - done
        return read_scan(plan, out)


@dataclass(frozen=True)
class _Child:
    entry: Entry
    folder: Path
    process: subprocess.Popen[bytes]

    def stop(self) -> None:
        """End the process with its standard input, which it watches."""
        if self.process.stdin:
            self.process.stdin.close()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class _Runner:
    plan: Plan
    series: Series
    ledger: Ledger
    samples: Samples
    out: Path
    workers: int
    progress: Progress
    say: Say

    def run(self, limit: int | None) -> int:
        """Run at most `limit` trials, `workers` at once; how many were begun."""
        running: list[_Child] = []
        begun = 0
        self._report()
        try:
            while True:
                while len(running) < self.workers and self.ledger.open() and (limit is None or begun < limit):
                    running += self._begin(self.ledger.ask())
                    begun += 1
                if not running:
                    return begun
                time.sleep(PAUSE)
                for child in [child for child in running if child.process.poll() is not None]:
                    running.remove(child)
                    self._end(child.entry, _result(child))
        finally:
            for child in running:
                child.stop()

    def _begin(self, entry: Entry) -> list[_Child]:
        """Write the recipe and start the process; nothing if the recipe can't be, or has been tried."""
        folder = folder_of(self.out, self.series, entry.number)
        try:
            self._write_recipe(entry, folder)
        except ToolNotFound:
            raise  # every other trial would fail alike
        except TriggerNNError as error:
            self._end(entry, {"why": str(error)})
            return []
        before = self._tried(entry)
        if before is not None:
            self._end(entry, before)
            return []
        return [_Child(entry, folder, self._started(folder))]

    def _write_recipe(self, entry: Entry, folder: Path) -> None:
        values = self.series.by_key(entry.point)
        model, sample = self.plan.recipes(values)
        events = model["events"]
        if sample is None:
            events["file"] = relative(events["file"], self.plan.path.parent / Path(self.plan.spec.base).parent, folder)
        else:
            events["file"] = relative(str(self.samples.file(sample).resolve()), folder, folder)
        model["name"] = f"{self.plan.spec.name}_{self.series.name}_{entry.number}"
        # One thread, so that the trial run alone later gives the same weights, on more cores too.
        model["training"] = {"threads": 1} | model["training"]
        if self.plan.signal:
            study = model.setdefault("study", {})
            study["rates_khz"] = sorted({*study.get("rates_khz", []), self.plan.spec.rate_khz})
        head = f"# Trial {entry.number} of {self.plan.spec.name}: {json.dumps(values)}\n"
        with replacing(folder / RECIPE) as temporary:
            temporary.write_text(head + tomli_w.dumps(model))

    def _started(self, folder: Path) -> "subprocess.Popen[bytes]":
        (folder / RESULT).unlink(missing_ok=True)
        command = [sys.executable, "-m", "trigger_nn.workflow.scan.trial", str(folder), str(self.plan.spec.rate_khz)]
        alone = {"OMP_NUM_THREADS": "1"} if self.workers > 1 else {}
        with (folder / LOG).open("wb") as log:
            return subprocess.Popen(
                command + ([self.plan.signal] if self.plan.signal else []), stdin=subprocess.PIPE, stdout=log,
                stderr=subprocess.STDOUT, env=os.environ | alone,
            )  # fmt: skip

    def _tried(self, entry: Entry) -> dict[str, Any] | None:
        """The result of an earlier trial of the same values, which would come out again."""
        for other in self.ledger.entries():
            if other.state == "done" and dict(other.point) == dict(entry.point):
                result = folder_of(self.out, self.series, other.number) / RESULT
                return {"same_as": other.number} | json.loads(result.read_text())
        return None

    def _end(self, entry: Entry, found: Mapping[str, Any]) -> None:
        """Note down how a trial ended: first its result, then in the ledger that there is one."""
        state: State = "failed" if found.get("why") else "done"
        facts = {"number": entry.number, "state": state, "parameters": self.series.by_key(entry.point)}
        write_json(folder_of(self.out, self.series, entry.number) / RESULT, dict(found) | facts)
        metrics = found.get("metrics", {})
        values = [metrics[one.metric] for one in self.plan.objectives] if state == "done" else None
        self.ledger.tell(entry.number, values)
        self.say(_line(self.plan, self.series, entry, found))
        self._report()

    def _report(self) -> None:
        ended = sum(entry.state in ("done", "failed") for entry in self.ledger.entries())
        self.progress(self.series.name, ended, self.ledger.total)


def _result(child: _Child) -> dict[str, Any]:
    """What the process wrote; why there is nothing if there is nothing."""
    if child.process.stdin:
        child.process.stdin.close()
    path = child.folder / RESULT
    if path.is_file():
        found: dict[str, Any] = json.loads(path.read_text())
        return found
    code = child.process.returncode
    how = f"was ended by signal {-code} (out of memory?)" if code < 0 else f"ended with code {code}"
    return {"why": f"Its process {how}; see {child.folder / LOG}."}


def _line(plan: Plan, series: Series, entry: Entry, found: Mapping[str, Any]) -> str:
    point = ", ".join(f"{name} = {told(value)}" for name, value in entry.point.items())
    head = f"{series.name} {entry.number:04d} ({point})"
    if found.get("why"):
        return f"{head}: failed: {found['why']}"
    came_out = ", ".join(f"{one.metric} {found['metrics'][one.metric]:.4g}" for one in plan.objectives)
    again = f", as trial {found['same_as']}" if "same_as" in found else ""
    return f"{head}: {came_out} ({found['seconds']:.0f} s{again})"

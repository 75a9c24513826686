"""Run a scan: ask for trials, give each a folder and a process, tell how it ended; a repeated command goes on."""

import contextlib
import itertools
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import tomli_w

from trigger_nn.errors import EventsError, ToolNotFound, TriggerNNError
from trigger_nn.files import replacing
from trigger_nn.studies.scans.table import told
from trigger_nn.studies.scans.values import Scan, State
from trigger_nn.workflow.part import locked
from trigger_nn.workflow.scan.ledger import Entry, Ledger, open_ledger
from trigger_nn.workflow.scan.plan import Plan, Series, load_plan, relative, series_of
from trigger_nn.workflow.scan.read import LEDGER, folder_of, read_scan, result_of
from trigger_nn.workflow.scan.samples import Progress, Samples
from trigger_nn.workflow.scan.trial import LOG, RECIPE, RESULT
from trigger_nn.workflow.workspace import write_json

PAUSE = 0.2  # seconds between looks at the processes
PATIENCE = 10.0  # seconds that one gets to end
TOLD = 30.0  # seconds between two words about what the trials are at
TAIL = 1000  # bytes at the end of a log, in which its last line is
Say = Callable[[str], None]
Keep = Callable[[Scan], object]


@dataclass(frozen=True)
class Options:
    """How a scan is run: trials at once, how many more (None: all), where particles are kept."""

    workers: int | None = None
    limit: int | None = None
    cache: Path = Path("build") / "events"


def run_scan(
    path: Path, out: Path, options: Options, progress: Progress, say: Say, keep: Keep | None = None
) -> Scan:  # fmt: skip
    """Run the scan at `path` in the folder `out`, where an earlier run of it goes on.

    `progress(what, done, total)` is called as trials end and events get made; `say` gets a line a trial, and now and
    then what those are at that run; `keep` gets the scan as it is after every trial.

    Raises:
        RecipeError: a recipe is wrong, or `out` holds another scan. EventsError: another process runs it.
        ToolNotFound: events are to be made without Pythia, or Optuna is not installed.
    """
    plan = load_plan(path)
    workers = options.workers or plan.spec.workers
    samples = Samples(out / "events", options.cache, workers, progress)
    left = options.limit
    out.mkdir(parents=True, exist_ok=True)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locked(out))
        except EventsError:
            raise EventsError(
                f"{out} is being written by another process; wait for it, or give another folder with --out."
            ) from None
        ended = partial(_kept, plan, out, keep)
        for series in series_of(plan):
            ledger = open_ledger(out / LEDGER, plan, series, workers)
            done = _Runner(plan, series, ledger, samples, out, workers, progress, say, ended).run(left)
            left = None if left is None else left - done
        return read_scan(plan, out)


def scan_so_far(path: Path, out: Path) -> Scan:
    """The scan at `path` as far as `out` holds it.

    Raises:
        TriggerNNError: as of `run_scan`.
    """
    return read_scan(load_plan(path), out)


def _kept(plan: Plan, out: Path, keep: Keep | None) -> None:
    if keep is not None:
        keep(read_scan(plan, out))


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
    ended: Callable[[], None]

    def run(self, limit: int | None) -> int:
        """Run at most `limit` trials, `workers` at once; how many were begun."""
        running: list[_Child] = []
        lost, begun = self._lost(), 0
        self._report()
        try:
            for look in itertools.count(1):
                while len(running) < self.workers and (lost or self.ledger.open()) and (limit is None or begun < limit):
                    running += self._begin(lost.pop(0) if lost else self.ledger.ask())
                    begun += 1
                if not running:
                    break
                time.sleep(PAUSE)
                if look % round(TOLD / PAUSE) == 0:
                    self._tell(running)
                for child in [child for child in running if child.process.poll() is not None]:
                    running.remove(child)
                    self._end(child.entry, _result(child))
        finally:
            for child in running:
                child.stop()
            self.ledger.put_back()
        return begun

    def _lost(self) -> list[Entry]:
        """Trials that have ended and whose result was removed."""
        ended = [entry for entry in self.ledger.entries() if entry.state in ("done", "failed")]
        folders = [folder_of(self.out, self.series, entry.number) for entry in ended]
        lost = [entry for entry, folder in zip(ended, folders, strict=True) if not (folder / RESULT).exists()]
        for folder in folders:
            _ = (folder / RESULT).exists() and result_of(folder)  # a damaged one is told before anything runs
        return lost

    def _tell(self, running: Sequence[_Child]) -> None:
        """The last line of the log of each."""
        for child in running:
            lines = (child.folder / LOG).read_bytes()[-TAIL:].decode(errors="replace").splitlines()
            self.say(f"{self.series.name} {child.entry.number:04d}: {lines[-1] if lines else 'begun'}")

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
            folder = folder_of(self.out, self.series, other.number)
            same = other.number != entry.number and dict(other.point) == dict(entry.point)
            if same and other.state == "done" and (folder / RESULT).exists():
                return {"same_as": other.number} | result_of(folder)
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
        self.ended()

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

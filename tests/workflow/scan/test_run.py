"""Running trials, in the place of which a few lines of Python stand: order, failures, crashes, resuming."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest
import tomli_w

from tests.workflow.scan.recipes import quiet, written
from tests.workflow.scan.test_plan import sample_recipe
from trigger_nn.cli import scan as cli
from trigger_nn.errors import EventsError, ToolNotFound, TriggerNNError
from trigger_nn.workflow.part import locked
from trigger_nn.workflow.scan import run
from trigger_nn.workflow.scan.run import Options, run_scan

POPEN = subprocess.Popen
AXES = [{"key": "network.weights.bits", "values": [4, 5, 6]}]
# Efficiency rises with the bits; how a trial ends is said by the seed of the recipe.
TRIAL = """
import json, os, sys, tomllib
folder, khz, *signal = sys.argv[1:]
recipe = tomllib.load(open(f"{folder}/recipe.toml", "rb"))
bits = recipe["network"].get("weights", {"bits": 4})["bits"]
end = recipe["training"].get("seed", 1)
if bits == 5 and end == 7:
    os.kill(os.getpid(), 9)
if bits == 5 and end == 8:
    sys.exit(3)
why = "It diverged." if bits == 5 and end == 9 else ""
metrics = {"efficiency": bits / 10, "efficiency_low": bits / 10 - 0.02, "efficiency_high": bits / 10 + 0.02}
metrics |= {"latency_ns": 100.0 + bits, "lut": 1000.0}
result = {"metrics": metrics, "epochs": [2, 1], "loss": [0.5, 0.6], "seconds": 0.1, "test_events": 50, "why": why}
json.dump(result if not why else {"why": why, "seconds": 0.1}, open(f"{folder}/result.json", "w"))
open(f"{folder}/runs", "a").write("x")
"""


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    def started(command, **options):
        if command[0] == "git":
            return POPEN(command, **options)
        assert command[1:3] == ["-m", "trigger_nn.workflow.scan.trial"]
        return POPEN([sys.executable, "-c", TRIAL, *command[3:]], **options)

    monkeypatch.setattr(run.subprocess, "Popen", started)


def scan(folder, limit=None, workers=2, say=quiet, keep=None, **changes):
    path = written(folder, **{"axes": AXES} | changes)
    return run_scan(path, folder / "out", Options(workers, limit, folder / "cache"), quiet, say, keep)


def seeded(folder, seed):
    """The same scan with another seed in its base."""
    path = written(folder, axes=AXES)
    base = tomllib.loads((folder / "base.toml").read_text())
    (folder / "base.toml").write_text(tomli_w.dumps(base | {"training": base["training"] | {"seed": seed}}))
    return run_scan(path, folder / "out", Options(2), quiet, quiet)


def test_all_trials_are_run_and_the_best_are_told(tmp_path):
    found = scan(tmp_path)
    assert [trial.state for trial in found.trials] == ["done"] * 3
    assert [trial.metrics["efficiency"] for trial in found.trials] == [0.4, 0.5, 0.6]
    assert all(trial.front for trial in found.trials)  # each is either faster or better
    assert (found.signal, found.rate, found.test_events, found.keys) == ("hh4b", 3e5, 50, ("network.weights.bits",))
    assert (found.trials[0].epochs, found.trials[0].loss) == ((2, 1), (0.5, 0.6))


def test_trials_are_recipes_with_paths_from_their_folders_and_the_rate_of_the_scan(tmp_path):
    found = scan(tmp_path, limit=1)
    assert [trial.state for trial in found.trials] == ["done", "waiting", "waiting"]
    recipe = tomllib.loads((tmp_path / "out" / found.trials[0].recipe).read_text())
    assert recipe["events"]["file"] == "../../../few.h5"
    assert recipe["study"]["rates_khz"] == [300.0]
    assert (recipe["name"], recipe["training"]["threads"]) == ("few_trials_0", 1)
    assert str(tmp_path) not in (tmp_path / "out" / found.trials[0].recipe).read_text()


def test_a_repeated_command_goes_on_and_repeats_nothing(tmp_path):
    scan(tmp_path, limit=2)
    assert [trial.state for trial in scan(tmp_path).trials] == ["done"] * 3
    runs = [(tmp_path / "out" / "trials" / f"000{i}" / "runs").read_text() for i in range(3)]
    assert runs == ["x", "x", "x"]


def test_the_scan_is_told_as_it_is_after_every_trial(tmp_path):
    kept = []
    scan(tmp_path, workers=1, keep=kept.append)
    assert [[trial.state for trial in found.trials] for found in kept] == [
        ["done", "waiting", "waiting"], ["done", "done", "waiting"], ["done", "done", "done"],
    ]  # fmt: skip


def test_a_damaged_result_names_its_trial_which_runs_again_once_it_is_removed(tmp_path):
    scan(tmp_path)
    trial = tmp_path / "out" / "trials" / "0001"
    (trial / "result.json").write_text("{")
    with pytest.raises(TriggerNNError, match=f"remove the trial's folder {trial} and repeat"):
        scan(tmp_path)
    shutil.rmtree(trial)
    found = scan(tmp_path)
    assert [trial.state for trial in found.trials] == ["done"] * 3
    assert found.trials[1].metrics["efficiency"] == 0.5
    assert (trial / "runs").read_text() == "x"


@pytest.mark.parametrize("content", [b"no database", None])
def test_a_damaged_ledger_is_a_sentence_and_can_be_removed(tmp_path, content):
    scan(tmp_path, limit=1)
    ledger = tmp_path / "out" / "trials.sqlite"
    ledger.write_bytes(ledger.read_bytes()[:5000] if content is None else content)
    with pytest.raises(TriggerNNError, match=r"damaged.*remove it and repeat"):
        scan(tmp_path)
    ledger.unlink()
    assert [trial.state for trial in scan(tmp_path).trials] == ["done"] * 3


def test_what_trials_are_at_is_told_now_and_then(tmp_path, monkeypatch):
    def slow(command, **options):
        lines = "print('float epochs 3/40', flush=True); import time; time.sleep(1)"
        return POPEN([sys.executable, "-c", f"{lines}\n{TRIAL}", *command[3:]], **options)

    monkeypatch.setattr(run.subprocess, "Popen", slow)
    monkeypatch.setattr(run, "TOLD", run.PAUSE)
    lines = []
    scan(tmp_path, limit=1, say=lines.append)
    assert "trials 0000: float epochs 3/40" in lines


def test_ctrl_c_leaves_a_page_of_what_is_done(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, axes=AXES)

    def interrupted(path, out, options, progress, say, keep):
        run_scan(path, out, Options(1, 1, tmp_path / "cache"), progress, say, keep)
        raise KeyboardInterrupt

    monkeypatch.setattr(run, "run_scan", interrupted)
    with pytest.raises(KeyboardInterrupt):
        cli.scan(path, tmp_path / "out", None, None, tmp_path / "cache")
    assert "Pareto front" in (tmp_path / "out" / "scan.html").read_text()
    assert len((tmp_path / "out" / "trials.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("seed", "says"), [(7, "was ended by signal 9"), (8, "ended with code 3"), (9, "It diverged.")]
)
def test_a_failed_trial_is_kept_with_its_sentence_and_the_scan_goes_on(tmp_path, seed, says):
    found = seeded(tmp_path, seed)
    assert [trial.state for trial in found.trials] == ["done", "failed", "done"]
    assert says in found.trials[1].why
    assert [trial.front for trial in found.trials] == [True, False, True]
    assert [trial.state for trial in seeded(tmp_path, seed).trials] == ["done", "failed", "done"]


def test_values_that_do_not_go_together_fail_alone(tmp_path):
    axes = [
        {"key": "network.dense", "values": [[4], [4, 4]]},
        {"key": "network.layers.dense2.weights.bits", "values": [3]},
        *AXES[:1],
    ]
    found = scan(tmp_path, axes=axes)
    assert [trial.state for trial in found.trials] == ["failed"] * 3 + ["done"] * 3
    assert "no layer 'dense2'" in found.trials[0].why


def test_what_a_sampler_chooses_twice_is_run_once(tmp_path):
    lines = []
    found = scan(
        tmp_path, axes=[{"key": "network.weights.bits", "values": [4, 6]}], method="optuna", trials=6, workers=1,
        say=lines.append,
    )  # fmt: skip
    assert len(found.trials) == 6
    runs = list((tmp_path / "out" / "trials").glob("*/runs"))
    assert len(runs) == 2
    assert sum("as trial" in line for line in lines) == 4
    assert {trial.metrics["efficiency"] for trial in found.trials} == {0.4, 0.6}


def test_two_commands_can_not_share_a_folder(tmp_path):
    (tmp_path / "out").mkdir()
    with locked(tmp_path / "out"), pytest.raises(EventsError, match=r"another process.*--out"):
        scan(tmp_path)


def test_an_interrupt_ends_the_trials_that_run_and_they_wait_again(tmp_path, monkeypatch):
    class Stop(BaseException):
        """As Ctrl-C is."""

    began = []

    def sleeping(command, **options):
        process = POPEN([sys.executable, "-c", "import sys; sys.stdin.read()"], **options)
        began.append(process)
        return process

    def stop(_):
        raise Stop

    with monkeypatch.context() as patched:
        patched.setattr(run.subprocess, "Popen", sleeping)
        patched.setattr(run, "time", SimpleNamespace(sleep=stop))
        with pytest.raises(Stop):
            scan(tmp_path)
    assert len(began) == 2
    assert all(process.returncode is not None for process in began)
    assert [trial.state for trial in scan(tmp_path).trials] == ["done"] * 3


def test_effects_have_trials_of_their_own_and_samples_are_made_once_a_variant(tmp_path, monkeypatch):
    made = []

    def make(recipe, out, cache, workers, progress):
        made.append(recipe.detector.off)
        out.parent.mkdir(parents=True, exist_ok=True)
        out.touch()

    monkeypatch.setattr("trigger_nn.events.production.make.make_sample", make)
    effects = {"off": ["bending", "smearing"], "seeds": [1, 2]}
    found = scan(tmp_path, axes=[], effects=effects, sample=sample_recipe(tmp_path))
    assert made == [(), ("bending",), ("smearing",)]
    assert [effect.what for effect in found.effects] == ["no bending", "no smearing"]
    assert found.reference == pytest.approx((0.4, 0.38, 0.42))
    assert len(found.effect_trials) == 6
    assert found.trials == ()
    recipe = tomllib.loads((tmp_path / "out/effects/0001/recipe.toml").read_text())
    file = tmp_path / "out/effects/0001" / recipe["events"]["file"]
    assert file.is_file()
    assert json.loads((tmp_path / "out/effects/0001/result.json").read_text())["parameters"] == {
        "sample.detector.off": ["bending"], "training.seed": 1,
    }  # fmt: skip
    assert not os.path.isabs(recipe["events"]["file"])  # noqa: PTH117
    assert len(list(Path(tmp_path / "out/effects").iterdir())) == 6


def test_without_pythia_the_scan_stops_with_a_sentence(tmp_path, monkeypatch):
    def make(*_):
        raise ToolNotFound("Making events needs Pythia 8.")

    monkeypatch.setattr("trigger_nn.events.production.make.make_sample", make)
    with pytest.raises(ToolNotFound, match="Pythia"):
        scan(tmp_path, sample=sample_recipe(tmp_path))

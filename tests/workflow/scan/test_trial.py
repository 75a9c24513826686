"""Real trials, tiny: killed and resumed, run alone, pruned, with a layer of its own precision, and one that fails."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.workflow.scan.recipes import BASE, write_events, written
from trigger_nn.program.program import Program
from trigger_nn.workflow.scan.trial import workspace_of

KERNELS = {"key": "network.convolutions.0.kernel", "values": [3, 30]}  # the second is larger than the image
BASE_PRUNED = BASE | {
    "network": BASE["network"] | {"layers": {"dense1": {"weights": {"bits": 3}}}},
    "training": BASE["training"] | {"pruning": 0.5},
}
PATIENCE = 240  # seconds


def command(folder):
    return [sys.executable, "-m", "trigger_nn", "scan", str(folder / "scan.toml"), "--out", str(folder / "out")]


def killed_after(path, folder):
    """Begin the scan, and kill it without notice once there is `path`."""
    process = subprocess.Popen(command(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE
    while not path.is_file() and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert path.is_file()


def processes_of(folder):
    """Processes whose command line names the folder."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):  # noqa: PTH208
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:  # noqa: PTH123
            found += [pid] if str(folder).encode() in file.read() else []
    return found


@pytest.fixture(scope="module")
def scanned(tmp_path_factory):
    """A scan of two trials, killed after the first was trained, and repeated: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("scan")
    written(folder, BASE_PRUNED, axes=[KERNELS])
    write_events(folder)
    first = folder / "out" / "trials" / "0000"
    killed_after(first / "build" / "train.stamp", folder)
    until = time.monotonic() + PATIENCE
    while os.path.isdir("/proc/self") and processes_of(folder) and time.monotonic() < until:  # noqa: PTH112
        time.sleep(0.1)
    assert not (first / "result.json").exists()
    done = subprocess.run([*command(folder), "--json"], capture_output=True, text=True, check=False, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return folder, done


def result(folder, number):
    return json.loads((folder / "out" / "trials" / f"{number:04d}" / "result.json").read_text())


def test_what_was_killed_goes_on_from_its_last_finished_step(scanned):
    folder, done = scanned
    assert [trial["state"] for trial in json.loads(done.stdout)["trials"]] == ["done", "failed"]
    log = (folder / "out/trials/0000/trial.log").read_text()
    assert "train: up to date" in log
    assert "emulate: 300 events" in log


def test_a_trial_that_can_not_be_built_says_why(scanned):
    found = result(scanned[0], 1)
    assert found["why"].startswith("network: it can't be built for images")
    assert found["state"] == "failed"


def test_the_result_has_what_was_measured(scanned):
    found = result(scanned[0], 0)
    metrics = found["metrics"]
    assert metrics["efficiency_low"] <= metrics["efficiency"] <= metrics["efficiency_high"]
    assert metrics["rate_hz"] <= 300e3
    assert metrics["latency_ns"] == 5 * metrics["cycles"] > 0
    assert found["epochs"] == [1, 1]
    assert found["test_events"] == 300
    assert set(metrics) >= {"lut", "ff", "dsp", "bram", "interval", "float_efficiency", "weights", "weight_bits"}


def test_run_alone_the_recipe_gives_the_same_result(scanned, tmp_path):
    folder, _ = scanned
    trial = folder / "out" / "trials" / "0000"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TF_NUM")}
    subprocess.run(
        [sys.executable, "-m", "trigger_nn", "compile", str(trial / "recipe.toml"), "--build", str(tmp_path)],
        check=True, timeout=PATIENCE, env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    alone, own = (Program.load(path) for path in (tmp_path / "few_trials_0/program.h5", trial / "build/program.h5"))
    assert alone.digest == own.digest == result(folder, 0)["digest"]
    losses = [json.loads((path / "losses.json").read_text()) for path in (tmp_path / "few_trials_0", trial / "build")]
    assert losses[0] == losses[1]


def test_the_share_that_was_asked_for_is_zero_in_the_program(scanned):
    program = Program.load(scanned[0] / "out/trials/0000/build/program.h5")
    kernels = {name: program.operation(name).weights.mantissa for name in ("conv1", "dense1", "score")}
    for name, kernel in kernels.items():
        zeros = int((kernel == 0).sum())
        assert zeros >= kernel.size // 2, name  # half, and what the grid rounds to zero
    sizes = sum(kernel.size for kernel in kernels.values())
    assert result(scanned[0], 0)["metrics"]["weights"] < sizes


def test_a_layers_own_bits_are_its_type_in_the_program(scanned):
    program = Program.load(scanned[0] / "out/trials/0000/build/program.h5")
    assert program.operation("dense1").weights.type.width == 3
    assert program.operation("score").weights.type.width == 6


def test_the_metrics_are_those_of_the_scores(scanned):
    """Counted anew, threshold by threshold."""
    trial = scanned[0] / "out" / "trials" / "0000"
    workspace = workspace_of(trial)
    sample = workspace.sample()
    events, scores = sample.splits["test"], np.load(workspace.path("scores.npz"))["emulator"][:, 0]
    background, wanted = sample.select("test", "zero_bias", "qcd"), sample.select("test", "hh4b")
    kept = [
        (scores[wanted] > threshold).mean()
        for threshold in range(int(scores.min()) - 1, int(scores.max()) + 1)
        if events.rate[background & (scores > threshold)].astype(float).sum() <= 300e3
    ]
    assert result(scanned[0], 0)["metrics"]["efficiency"] == max(kept)


def test_the_page_and_the_tables_are_written(scanned):
    out = scanned[0] / "out"
    assert "Pareto front" in (out / "scan.html").read_text()
    assert json.loads((out / "trials.json").read_text())["trials"][0]["recipe"] == "trials/0000/recipe.toml"
    assert len((out / "trials.csv").read_text().splitlines()) == 3

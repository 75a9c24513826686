"""The command line as its user meets it: what goes wrong is one sentence, a non-zero code, and nothing half-written."""

import errno
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import yaml

from tests.browser import check_page
from tests.conftest import GOLDEN, ROOT
from trigger_nn import Program, files
from trigger_nn.errors import TriggerNNError
from trigger_nn.program.fixed import Fixed
from trigger_nn.workflow.workspace import embedded_sample

RECIPE = (ROOT / "models/event_image/recipe.toml").read_text()
PROGRAM = GOLDEN / "event_image_program.h5"


def trigger_nn(*arguments, cwd, path=None):
    environment = os.environ | ({"PATH": path} if path is not None else {})
    command = [sys.executable, "-m", "trigger_nn", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def refused(done, *says):
    """One sentence on stderr, exit code 1, no traceback."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert done.stderr.splitlines()[-1].startswith("error: ")  # what was done before stands above it
    for text in says:
        assert text in done.stderr, done.stderr


def recipe(folder, **changes):
    """The shipped recipe, a text replaced for each change."""
    text = RECIPE
    for old, new in changes.values():
        assert old in text
        text = text.replace(old, new)
    (folder / "recipe.toml").write_text(text)
    return folder / "recipe.toml"


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (("batch_size", "batch_sise"), ("training.batch_sise", "did you mean 'batch_size'")),
        (("[study]", "[studies]"), ("studies", "did you mean 'study'")),
        (
            ("weights = { bits = 6", "weights = { bits = -6"),
            ("network.weights.bits", "greater than or equal to 1", "-6"),
        ),
        (("xcvu13p-flga2577-2-e", "xcvu99p-flga2577-2-e"), ("hardware", "unknown part 'xcvu99p", "xcvu13p")),
        (('name = "event_image"', "name = 3"), ("name", "string")),
        (("epochs = 60", "epochs = 0"), ("training.epochs", "greater than 0")),
        (('signals = ["hh4b", "vbf_inv"]', ""), ("events.signals", "missing")),
        (("[training]", "[training"), ("not TOML",)),
        (("rates_khz = [50.0, 100.0, 300.0]", "rates_khz = []"), ("study.rates_khz", "at least 1")),
        (("clock_period = 5.0", "clock_period = inf"), ("hardware.clock_period", "finite")),
        (('"hh4b", "vbf_inv"]', '"hh4b", "qcd"]'), ("events", "qcd named more than once")),
    ],
)
def test_bad_recipes(tmp_path, change, says):
    refused(trigger_nn("run", recipe(tmp_path, one=change), cwd=tmp_path), *says)
    assert not (tmp_path / "build").exists()


def test_missing_files(tmp_path):
    refused(trigger_nn("run", "none.toml", cwd=tmp_path), "no recipe at none.toml")
    refused(trigger_nn("show", "none.h5", cwd=tmp_path), "no program at none.h5")
    refused(trigger_nn("events", "info", "none.h5", cwd=tmp_path), "no events file at none.h5", "events make")
    path = recipe(tmp_path, one=('file = "embedded"', 'file = "mine.h5"'))
    refused(trigger_nn("train", path, cwd=tmp_path), "mine.h5", "events make")


def test_unknown_process(tmp_path):
    path = recipe(tmp_path, one=('"vbf_inv"]', '"ttbar"]'))
    refused(trigger_nn("train", path, cwd=tmp_path), "'ttbar'", "zero_bias, qcd, hh4b, vbf_inv")


def test_emulate_refuses_what_does_not_fit(tmp_path):
    np.save(tmp_path / "short.npy", np.zeros((4, 3)))
    refused(trigger_nn("emulate", PROGRAM, "short.npy", cwd=tmp_path), "'image'", "reshape")
    nan = np.zeros((4, 20, 14, 1))
    nan[2, 3, 4, 0] = np.nan
    np.save(tmp_path / "nan.npy", nan)
    refused(trigger_nn("emulate", PROGRAM, "nan.npy", cwd=tmp_path), "not finite at event 2")
    (tmp_path / "text.npy").write_text("no array")
    refused(trigger_nn("emulate", PROGRAM, "text.npy", cwd=tmp_path), "text.npy is no array")
    np.save(tmp_path / "words.npy", np.full((4, 20, 14, 1), "x"))
    refused(trigger_nn("emulate", PROGRAM, "words.npy", cwd=tmp_path), "real numbers")
    (tmp_path / "fine.h5").write_bytes(embedded_sample().read_bytes())
    with h5py.File(tmp_path / "fine.h5", "r+") as file:
        file.attrs["columns"] = file.attrs["columns"].replace('"lsb": 0.5', '"lsb": 0.25')
    refused(trigger_nn("emulate", PROGRAM, "fine.h5", cwd=tmp_path), "count in 0.25 GeV", "counts of 0.5 GeV")
    (tmp_path / "cut.h5").write_bytes(embedded_sample().read_bytes()[:5000])
    refused(trigger_nn("emulate", PROGRAM, "cut.h5", cwd=tmp_path), "truncated")
    assert not list(tmp_path.glob("scores*"))


def test_emulate_events_and_arrays_alike(tmp_path):
    done = trigger_nn("emulate", PROGRAM, embedded_sample(), "--out", "a.npy", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    program = Program.load(PROGRAM)
    with h5py.File(embedded_sample()) as file:
        image = file["test/image"][:]
    wrapped = np.concatenate([image[..., -1:], image, image[..., :1]], axis=2)[..., None]
    np.save(tmp_path / "numbers.npy", wrapped * 2.0 ** -program.inputs[0].type.fraction)
    assert trigger_nn("emulate", PROGRAM, "numbers.npy", "--out", "b.npy", cwd=tmp_path).returncode == 0
    assert np.array_equal(np.load(tmp_path / "a.npy"), np.load(tmp_path / "b.npy"))
    assert np.load(tmp_path / "a.npy").dtype == np.int64
    assert trigger_nn("emulate", PROGRAM, "numbers.npy", cwd=tmp_path).returncode == 0
    with h5py.File(tmp_path / "scores.h5") as file:
        assert np.array_equal(file["scores/output"][:], np.load(tmp_path / "a.npy"))
        assert file["scores/output"].attrs["type"] == "fixed<12,6,RND_CONV,SAT>"


def test_show_and_estimate(tmp_path):
    shown = trigger_nn("show", PROGRAM, cwd=tmp_path).stdout
    assert Program.load(PROGRAM).digest in shown
    assert re.search(r"conv1\s+Conv2D\s+image", shown)
    carried = trigger_nn("show", PROGRAM, "--carriers", "--target", "x86-64", cwd=tmp_path).stdout
    assert re.search(r"conv1_relu\s+Relu\s+0 \.\. 255\s+u8", carried)
    refused(trigger_nn("show", PROGRAM, "--carriers", "--target", "z80", cwd=tmp_path), "'z80'", "x86-64")
    assert "bunch crossings" in trigger_nn("estimate", PROGRAM, cwd=tmp_path).stdout
    refused(trigger_nn("estimate", PROGRAM, "--part", "nonsense", cwd=tmp_path), "unknown part 'nonsense'")
    refused(trigger_nn("estimate", PROGRAM, "--clock-period", 0.5, cwd=tmp_path), "too short for one adder")


VERBS = (
    "run", "train", "compile", "emulate", "estimate", "lint", "tradeoffs", "stream", "rtl", "show", "check", "diff",
    "diverge", "certify", "bundle", "verify", "report", "scan", "study", "compare", "doctor", "events", "store",
)  # fmt: skip


def test_all_verbs_are_listed(tmp_path):
    done = trigger_nn("--help", cwd=tmp_path)
    assert done.returncode == 0
    listed = re.findall(r"^  ([a-z]+) {2,}", done.stdout.partition("Commands:")[2], re.MULTILINE)
    assert sorted(listed) == sorted(VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_help(tmp_path, verb):
    done = trigger_nn(verb, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 8


@pytest.mark.parametrize("verb", ["publish", "list", "history", "fetch", "promote", "deprecate", "verify"])
def test_help_of_the_store(tmp_path, verb):
    done = trigger_nn("store", verb, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 5


@pytest.mark.parametrize("verb", ["make", "convert", "turn", "info", "check", "view"])
def test_help_of_events(tmp_path, verb):
    done = trigger_nn("events", verb, "--help", cwd=tmp_path)
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) > 8


def test_a_sample_is_described_checked_and_drawn(tmp_path):
    images, jets = embedded_sample(), embedded_sample("jets")
    told = trigger_nn("events", "info", images, cwd=tmp_path).stdout
    assert "et in counts of 0.5 GeV (ufixed<10,10>)" in told
    assert re.search(r"test +hh4b +1200 ", told)
    assert "Pythia 8.317, 14 TeV, pile-up 200" in told
    checked = trigger_nn("events", "check", jets, cwd=tmp_path)
    assert checked.returncode == 0, checked.stderr
    assert re.search(r"\d+ events are sound", checked.stdout)
    for path in (images, jets):
        done = trigger_nn("events", "view", path, "--event", 3, "--out", "event.png", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "event.png").read_bytes().startswith(b"\x89PNG")
    refused(trigger_nn("events", "view", images, "--process", "ttbar", cwd=tmp_path), "no process 'ttbar'", "hh4b")
    refused(trigger_nn("events", "view", images, "--event", 10**6, cwd=tmp_path), "events in 'test'", "counted from 0")
    refused(trigger_nn("events", "view", images, "--split", "testing", cwd=tmp_path), "no split 'testing'")


def test_events_of_another_view_do_not_fit_a_program(tmp_path):
    refused(trigger_nn("emulate", PROGRAM, embedded_sample("jets"), cwd=tmp_path), "no column 'image'", "features")


MAPPING = """
format = "npy"
process = "theirs"
split = "test"
[columns.met.features]
missing_pt = { branch = "met", unit = "GeV", lsb = 0.5, bits = 8 }
"""


def test_foreign_events_become_ours(tmp_path):
    np.savez(tmp_path / "theirs.npz", met=np.array([10.3, 500.0]))
    (tmp_path / "map.toml").write_text(MAPPING)
    done = trigger_nn("events", "convert", "map.toml", "theirs.npz", "ours.h5", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "missing_pt in counts of 0.5 GeV" in done.stdout
    assert "read from theirs.npz" in done.stdout
    with h5py.File(tmp_path / "ours.h5") as file:
        assert file["test/met"][:].tolist() == [20, 255]
    (tmp_path / "map.toml").write_text(MAPPING.replace('"met"', '"mett"'))
    done = trigger_nn("events", "convert", "map.toml", "theirs.npz", "more.h5", cwd=tmp_path)
    refused(done, "no branch 'mett'", "met")
    assert not (tmp_path / "more.h5").exists()
    refused(trigger_nn("events", "convert", "cms", "theirs.npz", "more.h5", cwd=tmp_path), "'cms'", "delphes, nanoaod")


SAMPLE = """
name = "small"
seed = 1
shard = 40
[[processes]]
name = "ttbar"
kind = "ttbar"
events = { train = 200, validation = 40, test = 40 }
[views.met]
kind = "missing_momentum"
"""


def test_an_interrupted_sample_goes_on_where_it_stopped(tmp_path):
    (tmp_path / "small.toml").write_text(SAMPLE)
    command = [sys.executable, "-m", "trigger_nn", "events", "make", "small.toml", "out", "--workers", "1"]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert "collisions generated 40/280" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert not (tmp_path / "out").exists()
    made = {p: p.stat().st_mtime_ns for p in (tmp_path / "build/events/particles").rglob("*.h5")}
    assert 1 <= len(made) < 7
    done = trigger_nn("events", "make", "small.toml", "out", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert {p: p.stat().st_mtime_ns for p in made} == made
    assert "280 events are sound" in trigger_nn("events", "check", "out", cwd=tmp_path).stdout
    (tmp_path / "small.toml").write_text(SAMPLE.replace('kind = "ttbar"', 'kind = "tt"'))
    refused(trigger_nn("events", "make", "small.toml", "out", cwd=tmp_path), "no process 'tt'", "ttbar", "zero_bias")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A short run up to the compile step, for the tests of what follows it."""
    folder = tmp_path_factory.mktemp("run")
    path = recipe(folder, a=("epochs = 60", "epochs = 1"), b=("quantized_epochs = 40", "quantized_epochs = 1"))
    done = trigger_nn("compile", path, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"conv1 +-.* fixed<", done.stdout)
    assert re.search(r"in all +\d+", done.stdout)
    return folder


def bundle_of(folder):
    """The bundle that the run in `folder` wrote last."""
    return folder / json.loads((folder / "build/event_image/bundle.json").read_text())["folder"]


def test_without_gxx_verify_says_so_and_keeps_the_rest(finished, tmp_path):
    done = trigger_nn("verify", "recipe.toml", cwd=finished, path=str(tmp_path))
    refused(done, "g++ is not on this machine", "apt install g++")
    assert "train: up to date" in done.stderr
    assert "compile: up to date" in done.stderr
    assert not (finished / "build/event_image/agreement.json").exists()


def test_the_rest_of_the_run_goes_on_where_it_stopped(finished, gxx):
    done = trigger_nn("run", "recipe.toml", cwd=finished)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "train: up to date" in done.stderr
    assert "values in 11 layers of 2000 events equal hls4ml's C++" in done.stderr
    assert "QKeras forward pass" in done.stderr
    assert json.loads((finished / "build/event_image/report.json").read_text())["title"] == "event_image"
    check_page(finished / "build/event_image/report.html")
    folder = bundle_of(finished)
    assert re.fullmatch(r"event_image-[0-9a-f]{8}", folder.name)
    assert (folder / "manifest.json").is_file()
    assert sorted(p.name for p in folder.parent.iterdir()) == [folder.name, f"{folder.name}.zip"]
    again = trigger_nn("run", "recipe.toml", cwd=finished).stderr
    assert again.count("up to date") == 6
    # Another rate in the report does not train again.
    text = (finished / "recipe.toml").read_text()
    (finished / "recipe.toml").write_text(text.replace("[50.0, 100.0, 300.0]", "[60.0, 100.0, 300.0]"))
    changed = trigger_nn("report", "recipe.toml", cwd=finished).stderr
    assert "verify: up to date" in changed
    assert "bundle: write" in changed
    assert (folder / "manifest.json").is_file()  # the older bundle stays
    assert bundle_of(finished) != folder
    # A bundle that was removed is written again.
    shutil.rmtree(bundle_of(finished))
    assert "bundle: write" in trigger_nn("bundle", "recipe.toml", cwd=finished).stderr
    assert bundle_of(finished).is_dir()


def test_the_steps_of_a_recipe_are_told_as_json(finished):
    """Everything is up to date by now, so these only read."""
    told = {}
    for verb in ("run", "train", "compile", "verify", "bundle", "report"):
        done = trigger_nn(verb, "recipe.toml", "--json", cwd=finished)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "up to date" in done.stderr
        told[verb] = json.loads(done.stdout)
    program = Program.load(finished / "build/event_image/program.h5")
    assert told["run"] == told["report"]
    assert told["run"]["digest"] == told["compile"]["digest"] == program.digest
    assert {row["signal"] for row in told["run"]["triggers"]} == {"hh4b", "vbf_inv"}
    assert all(row["low"] <= row["efficiency"] <= row["high"] for row in told["run"]["triggers"])
    assert told["run"]["classes"] == []
    assert len(told["train"]["losses"]["QKeras"]) == 1
    types = {choice["layer"]: choice["after"] for choice in told["compile"]["choices"]}
    assert types == {name: str(program.operation(name).type) for name in types}
    assert types
    assert told["verify"]["holds"]
    assert told["verify"]["agreements"][0]["theirs"] == "hls4ml's C++ built by g++"
    assert finished / told["bundle"]["folder"] == bundle_of(finished)
    quiet = trigger_nn("--quiet", "compile", "recipe.toml", cwd=finished)
    assert quiet.stderr == ""
    assert re.search(r"in all +\d+", quiet.stdout)


def test_bundle_of_a_program(finished):
    """The same network by the other road: the model lies beside the program."""
    command = ("bundle", "build/event_image/program.h5", "--events", embedded_sample(), "--recipe", "recipe.toml")
    done = trigger_nn(*command, "--vectors", 20, "--out", "fw", cwd=finished)
    assert done.returncode == 0, done.stdout + done.stderr
    made = sorted((finished / "fw").iterdir())
    assert [p.name for p in made] == [made[0].name, f"{made[0].name}.zip"]
    assert made[0].name.removeprefix("event_image-") in done.stdout
    manifest = json.loads((made[0] / "manifest.json").read_text())
    before = json.loads((bundle_of(finished) / "manifest.json").read_text())
    assert manifest["command"].startswith("trigger-nn bundle program.h5 --events ")
    assert manifest["command"].endswith("event_images.h5 --recipe recipe.toml --vectors 20")
    for key in ("name", "symbol", "digests", "thresholds", "performance", "estimate", "hardware"):
        assert manifest[key] == before[key], key
    same = trigger_nn("diff", made[0], bundle_of(finished), "--json", cwd=finished)
    assert same.returncode == 1
    assert {change["where"] for change in json.loads(same.stdout)["changes"]} >= {"vectors", "command"}


def test_verify_of_folder_and_zip(finished):
    folder = bundle_of(finished)
    for path in (folder, folder.with_name(f"{folder.name}.zip")):
        done = trigger_nn("verify", path, "--no-build", cwd=finished)
        assert done.returncode == 0, done.stdout + done.stderr
        assert re.search(r"bundle [0-9a-f]{12} holds", done.stdout)
    copy = shutil.copytree(folder, finished / "copy")
    path = next((copy / "vectors/design/expected").glob("*.hex"))
    text = path.read_text()
    path.write_text(("1" if text[0] == "0" else "0") + text[1:])
    done = trigger_nn("verify", copy, "--no-build", "--json", cwd=finished)
    assert done.returncode == 1, done.stderr
    found = json.loads(done.stdout)
    failed = {check["name"] for check in found["checks"] if check["holds"] is False}
    assert not found["holds"]
    assert {"digests", "expected outputs"} <= failed
    assert "does NOT hold" in trigger_nn("verify", copy, "--no-build", cwd=finished).stdout


def test_report_of_a_bundle_without_vendor_reports(finished):
    done = trigger_nn("report", bundle_of(finished), cwd=finished)
    assert done.returncode == 1
    assert "There is no vendor report below" in done.stdout


def test_captured_outputs_are_compared_with_a_bundle(finished, tmp_path):
    folder = bundle_of(finished)
    fine = trigger_nn("compare", folder, folder / "vectors/design/expected/output.hex", cwd=tmp_path)
    assert fine.returncode == 0, fine.stdout + fine.stderr
    assert fine.stdout.startswith("AGREES")
    text = (folder / "vectors/design/expected/output.hex").read_text()
    (tmp_path / "output.hex").write_text(("1" if text[0] == "0" else "0") + text[1:])
    done = trigger_nn("compare", folder, "output.hex", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stdout.startswith("DIFFERS")


def test_a_bundle_is_published_and_fetched(finished, tmp_path):
    folder = bundle_of(finished)
    done = trigger_nn("store", "publish", "store", folder, "v1.0", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    fetched = trigger_nn("store", "fetch", "store", "event_image", "1.0", "--zip", "--out", ".", cwd=tmp_path)
    assert fetched.returncode == 0, fetched.stdout + fetched.stderr
    assert (tmp_path / f"{folder.name}.zip").read_bytes() == folder.with_name(f"{folder.name}.zip").read_bytes()
    refused(trigger_nn("store", "fetch", "store", "event_image", "2.0", cwd=tmp_path), "2.0")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("bundle", "none.h5", "--events", "x.npy"), "no program at none.h5"),
        (("bundle", PROGRAM), "--events"),
        (("bundle", PROGRAM, "--events", "none.npy"), "quantized.h5"),
        (("bundle", "none.toml"), "no recipe at none.toml"),
        (("bundle", "none.toml", "--events", "x.npy"), "--events does not go with the recipe none.toml"),
        (("bundle", "none.toml", "--vectors", 3), "--vectors does not go with the recipe none.toml"),
        (("bundle", "none.toml", "--split", "train"), "--split does not go with the recipe none.toml"),
        (("verify", "none"), "no bundle at none"),
        (("verify", "none.toml"), "no recipe at none.toml"),
        (("verify", "text.zip"), "text.zip is no zip"),
        (("verify", PROGRAM), "event_image_program.h5"),
        (("diff", "none.zip", PROGRAM), "no bundle at none.zip"),
        (("diff", PROGRAM, "empty"), "program.h5 is missing"),
        (("diff", PROGRAM, PROGRAM, "--events", "none.npy"), "none.npy"),
        (("report", "none"), "none"),
        (("report", "empty", "--program", "none.h5"), "no program at none.h5"),
        (("compare", "none", "x.hex"), "no bundle at none"),
        (("compare", "empty", "x.hex"), "The bundle has no "),
        (("store", "publish", "store", "none", "v1.0"), "no bundle at none"),
        (("store", "publish", "store", "empty", "v1.0"), "SHA256SUMS"),
        (("store", "fetch", "empty", "net", "v1.0"), "no store at empty"),
        (("store", "promote", "empty", "net", "v1.0", "production"), "no store at empty"),
        (("store", "deprecate", "empty", "net", "v1.0", "--reason", "old"), "no store at empty"),
        (("store", "history", "empty", "net"), "no store at empty"),
        (("run", "none.toml"), "no recipe at none.toml"),
        (("diverge", "none.toml"), "no recipe at none.toml"),
        (("check", "none.h5", "--events", "x.npy"), "no program at none.h5"),
        (("estimate", "none.h5"), "no program at none.h5"),
        (("show", "text.zip"), "text.zip"),
    ],
)
def test_bad_input_is_one_sentence(tmp_path, arguments, says):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.zip").write_text("no zip")
    done = trigger_nn(*arguments, cwd=tmp_path)
    refused(done, says)
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "text.zip"]


def test_the_types_chosen_are_written_as_hls4ml_takes_them(finished):
    config = yaml.safe_load((finished / "build/event_image/hls4ml_config.yml").read_text())
    program = Program.load(finished / "build/event_image/program.h5")
    for name in ("conv1", "dense1"):
        assert config["LayerName"][name]["Precision"]["accum"] == str(program.operation(name).accumulator)


def test_all_sides_of_the_network_are_compared_layer_by_layer(finished, gxx):
    done = trigger_nn("diverge", "recipe.toml", "--events", 200, "--threshold", 0, "--json", cwd=finished)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    sides = {side["side"]: side for side in found["sides"]}
    assert found["events"] == 200
    assert all(layer["differing"] == 0 for name in ("QKeras", "hls4ml's C++") for layer in sides[name]["layers"])
    assert any(layer["differing"] for layer in sides["float Keras"]["layers"])
    shown = trigger_nn("diverge", "recipe.toml", "--events", 200, cwd=finished).stdout
    assert "QKeras equals the emulator; 0 of 200 decisions differ" in shown


def test_diff_of_programs(finished, tmp_path):
    program = Program.load(PROGRAM)
    last = replace(program.operations[-1], type=Fixed(True, 6, 4))
    replace(program, operations=(*program.operations[:-1], last)).save(tmp_path / "other.h5")
    same = trigger_nn("diff", PROGRAM, PROGRAM, cwd=tmp_path)
    assert same.returncode == 0
    assert "no difference" in same.stdout
    done = trigger_nn("diff", PROGRAM, "other.h5", "--events", embedded_sample(), "--json", cwd=tmp_path)
    assert done.returncode == 1
    found = json.loads(done.stdout)
    assert {"where": last.name, "what": "type"} | {
        "before": str(program.operations[-1].type),
        "after": "fixed<6,4>",
    } in (found["changes"])
    assert found["outputs"][0]["differing"] > 0
    shown = trigger_nn("diff", PROGRAM, "other.h5", "--events", embedded_sample(), "--threshold", 0, cwd=tmp_path)
    assert re.search(r"\d+ values differ on \d+ events", shown.stdout)
    refused(trigger_nn("diff", PROGRAM, "none.h5", cwd=tmp_path), "no program at none.h5")


def test_diverge_needs_a_compiled_network(tmp_path):
    refused(trigger_nn("diverge", recipe(tmp_path), cwd=tmp_path), "compile RECIPE")


def test_a_damaged_file_of_the_run_is_named(finished):
    path = finished / "build/event_image/choices.json"
    path.write_text("[")
    refused(trigger_nn("report", "recipe.toml", "--force", cwd=finished), "choices.json is missing or damaged")
    path.unlink()
    assert trigger_nn("report", "recipe.toml", cwd=finished).returncode == 0
    assert json.loads(path.read_text())


def test_another_program_makes_later_steps_run_again(finished):
    """Whatever changes the program, scores and vectors of the old one are not used again."""
    path = finished / "build/event_image/program.h5"
    before = path.read_bytes()
    program = Program.load(path)
    replace(program, provenance=dict(program.provenance) | {"note": "another"}).save(path)
    assert path.read_bytes() != before
    done = trigger_nn("verify", "recipe.toml", cwd=finished)
    assert "compile: up to date" in done.stderr
    assert "emulate: emulate the test sample" in done.stderr
    assert "verify: build" in done.stderr


def test_a_folder_that_is_not_ours_is_not_replaced(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("years of work")
    with pytest.raises(TriggerNNError, match="not ours to replace"):
        files.write_tree(tmp_path / "mine", {"a.txt": b"new"}, "a.txt")
    assert (tmp_path / "mine/thesis.tex").read_text() == "years of work"
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]


def test_interrupt_between_two_renames_keeps_the_old_folder(tmp_path, monkeypatch):
    folder = tmp_path / "bundle"
    files.write_tree(folder, {"a.txt": b"old"}, "a.txt")
    rename = Path.replace

    def interrupted(self, target):
        if self.name == "new":
            raise KeyboardInterrupt
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        files.write_tree(folder, {"a.txt": b"new"}, "a.txt")
    monkeypatch.undo()
    assert files.read_tree(folder) == {"a.txt": b"old"}
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]


def test_interrupt_leaves_nothing_half_written(tmp_path):
    path = recipe(tmp_path)
    process = subprocess.Popen(
        [sys.executable, "-m", "trigger_nn", "train", path],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    for line in process.stderr:
        if "float" in line and "/" in line:
            break
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "interrupted" in stderr
    assert "Traceback" not in stderr
    assert time.monotonic() - started < 60
    assert list((tmp_path / "build").rglob("*.h5")) == []


def test_full_disk_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "program.h5"
    Program.load(PROGRAM).save(path)
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(TriggerNNError, match=r"No space left.*free space"):
        Program.load(PROGRAM).save(path)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["program.h5"]


def test_tree_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    folder = tmp_path / "bundle"
    files.write_tree(folder, {"a.txt": b"old", "b/c.txt": b"old"}, "a.txt")
    files.write_tree(folder, {"a.txt": b"new"}, "a.txt")
    assert files.read_tree(folder) == {"a.txt": b"new"}

    def full(self, _):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TriggerNNError, match="No space left"):
        files.write_tree(folder, {"a.txt": b"newer"}, "a.txt")
    monkeypatch.undo()
    assert files.read_tree(folder) == {"a.txt": b"new"}
    assert [p.name for p in tmp_path.iterdir()] == ["bundle"]

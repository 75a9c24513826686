"""Whatever a file is, a verb that can't use it says so in one sentence and ends with code 1."""

import os
import shutil
import subprocess
import sys

import pytest

from tests.cli.running import EVENTS, PROGRAM, refused
from tests.conftest import ROOT

KINDS = ("missing", "png", "empty", "folder", "a [b] c")
VERBS = {
    "show": ("show", "X.h5"),
    "estimate": ("estimate", "X.h5"),
    "lint": ("lint", "X.h5"),
    "stream": ("stream", "X.h5"),
    "rtl": ("rtl", "X.h5"),
    "diff": ("diff", "X.h5", PROGRAM),
    "diff with": ("diff", PROGRAM, "X.h5"),
    "emulate": ("emulate", "X.h5", EVENTS),
    "emulate npy": ("emulate", PROGRAM, "X.npy"),
    "emulate h5": ("emulate", PROGRAM, "X.h5"),
    "emulate root": ("emulate", PROGRAM, "X.root"),
    "emulate parquet": ("emulate", PROGRAM, "X.parquet"),
    "emulate by mapping": ("emulate", PROGRAM, EVENTS, "--mapping", "X.toml"),
    "check": ("check", PROGRAM, "--events", "X.npy"),
    "check npz": ("check", PROGRAM, "--events", "X.npz"),
    "check h5": ("check", PROGRAM, "--events", "X.h5"),
    "diff on events": ("diff", PROGRAM, PROGRAM, "--events", "X.npy"),
    "run": ("run", "X.toml"),
    "train": ("train", "X.toml"),
    "compile": ("compile", "X.toml"),
    "diverge": ("diverge", "X.toml"),
    "bundle": ("bundle", "X.h5", "--events", EVENTS),
    "bundle recipe": ("bundle", "X.toml"),
    "verify zip": ("verify", "X.zip"),
    "compare": ("compare", "X", "x.hex"),
    "stream depths": ("stream", PROGRAM, "--depths", "X.json"),
    "estimate calibration": ("estimate", PROGRAM, "--calibration", "X.json"),
    "events info": ("events", "info", "X.h5"),
    "events check": ("events", "check", "X"),
    "events view": ("events", "view", "X.h5"),
    "events make": ("events", "make", "X.toml", "out"),
    "events convert": ("events", "convert", "nanoaod", "X.root", "out.h5"),
    "store publish": ("store", "publish", "store", "X", "1.0"),
    "store list": ("store", "list", "X"),
}
SAID_ON_STDOUT = {("verify zip", "folder")}  # a folder is a bundle, of which a table says all that is wrong


BUNDLES = ("diff", "diff with", "compare", "store publish")  # they name the file that they miss in a folder


def made(folder, kind, name):
    path = folder / name
    if kind == "png":
        shutil.copy(ROOT / "models/event_image/rates.png", path)
    elif kind == "folder":
        path.mkdir()
    elif kind != "missing":
        path.write_bytes(b"" if kind == "empty" else b"\x89PNG")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("verb", VERBS)
def test_a_file_of_another_kind_is_refused(run, tmp_path, verb, kind):
    words = [word.replace("X", kind) if isinstance(word, str) else word for word in VERBS[verb]]
    name = next(word for word in words if isinstance(word, str) and word.startswith(kind))
    made(tmp_path, kind, name)
    before = sorted(tmp_path.iterdir())
    done = run(*words)
    assert sorted(tmp_path.iterdir()) == before
    if (verb, kind) in SAID_ON_STDOUT:
        assert done.code == 1
        assert "does NOT hold" in done.stdout
        return
    refused(done)
    if kind != "folder" or verb not in BUNDLES:
        assert name in done.stderr


def test_a_missing_file_of_arrays_is_said_to_be_missing(run):
    refused(run("check", PROGRAM, "--events", "none.npy"), "There is no file of arrays at none.npy")
    refused(run("diff", PROGRAM, PROGRAM, "--events", "none.npz"), "There is no file of arrays at none.npz")


def test_nobody_is_advised_to_load_pickled_objects(run, tmp_path):
    (tmp_path / "text.npy").write_text("no array")
    done = run("check", PROGRAM, "--events", "text.npy")
    refused(done, "no file of numpy")
    assert "allow_pickle" not in done.stderr


LOCKED = {
    "show": ("show", "X.h5"),
    "run": ("run", "X.toml"),
    "emulate h5": ("emulate", PROGRAM, "X.h5"),
    "emulate root": ("emulate", PROGRAM, "X.root"),
    "check": ("check", PROGRAM, "--events", "X.npy"),
    "check h5": ("check", PROGRAM, "--events", "X.h5"),
    "events info": ("events", "info", "X.h5"),
    "verify": ("verify", "X.zip"),
}
WITHOUT = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]  # what lets root read everything


@pytest.mark.parametrize("verb", LOCKED)
def test_a_file_that_may_not_be_read_is_refused(tmp_path, verb):
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("root may read everything")
    name = next(word for word in LOCKED[verb] if isinstance(word, str) and word.startswith("X"))
    (tmp_path / name).write_bytes(b"\x89PNG")
    (tmp_path / name).chmod(0)
    command = [*(WITHOUT if os.geteuid() == 0 else []), sys.executable, "-m", "trigger_nn", *map(str, LOCKED[verb])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert name in done.stderr
    assert "may not be read" in done.stderr or "Permission denied" in done.stderr
    assert "damaged" not in done.stderr

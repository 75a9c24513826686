"""The bundle as its receiver meets it: only its files, g++ and make."""

import json
import shutil
import subprocess
import zipfile
from io import BytesIO

import numpy as np
import pytest

import trigger_nn
from tests.frontend.test_compile import INPUT, events, tagger
from trigger_nn.errors import EventsError
from trigger_nn.files import read_tree, sha256


@pytest.fixture(scope="module")
def compiled():
    return trigger_nn.compile(tagger(), INPUT, name="tagger")


@pytest.fixture(scope="module")
def bundle(compiled):
    return trigger_nn.bundle(compiled, events(tagger(), 50), "test numbers")


@pytest.fixture(scope="module")
def folder(bundle, tmp_path_factory, gxx):
    path = bundle.write(tmp_path_factory.mktemp("handoff") / "tagger")
    done = _make(path)
    assert done.returncode == 0, done.stderr
    assert "PASSED: 50 events, 250 outputs compared, 0 differ" in done.stdout
    return path


def _make(path):
    return subprocess.run(["make", "check"], cwd=path, capture_output=True, text=True, check=False)


def _bench(path):
    return subprocess.run(["../build/bench"], cwd=path / "hls", capture_output=True, text=True, check=False)


@pytest.fixture
def copy(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy")


def test_one_wrong_bit_fails(copy):
    path = copy / "hls/tb_data/expected.txt"
    lines = path.read_text().splitlines()
    first, *rest = lines[7].split()
    lines[7] = " ".join([str(int(first) ^ 1), *rest])
    path.write_text("\n".join(lines) + "\n")
    done = _bench(copy)
    assert done.returncode == 1
    assert "event 7 output 0" in done.stderr
    assert "FAILED" in done.stdout
    assert "tb_data/expected.txt" in _make(copy).stderr  # and the digest says which file


@pytest.mark.parametrize("change", ["missing", "short", "long", "word", "empty"])
def test_malformed_vectors_never_pass(copy, change):
    path = copy / "hls/tb_data/expected.txt"
    text = path.read_text()
    lines = text.splitlines(keepends=True)
    changed = {
        "short": "".join(lines[:-1]),
        "long": text + lines[0],
        "word": text.replace(lines[3], "a b c d e\n"),
        "empty": "",
    }
    if change == "missing":
        path.unlink()
    else:
        path.write_text(changed[change])
    assert _bench(copy).returncode == 2


def test_both_files_empty_do_not_pass(copy):
    for name in ("inputs", "expected"):
        (copy / f"hls/tb_data/{name}.txt").write_text("")
    assert _bench(copy).returncode == 2


def test_one_wrong_weight_fails(copy):
    path = copy / "hls/firmware/weights/w2.txt"
    numbers = path.read_text().split(",")
    largest = max(range(len(numbers)), key=lambda i: abs(float(numbers[i])))
    numbers[largest] = "0.0"
    path.write_text(",".join(numbers))
    assert _bench(copy).returncode == 1


def test_manifest_tells_the_truth(bundle, compiled):
    manifest = json.loads(bundle.files["manifest.json"])
    assert manifest["program_digest"] == compiled.program.digest
    assert manifest["files"] == {p: sha256(c) for p, c in bundle.files.items() if p != "manifest.json"}
    assert manifest["versions"]["hls4ml"] == "1.3.0"
    assert manifest["inputs"][0]["type"] == "fixed<10,4>"


def test_no_path_of_this_machine_is_in_it(bundle, compiled):
    folder = compiled.graph.config.get_output_dir().encode()
    leaks = [path for path, content in bundle.files.items() if b"/tmp/" in content or folder in content]
    assert leaks == []


def test_same_inputs_give_the_same_bytes(bundle):
    again = trigger_nn.bundle(trigger_nn.compile(tagger(), INPUT, name="tagger"), events(tagger(), 50), "test numbers")
    changed = [p for p in bundle.files if p != "program.h5" and bundle.files[p] != again.files.get(p)]
    assert changed == []
    assert again.digest == bundle.digest
    assert again.zip() == bundle.zip()


def test_archive_and_folder_hold_the_same(bundle, folder):
    archive = zipfile.ZipFile(BytesIO(bundle.zip()))
    assert {name: archive.read(name) for name in archive.namelist()} == dict(bundle.files)
    written = {p: c for p, c in read_tree(folder).items() if not p.startswith("build/") and not p.endswith(".log")}
    assert written == dict(bundle.files)


def test_no_vectors_no_bundle(compiled):
    with pytest.raises(EventsError, match="at least one event"):
        trigger_nn.bundle(compiled, np.zeros((0, 16)))

"""Verification: what holds is said to hold, whatever was altered is found, by whoever altered it."""

import json
import shutil

import numpy as np
import pytest

from tests.handoff.alterations import alterations, missed_by_make, missed_by_verify
from tests.handoff.conftest import make
from trigger_nn.errors import HandoffError
from trigger_nn.files import sha256
from trigger_nn.handoff.bundle import SUMS, Bundle
from trigger_nn.handoff.manifest import read_manifest
from trigger_nn.handoff.verify import verify, verify_path


def failing(bundle):
    return [check.name for check in verify(bundle, build=False).failures]


def reseal(files):
    """The bundle of a forger who knows our digests: files altered, manifest and sums made to fit."""
    files = {path: content for path, content in files.items() if path != SUMS}
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {p: sha256(c) for p, c in sorted(files.items()) if p != "manifest.json"}
    files["manifest.json"] = (json.dumps(manifest, indent=1) + "\n").encode()
    return Bundle.sealed(files)


def test_a_bundle_holds(folder, bundle, tmp_path):
    found = verify_path(folder)
    assert found.holds
    assert all(check.holds for check in found.checks), found.checks
    assert found.complete
    assert found.digest == bundle.digest
    events = read_manifest(bundle).vectors.events
    assert f"{events} events emulated again" in next(c.found for c in found.checks if c.name == "expected outputs")
    (tmp_path / "b.zip").write_bytes(bundle.zip())
    again = verify_path(tmp_path / "b.zip", build=False)
    assert again.checks[0].name == "archive"
    assert again.holds
    assert again.checks[-1].holds is None  # make check was left out
    assert not again.complete


def test_every_altered_byte_is_seen(bundle):
    assert missed_by_verify(bundle, alterations(bundle, 1000)) == []


def test_every_altered_byte_of_an_archive_is_seen(bundle, tmp_path):
    content, rng = bundle.zip(), np.random.default_rng(3)
    path = tmp_path / "b.zip"
    for place in rng.integers(len(content), size=40).tolist():
        altered = bytearray(content)
        altered[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(altered)
        try:
            found = verify_path(path, build=False)
        except HandoffError:
            continue
        assert not found.holds, place


def test_make_check_alone_sees_what_is_altered(folder, bundle, tmp_path):
    copy = shutil.copytree(folder, tmp_path / "copy")
    assert missed_by_make(copy, alterations(bundle, 15, seed=5)) == []


@pytest.mark.parametrize(
    ("path", "failing_check"),
    [
        ("vectors/design/expected/probabilities.hex", "expected outputs"),
        ("vectors/design/inputs/features.hex", "expected outputs"),
        ("vectors/mem/design_in_features.mem", "vectors, bench, scripts"),
        ("vectors/patterns/expected_000.txt", "vectors, bench, scripts"),
        ("vectors/layers/d1.hex", "expected outputs"),
        ("bench/bench.cpp", "vectors, bench, scripts"),
        ("scripts/hls.tcl", "vectors, bench, scripts"),
        ("Makefile", "vectors, bench, scripts"),
        ("emulator/check.cpp", "C++ emulator"),
        ("emulator/program.h5", "program"),
    ],
)
def test_forgers_who_mend_the_digests_are_seen(bundle, path, failing_check):
    content = bytearray(bundle.files[path])
    place = content.rindex(b"e" if path == "Makefile" else b"0")
    content[place] ^= 1
    forged = reseal({**bundle.files, path: bytes(content)})
    assert failing_check in failing(forged)
    assert "digests" not in failing(forged)


def test_a_forged_weight_is_seen_by_the_bench_itself(bundle, tmp_path, gxx):
    path = "hls/firmware/weights/w2.h"
    head, brace, tail = bundle.files[path].partition(b"= {")
    first, comma, rest = tail.partition(b",")
    forged = reseal({**bundle.files, path: head + brace + (b"0.25" if b"0.5" in first else b"0.5") + comma + rest})
    done = make(forged.write(tmp_path / "forged"))
    assert done.returncode != 0
    assert "DIFFERENT: " in done.stdout + done.stderr
    assert "event" in done.stdout + done.stderr


def test_fewer_vectors_are_seen_by_the_bench_itself(bundle, tmp_path, gxx):
    def shorter(content):
        return content[: content.rindex(b"\n", 0, -1) + 1]

    files = dict(bundle.files)
    for path in files:
        if path.startswith("vectors/design/"):
            files[path] = shorter(files[path])
    forged = reseal(files)
    done = make(forged.write(tmp_path / "short"))
    assert done.returncode != 0
    assert str(read_manifest(bundle).vectors.events) in done.stdout + done.stderr
    assert "expected outputs" in failing(forged)


def test_files_too_many_and_too_few(bundle):
    more = Bundle({**bundle.files, "vectors/mine.txt": b"x"})
    assert "not listed: vectors/mine.txt" in verify(more, build=False).checks[0].found
    for path in bundle.files:
        if path.startswith(("hls/firmware/ap_types", "hls/firmware/nnet_utils", "vectors/patterns/inputs")):
            continue
        less = Bundle({name: content for name, content in bundle.files.items() if name != path})
        assert failing(less), path


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b"\xff\x00", b"null", b'{"schema_version": "x"}'])
def test_rubbish_instead_of_a_manifest_is_a_sentence(bundle, content):
    found = verify(Bundle.sealed({**bundle.files, "manifest.json": content}), build=False)
    assert not found.holds
    assert all(check.found for check in found.checks)


@pytest.mark.parametrize("path", ["emulator/program.h5", "vectors/events.json", "vectors/design/inputs/features.hex"])
def test_rubbish_elsewhere_is_a_sentence(bundle, path):
    for content in (b"", b"\x00" * 100, b"rubbish\n"):
        assert failing(reseal({**bundle.files, path: content}))


def test_what_people_read_can_not_be_changed_unseen(bundle):
    for path in (
        "README.md",
        "CARD.md",
        "LICENCES.md",
        "interface.md",
        "interface.json",
        "interface.svg",
        "interface.v",
    ):
        assert failing(reseal({**bundle.files, path: bundle.files[path] + b" "})) == ["interface, papers"], path
        without = {name: content for name, content in bundle.files.items() if name != path}
        assert "interface, papers" in failing(reseal(without)), path
    for path in ("evil.sh", "more/evil.sh", "vectors/evil.sh", "emulator/evil.cpp"):
        assert failing(reseal({**bundle.files, path: b"x"})), path


@pytest.mark.parametrize(
    ("key", "value"),
    [("name", "other"), ("name", "../../x"), ("symbol", "x"), ("limits", ["none"]), ("agreement", "perfect")],
)
def test_a_manifest_that_says_something_else_is_seen(bundle, key, value):
    manifest = json.loads(bundle.files["manifest.json"]) | {key: value}
    forged = reseal({**bundle.files, "manifest.json": (json.dumps(manifest) + "\n").encode()})
    assert failing(forged)


def test_another_version_of_this_package_can_still_verify(bundle):
    manifest = json.loads(bundle.files["manifest.json"])
    manifest["versions"]["trigger_nn"] = "0.0.9"
    older = reseal({**bundle.files, "manifest.json": json.dumps(manifest).encode()})
    assert verify(older, build=False).holds
    assert not verify(older, build=False).complete
    found = {c.name: c.holds for c in verify(older, build=False).checks}
    assert found["vectors, bench, scripts"] is None
    assert found["interface, papers"] is None
    assert found["C++ emulator"] is None
    assert found["expected outputs"] is True


def test_without_a_compiler_the_rest_is_checked(bundle, monkeypatch):
    monkeypatch.setenv("PATH", "")
    found = verify(bundle)
    assert found.holds
    assert not found.complete
    assert found.checks[-1].holds is None
    assert "apt install" in found.checks[-1].found

"""The bundle as its receiver meets it: only its files, g++ and make."""

import json
import os
import subprocess
import zipfile
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

import trigger_nn
from tests.conftest import ROOT
from tests.frontend.test_compile import INPUT, events, tagger
from tests.handoff.conftest import make
from trigger_nn.errors import EventsError, HandoffError, RecipeError
from trigger_nn.files import read_tree, sha256
from trigger_nn.handoff import manifest as manifests
from trigger_nn.handoff.bundle import SUMS, Bundle
from trigger_nn.handoff.design import Threshold
from trigger_nn.handoff.manifest import read_manifest, weights_digest

LATER = ("build/", "emulator/build/")


def test_everything_the_issue_of_a_bundle_promises_is_there(bundle, compiled):
    symbol = read_manifest(bundle).symbol
    wanted = {
        "Makefile", "README.md", "CARD.md", "LICENCES.md", "LICENSE", "interface.md", "interface.json", "interface.svg",
        "manifest.json", "SHA256SUMS", f"hls/firmware/{symbol}.cpp", f"hls/firmware/{symbol}.h",
        "hls/firmware/network.cpp", "hls/firmware/weights/w2.h", "hls/firmware/ap_types/ap_fixed.h",
        "bench/bench.cpp", "bench/digests.cpp", "interface.v", "interface.vhd", "emulator/README.md",
        "scripts/run.sh", "scripts/hls.tcl", "scripts/hls.cfg",
        "emulator/program.h5", f"emulator/{symbol}.cpp", f"emulator/{symbol}.h", "emulator/hls4ml_emulator.cpp",
        "vectors/events.json", "vectors/design/inputs/features.hex", "vectors/dat/tb_input_features.dat",
        "vectors/mem/design_in_features.mem", "vectors/patterns/inputs_000.txt", "vectors/patterns/expected_000.txt",
        "vectors/layers/d1.hex",
    }  # fmt: skip
    assert wanted - set(bundle.files) == set()


def test_from_the_zip_alone_make_check_passes(bundle, tmp_path, gxx):
    with zipfile.ZipFile(BytesIO(bundle.zip())) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()  # beside the zip nothing is scattered
    assert folder.name == f"tagger-{bundle.digest[:8]}"
    done = make(folder)
    assert done.returncode == 0, done.stderr
    counts = read_manifest(bundle).vectors
    assert f"PASSED: {counts.events} events, {5 * counts.events} values compared" in done.stdout
    assert bundle.digest in done.stdout


def test_manifest_tells_the_truth(bundle, compiled):
    manifest = read_manifest(bundle)
    assert manifest.digests.program == compiled.program.digest
    assert manifest.digests.weights == weights_digest(compiled.program)
    assert manifest.files == {p: sha256(c) for p, c in bundle.files.items() if p not in ("manifest.json", SUMS)}
    assert manifest.versions["hls4ml"] == "1.3.0"
    assert manifest.inputs[0].type == "fixed<10,4>"
    assert manifest.meanings["features"].text == "test numbers"
    assert json.loads(bundle.files["vectors/events.json"])["events"] == manifest.vectors.events
    assert manifest.symbol == f"tagger_{manifest.digests.design[:8]}"


def test_schema_of_the_manifest_is_the_one_that_is_kept():
    kept = Path(manifests.__file__).with_name("manifest.schema.json")
    assert kept.read_bytes() == manifests.schema(), "write trigger_nn.handoff.manifest.schema() there"


def test_manifest_is_written_in_one_way(bundle):
    assert read_manifest(bundle).text() == bundle.files["manifest.json"]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (b'"schema_version": 1', b'"schema_version": 2', "newer than 1"),
        (b'"symbol"', b'"simbol"', "damaged"),
        (b"{", b"[", "damaged"),
        (b'"name": "tagger"', b'"name": 3', "damaged"),
    ],
)
def test_manifests_that_are_none(bundle, old, new, says):
    content = bundle.files["manifest.json"].replace(old, new, 1)
    with pytest.raises(HandoffError, match=says):
        read_manifest(Bundle({"manifest.json": content}))
    with pytest.raises(HandoffError, match=r"no manifest\.json"):
        read_manifest(Bundle({}))


def test_no_path_of_this_machine_is_in_it(bundle, compiled):
    folder = compiled.graph.config.get_output_dir().encode()
    places = (b"/tmp/", str(Path.home()).encode() + b"/", str(ROOT).encode(), folder)
    assert [path for path, content in bundle.files.items() if any(place in content for place in places)] == []


def test_same_inputs_give_the_same_bytes(bundle):
    again = trigger_nn.bundle(
        trigger_nn.compile(tagger(), INPUT, name="tagger"), events(tagger(), 50), "test numbers", layers=True
    )
    changed = [p for p in bundle.files if bundle.files[p] != again.files.get(p)]
    assert changed == []
    assert again.digest == bundle.digest
    assert again.zip() == bundle.zip()


def test_archive_and_folder_hold_the_same(bundle, folder, tmp_path):
    (tmp_path / "tagger.zip").write_bytes(bundle.zip())
    assert Bundle.read(tmp_path / "tagger.zip") == bundle
    assert Bundle.read(folder).files == bundle.files  # build/ left out
    written = {path: content for path, content in read_tree(folder).items() if not path.startswith(LATER)}
    assert written == dict(bundle.files)
    assert os.access(folder / "scripts/run.sh", os.X_OK)


def test_digest_is_what_sha256sum_prints(bundle, folder):
    printed = subprocess.run(["sha256sum", SUMS], cwd=folder, capture_output=True, text=True, check=True).stdout
    assert printed.split()[0] == bundle.digest
    done = subprocess.run(
        ["sha256sum", "--strict", "-c", SUMS], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["../x", "/x", "a/../../x", "a//x", "a\\x"])
def test_archives_that_would_write_elsewhere_are_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as archive:
        archive.writestr(name, b"")
    with pytest.raises(HandoffError, match="which no bundle does"):
        Bundle.read(tmp_path / "evil.zip")


def test_archives_that_are_none(tmp_path, bundle):
    with pytest.raises(HandoffError, match="There is no bundle"):
        Bundle.read(tmp_path / "none.zip")
    (tmp_path / "cut.zip").write_bytes(bundle.zip()[:100_000])
    with pytest.raises(HandoffError, match="no zip that can be read"):
        Bundle.read(tmp_path / "cut.zip")


def test_guide_names_what_is_there(bundle):
    text = bundle.files["README.md"].decode()
    table = text[text.index("| path |") : text.index("## 7.")]
    named = [line.split("`")[1] for line in table.splitlines()[2:] if "`" in line]
    assert len(named) > 15
    for path in named:
        assert any(file == path or file.startswith(path) for file in bundle.files), path


def test_thresholds_are_decided_in_firmware(compiled):
    thresholds = (Threshold("top", 4, 1e5, 300, 0.5), Threshold("w", 2, 2e5, 100, 0.7))
    made = trigger_nn.bundle(compiled, events(tagger(), 20), thresholds=thresholds)
    manifest = read_manifest(made)
    assert manifest.decisions == thresholds
    assert [port.name for port in manifest.outputs] == ["probabilities", "decision"]
    rows = made.files["vectors/design/expected/decision.hex"].decode().splitlines()
    scores = made.files["vectors/design/expected/probabilities.hex"].decode().splitlines()
    for row, score in zip(rows, scores, strict=True):
        numbers = [int(word, 16) for word in score.split()]
        assert row == f"{int(numbers[4] > 300)} {int(numbers[2] > 100)}"


def test_no_vectors_no_bundle(compiled):
    with pytest.raises(EventsError, match="at least one"):
        trigger_nn.bundle(compiled, np.zeros((0, 16)))


def test_unknown_choices_are_named(compiled):
    with pytest.raises(RecipeError, match="random_vectors"):
        trigger_nn.bundle(compiled, events(tagger(), 5), random_vektors=3)


def test_links_that_are_too_few_are_refused(compiled):
    patterns = {"words_per_event": 1, "input_links": [0]}
    with pytest.raises(HandoffError, match="words"):
        trigger_nn.bundle(compiled, events(tagger(), 5), patterns=patterns)


def test_other_weights_other_names(compiled):
    from trigger_nn.handoff.design import Design
    from trigger_nn.recipe import HardwareSpec

    design = Design(compiled.program, HardwareSpec())
    slower = replace(design, hardware=HardwareSpec(clock_period=2.5))
    decided = replace(design, decisions=(Threshold("a", 0, 1.0, 3, 0.1),))
    assert len({d.identity.symbol for d in (design, slower, decided)}) == 3

"""Verification of the RTL: made again byte by byte where that can be, and said where it can't."""

import json

import pytest

from tests.handoff.rtl import designs
from tests.handoff.test_verify import failing, reseal
from trigger_nn import toolchain
from trigger_nn.handoff.manifest import read_manifest
from trigger_nn.handoff.verify import verify


def rtl_check(bundle):
    (found,) = (check for check in verify(bundle, build=False).checks if check.name == "RTL")
    return found


def manifest_of(bundle):
    return json.loads(bundle.files["manifest.json"])


def with_manifest(bundle, content, files=None):
    return reseal({**(files or bundle.files), "manifest.json": (json.dumps(content, indent=1) + "\n").encode()})


def test_a_bundle_with_rtl_holds(bundle):
    assert failing(bundle) == []
    assert "files made again, every byte equal" in rtl_check(bundle).found
    assert f"{sum(path.startswith('rtl/') for path in bundle.files)} files" in rtl_check(bundle).found


def test_a_bundle_in_vhdl_and_one_without_rtl_hold(design):
    assert failing(designs.bundle(design, rtl="vhdl")) == []
    plain = designs.bundle(design)
    assert failing(plain) == []
    assert rtl_check(plain).found == "none was asked for"


def test_one_bit_of_a_constant_is_seen_though_the_digests_were_mended(bundle):
    path = next(path for path in read_manifest(bundle).rtl.sources if "_logic3" in path)
    content = bundle.files[path].decode()
    place = content.index("shift_adder #(") + len("shift_adder #(")
    altered = content[:place] + content[place:].translate(str.maketrans("01", "10"))[:4] + content[place + 4 :]
    assert altered != content
    forged = reseal({**bundle.files, path: altered.encode()})
    assert failing(forged) == ["RTL"]
    assert path in rtl_check(forged).found


@pytest.mark.parametrize(
    "names", [("bench.sv", "Makefile", "vivado.tcl"), ("clock.xdc", "README.md", "COPYING.LESSER", "more.v")]
)
def test_every_other_file_is_seen_too(bundle, names):
    paths = {f"rtl/{name}" for name in names}
    altered = rtl_check(reseal(bundle.files | {path: bundle.files.get(path, b"") + b" " for path in paths}))
    lacking = rtl_check(reseal({path: content for path, content in bundle.files.items() if path not in paths}))
    assert (altered.holds, lacking.holds) == (False, False)
    assert all(path in altered.found for path in paths)
    assert all(path in lacking.found for path in paths & bundle.files.keys())


@pytest.mark.parametrize(
    "change",
    [{"latency_cycles": 3}, {"top": "other"}, {"sources": ["rtl/bench.sv"]}],
    ids=lambda change: next(iter(change)),
)
def test_a_manifest_that_says_something_else_is_seen(bundle, change):
    content = manifest_of(bundle)
    forged = with_manifest(bundle, content | {"rtl": content["rtl"] | change})
    assert "RTL" in failing(forged)


def test_rtl_that_vanished_or_was_slipped_in_is_seen(bundle, design):
    without = {path: content for path, content in bundle.files.items() if not path.startswith("rtl/")}
    assert "RTL" in failing(reseal(without))
    content = manifest_of(bundle)
    assert "RTL" in failing(with_manifest(bundle, {key: value for key, value in content.items() if key != "rtl"}))
    plain = designs.bundle(design)
    assert "RTL" in failing(reseal({**plain.files, "rtl/evil.v": b""}))
    assert "RTL" in failing(with_manifest(plain, manifest_of(plain) | {"rtl": content["rtl"]}))
    assert "manifest" in failing(with_manifest(plain, manifest_of(plain) | {"rtl": content["rtl"] | {"sources": []}}))


@pytest.mark.parametrize(("here", "told"), [("not installed", "which is not installed"), ("0.9.0", "which is 0.9.0")])
def test_without_that_version_of_alkaid_the_rest_is_checked(bundle, monkeypatch, here, told):
    monkeypatch.setattr(toolchain, "installed", lambda package: here)
    found = rtl_check(bundle)
    assert (found.holds, found.needed) == (None, True)
    assert told in found.found
    assert f"pip install alkaid=={read_manifest(bundle).versions['alkaid']}" in found.found
    whole = verify(bundle, build=False)
    assert whole.holds
    assert not whole.complete


def test_bundles_of_another_version_of_this_package_are_not_made_again(bundle):
    content = manifest_of(bundle)
    content["versions"]["trigger_nn"] = "0.0.9"
    assert rtl_check(with_manifest(bundle, content)).holds is None


def test_bundles_from_before_there_was_rtl_read_and_verify(design):
    plain = designs.bundle(design)
    content = manifest_of(plain)
    assert "rtl" not in content
    assert "rtl" not in content["handoff"]
    assert read_manifest(plain).text() == plain.files["manifest.json"]
    # With a null where there was no key, as another writer would put it, it is not as this package writes it.
    assert failing(with_manifest(plain, content | {"rtl": None})) == ["manifest"]

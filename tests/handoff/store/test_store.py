"""The store's verbs, on a folder and on a file system in memory."""

import json
import os
import re
import stat
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.handoff.store.tiny import bad, good, tiny
from trigger_nn.errors import HandoffError
from trigger_nn.files import read_tree, sha256
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.store import Store
from trigger_nn.handoff.verification import Check, Verification
from trigger_nn.version import __version__


@pytest.fixture(params=["folder", "url", "memory"])
def store(request, tmp_path):
    """An address where there is no store yet."""
    if request.param == "memory":
        pytest.importorskip("fsspec")
    addresses = {"folder": tmp_path / "s", "url": f"file://{tmp_path}/s%20s", "memory": f"memory://{uuid.uuid4().hex}"}
    return Store(addresses[request.param])


@pytest.fixture
def local(tmp_path):
    """A store in a folder with one release."""
    made = Store(tmp_path / "store")
    made.publish(tiny(), "1.0", good)
    return made


def only_file(folder):
    (path,) = (path for path in Path(folder).rglob("*") if path.is_file())
    return path


def overwrite(path, content):
    path.chmod(0o644)
    path.write_bytes(content)


def test_what_is_published_is_listed_and_comes_back(store):
    release = store.publish(tiny(), "v1.0", good, "first")
    assert store.releases() == store.releases("tiny") == (release,)
    assert (release.name, release.version, release.digest) == ("tiny", "1.0", tiny().digest)
    assert (release.archive, release.size) == (sha256(tiny().zip()), len(tiny().zip()))
    assert (release.note, release.unchecked, release.channels, release.deprecated) == (
        "first",
        ("C++ emulator",),
        (),
        None,
    )
    for which in ("1.0", "v1", "1.0.0", release.digest, release.digest[:8]):
        assert store.fetch("tiny", which) == tiny()


def test_releases_are_ordered_by_name_and_version(store):
    for name, version in [("b", "1.10"), ("a", "2"), ("b", "1.9"), ("b", "1.10rc1"), ("a", "1")]:
        store.publish(tiny(version, name), version, good)
    told = [str(release) for release in store.releases()]
    assert told == ["a 1", "a 2", "b 1.9", "b 1.10rc1", "b 1.10"]
    assert store.names() == ("a", "b")


def test_records_say_who_when_what_and_with_which_version(store, monkeypatch):
    monkeypatch.setenv("LOGNAME", "ada")
    store.publish(tiny(), "1.0", good, "first")
    store.promote("tiny", "1.0", "production", "shifters agreed")
    store.deprecate("tiny", "1", "wrong scale")
    records = store.history("tiny")
    assert [(r.action, r.version, r.note) for r in records] == [
        ("publish", "1.0", "first"), ("promote", "1.0", "shifters agreed"), ("deprecate", "1.0", "wrong scale"),
    ]  # fmt: skip
    for number, record in enumerate(records, 1):
        assert (record.stamp.sequence, record.stamp.who, record.digest) == (number, "ada", tiny().digest)
        assert record.stamp.tool == f"trigger_nn {__version__}"
        when = datetime.fromisoformat(record.stamp.when)
        assert when.utcoffset() == timedelta(0)
        assert abs(datetime.now(UTC) - when) < timedelta(minutes=1)
    assert len({record.stamp.token for record in records}) == 3


def test_publishing_the_same_again_changes_nothing(store):
    first = store.publish(tiny(), "1.0", good)
    assert store.publish(tiny(), "v1.0.0", good, "again") == first
    assert len(store.history("tiny")) == 1


def test_a_version_never_changes(store):
    store.publish(tiny(), "1.0", good)
    looked = []
    with pytest.raises(HandoffError, match=r"tiny 1\.0 is published already, with digest .* under a new one"):
        store.publish(tiny("b"), "1.0.0", lambda bundle: looked.append(bundle) or good(bundle))
    assert looked == []  # refused before a long verification
    assert store.fetch("tiny", "1.0") == tiny()
    assert store.orphans() == ()


def test_one_bundle_under_two_versions_is_kept_once(store):
    store.publish(tiny(), "1.0rc1", good)
    store.publish(tiny(), "1.0", good)
    assert len(store.place.names("objects")) == 1
    store.deprecate("tiny", "1.0", "mistake in the card")
    assert store.release("tiny", tiny().digest).version == "1.0rc1"
    assert store.fetch("tiny", tiny().digest) == tiny()


def test_a_failing_verification_leaves_nothing(tmp_path):
    with pytest.raises(HandoffError, match=r"fails its verification: digests \(a.txt was altered\); ports \(none\)"):
        Store(tmp_path / "store").publish(tiny(), "1.0", bad)
    assert list(tmp_path.iterdir()) == []
    Store(tmp_path / "store").publish(tiny(), "1.0", good)
    before = read_tree(tmp_path)
    with pytest.raises(HandoffError, match="fails its verification"):
        Store(tmp_path / "store").publish(tiny("b"), "1.1", bad)
    assert read_tree(tmp_path) == before


@pytest.mark.parametrize(
    "found",
    [Verification(tiny().digest, ()), Verification(tiny().digest, (Check("x", None, "no tool"),)),
     Verification(tiny().digest, (Check("y", True, ""), Check("x", None, "no tool"))),
     Verification(tiny("b").digest, (Check("x", True, ""),))],
)  # fmt: skip
def test_what_verified_nothing_or_not_all_of_the_bundle_is_no_verification(tmp_path, found):
    with pytest.raises(HandoffError, match=r"nothing of it was verified|not complete: x \(no tool\)"):
        Store(tmp_path / "store").publish(tiny(), "1.0", lambda bundle: found)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("bundle", "says"),
    [
        (Bundle({**tiny().files, "a.txt": b"other"}), "not those that its SHA256SUMS lists"),
        (Bundle({**tiny().files, "more.txt": b""}), "not those that its SHA256SUMS lists"),
        (Bundle({"a.txt": b""}), "not those that its SHA256SUMS lists"),
        (Bundle.sealed({"a.txt": b""}), "gives no name"),
        (Bundle.sealed({"manifest.json": b"[]"}), "gives no name"),
        (Bundle.sealed({"manifest.json": b"{"}), "gives no name"),
        (tiny(name="../up"), "is no name of a bundle"),
    ],
)
def test_what_is_no_sound_bundle_is_refused(tmp_path, bundle, says):
    with pytest.raises(HandoffError, match=says):
        Store(tmp_path / "store").publish(bundle, "1.0", good)
    assert list(tmp_path.iterdir()) == []


def test_a_bad_version_is_refused(tmp_path):
    with pytest.raises(HandoffError, match="'latest' is no version"):
        Store(tmp_path / "store").publish(tiny(), "latest", good)
    assert list(tmp_path.iterdir()) == []


def test_a_channel_moves_and_its_history_stays(store):
    for version in ("1.0", "1.1"):
        store.publish(tiny(version), version, good)
    assert store.promote("tiny", "1.0", "production").channels == ("production",)
    assert store.promote("tiny", "1.0", "test").channels == ("production", "test")
    store.promote("tiny", "1.1", "production")
    store.promote("tiny", "1.1", "production", "once more")
    assert [release.channels for release in store.releases("tiny")] == [("test",), ("production",)]
    assert store.fetch("tiny", "production") == tiny("1.1")
    store.promote("tiny", "1.0", "production", "back")
    assert store.fetch("tiny", "production") == tiny("1.0")
    moved = [(r.version, r.channel) for r in store.history("tiny") if r.action == "promote"]
    assert moved == [
        ("1.0", "production"), ("1.0", "test"), ("1.1", "production"), ("1.1", "production"), ("1.0", "production"),
    ]  # fmt: skip


def test_what_is_deprecated_comes_out_on_demand_only(store):
    store.publish(tiny(), "1.0", good)
    store.promote("tiny", "1.0", "production")
    assert store.deprecate("tiny", "1.0", "wrong scale").deprecated == "wrong scale"
    for which in ("1.0", "production", tiny().digest[:10]):
        with pytest.raises(HandoffError, match=r"tiny 1\.0 is deprecated \(wrong scale\)"):
            store.fetch("tiny", which)
        assert store.fetch("tiny", which, allow_deprecated=True) == tiny()
    with pytest.raises(HandoffError, match="promote another version"):
        store.promote("tiny", "1.0", "test")
    with pytest.raises(HandoffError, match="No reason is given"):
        store.deprecate("tiny", "1.0", "  ")


def test_what_is_not_there(store):
    for call in (store.names, store.check, store.orphans, lambda: store.fetch("tiny", "1.0")):
        with pytest.raises(HandoffError, match="There is no store at"):
            call()
    with pytest.raises(HandoffError, match="There is no store at"):
        store.promote("tiny", "1.0", "production")
    store.publish(tiny(), "1.0", good)
    with pytest.raises(HandoffError, match=r"There is no other in .*; there is: tiny"):
        store.releases("other")
    with pytest.raises(HandoffError, match=r"no release 'production'; versions: 1\.0; channels: none"):
        store.fetch("tiny", "production")
    for call in (lambda: store.promote("tiny", "2.0", "test"), lambda: store.deprecate("tiny", "2.0", "x")):
        with pytest.raises(HandoffError, match=r"tiny has no version 2\.0; published: 1\.0"):
            call()
    with pytest.raises(HandoffError, match="is no name of a channel"):
        store.promote("tiny", "1.0", "1.0")
    with pytest.raises(HandoffError, match="is no name of a bundle"):
        store.fetch("../tiny", "1.0")


def test_too_few_digits_of_a_digest(store, monkeypatch):
    store.publish(tiny("a"), "1.0", good)
    store.publish(tiny("b"), "1.1", good)
    monkeypatch.setattr("trigger_nn.handoff.store.releases.is_digest", lambda text: True)
    with pytest.raises(HandoffError, match=r"fits tiny 1\.0, tiny 1\.1; give more digits"):
        store.fetch("tiny", "")


def test_a_folder_of_other_things_is_no_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(HandoffError, match="holds files but is no store"):
        Store(tmp_path).publish(tiny(), "1.0", good)
    (tmp_path / "store.json").write_text('{"format": 2}')
    with pytest.raises(HandoffError, match="of no store that this version knows"):
        Store(tmp_path).publish(tiny(), "1.0", good)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store.json", "thesis.tex"]


def test_files_of_a_store_can_be_read_by_all_and_written_by_none(local):
    modes = {stat.S_IMODE(p.stat().st_mode) for p in Path(local.address).rglob("*") if p.is_file()}
    assert modes == {0o444 & ~_umask()}


def _umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


@pytest.mark.parametrize("place", ["first", "middle", "last"])
def test_a_damaged_object_is_named(local, place):
    path = only_file(Path(local.address) / "objects")
    content = bytearray(path.read_bytes())
    content[{"first": 0, "middle": len(content) // 2, "last": -1}[place]] ^= 1
    overwrite(path, bytes(content))
    with pytest.raises(HandoffError, match=rf"objects/{path.name}, the bundle of tiny 1\.0, is damaged"):
        local.fetch("tiny", "1.0")
    assert [(check.name, check.holds) for check in local.check()] == [("records of tiny", True), ("tiny 1.0", False)]
    with pytest.raises(HandoffError, match="Remove it, then publish again"):
        local.publish(tiny(), "1.1", good)
    path.unlink()
    with pytest.raises(HandoffError, match="is missing"):
        local.fetch("tiny", "1.0")
    local.publish(tiny(), "1.0", good)  # as the sentence says
    assert local.fetch("tiny", "1.0") == tiny()
    assert all(check.holds for check in local.check())


def test_every_altered_byte_of_a_record_is_noticed(local):
    path, (release,) = only_file(Path(local.address) / "records"), local.releases()
    content, noticed = path.read_bytes(), 0
    for place in range(len(content)):
        overwrite(path, content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
        told = what_it_tells(local)
        assert told == (release,) or path.name in str(told)  # space outside the strings says nothing
        noticed += told != (release,)
    assert noticed > 0.8 * len(content)


def what_it_tells(store):
    try:
        return store.releases()
    except HandoffError as error:
        return str(error)


def test_a_record_that_is_missing_or_was_replaced(local):
    local.publish(tiny("b"), "1.1", good)
    local.promote("tiny", "1.1", "production")
    folder = Path(local.address) / "records/tiny"
    second = (folder / "00000002.json").read_bytes()
    (folder / "00000002.json").unlink()
    for call in (local.releases, lambda: local.publish(tiny("c"), "1.2", good)):
        with pytest.raises(HandoffError, match=r"00000002\.json is missing"):
            call()
    assert [check.holds for check in local.check()] == [False]
    other = Store(folder.parent.parent.parent / "other")
    other.publish(tiny(), "1.0", good)
    other.publish(tiny("b"), "1.1", good)
    (folder / "00000002.json").write_bytes((Path(other.address) / "records/tiny/00000002.json").read_bytes())
    with pytest.raises(HandoffError, match=r"00000002\.json does not follow the record before it"):
        local.releases()
    overwrite(folder / "00000002.json", second)
    assert [str(release) for release in local.releases()] == ["tiny 1.0", "tiny 1.1"]
    assert all(check.holds for check in local.check())


def test_a_record_of_a_later_version(local):
    path = only_file(Path(local.address) / "records")
    record = json.loads(path.read_bytes())["record"] | {"action": "withdraw"}
    seal = sha256(json.dumps(record, sort_keys=True, separators=(",", ":")).encode())
    overwrite(path, json.dumps({"record": record, "seal": seal}).encode())
    with pytest.raises(HandoffError, match="use a later version"):
        local.releases()


def test_orphans_are_what_no_record_names(local):
    assert local.orphans() == ()
    left = tiny("left by a killed writer")
    key = f"objects/{sha256(left.zip())}.zip"
    root = Path(local.address)
    (root / key).write_bytes(left.zip())
    parts = ["objects/x.zip.1.part", "records/tiny/00000002.json.2.part", "store.json.3.part"]
    for part in parts:
        (root / part).write_bytes(b"half")
    assert local.orphans() == tuple(sorted([key, *parts]))
    assert len(local.releases()) == 1
    local.publish(left, "1.1", good)  # uses the object that is there
    assert local.orphans() == tuple(parts)


def test_an_unreadable_place_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(HandoffError, match=re.escape(f"{tmp_path}/file")):
        Store(tmp_path / "file").publish(tiny(), "1.0", good)

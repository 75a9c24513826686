"""Stores behind URLs, and what holds where the server can't create a file exclusively."""

import subprocess
import sys
import uuid

import pytest

from tests.handoff.store.tiny import good, tiny
from trigger_nn.errors import HandoffError, ToolNotFound
from trigger_nn.handoff.store import Store
from trigger_nn.handoff.store.place import MARKER
from trigger_nn.handoff.store.places import place_at

pytest.importorskip("fsspec")

from fsspec.implementations.memory import MemoryFileSystem  # noqa: TID251 (to test on)

from trigger_nn.handoff.store.remote import Remote


class Overwriting(MemoryFileSystem):
    """Claims a protocol with conditional writes, and overwrites all the same, as old servers do."""

    cachable = False

    def pipe_file(self, path, value, mode="overwrite", **kwargs):
        super().pipe_file(path, value, **kwargs)


class Plain(Overwriting):
    """A protocol that never heard of conditional writes. What `meanwhile` has for a file is done before its rename."""

    protocol = "plain"

    def __init__(self):
        super().__init__()
        self.meanwhile = {}

    def mv(self, path1, path2, **kwargs):
        for key in [key for key in self.meanwhile if path2.endswith(key)]:
            self.meanwhile.pop(key)()
        super().mv(path1, path2, **kwargs)


class Remembering(MemoryFileSystem):
    """Goes on saying that a file is missing, once it was, until it is told to forget: as backends with listings do."""

    cachable = False

    def __init__(self):
        super().__init__()
        self.missing = set()

    def cat_file(self, path, **kwargs):
        if path in self.missing or not self.exists(path):
            self.missing.add(path)
            raise FileNotFoundError(path)
        return super().cat_file(path, **kwargs)

    def invalidate_cache(self, path=None):
        self.missing.clear()


class Refusing(Plain):
    """Renames onto no file that is there."""

    def rename_refused(self, path):
        if self.exists(path):
            raise OSError("Failure")

    def cp_file(self, path1, path2, **kwargs):
        self.rename_refused(path2)
        super().cp_file(path1, path2, **kwargs)


def remote(kind, root=None):
    return Remote(kind(), f"/{root or uuid.uuid4().hex}", "there://", pause=0.0)


def store_on(place):
    store = Store("there://")
    vars(store)["place"] = place
    return store


@pytest.mark.parametrize("kind", [MemoryFileSystem, Overwriting, Plain])
def test_a_file_is_made_once(kind):
    place = remote(kind)
    assert place.create(MARKER, b"marker")
    assert place.create("a/b/c.json", b"one")
    assert not place.create("a/b/c.json", b"two")
    assert place.create("a/b/c.json", b"one")
    assert place.read("a/b/c.json") == b"one"
    assert place.read("a/b/d.json") is None
    assert place.read("a/b") is None
    assert place.names("") == ("a", MARKER)
    assert place.names("a/b") == ("c.json",)
    assert place.names("nowhere") == ()
    assert place.read(MARKER) == b"marker"


@pytest.mark.parametrize(("kind", "asked"), [(MemoryFileSystem, True), (Overwriting, False), (Plain, False)])
def test_exclusive_creation_is_tried_not_believed(kind, asked, monkeypatch):
    place = remote(kind)
    place.create(MARKER, b"marker")
    pauses = []
    monkeypatch.setattr("trigger_nn.handoff.store.remote.time.sleep", pauses.append)
    place.create("a", b"x")
    assert bool(pauses) is not asked
    assert place.read(MARKER) == b"marker"


@pytest.mark.parametrize("kind", [Overwriting, Plain])
def test_the_verbs_work_without_exclusive_creation(kind):
    store = store_on(remote(kind))
    store.publish(tiny(), "1.0", good)
    store.publish(tiny("b"), "1.1", good)
    store.promote("tiny", "1.1", "production")
    assert store.fetch("tiny", "production") == tiny("b")
    with pytest.raises(HandoffError, match="is published already"):
        store.publish(tiny("c"), "1.1", good)
    assert all(check.holds for check in store.check())
    assert store.orphans() == ()


def two_writers():
    place = remote(Plain)
    stores = [store_on(Remote(Plain(), place.root, "there://", pause=0.0)) for _ in range(2)]
    stores[0].publish(tiny(), "1.0", good)
    return stores


def test_there_without_a_pause_two_writers_may_both_believe():
    ours, theirs = two_writers()
    told = []
    ours.place.filesystem.meanwhile["records/tiny/00000002.json"] = lambda: told.append(
        theirs.publish(tiny("theirs"), "1.1", good)
    )  # they look, write and look again just before our record takes the place of theirs
    ours.publish(tiny("ours"), "1.1", good)
    assert [release.digest for release in told] == [tiny("theirs").digest]
    assert theirs.fetch("tiny", "1.1") == tiny("ours")
    assert len(theirs.orphans()) == 1  # their bundle is not lost, but has no release


def test_there_who_is_replaced_within_the_pause_is_told(monkeypatch):
    ours, theirs = two_writers()
    key, done, turns = f"{ours.place.root}/records/tiny/00000002.json", [], ["once"]

    def pause(_):  # during the pause after their record, ours takes its place: we had looked before
        if turns and theirs.place.filesystem.exists(key):
            turns.clear()
            theirs.place.filesystem.rm_file(key)
            done.append(ours.publish(tiny("ours"), "1.1", good))

    monkeypatch.setattr("trigger_nn.handoff.store.remote.time.sleep", pause)
    with pytest.raises(HandoffError, match=r"tiny 1\.1 is published already"):
        theirs.publish(tiny("theirs"), "1.1", good)
    assert theirs.releases()[1:] == tuple(done)
    assert theirs.fetch("tiny", "1.1") == tiny("ours")


def test_there_a_record_replaced_too_late_is_seen_by_every_reader():
    place = remote(Plain)
    store = store_on(place)
    store.publish(tiny(), "1.0", good)
    fork = remote(Plain)
    for key in (MARKER, "records/tiny/00000001.json"):
        fork.create(key, place.read(key))
    store_on(fork).publish(tiny("late"), "1.1", good)
    store.publish(tiny("b"), "1.1", good)
    store.publish(tiny("c"), "1.2", good)
    key = "records/tiny/00000002.json"
    place.filesystem.pipe_file(f"{place.root}/{key}", fork.read(key))
    with pytest.raises(HandoffError, match=r"00000003\.json does not follow the record before it"):
        store.releases()


def test_a_server_that_refuses_to_rename_onto_a_file():
    ours, theirs = remote(Refusing, "refusing"), remote(Refusing, "refusing")
    ours.filesystem.meanwhile["a"] = lambda: theirs.create("a", b"theirs")
    assert not ours.create("a", b"ours")
    assert ours.read("a") == b"theirs"
    assert ours.names("") == ("a",)


def test_what_another_writer_made_is_seen_though_it_was_missing_before():
    ours = remote(Remembering)
    theirs = Remote(Remembering(), ours.root, "there://")
    assert ours.read("a") is None
    theirs.create("a", b"theirs")
    assert ours.read("a") == b"theirs"


def test_what_goes_wrong_there_is_a_sentence():
    class Broken(Plain):
        def cat_file(self, path, **kwargs):
            raise RuntimeError("credentials expired")

    with pytest.raises(HandoffError, match=r"store\.json could not be read \(RuntimeError: credentials expired\)"):
        store_on(remote(Broken)).releases()


def test_a_protocol_that_nobody_knows():
    with pytest.raises(HandoffError, match="can't be reached"):
        place_at("nonsense://bucket/store")


def test_a_protocol_whose_package_is_missing(monkeypatch):
    def missing(url):
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr("fsspec.core.url_to_fs", missing)
    with pytest.raises(ToolNotFound, match=r"Install s3fs"):
        place_at("s3://bucket/store")


def test_a_folder_needs_no_fsspec(tmp_path):
    code = """
import sys
sys.modules["fsspec"] = None
from tests.handoff.store.tiny import good, tiny
from trigger_nn.errors import ToolNotFound
from trigger_nn.handoff.store import Store
store = Store(sys.argv[1])
store.publish(tiny(), "1.0", good)
assert store.fetch("tiny", "1.0") == tiny()
try:
    Store("memory://x").names()
except ToolNotFound as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code, tmp_path / "s"], capture_output=True, text=True, check=True)
    assert "run: pip install 'trigger_nn[store]'" in done.stdout

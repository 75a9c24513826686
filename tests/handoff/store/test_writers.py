"""Several writers at once, and writers that are killed."""

import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest

from tests.handoff.store.tiny import good, publish_for_ever, publish_many, tiny
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store import Store
from trigger_nn.handoff.store.founding import is_store
from trigger_nn.handoff.store.place import MARKER
from trigger_nn.handoff.store.places import place_at

WRITERS = ("left", "right")


def run_both(address, names, versions_of, watch=lambda: None):
    """Two processes that publish at once, and `watch` again and again meanwhile; all that they tell."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.Queue()
    writers = [
        context.Process(target=publish_many, args=(address, names, versions_of[who], who, barrier, results))
        for who in WRITERS
    ]
    for writer in writers:
        writer.start()
    while results.empty() and all(writer.exitcode is None for writer in writers):
        watch()
    told = [line for _ in writers for line in results.get(timeout=120)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0]
    return told


def test_two_writers_lose_nothing_and_double_nothing(tmp_path):
    versions = {"left": [f"1.{i}" for i in range(25)], "right": [f"2.{i}" for i in range(25)]}
    store, seen = Store(tmp_path / "store"), [0]

    def watch():  # a reader never finds anything half done, nor less than before
        if is_store(store.place):
            seen.append(len(store.releases()))

    told = run_both(store.address, ("one", "two"), versions, watch)
    assert [line for line in told if line[3] is not True] == []
    assert seen == sorted(seen)
    assert len(set(seen)) > 5
    expected = sorted(versions["left"] + versions["right"])
    for name in ("one", "two"):
        assert sorted(record.version for record in store.history(name)) == expected
        assert sorted(release.version for release in store.releases(name)) == expected
    assert all(check.holds for check in store.check())
    assert store.orphans() == ()
    for who in WRITERS:
        assert store.fetch("one", versions[who][7]) == tiny(f"{who} {versions[who][7]}", "one")
    authors = [record.version[0] for record in store.history("one")]
    assert authors != sorted(authors), "they never met, so this proves nothing"


def test_of_two_writers_of_one_version_one_wins(tmp_path):
    versions = [f"1.{i}" for i in range(50)]
    told = run_both(tmp_path / "store", ("tiny",), dict.fromkeys(WRITERS, versions))
    store = Store(tmp_path / "store")
    assert [release.version for release in store.releases()] == versions
    for version in versions:
        ours = {content: outcome for _, at, content, outcome in told if at == version}
        (winner,) = (content for content, outcome in ours.items() if outcome is True)
        (loser,) = (content for content in ours if content != winner)
        assert store.fetch("tiny", version) == tiny(f"{winner} {version}")
        assert f"tiny {version} is published already" in ours[loser]
    assert all(check.holds for check in store.check())


class Overtaken:
    """A place where another writer is always quicker, the first few times that a record is made."""

    def __init__(self, place, other, times):
        self.place, self.other, self.times = place, other, times
        self.address, self.read, self.names = place.address, place.read, place.names

    def create(self, key, content):
        if key.startswith("records/") and self.times:
            self.times -= 1
            self.other(self.times)
        return self.place.create(key, content)


class Blind(Overtaken):
    """A place that for some looks does not show a record that another writer has just made, as an NFS may."""

    def __init__(self, place, other, looks):
        super().__init__(place, other, 1)
        self.looks, self.read = looks, self.late

    def late(self, key):
        if key.endswith("/00000001.json") and not self.times and self.looks:
            self.looks -= 1
            return None
        return self.place.read(key)


@pytest.fixture(params=["folder", "memory"])
def address(request, tmp_path):
    if request.param == "folder":
        return tmp_path / "store"
    pytest.importorskip("fsspec")
    return f"memory://{tmp_path}"


def overtaken(address, other, times):
    store = Store(address)
    vars(store)["place"] = Overtaken(place_at(address), other, times)
    return store


def test_who_comes_second_between_looking_and_writing_is_told(address):
    other = Store(address)
    store = overtaken(address, lambda _: other.publish(tiny("theirs"), "1.0", good), 1)
    with pytest.raises(HandoffError, match=r"tiny 1\.0 is published already, with digest"):
        store.publish(tiny("ours"), "1.0", good)
    assert other.fetch("tiny", "1.0") == tiny("theirs")
    assert len(other.history("tiny")) == 1
    assert len(other.orphans()) == 1  # our object, which no record names


def test_who_is_overtaken_by_the_same_bundle_is_content(address):
    other = Store(address)
    release = overtaken(address, lambda _: other.publish(tiny(), "1.0", good), 1).publish(tiny(), "1.0", good)
    assert other.releases() == (release,)
    assert len(other.history("tiny")) == 1


def test_who_is_overtaken_often_still_gets_through(address):
    other = Store(address)
    store = overtaken(address, lambda i: other.publish(tiny(str(i)), f"2.{i}", good), 5)
    store.publish(tiny("ours"), "1.0", good)
    assert [record.version for record in other.history("tiny")] == ["2.4", "2.3", "2.2", "2.1", "2.0", "1.0"]
    assert all(check.holds for check in other.check())


@pytest.mark.parametrize(("looks", "published"), [(1, True), (2, True), (99, False)])
def test_a_record_that_is_there_and_not_yet_visible_is_waited_for(tmp_path, monkeypatch, looks, published):
    monkeypatch.setattr("trigger_nn.handoff.store.log.PAUSES", (0.0, 0.0, 0.0))
    store, other = Store(tmp_path), Store(tmp_path)
    vars(store)["place"] = Blind(place_at(tmp_path), lambda _: other.publish(tiny("b"), "2.0", good), looks)
    if published:
        store.publish(tiny(), "1.0", good)
    else:
        with pytest.raises(HandoffError, match=r"00000001\.json can neither be made nor read"):
            store.publish(tiny(), "1.0", good)
    assert [record.version for record in other.history("tiny")] == ["2.0", "1.0"][: 1 + published]


def test_a_version_deprecated_meanwhile_is_not_promoted(address):
    other = Store(address)
    other.publish(tiny(), "1.0", good)
    store = overtaken(address, lambda _: other.deprecate("tiny", "1.0", "wrong scale"), 1)
    with pytest.raises(HandoffError, match="wrong scale"):
        store.promote("tiny", "1.0", "production")
    assert [record.action for record in other.history("tiny")] == ["publish", "deprecate"]


def die_at(count, address, version):
    """Publish, and be killed before the system call of that number that touches files."""
    left = [count]

    def hook(event, arguments):
        if event in {"open", "os.listdir", "os.mkdir", "os.link", "os.remove"}:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)
    Store(address).publish(tiny(version), version, good)


@pytest.mark.parametrize("founded", [False, True])
def test_a_writer_killed_at_any_step_leaves_a_sound_store(tmp_path, founded):
    context = multiprocessing.get_context("fork")
    outcomes = []
    for count in range(1, 200):
        store = Store(tmp_path / f"store{count}")
        if founded:
            store.publish(tiny("0"), "0", good)
        writer = context.Process(target=die_at, args=(count, store.address, "1.0"))
        writer.start()
        writer.join()
        outcomes.append((writer.exitcode, sound_after_all(store, founded)))
        if writer.exitcode == 0:
            break
    codes = [code for code, _ in outcomes]
    assert codes == [-signal.SIGKILL] * (len(codes) - 1) + [0]
    assert len(codes) > 10
    there = [found for _, found in outcomes]
    assert there == sorted(there)  # from one step on it is published, never half
    assert (there[0], there[-1]) == (False, True)


def sound_after_all(store, founded):
    """Whether 1.0 is there after a kill; whatever is, is whole, and publishing goes on."""
    known = []
    if (Path(store.address) / MARKER).exists():
        known = [release.version for release in store.releases()]
        assert all(check.holds for check in store.check())
        assert len(store.orphans()) <= 2  # an object, and a name for the time of writing
    before = ["0"] if founded else []
    assert known in (before, [*before, "1.0"])
    store.publish(tiny("1.0"), "1.0", good)
    store.publish(tiny("1.1"), "1.1", good)
    assert store.fetch("tiny", "1.0") == tiny("1.0")
    assert [key for key in store.orphans() if not key.endswith(".part")] == []
    return "1.0" in known


def test_writers_killed_at_any_time_leave_a_sound_store(tmp_path):
    store, times = Store(tmp_path / "store"), random.Random(7)
    context = multiprocessing.get_context("fork")
    first = 0
    for _ in range(10):
        ours, theirs = context.Pipe()
        writer = context.Process(target=publish_for_ever, args=(store.address, theirs, first))
        writer.start()
        done = [ours.recv()]
        time.sleep(times.uniform(0, 0.1))
        writer.kill()
        writer.join()
        while ours.poll():
            done.append(ours.recv())
        versions = [int(release.version.split(".")[1]) for release in store.releases()]
        assert versions == list(range(len(versions)))  # none is missing, none is there twice
        assert len(versions) - 1 in (done[-1], done[-1] + 1)  # all that were told of, and maybe one more
        first = len(versions)
    assert all(check.holds for check in store.check())

"""The verbs of `trigger-nn store`."""

import json
import sys
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from tests.handoff.store.tiny import bad, good, tiny
from trigger_nn.cli.store import app
from trigger_nn.errors import HandoffError
from trigger_nn.files import read_tree
from trigger_nn.handoff.bundle import Bundle


@pytest.fixture(autouse=True)
def verification(monkeypatch):
    """Verification of a whole bundle takes a whole bundle; here it always holds, unless a test says so."""
    made = SimpleNamespace(verify=good)
    monkeypatch.setitem(sys.modules, "trigger_nn.handoff.verify", made)
    return made


@pytest.fixture
def store(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny().write(tmp_path / "bundle")
    (tmp_path / "other.zip").write_bytes(tiny("b").zip())
    run("publish", "store", "bundle", "v1.0", "--note", "first [of] all")
    return "store"


def run(*arguments, code=0):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert done.exit_code == code, (done.output, done.exception)
    return done.stdout


def refused(*arguments):
    done = CliRunner().invoke(app, list(map(str, arguments)))
    assert isinstance(done.exception, HandoffError), done.output
    return str(done.exception)


def test_publish_and_list(store):
    told = json.loads(run("publish", store, "other.zip", "1.1", "--json"))
    assert (told[0]["version"], told[0]["digest"]) == ("1.1", tiny("b").digest)
    listed = json.loads(run("list", store, "--json"))
    assert [(r["name"], r["version"], r["note"]) for r in listed] == [
        ("tiny", "1.0", "first [of] all"),
        ("tiny", "1.1", ""),
    ]
    table = run("list", store, "tiny")
    assert "first [of] all" in table
    assert tiny("b").digest[:8] in table


def test_promote_deprecate_history(store):
    run("publish", store, "other.zip", "1.1")
    run("promote", store, "tiny", "1.1", "production", "--note", "agreed")
    assert "production" in run("list", store)
    assert "wrong scale" in run("deprecate", store, "tiny", "1.1", "--reason", "wrong scale")
    actions = [record["action"] for record in json.loads(run("history", store, "tiny", "--json"))]
    assert actions == ["publish", "publish", "promote", "deprecate"]
    table = run("history", store, "tiny")
    assert "agreed" in table
    assert "wrong scale" in table


def test_fetch_as_folder_and_as_zip(store, tmp_path):
    name = f"tiny-{tiny().digest[:8]}"
    assert name in run("fetch", store, "tiny", "1.0", "--out", "out")
    assert read_tree(tmp_path / "out" / name) == dict(tiny().files)
    told = json.loads(run("fetch", store, "tiny", tiny().digest[:12], "--out", "out", "--zip", "--json"))
    assert told["path"] == f"out/{name}.zip"
    assert Bundle.read(tmp_path / told["path"]) == tiny()


def test_fetch_what_is_deprecated(store, tmp_path):
    run("deprecate", store, "tiny", "1.0", "--reason", "wrong scale")
    assert "wrong scale" in refused("fetch", store, "tiny", "1.0", "--out", "out")
    assert not (tmp_path / "out").exists()
    told = run("fetch", store, "tiny", "1.0", "--out", "out", "--allow-deprecated")
    assert "warning: tiny 1.0 is deprecated: wrong scale" in told


def test_verify(store, tmp_path):
    assert "yes" in run("verify", store)
    (tmp_path / "store/objects/x.zip.1.part").write_bytes(b"half")
    assert json.loads(run("verify", store, "--json"))["orphans"] == ["objects/x.zip.1.part"]
    (path,) = (tmp_path / "store/objects").glob("*.zip")
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    assert "NO" in run("verify", store, code=1)
    assert [c["holds"] for c in json.loads(run("verify", store, "--json", code=1))["checks"]] == [True, False]


def test_refused_is_a_sentence(store, verification):
    assert "is published already" in refused("publish", store, "other.zip", "1.0")
    assert "is no version" in refused("publish", store, "bundle", "newest")
    assert "There is no bundle at missing" in refused("publish", store, "missing", "1.0")
    assert "There is no store at nowhere" in refused("list", "nowhere")
    verification.verify = bad
    assert "fails its verification: digests" in refused("publish", store, "other.zip", "1.1")
    assert len(json.loads(run("list", store, "--json"))) == 1

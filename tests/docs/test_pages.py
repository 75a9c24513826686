"""Every example of the manual: Python and commands are run, TOML is read, what is not run says why."""

import re
import shutil
import signal

import markdown
import pytest
from sybil import Document

from tests.cli.running import Runner
from tests.conftest import ROOT
from tests.docs.blocks import Examples, blocks, commands
from trigger_nn.recipe import load_model_recipe
from trigger_nn.workflow.workspace import Workspace

PAGES = sorted((ROOT / "docs").glob("*.md"))


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The folder `build`, in which the models that come with the repository have been compiled."""
    from trigger_nn.workflow.steps import compiled_model

    build = tmp_path_factory.mktemp("compiled") / "build"
    for name in ("event_image", "jet_tagger"):
        recipe = ROOT / "models" / name / "recipe.toml"
        workspace = Workspace(load_model_recipe(recipe), recipe, build / name, build)
        workspace.build.mkdir(parents=True)
        shutil.copy(ROOT / "models" / name / "quantized.h5", workspace.path("quantized.h5"))
        compiled_model(workspace).program.save(workspace.path("program.h5"))
    return build


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A checkout as pages start from it, without a folder `build`."""
    shutil.copytree(ROOT / "models", tmp_path / "models")
    (tmp_path / "trigger_nn").symlink_to(ROOT / "trigger_nn")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def run(monkeypatch, capsys):
    before = signal.getsignal(signal.SIGINT)
    yield Runner(monkeypatch, capsys)
    signal.signal(signal.SIGINT, before)  # the command line sets its own


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_examples_hold(page, folder, run, request):
    if any("build/" in block.code and not block.reason for block in blocks(page.read_text())):
        shutil.copytree(request.getfixturevalue("compiled"), folder / "build")
    document = Document.parse(str(page), Examples(run))
    examples = list(document.examples())
    for example in examples:
        example.evaluate()
    assert len(examples) == len(blocks(page.read_text()))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_block_is_overlooked(page):
    """As many as the page has when it is rendered, by strangers to our patterns."""
    text = page.read_text()
    rendered = markdown.markdown(text, extensions=["tables", "pymdownx.superfences", "pymdownx.highlight"])
    assert len(blocks(text)) == rendered.count("<pre")


def test_a_block_that_is_not_marked_is_run(tmp_path, run):
    page = tmp_path / "page.md"
    page.write_text("Two.\n\n    make demo\n\n<!-- not run: takes two minutes -->\n\n    make demo\n")
    first, second = Document.parse(str(page), Examples(run)).examples()
    with pytest.raises(AssertionError, match="mark the block"):
        first.evaluate()
    second.evaluate()


def test_what_is_not_run_is_understood(tmp_path, run):
    page = tmp_path / "page.md"
    page.write_text("One.\n\n<!-- not run: wrong -->\n\n    trigger-nn emulate program.h5 a.h5 --no-such-option 3\n")
    (example,) = Document.parse(str(page), Examples(run)).examples()
    with pytest.raises(Exception, match="--no-such-option"):
        example.evaluate()


def test_a_comment_is_no_command_but_may_name_the_exit_code():
    (block,) = blocks(
        "A\n\n    trigger-nn doctor; trigger-nn lint a.h5   # exit code 1: errors\n    trigger-nn show a.h5\n"
    )
    expected = [("trigger-nn doctor", 1), ("trigger-nn lint a.h5", 1), ("trigger-nn show a.h5", 0)]
    assert commands(block) == expected


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_runs_a_block_in_its_place_exists(page):
    for block in blocks(page.read_text()):
        for path in re.findall(r"tests/[\w/.]*\w", block.reason):
            assert (ROOT / path).exists(), (page.name, path)

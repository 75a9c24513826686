"""The manual is built from the pages without a warning, and asks no other machine for anything."""

import re

import trigger_nn
from tests.conftest import ROOT
from tests.docs import recipes
from tests.docs.verbs import PAGE, page

# What makes a browser load something; a link (<a href>) does not.
LOADS = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?([^"'\s>]+)|<link\b[^>]*\bhref=["']?([^"'\s>]+)"""
)


def test_every_page_is_built(manual):
    assert {path.stem for path in manual.glob("*.html")} - {"404"} == {
        path.stem for path in (ROOT / "docs").glob("*.md")
    }


def test_nothing_is_loaded_from_elsewhere(manual):
    for file in manual.glob("*.html"):
        found = ["".join(groups) for groups in LOADS.findall(file.read_text())]
        assert found
        for address in found:
            assert "//" not in address, address
            assert (manual / address.split("?")[0].removeprefix("/")).is_file() or address in (".", "/."), address
    for file in manual.glob("assets/stylesheets/*.css"):
        assert not re.search(r"(@import|url\()\s*[\"']?(https?:)?//", file.read_text())


def test_the_page_of_commands_is_that_of_the_command_line():
    assert PAGE.read_text() == page(), "write it again: python -m tests.docs.verbs"


def test_the_page_of_recipes_is_that_of_what_reads_them():
    assert recipes.PAGE.read_text() == recipes.page(), "write it again: python -m tests.docs.recipes"


def test_every_public_name_is_on_the_page_about_python():
    text = (ROOT / "docs/python.md").read_text()
    names = set(re.findall(r"\btn\.(\w+)", text))
    assert set(trigger_nn.__all__) - {"__version__"} == names


def test_paths_that_pages_name_exist():
    """In back quotes, from the root of the repository."""
    for file in (ROOT / "docs").glob("*.md"):
        text = file.read_text()
        for path in re.findall(r"`((?:trigger_nn|tests|models|notebooks|docs)/[\w./-]*)`", text):
            assert (ROOT / path).exists() or (ROOT / f"{path}.py").exists(), (file.name, path)

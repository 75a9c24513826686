"""What the pages in docs/ tell people to type is taken by the command line as it is written."""

import re
import shlex

import pytest
import typer

from tests.conftest import ROOT
from trigger_nn.cli import app
from trigger_nn.recipe import ModelRecipe, load

PAGES = sorted((ROOT / "docs").glob("*.md"))


def commands(text):
    """Every `trigger-nn ...` of a page, a comment behind it left out, and what follows a semicolon on its own."""
    found = re.findall(r"^ {4}(trigger-nn .*)$", text, re.MULTILINE)
    return [part.strip() for line in found for part in line.split("#")[0].split(";")]


@pytest.mark.parametrize("page", [page for page in PAGES if commands(page.read_text())], ids=lambda page: page.name)
def test_commands_are_taken(page):
    group = typer.main.get_command(app)
    for command in commands(page.read_text()):
        program, *arguments = shlex.split(command)
        assert program == "trigger-nn"
        verb = group
        while hasattr(verb, "commands"):  # a group of verbs
            name, *arguments = arguments
            verb = verb.commands[name]
        verb.make_context(command, list(arguments))  # raises for an unknown option or a missing argument


def test_the_handoff_table_of_the_page_is_a_recipe(tmp_path):
    (block,) = re.findall(r"```toml\n(.*?)```", (ROOT / "docs/handoff.md").read_text(), re.DOTALL)
    recipe = (ROOT / "models/event_image/recipe.toml").read_text()
    (tmp_path / "recipe.toml").write_text(recipe[: recipe.index("[handoff]")] + block)
    assert load(tmp_path / "recipe.toml", ModelRecipe).handoff.patterns.input_links == (4, 5, 6, 7, 8)

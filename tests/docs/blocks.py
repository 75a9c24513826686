"""Blocks of code of a page of the manual, as Sybil's regions: Python, TOML, commands, and what is marked as not run.

<!-- not run: needs Vivado -->     before a block: it is shown only; its `trigger-nn` lines must be understood still
<!-- a part of ModelRecipe -->     before a block of TOML: the recipe that it belongs to
# exit code 1                      in the comment behind a command that ends with another code than 0
"""

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass

from sybil import Document, Example, Region
from sybil.evaluators.python import PythonEvaluator
from sybil.region import Lexeme

from tests.conftest import ROOT
from trigger_nn.cli import command
from trigger_nn.recipe import ModelRecipe, StudySpec, recipe_of
from trigger_nn.recipe.scan import ScanSpec

FENCED = re.compile(r"^(?P<fence>```+)(?P<language>\w*)\n(?P<code>.*?)^(?P=fence)$", re.MULTILINE | re.DOTALL)
INDENTED = re.compile(r"(?<=\n\n)(?P<code>(?: {4}.*\n(?:\n(?= {4}))*)+)")
MARK = re.compile(r"<!-- (?P<key>not run:|a part of) (?P<value>[^>]+?) -->\n+\Z")
RECIPES = {kind.__name__: kind for kind in (ModelRecipe, StudySpec, ScanSpec)}


@dataclass(frozen=True)
class Block:
    """`language` is empty for lines of a shell; `reason` says why a block is not run, `recipe` what TOML belongs to."""

    language: str
    code: str
    start: int
    end: int
    reason: str = ""
    recipe: str = ""


def blocks(text: str) -> list[Block]:
    """All blocks of a page, in order."""
    fenced = list(FENCED.finditer(text))
    blank = FENCED.sub(lambda found: re.sub(r"[^\n]", "-", found[0]), text)  # no indented lines are left in fences
    return sorted(map(_block, [*fenced, *INDENTED.finditer(blank)]), key=lambda block: block.start)


def _block(found: re.Match) -> Block:
    language, (start, end) = found.groupdict().get("language") or "", found.span("code")
    mark = MARK.search(found.string[: found.start()])
    key, value = (mark["key"], mark["value"]) if mark else ("", "")
    reason, recipe = (value if key == wanted else "" for wanted in ("not run:", "a part of"))
    return Block(language, found.string[start:end], start, end, reason, recipe)


def commands(block: Block) -> list[tuple[str, int]]:
    """The lines of a shell, each with the exit code that the comment behind it names; a semicolon parts commands."""
    found = []
    for line in block.code.splitlines():
        text, _, comment = line.partition("  #")
        code = re.search(r"exit code (\d)", comment)
        found += [(part.strip(), int(code[1]) if code else 0) for part in text.split(";") if part.strip()]
    return found


def understand(line: str) -> None:
    """Let the command line parse `line` without running it; raises for an unknown option or a missing argument."""
    verb, arguments = command(), shlex.split(line)[1:]
    while hasattr(verb, "commands"):  # a group of verbs
        name, *arguments = arguments
        verb = verb.commands[name]
    verb.make_context(line, arguments)


class Examples:
    """What Sybil calls with a page: its regions, each with the evaluator of its kind. `run` runs `trigger-nn` verbs."""

    def __init__(self, run):
        self.run, self.python = run, PythonEvaluator()

    def __call__(self, document: Document) -> Iterator[Region]:
        for block in blocks(document.text):
            lexeme = Lexeme(block.code, 0, 0)
            parsed, evaluator = (lexeme, self.python) if self._is_python(block) else (block, self._evaluator(block))
            yield Region(block.start, block.end, parsed, evaluator)

    def _is_python(self, block: Block) -> bool:
        return block.language == "python" and not block.reason

    def _evaluator(self, block: Block):
        if block.reason:
            return self.not_run
        return {"toml": self.toml, "": self.shell}[block.language]

    def not_run(self, example: Example) -> None:
        for line, _ in commands(example.parsed) if not example.parsed.language else ():
            if line.startswith("trigger-nn "):
                understand(line)

    def toml(self, example: Example) -> None:
        recipe = RECIPES[example.parsed.recipe]
        base = (ROOT / "models/event_image/recipe.toml").read_text() if recipe is ModelRecipe else ""
        given = tomllib.loads(example.parsed.code)
        example.namespace["recipe"] = recipe_of(tomllib.loads(base) | given, recipe, f"{example.path}:{example.line}")

    def shell(self, example: Example) -> None:
        for line, code in commands(example.parsed):
            assert line.startswith("trigger-nn "), f"{line}: mark the block with <!-- not run: why -->"
            done = self.run(*shlex.split(line)[1:])
            assert done.code == code, (line, done)

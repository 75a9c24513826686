"""The worked example names what there is."""

import ast
import re

from tests.conftest import ROOT
from tests.proof.models import families

PAGE = (ROOT / "docs/adding_a_layer.md").read_text()
ROWS = re.findall(r"^\| [^|]*\| `([^`]+)` \| ([^|]+) \|$", PAGE, re.MULTILINE)
OPERATIONS = "trigger_nn.program.operations"


def takes_dot(path):
    """Whether a module imports or defines the operation."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    imports = [
        node for node in nodes if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(OPERATIONS)
    ]
    taken = {name.name for node in imports for name in node.names}
    made = {node.name for node in nodes if isinstance(node, ast.ClassDef) and path.parent.name == "operations"}
    return "Dot" in taken | made


def test_every_file_of_the_package_that_takes_the_operation_is_in_the_table():
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "trigger_nn").rglob("*.py") if takes_dot(path)}
    assert found == {path for path, _ in ROWS if path.startswith("trigger_nn/")}


def test_the_other_files_of_the_table_have_the_operation():
    others = {path: what for path, what in ROWS if not path.startswith("trigger_nn/")}
    assert len(others) == 7
    for path, what in others.items():
        assert ("dot" in (ROOT / path).read_text().lower()) != what.startswith("nothing"), path


def test_the_proof_knows_the_family():
    (name,) = re.findall(r"--families (\w+)", PAGE)
    (family,) = families(name)
    assert family.name in PAGE

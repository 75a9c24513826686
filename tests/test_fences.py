"""Rooms keep to their places: heavy imports stay in theirs, and running a program needs none of them."""

import ast
import subprocess
import sys
from pathlib import Path

import trigger_nn

PACKAGE = Path(trigger_nn.__file__).parent
HEAVY = (
    "tensorflow",
    "tf_keras",
    "keras",
    "qkeras",
    "hls4ml",
    "matplotlib",
    "pythia8mc",
    "awkward",
    "fastjet",
    "uproot",
    "pyarrow",
    "scipy",
    "pydantic",
)
# Later rooms know earlier ones, never the other way; `program` knows no room at all.
FORBIDDEN = {
    "program": (
        "events",
        "training",
        "frontend",
        "passes",
        "engines",
        "hardware",
        "handoff",
        "studies",
        "plots",
        "workflow",
    ),
    "passes": ("events", "training", "frontend", "engines", "hardware", "handoff", "studies", "plots", "workflow"),
    "engines": ("events", "training", "frontend", "hardware", "handoff", "studies", "plots", "workflow"),
    "events": ("training", "frontend", "passes", "engines", "handoff", "studies", "plots", "workflow"),
    "frontend": ("events", "training", "hardware", "handoff", "studies", "plots", "workflow"),
    "hardware": ("events", "training", "frontend", "engines", "handoff", "studies", "plots", "workflow"),
    "events/generation": tuple(f"events.{room}" for room in ("detector", "objects", "views", "storage", "production")),
    "events/detector": tuple(f"events.{room}" for room in ("objects", "views", "storage", "production", "foreign")),
    "events/objects": tuple(f"events.{room}" for room in ("views", "storage", "production", "foreign")),
    "events/views": tuple(f"events.{room}" for room in ("storage", "production", "foreign")),
    "events/storage": tuple(f"events.{room}" for room in ("generation", "detector", "objects", "views", "production")),
    "events/foreign": tuple(f"events.{room}" for room in ("generation", "detector", "objects", "views", "production")),
    "training": ("engines", "hardware", "handoff", "studies", "plots", "workflow"),
    "handoff": ("training", "frontend", "studies", "plots", "workflow"),
    "studies": ("training", "frontend", "handoff", "plots", "workflow"),
    "plots": ("training", "frontend", "engines", "handoff", "workflow"),
}

# `Program.sanitize(events)` is a method for its users' sake: it imports its pass when it is called, and for its type.
EXCEPTIONS = {("program/program.py", "trigger_nn.passes.sanitize")}

LIGHT = """
import sys
from trigger_nn import Emulator, Program
import numpy as np
program = Program.load({program!r})
Emulator(program).predict(np.zeros((3, *program.inputs[0].shape)))
print([name for name in {heavy!r} if name in sys.modules])
"""


def test_running_a_program_needs_numpy_and_h5py_alone():
    golden = Path(__file__).parent / "golden" / "event_image_program.h5"
    code = LIGHT.format(program=str(golden), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def _imports(path):
    """Every module that a file imports, those inside functions among them."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_imports_flow_one_way():
    wrong = [
        f"{path.relative_to(PACKAGE)} imports {module}"
        for room, others in FORBIDDEN.items()
        for path in (PACKAGE / room).rglob("*.py")
        for module in _imports(path)
        if module.startswith(tuple(f"trigger_nn.{other}" for other in others))
        and (str(path.relative_to(PACKAGE)), module) not in EXCEPTIONS
    ]
    assert wrong == []


def test_only_the_command_line_prints():
    printing = [
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_nothing_knows_the_command_line():
    outside = [path for path in PACKAGE.rglob("*.py") if path.parent.name != "cli" and path.name != "__main__.py"]
    assert [str(path) for path in outside if any(name.startswith("trigger_nn.cli") for name in _imports(path))] == []

"""Shell completion, through the protocol that the shells' scripts use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TRIGGER_NN = Path(sys.executable).with_name("trigger-nn")


def completed(line, index, shell="bash", **more):
    """What is offered for the word at `index` of `line`."""
    asked = {"COMP_WORDS": line, "COMP_CWORD": str(index), "_TYPER_COMPLETE_ARGS": line}
    environment = os.environ | asked | {"_TRIGGER_NN_COMPLETE": f"complete_{shell}"} | more
    done = subprocess.run([TRIGGER_NN], env=environment, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.stdout


def test_verbs_are_completed():
    assert completed("trigger-nn em", 1).split() == ["emulate"]
    assert {"estimate", "events"} <= set(completed("trigger-nn e", 1).split())
    assert completed("trigger-nn events in", 2).split() == ["info"]
    assert completed("trigger-nn store prom", 2).split() == ["promote"]


def test_options_are_completed():
    assert "--threads" in completed("trigger-nn emulate --thr", 2)
    assert "--quiet" in completed("trigger-nn show --qui", 2)


@pytest.mark.parametrize("verb", ["run", "show", "events info"])
def test_files_are_left_to_the_shell(verb):
    line = f"trigger-nn {verb} mod"
    assert completed(line, len(line.split()) - 1).split() == []


@pytest.mark.parametrize(
    ("shell", "says"),
    [("bash", "complete -o"), ("zsh", "#compdef trigger-nn"), ("fish", "complete --command trigger-nn")],
)
def test_each_shell_gets_its_script(shell, says):
    environment = os.environ | {"_TRIGGER_NN_COMPLETE": f"source_{shell}"}
    done = subprocess.run([TRIGGER_NN], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert says in done.stdout
    assert "_TRIGGER_NN_COMPLETE" in done.stdout


def test_each_shell_completes_verbs():
    assert "emulate" in completed("trigger-nn emu", 1, "zsh")
    assert "emulate" in completed("trigger-nn emu", 1, "fish", _TYPER_COMPLETE_FISH_ACTION="get-args")

"""Colour on a terminal alone, progress on stderr, numbers that JSON does not know."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.running import EVENTS, PROGRAM
from trigger_nn.terminal import finite, print_json

ESCAPE = "\x1b"


def environment(**more):
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TERM", "TTY_COMPATIBLE")}
    return kept | {"TERM": "xterm-256color", "COLUMNS": "120"} | more


def piped(*words, **more):
    command = [sys.executable, "-m", "trigger_nn", *map(str, words)]
    return subprocess.run(command, env=environment(**more), capture_output=True, text=True, check=False)


def on_a_terminal(*words, **more):
    """What both streams write to a terminal."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "trigger_nn", *map(str, words)]
    with subprocess.Popen(command, env=environment(**more), stdout=theirs, stderr=theirs, stdin=theirs) as process:
        os.close(theirs)
        parts = []
        while True:
            try:
                part = os.read(ours, 65536)
            except OSError:  # the other side is closed
                break
            if not part:
                break
            parts.append(part)
        process.wait()
    os.close(ours)
    return b"".join(parts).decode()


def test_a_terminal_gets_colour(tmp_path):
    assert ESCAPE in on_a_terminal("show", PROGRAM)
    assert f"{ESCAPE}[1;31merror" in on_a_terminal("show", tmp_path / "none.h5")
    assert ESCAPE in on_a_terminal("check", PROGRAM, "--events", EVENTS)


@pytest.mark.parametrize(
    ("options", "more"), [(("--no-color",), {}), ((), {"NO_COLOR": "1"}), ((), {"NO_COLOR": "1", "FORCE_COLOR": "1"})]
)
def test_a_terminal_gets_no_escape_sequence_if_none_is_wanted(options, more):
    shown = on_a_terminal(*options, "check", PROGRAM, "--events", EVENTS, **more)
    assert "within the bounds" in shown or "over the bound" in shown
    assert "events" in shown
    assert ESCAPE not in shown
    assert ESCAPE not in on_a_terminal("show", "none.h5", *options, **more)


def test_a_pipe_gets_no_escape_sequence():
    done = piped("check", PROGRAM, "--events", EVENTS)
    assert ESCAPE not in done.stdout + done.stderr
    assert "layer" in done.stdout
    assert "/s" in done.stderr or "/" in done.stderr


def test_colour_can_be_forced_into_a_pipe_but_not_into_json():
    assert ESCAPE in piped("show", PROGRAM, FORCE_COLOR="1").stdout
    done = piped("show", PROGRAM, "--json", FORCE_COLOR="1")
    assert json.loads(done.stdout)["name"] == "event_image"


def test_progress_does_not_come_between_results_that_go_to_a_file(tmp_path):
    """stderr a terminal, stdout a file: the bar must not take what is printed meanwhile."""
    ours, theirs = pty.openpty()
    with (tmp_path / "table.txt").open("w") as file:
        command = [sys.executable, "-m", "trigger_nn", "check", str(PROGRAM), "--events", str(EVENTS)]
        subprocess.run(command, env=environment(), stdout=file, stderr=theirs, check=False)
    os.close(theirs)
    os.close(ours)
    text = (tmp_path / "table.txt").read_text()
    assert text == piped("check", PROGRAM, "--events", EVENTS).stdout


def test_what_json_does_not_know_is_text(capsys):
    print_json({"a": (float("inf"), [float("nan"), 1.5]), "b": Path("x"), "c": {"d": -float("inf")}})
    assert json.loads(capsys.readouterr().out) == {"a": ["inf", ["nan", 1.5]], "b": "x", "c": {"d": "-inf"}}
    assert finite((1, 2)) == [1, 2]
    with pytest.raises(TypeError):
        print_json({"a": object()})

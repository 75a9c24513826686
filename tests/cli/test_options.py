"""Options of every verb, exit codes, JSON."""

import json
import re
import subprocess
import sys
import time

import pytest

from tests.cli.running import EVENTS, PROGRAM
from trigger_nn.cli import command
from trigger_nn.cli.verbs import _verbs
from trigger_nn.version import __version__


def named(group, before=()):
    """Every verb by its words."""
    for name, one in group.commands.items():
        if hasattr(one, "commands"):
            yield from named(one, (*before, name))
        else:
            yield (*before, name), one


ALL = dict(named(command()))


def test_the_version_is_told(run):
    assert run("--version").stdout == f"trigger-nn {__version__}\n"


def test_an_unknown_verb_is_not_understood_and_the_nearest_is_named(run):
    done = run("shwo", PROGRAM)
    assert done.code == 2
    assert "Did you mean 'show'?" in done.stderr
    assert run("show").code == 2
    assert run("show", PROGRAM, "--colour").code == 2


def test_exit_codes_are_listed(run):
    told = " ".join(run("--help").stdout.split())
    for code in ("0 all is well", "1 an error", "2 the command is not understood", "3 not all", "130 interrupted"):
        assert code in told


@pytest.mark.parametrize("words", ALL, ids=" ".join)
def test_every_verb_can_be_quiet_colourless_and_read_by_a_script(words):
    options = {name for parameter in ALL[words].params for name in parameter.opts}
    assert {"--quiet", "-q", "--no-color", "--json"} <= options


def test_every_verb_is_met():
    assert len(_verbs(command())) == len(ALL) > 25


JSON = {
    ("show", PROGRAM): {"name", "digest", "inputs", "operations", "outputs", "provenance"},
    ("show", PROGRAM, "--carriers"): {"name", "digest", "target", "layers"},
    ("check", PROGRAM, "--events", EVENTS): {"program", "digest", "events", "types", "layers", "over"},
    ("emulate", PROGRAM, EVENTS): {"out", "events", "events_per_second", "outputs"},
    ("estimate", PROGRAM): {"part", "cycles", "latency_ns", "resources", "layers", "budgets"},
    ("lint", PROGRAM): {"program", "digest", "part", "findings"},
    ("diff", PROGRAM, PROGRAM): {"changes", "outputs", "firings"},
    ("events", "info", EVENTS): {"sample", "columns", "counts", "made"},
    ("events", "check", EVENTS): {"sample", "events", "sound", "said"},
    ("events", "view", EVENTS): {"event", "split", "process", "out"},
    ("doctor",): {"fit", "wanting", "machine", "engine", "extras", "tools"},
}


def no_constant(text):
    raise AssertionError(f"{text} is no JSON")


@pytest.mark.parametrize("words", JSON, ids=lambda words: " ".join(str(w) for w in words if "/" not in str(w)))
def test_json_stands_alone_on_stdout(run, words):
    done = run(*words, "--json")
    assert done.code in (0, 1)
    found = json.loads(done.stdout, parse_constant=no_constant)
    assert JSON[words] <= set(found)


def test_json_says_what_the_table_says(run):
    found = json.loads(run("events", "info", EVENTS, "--json").stdout)
    row = next(row for row in found["counts"] if (row["split"], row["process"]) == ("test", "hh4b"))
    shown = run("events", "info", EVENTS).stdout
    assert re.search(rf"test +hh4b +{row['events']} +{row['rate_hz'] / 1e3:,.1f} +{row['cross_section_mb']:.3g}", shown)
    program = json.loads(run("show", PROGRAM, "--json").stdout)
    assert program["operations"][0]["range"] == [-86.3525390625, 76.5185546875]
    assert "-86.3525 .. 76.5186" in run("show", PROGRAM).stdout


@pytest.mark.parametrize("first", [True, False], ids=["before the verb", "after it"])
def test_a_quiet_verb_says_what_was_asked_for_and_no_more(run, first):
    words = ("check", PROGRAM, "--events", EVENTS)
    loud = run(*words)
    assert "/" in loud.stderr  # progress
    quiet = run("-q", *words) if first else run(*words, "--quiet")
    assert quiet.stderr == ""
    assert quiet.stdout == loud.stdout


def test_a_quiet_verb_still_tells_errors(run):
    done = run("--quiet", "show", "none.h5")
    assert done.code == 1
    assert done.stderr.startswith("error: There is no program at none.h5")


def test_help_comes_at_once_and_imports_nothing_heavy():
    code = (
        "import sys\nsys.argv = ['trigger-nn', '--help']\nfrom trigger_nn.cli import main\ntry:\n    main()\nfinally:\n"
    )
    code += "    print([n for n in ('tensorflow', 'hls4ml', 'matplotlib', 'pydantic', 'scipy') if n in sys.modules])"
    took = []
    for _ in range(3):
        started = time.monotonic()
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        took.append(time.monotonic() - started)
        assert done.stdout.splitlines()[-1] == "[]", done.stdout + done.stderr
    assert min(took) < 3.0  # 0.5 s on an idle machine

"""Both programs of the folder's README are compiled and run by the commands that stand there."""

import re
import subprocess

import numpy as np
import pytest

from tests.handoff.emulator.building import identity_of
from tests.handoff.emulator.folder import write_emulator
from tests.handoff.emulator.test_library import double, single
from trigger_nn.engines.reference import run_reference
from trigger_nn.handoff.design import Threshold
from trigger_nn.handoff.emulator import emulator_files

PROSE, CODE = 40, 26  # lines at most: of the text, and of each program


def blocks(text, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def expected(program, decisions):
    """Lines that both programs begin with: all numbers 0, then all numbers 1."""
    given = {p.name: np.stack([p.cast(np.full(p.shape, n)) for n in (0.0, 1.0)]) for p in program.inputs}
    scores = run_reference(program, given, program.output_names)[program.output_names[0]].reshape(2, -1)
    for event in range(2):
        yield from (f"{event} score {i} {value}" for i, value in enumerate(scores[event]))
        yield from (f"{event} fires {i} {int(scores[event][d.element] > d.mantissa)}" for i, d in enumerate(decisions))


@pytest.mark.parametrize(("program", "number"), [(single(1), 2), (double(3), 0)], ids=["decisions", "several ports"])
def test_what_it_says_works(gxx, tmp_path, program, number):
    decisions = (Threshold("hh4b", 1, 1e5, 0, 0.5), Threshold("tau", 2, 1e5, -9, 0.5))[:number]
    folder = write_emulator(tmp_path, program, "vectors/network", decisions)
    text = (folder / "README.md").read_text()
    (folder / "build").mkdir()
    for name, source in zip(("first", "second"), blocks(text, "cpp"), strict=True):
        assert f"`build/{name}.cpp`" in text
        (folder / "build" / f"{name}.cpp").write_text(source)
    (commands,) = blocks(text, "sh")
    done = subprocess.run(["sh", "-ec", commands], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = [line for line in done.stdout.splitlines() if re.match(r"[01] (score|fires) ", line)]
    lines = list(expected(program, decisions))
    assert len(set(lines)) == 2 * (3 + number)
    assert [re.split(" = | hh4b| tau", line)[0] for line in found[: len(lines)]] == lines
    assert found[len(lines) :] == lines


def test_its_length():
    decisions = (Threshold("hh4b", 1, 1e5, 0, 0.5),)
    text = emulator_files(identity_of(single(1)), single(1), 1, "vectors/network", decisions)["README.md"].decode()
    programs = blocks(text, "cpp")
    assert all(source.count("\n") <= CODE for source in programs)
    assert text.count("\n") - sum(source.count("\n") for source in programs) <= PROSE


def test_every_file_beside_it_is_named():
    files = emulator_files(identity_of(single(1)), single(1), 1, "vectors/design")
    text = files["README.md"].decode()
    assert all(f"`{path}`" in text for path in files if path not in ("README.md", "Makefile"))

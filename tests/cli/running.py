"""The command line run in this process, as `trigger-nn` runs it: quicker than a process for every question."""

import sys
from dataclasses import dataclass

from tests.conftest import GOLDEN
from trigger_nn import terminal
from trigger_nn.cli import main
from trigger_nn.workflow.workspace import embedded_sample

PROGRAM = GOLDEN / "event_image_program.h5"
EVENTS = embedded_sample()


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str


class Runner:
    def __init__(self, monkeypatch, capsys):
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments):
        self._monkeypatch.setattr(sys, "argv", ["trigger-nn", *map(str, arguments)])
        self._monkeypatch.setattr(terminal.notes, "quiet", False)
        self._capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        return Done(code, *self._capsys.readouterr())


def refused(done, *says):
    """One sentence on stderr, nothing on stdout, code 1."""
    assert done.code == 1, done
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    assert done.stderr.startswith("error: ")
    for text in says:
        assert text in done.stderr, done.stderr

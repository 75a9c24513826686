import signal

import pytest

from tests.cli.running import Runner


@pytest.fixture
def run(monkeypatch, capsys, tmp_path):
    """Runs verbs in `tmp_path`."""
    monkeypatch.chdir(tmp_path)
    before = signal.getsignal(signal.SIGINT)
    yield Runner(monkeypatch, capsys)
    signal.signal(signal.SIGINT, before)  # the command line sets its own

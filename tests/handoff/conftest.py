"""A real bundle, made once: the small tagger, softmax at its end."""

import subprocess

import pytest

import trigger_nn
from tests.frontend.test_compile import INPUT, events, tagger


@pytest.fixture(scope="session")
def compiled():
    return trigger_nn.compile(tagger(), INPUT, name="tagger")


@pytest.fixture(scope="session")
def bundle(compiled):
    return trigger_nn.bundle(compiled, events(tagger(), 50), "test numbers", layers=True)


@pytest.fixture(scope="session")
def folder(bundle, tmp_path_factory, gxx):
    """The bundle as a folder in which `make check` has passed."""
    path = bundle.write(tmp_path_factory.mktemp("handoff") / "tagger")
    done = make(path)
    assert done.returncode == 0, done.stderr
    return path


def make(path, *arguments):
    """`make check` in `path`, as anybody types it."""
    command = ["make", *(arguments or ("check",))]
    return subprocess.run(command, cwd=path, capture_output=True, text=True, errors="replace", check=False)

"""Fixtures that several rooms use."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

os.environ["TF_USE_LEGACY_KERAS"] = "1"
settings.register_profile("ci", deadline=None, max_examples=60, derandomize=True)
settings.load_profile("ci")

ROOT = Path(__file__).parent.parent
GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="session")
def gxx():
    """Path of g++, or skip."""
    path = shutil.which("g++")
    if path is None:
        pytest.skip("g++ is not on this machine")
    return path


@pytest.fixture(scope="session")
def sample():
    """The embedded events."""
    from trigger_nn.events.storage.shards import read_sample
    from trigger_nn.workflow.workspace import embedded_sample

    return read_sample(embedded_sample())

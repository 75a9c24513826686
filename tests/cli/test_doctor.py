"""`doctor`: what is here, what is not, and what that means."""

import json
import subprocess
import sys
from dataclasses import replace
from importlib import metadata

import numpy as np
import pytest

from trigger_nn import toolchain
from trigger_nn.toolchain import EXTRAS, TOOLS, Found, look_for
from trigger_nn.workflow import doctor, probing

NAMES = [tool.name for tool in TOOLS]


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A PATH with nothing on it."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path / "bin"


def executable(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_machine_with_all_that_the_main_job_needs_is_fit(run, gxx):
    done = run("doctor")
    assert done.code == 0, done.stdout
    assert "has all it needs" in done.stdout
    assert "right bits on " in done.stdout
    assert f"numpy                          <3,>=2.0         {np.__version__} " in done.stdout
    for tool in TOOLS:
        assert tool.name in done.stdout


def test_every_extra_has_what_it_is_for():
    assert [extra.name for extra in doctor.diagnose(doctor.Path("build")).extras] == ["core", *EXTRAS_OF_METADATA]
    assert set(EXTRAS) == {"core", *EXTRAS_OF_METADATA}


EXTRAS_OF_METADATA = metadata.metadata("trigger_nn").get_all("Provides-Extra")


def test_a_script_can_read_it(run):
    done = run("doctor", "--json")
    found = json.loads(done.stdout)
    assert found["fit"] == (done.code == 0)
    packages = {p["name"]: p for extra in found["extras"] for p in extra["packages"]}
    assert packages["h5py"]["version"] == metadata.version("h5py")
    assert packages["h5py"]["fits"]
    assert [tool["name"] for tool in found["tools"]] == NAMES
    assert found["machine"]["cores"] >= 1
    assert found["machine"]["memory"] > 0.1
    assert found["engine"]["error"] == ""
    assert "x86-64" in found["engine"]["targets"] or "aarch64" in found["engine"]["targets"]


def test_without_a_compiler_the_main_job_is_not_fit_and_the_remedy_is_told(run, bare):
    done = run("doctor")
    assert done.code == 1
    assert "the main job lacks: g++ is not on this machine; install a C++ compiler" in done.stdout
    assert "apt install make" in done.stdout
    found = json.loads(run("doctor", "--json").stdout)
    assert not found["fit"]
    versions = {tool["name"]: tool["version"] for tool in found["tools"]}
    assert versions["g++"] is versions["git"] is versions["ghdl"] is None


def test_a_vendor_tool_is_found_by_its_path_and_never_started(bare):
    started = bare.parent / "started"
    real = executable(bare.parent / "Vivado/2023.2/bin/vivado", f"touch {started}")
    (bare / "vivado").symlink_to(real)
    tool = next(tool for tool in TOOLS if tool.name == "vivado")
    assert look_for(tool) == Found(str(bare / "vivado"), "2023.2")
    assert not started.exists()


def test_a_tool_that_tells_nothing_is_here_all_the_same(bare):
    executable(bare / "ghdl", "echo GHDL of mine")
    executable(bare / "git", "exec /bin/echo git version 9.8.7")
    tools = {tool.name: look_for(tool) for tool in TOOLS}
    assert tools["ghdl"] == Found(str(bare / "ghdl"), "")
    assert tools["git"] == Found(str(bare / "git"), "9.8.7")
    assert tools["g++"] is None
    assert toolchain.version("ghdl") == "unknown"
    assert toolchain.version("g++") == "not found"
    (bare / "make").write_text("no program")
    (bare / "make").chmod(0o755)
    assert toolchain.version("make") == "unknown"


def test_a_package_that_is_missing_or_of_another_version_is_told(run, monkeypatch, gxx):
    here = {"tensorflow": "not installed", "hls4ml": "1.1.0"}
    monkeypatch.setattr(doctor, "installed", lambda name: here.get(name, toolchain.installed(name)))
    done = run("doctor")
    assert done.code == 1
    line = "tensorflow is not installed, hls4ml 1.1.0 is not ==1.3.0; run: pip install --upgrade 'trigger_nn[train]'."
    assert f"the main job lacks: {line}" in done.stdout
    monkeypatch.setattr(doctor, "installed", lambda name: "0.1" if name == "uproot" else toolchain.installed(name))
    assert run("doctor").code == 0  # the main job does without ROOT


def test_packages_are_unknown_where_this_one_is_not_installed(run, monkeypatch):
    def missing(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(doctor.metadata, "requires", missing)
    done = run("doctor")
    assert done.code == 1
    assert "trigger_nn is not installed" in done.stdout


def test_keras_3_beside_keras_2_is_a_trap_that_is_told(run, monkeypatch):
    monkeypatch.setattr(doctor, "installed", lambda name: "3.9.1" if name == "keras" else toolchain.installed(name))
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    assert "note: Keras 3.9.1 lies beside Keras 2" in run("doctor").stdout
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    assert "lies beside" not in run("doctor").stdout


def test_little_disk_and_memory_are_told(run, monkeypatch):
    machine = doctor._machine(doctor.Path("build"))
    monkeypatch.setattr(doctor, "_machine", lambda build: replace(machine, disk=0.4, memory=1.5))
    shown = run("doctor").stdout
    assert "note: 0.4 GB are free for build" in shown
    assert "note: 1.5 GB of memory are little" in shown


def test_wrong_bits_of_the_native_engine_are_seen(run, monkeypatch):
    right = probing.run_reference

    def one_off(program, inputs, keep):
        return {name: values ^ (values == values.max()) for name, values in right(program, inputs, keep).items()}

    assert probing.probe_engine().error == ""
    monkeypatch.setattr(probing, "run_reference", one_off)
    assert probing.probe_engine().error.startswith("gives wrong bits on ")
    done = run("doctor")
    assert done.code == 1
    assert "the main job lacks: the native engine gives wrong bits on " in done.stdout


def test_the_probe_means_something():
    """Its program clips, rounds and uses every part of its ranges."""
    found = probing.run_reference(probing._program(), probing._events(), ("dense", "relu"))
    assert {0, 255} < set(np.unique(found["relu"]).tolist())
    assert found["dense"].min() < 0


def test_nothing_heavy_is_imported():
    code = (
        "import sys; from pathlib import Path; from trigger_nn.workflow import doctor; doctor.diagnose(Path('build'));"
        "print([n for n in ('tensorflow', 'keras', 'tf_keras', 'hls4ml', 'matplotlib', 'optuna') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

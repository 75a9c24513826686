"""The folder `rtl/`: what is in it, what is refused, what its scripts call, and what the papers say of it."""

import contextlib
import os
import re
import stat
import subprocess
import sys
import tkinter
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.handoff.builders.test_sources import constituents_case, whole
from tests.handoff.conftest import make
from tests.handoff.interface.designs import several
from tests.handoff.rtl import designs
from tests.handoff.vectors.designs import dense
from trigger_nn.errors import HandoffError, RecipeError, UnsupportedLayerError
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.manifest import RtlEntry, read_manifest
from trigger_nn.handoff.rtl import block_of, rtl_files
from trigger_nn.handoff.rtl.files import PRIMITIVES, primitives
from trigger_nn.hardware.reports.read import OTHERS
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HandoffSpec, HardwareSpec, handoff_spec


@pytest.fixture(scope="module")
def plain(design):
    return designs.bundle(design)


@pytest.fixture(scope="module")
def vhdl(design):
    return designs.bundle(design, rtl="vhdl")


def test_rtl_adds_its_folder_and_changes_papers_alone(bundle, plain):
    more = {path for path in bundle.files if path not in plain.files}
    assert more == {path for path in bundle.files if path.startswith("rtl/")}
    assert set(plain.files) <= set(bundle.files)
    changed = {path for path in plain.files if plain.files[path] != bundle.files[path]}
    # The Makefile says how many files SHA256SUMS lists.
    assert changed == {"README.md", "CARD.md", "LICENCES.md", "manifest.json", "SHA256SUMS", "Makefile"}


def test_without_rtl_nothing_speaks_of_it(plain):
    for path in ("README.md", "CARD.md", "LICENCES.md"):
        assert not re.search(r"\brtl/|alkaid", plain.files[path].decode()), path
    assert b'"rtl"' not in plain.files["manifest.json"]
    manifest = read_manifest(plain)
    assert manifest.rtl is None
    assert manifest.handoff.rtl is None
    assert "rtl" not in HandoffSpec().model_dump()
    assert HandoffSpec(rtl="vhdl").model_dump()["rtl"] == "vhdl"


def test_the_manifest_tells_of_the_rtl(bundle, design):
    manifest, block = read_manifest(bundle), block_of(design, "verilog")
    entry = manifest.rtl
    assert manifest.handoff.rtl == "verilog"
    assert manifest.versions["alkaid"] == block.versions["alkaid"]
    assert entry == RtlEntry.of(block)
    assert (entry.language, entry.top) == ("verilog", f"{design.identity.symbol}_rtl")
    assert (entry.latency_cycles, entry.latency_ns, entry.interval_cycles) == (block.latency, block.latency * 5.0, 1)
    assert 0 < entry.stage_delay < 5.0 < entry.logic_delay <= block.latency * entry.stage_delay
    assert [manifest.files[path] for path in entry.sources]
    for path, content in block.files.items():
        assert bundle.files[f"rtl/{path}"] == content


def test_the_same_bytes_again_and_elsewhere(bundle):
    assert designs.bundle(designs.design(), rtl="verilog").zip() == bundle.zip()
    code = "from tests.handoff.rtl import designs as d; print(d.bundle(d.design(), rtl='verilog').digest)"
    surroundings = {**os.environ, "PYTHONHASHSEED": "7", "LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, env=surroundings, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == bundle.digest


def test_every_module_bears_the_designs_name(bundle, vhdl, design):
    for made in (bundle, vhdl):
        sources = [made.files[path].decode() for path in read_manifest(made).rtl.sources]
        modules = re.findall(r"^\s*(?:module|entity)\s+(\w+)", "\n".join(sources), re.MULTILINE | re.IGNORECASE)
        assert len(modules) > len(PRIMITIVES)
        assert all(module.startswith(f"{design.identity.symbol}_rtl") for module in modules)


def test_alkaids_own_modules_are_told_from_generated_ones(bundle, vhdl):
    folder = Path(find_spec("alkaid").submodule_search_locations[0])
    for made, language, suffix in ((bundle, "verilog", "v"), (vhdl, "vhdl", "vhd")):
        shipped = sorted(path.stem for path in (folder / f"codegen/rtl/{language}/source").glob(f"*.{suffix}"))
        assert shipped == sorted(PRIMITIVES)
        entry = read_manifest(made).rtl
        assert primitives(entry.sources) == tuple(f"rtl/{entry.top}_{name}.{suffix}" for name in shipped)
        licences = made.files["LICENCES.md"].decode()
        assert all(f"`{path}`" in licences for path in primitives(entry.sources))
        assert "LGPL-3.0-or-later (`rtl/COPYING.LESSER`)" in licences
        assert made.files["rtl/COPYING.LESSER"] == (folder / "LICENSE").read_bytes()
        assert b"GNU LESSER GENERAL PUBLIC LICENSE" in made.files["rtl/COPYING.LESSER"]


def test_papers_name_what_is_there(bundle, vhdl):
    for made, language in ((bundle, "Verilog"), (vhdl, "VHDL")):
        guide, card = made.files["README.md"].decode(), made.files["CARD.md"].decode()
        entry = read_manifest(made).rtl
        table = guide[guide.index("| path |") : guide.index("## 7.")]
        for path in re.findall(r"`(rtl/[\w./]+)`", guide):
            assert path in made.files or path == "rtl/", path
        assert f"`{entry.sources[-1]}`" in table
        assert f"same block in {language}, unrolled, {entry.latency_cycles} clock cycles" in guide
        assert f"exactly {entry.latency_cycles} clock cycles,\n{entry.latency_ns:g} ns" in card
        assert f"| alkaid | {read_manifest(made).versions['alkaid']} |" in card
        page = made.files["rtl/README.md"].decode()
        assert f"**Latency: {entry.latency_cycles} clock cycles**" in page
        assert "| `features` | in | 512 | 16 x fixed<32,32> |" in page
        assert "| `score` | out | 22 | 2 x fixed<11,6,TRN,SAT> |" in page


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (lambda: designs.design(built=False, decisions=(), io_type="io_stream"), "io_stream, whose ports are FIFOs"),
        (lambda: _constituents(), "'constituents'.*piece by piece.*handoff.builder = false"),
        (lambda: _wide(), "more than the 52 bits"),
        (lambda: _large(), "would take about .* LUT .*io_stream"),
    ],
)
def test_what_can_not_be_rtl_is_refused_when_the_bundle_is_made(one, says):
    with pytest.raises(UnsupportedLayerError, match=says):
        designs.bundle(one(), rtl="verilog")


def _constituents():
    builder, port = constituents_case(["pt", "eta", "phi"], 4, 10, whole(8, True))
    return _relu(port, builder)


def _wide():
    return _relu(Port("x", (2,), Fixed(True, 60, 30)))


def _large():
    weights = np.random.default_rng(1).integers(-31, 32, (256, 256))
    layer = dense("y", "x", weights, Fixed(True, 30, 20))
    return Design(
        Program("net", (Port("x", (256,), Fixed(True, 10, 4)),), (layer,), ("y",)),
        HardwareSpec(part="xczu7ev-ffvc1156-2-e"),
    )


def _relu(port, builder=None):
    layer = Relu(name="y", inputs=(port.name,), shape=port.shape, type=port.type)
    return Design(Program("net", (port,), (layer,), ("y",)), HardwareSpec(), builder)


def test_languages_and_clocks_that_can_not_be_are_refused(design):
    with pytest.raises(RecipeError, match="handoff: rtl: Input should be 'verilog' or 'vhdl'"):
        handoff_spec(rtl="chisel")
    with pytest.raises(RecipeError, match="no time for an adder"):
        block_of(designs.design(clock_period=0.5), "verilog")
    with pytest.raises(HandoffError, match="would compare no events"):
        rtl_files(design, block_of(design, "verilog"), 0)


def test_ports_with_names_that_no_language_takes():
    one = Design(several(), HardwareSpec())
    bench = rtl_files(one, block_of(one, "verilog"), 3)["rtl/bench.sv"].decode()
    assert ".raw_features(in_raw_features)," in bench
    assert '"/design_in_raw_features.mem"' in bench


def test_make_check_of_the_bundle_covers_the_rtl(bundle, tmp_path, gxx):
    folder = bundle.write(tmp_path / "tiny")
    assert make(folder, "digests").returncode == 0
    path = folder / read_manifest(bundle).rtl.sources[-1]
    path.write_bytes(path.read_bytes() + b"\n")
    done = make(folder, "digests")
    assert done.returncode != 0
    assert f"ALTERED: {read_manifest(bundle).rtl.sources[-1]}" in done.stderr


# Stand-ins for tools.


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """Put stand-ins on an otherwise short PATH; each writes its arguments down. Gives what was called."""
    folder, log = tmp_path / "bin", tmp_path / "calls"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def install(**texts):
        for name, text in texts.items():
            path = folder / name
            path.write_text(f'#!/bin/sh\necho "{name} $*" >>{log}\n{text}\n')
            path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return install, lambda: log.read_text().splitlines() if log.exists() else []


def written(made, tmp_path):
    return made.write(tmp_path / "tiny")


def test_without_a_simulator_it_is_said_what_to_install(bundle, vhdl, tmp_path, tools):
    for number, (made, words) in enumerate(((bundle, "install Verilator"), (vhdl, "source its settings64.sh"))):
        done = make(made.write(tmp_path / str(number)), "-C", "rtl", "check", "VERILATOR=no_verilator")
        assert done.returncode != 0
        assert words in done.stderr


@pytest.mark.parametrize("version", ["Verilator 4.228 2022-01-17", "Verilator 5.020 2024-01-01"])
def test_the_first_simulator_that_is_new_enough_is_taken(bundle, tmp_path, tools, version):
    install, called = tools
    install(verilator=f'[ "$1" != --version ] || {{ echo "{version}"; exit; }}; exit 1')
    install(xvlog="", xelab="", xsim="echo PASSED: so many events")
    done = make(written(bundle, tmp_path), "-C", "rtl", "check", "VERILATOR=verilator")
    top = read_manifest(bundle).rtl.top
    if "5.020" in version:
        assert done.returncode != 0  # this stand-in builds nothing
        assert any(call.startswith("verilator --binary --timing") for call in called())
    else:
        assert done.returncode == 0, done.stderr
        names = [call.split()[0] for call in called()]
        assert names == ["verilator", "xvlog", "xelab", "xsim"]
        assert f"xelab {top}_bench -timescale 1ns/1ps -s bench" in called()
        assert "xsim bench -R -testplusarg vectors=../../vectors/mem" in called()


@pytest.mark.parametrize(("said", "code"), [("PASSED: 3 events", 0), ("Fatal: DIFFERENT: event 0", 2)])
def test_vivados_simulator_is_judged_by_what_the_bench_says(vhdl, tmp_path, tools, said, code):
    install, called = tools
    install(xvhdl="", xvlog="", xelab="", xsim=f'echo "{said}"')
    folder = written(vhdl, tmp_path)
    done = make(folder, "-C", "rtl", "check")
    assert done.returncode == code
    entry = read_manifest(vhdl).rtl
    sources = " ".join(f"../../{path}" for path in entry.sources)
    assert called()[:2] == [f"xvhdl -2008 {sources}", "xvlog -sv ../../rtl/bench.sv"]
    assert all((folder / "build/rtl" / path).is_file() for path in called()[0].split()[2:])


COMMANDS = (
    "create_project", "read_verilog", "read_vhdl", "read_xdc", "synth_design", "opt_design", "place_design",
    "phys_opt_design", "route_design", "report_utilization", "report_timing_summary", "write_checkpoint",
)  # fmt: skip


class Failed(Exception):
    pass


def vivado(folder, failing=None):
    """Source `vivado.tcl`; give Vivado's commands as they were called, the exit code, and what was printed."""
    interpreter, calls, codes, printed = tkinter.Tcl(), [], [], []

    def command(name):
        def record(*args):
            calls.append(" ".join([name, *args]))
            if name == failing:
                raise Failed(f"{name} went wrong")
            return ""

        return record

    def leave(code="0"):
        codes.append(code)
        raise Failed("nothing runs after exit")

    for name in COMMANDS:
        interpreter.createcommand(name, command(name))
    interpreter.createcommand("exit", leave)
    interpreter.createcommand("puts", lambda *args: printed.append(" ".join(args)))
    with contextlib.suppress(tkinter.TclError):
        interpreter.eval(f"source {{{folder}/rtl/vivado.tcl}}")
    (code,) = codes
    return calls, code, printed


def expected_calls(folder, entry, step):
    read = "read_verilog" if entry.language == "verilog" else "read_vhdl -vhdl2008"
    part, work = "xcvu13p-flga2577-2-e", f"{folder}/build/rtl/vivado/{entry.top}"

    def results(stage):
        return [
            f"report_utilization -file {work}_utilization_{stage}.rpt",
            f"report_timing_summary -file {work}_timing_summary_{stage}.rpt",
            f"write_checkpoint -force {work}_{stage}.dcp",
        ]

    calls = [f"create_project -in_memory -part {part}", *(f"{read} {folder}/{path}" for path in entry.sources)]
    calls += [f"read_xdc -mode out_of_context {folder}/rtl/clock.xdc"]
    calls += [f"synth_design -top {entry.top} -part {part} -mode out_of_context", *results("synth")]
    further = ["opt_design", "place_design", "phys_opt_design", "route_design", *results("route")]
    return calls + (further if step == "route" else [])


@pytest.mark.parametrize("step", ["", "synth", "route"])
@pytest.mark.parametrize("language", ["verilog", "vhdl"])
def test_the_synthesis_script(request, tmp_path, monkeypatch, step, language):
    made = request.getfixturevalue("bundle" if language == "verilog" else "vhdl")
    folder = written(made, tmp_path)
    monkeypatch.setenv("RTL_STEP", step)
    calls, code, printed = vivado(folder)
    assert calls == expected_calls(folder, read_manifest(made).rtl, step)
    assert code == "0"
    assert printed[-1] == f"DONE: {step or 'synth'} of {read_manifest(made).rtl.top}"
    assert (folder / "build/rtl/vivado").is_dir()
    reports = [call.split()[-1] for call in calls if call.startswith("report_")]
    assert all(any(Path(report).match(pattern) for pattern in OTHERS) for report in reports)  # `trigger-nn report`


@pytest.mark.parametrize(("step", "failing"), [("synth", "synth_design"), ("route", "route_design"), ("place", None)])
def test_a_synthesis_that_fails_ends_with_1(bundle, tmp_path, monkeypatch, step, failing):
    monkeypatch.setenv("RTL_STEP", step)
    _, code, printed = vivado(written(bundle, tmp_path), failing)
    assert code == "1"
    assert printed[-1].startswith(f"stderr FAILED: {step} of ")


@pytest.mark.parametrize(("period", "told"), [(5.0, "5"), (25 / 9, "2.77777778"), (3.125, "3.125")])
def test_the_clock_and_all_ports_are_constrained(period, told):
    one = designs.design(clock_period=period)
    xdc = rtl_files(one, block_of(one, "verilog"), 3)["rtl/clock.xdc"].decode()
    interpreter, calls = tkinter.Tcl(), []
    for name in ("create_clock", "set_input_delay", "set_output_delay"):
        interpreter.createcommand(name, lambda *args, name=name: calls.append((name, *args)))
    interpreter.createcommand("get_ports", lambda names: f"<{names}>")
    interpreter.eval(xdc)
    assert calls == [
        ("create_clock", "-name", "clk", "-period", told, "<clk>"),
        ("set_input_delay", "0", "-clock", "clk", "<rst in_valid features[*]>"),
        ("set_output_delay", "0", "-clock", "clk", "<out_valid score[*] decision[*]>"),
    ]

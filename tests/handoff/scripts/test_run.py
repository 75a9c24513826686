"""run.sh, with stubs on the PATH that print the tools' banners and write down how they were called."""

import os
import shutil
import subprocess

import pytest

from tests.handoff.bench import fake
from tests.handoff.interface import designs
from trigger_nn.errors import HandoffError
from trigger_nn.files import read_tree, write_tree
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.scripts import script_files
from trigger_nn.recipe import HardwareSpec

SYMBOL = fake.parallel().identity.symbol
BANNERS = {
    "vivado_hls": "Vivado(TM) HLS - High-Level Synthesis from C, C++ and SystemC v{} (64-bit)",
    "vitis_hls": "Vitis HLS - High-Level Synthesis from C, C++ and OpenCL v{} (64-bit)",
    "vitis-run": "****** vitis-run v{} (64-bit)\n  **** SW Build 5239630 on 2024-11-10-11:19:46",
    "v++": "****** v++ v{} (64-bit)",
}
STUB = """#!/bin/sh
echo "WARNING: /tools/Xilinx/2017.4/settings64.sh was sourced before"
case "$1" in -version | --version) printf '%s\\n' "{banner}"; exit 0 ;; esac
echo "{name} $* | $HLS_STEP $HLS_KIND $HLS_EVENTS" >>"$CALLS"
pwd -P >>"$CALLS.where"
exit {code}
"""


@pytest.fixture
def bundle(tmp_path):
    files = {"hls/firmware/b.cpp": b"", "hls/firmware/a.cpp": b"", "hls/firmware/weights/w.h": b""}
    write_tree(tmp_path / "bundle", files | script_files(fake.parallel(), 40), marker="scripts/run.sh")
    return tmp_path / "bundle"


@pytest.fixture
def tools(tmp_path):
    """A folder of stubs; the shell's own tools are taken from the PATH by name, so that no real HLS tool is met."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "sed", "basename", "dirname", "mkdir", "rm", "sort", "cat"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


@pytest.fixture
def stub(tools):
    def write(name, version, code=0, banner=None):
        text = (banner or BANNERS[name]).format(version)
        (tools / name).write_text(STUB.format(banner=text, name=name, code=code))
        (tools / name).chmod(0o755)

    return write


@pytest.fixture
def run(bundle, tools, tmp_path):
    def call(*args, shell="sh", cwd=bundle, **environment):
        calls = tmp_path / "calls"
        settings = {"PATH": str(tools), "CALLS": str(calls), **environment}
        command = [shutil.which(shell), str(bundle / "scripts/run.sh"), *args]
        done = subprocess.run(command, cwd=cwd, env=settings, capture_output=True, text=True, check=False)
        done.calls = calls.read_text().splitlines() if calls.exists() else []
        calls.unlink(missing_ok=True)
        return done

    return call


def classic(tool, bundle, step="csim", events=40):
    return [f"{tool} -f {bundle}/scripts/hls.tcl | {step} {tool} {events}"]


@pytest.mark.parametrize("step", ["csim", "synth", "cosim", "export", "all"])
@pytest.mark.parametrize(
    ("tool", "version"),
    [
        *[("vivado_hls", version) for version in ("2019.2", "2020.1", "2020.1.1")],
        *[("vitis_hls", version) for version in ("2022.1", "2022.2", "2023.1", "2023.2", "2024.1", "2024.2")],
    ],
)
def test_tools_that_take_tcl_by_f(run, stub, bundle, tool, version, step):
    stub(tool, version)
    done = run(step)
    assert (done.returncode, done.calls) == (0, classic(tool, bundle, step))
    assert f"PASSED: step {step} of {SYMBOL} with {tool} {version[:6]}" in done.stdout


@pytest.mark.parametrize("version", ["2024.1", "2024.2", "2025.1", "2025.1.1", "2025.2", "2026.1"])
def test_vitis_run_takes_tcl(run, stub, bundle, version):
    stub("vitis-run", version)
    done = run("synth")
    command = f"vitis-run --mode hls --tcl {bundle}/scripts/hls.tcl | synth vitis-run 40"
    assert (done.returncode, done.stderr, done.calls) == (0, "", [command])


@pytest.mark.parametrize("version", ["2026.2", "2031.1"])
def test_what_is_newer_is_used_and_told(run, stub, version):
    stub("vitis-run", version)
    done = run("synth")
    assert (done.returncode, len(done.calls)) == (0, 1)
    assert done.stderr.startswith(f"Note: vitis-run {version} is newer than 2026.1, ")
    assert done.stderr.count("\n") == 1


CONFIG = "--config hls.cfg --work_dir work"
CALLS = {
    "csim": [f"vitis-run --mode hls --csim {CONFIG}"],
    "synth": [f"v++ -c --mode hls {CONFIG}"],
    "cosim": [f"v++ -c --mode hls {CONFIG}", f"vitis-run --mode hls --cosim {CONFIG}"],
    "export": [f"v++ -c --mode hls {CONFIG}", f"vitis-run --mode hls --package {CONFIG}"],
    "all": [
        f"vitis-run --mode hls --csim {CONFIG}",
        f"v++ -c --mode hls {CONFIG}",
        f"vitis-run --mode hls --cosim {CONFIG}",
        f"vitis-run --mode hls --package {CONFIG}",
    ],
}


@pytest.mark.parametrize("step", CALLS)
@pytest.mark.parametrize("by_path", [True, False])
def test_vpp_reads_a_configuration_file(run, stub, tools, step, by_path):
    stub("v++", "2025.1")
    stub("vitis-run", "2025.1")
    done = run(step, str(tools / "v++") if by_path else "v++")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.calls == [f"{call} | {step} v++ 40" for call in CALLS[step]]


def test_the_configuration_file_is_written_with_paths(run, stub, bundle):
    stub("v++", "2025.1")
    stub("vitis-run", "2025.1")
    assert run("csim", "v++", HLS_EVENTS="12").returncode == 0
    lines = (bundle / "build/hls/hls.cfg").read_text().splitlines()
    keys = dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith(("#", "syn.file=")))
    assert lines.index("part=xcvu13p-flga2577-2-e") < lines.index("[hls]") < lines.index("flow_target=vivado")
    assert [x for x in lines if x.startswith("syn.file=")] == [
        f"syn.file={bundle}/hls/firmware/{name}.cpp" for name in "ab"
    ]
    assert keys == {
        "part": "xcvu13p-flga2577-2-e",
        "flow_target": "vivado",
        "clock": "5ns",
        "clock_uncertainty": "27%",
        "syn.top": SYMBOL,
        "syn.cflags": f"-std=c++14 -I{bundle}/hls/firmware",
        "syn.csimflags": f"-std=c++14 -I{bundle}/hls/firmware",
        "syn.compile.name_max_length": "80",
        "syn.schedule.enable_dsp_full_reg": "0",
        "tb.file": f"{bundle}/bench/bench.cpp",
        "tb.cflags": f"-std=c++14 -I{bundle}/hls/firmware -Wno-unknown-pragmas",
        "csim.argv": f"{bundle}/vectors 12",
        "cosim.argv": f"{bundle}/vectors 12 design",
        "package.output.format": "ip_catalog",
        "package.output.syn": "0",
        "package.ip.version": "1.0.0",
    }


def test_vpp_without_vitis_run_beside_it(run, stub, tools):
    stub("v++", "2025.1")
    done = run("synth", str(tools / "v++"))
    assert (done.returncode, done.calls) == (127, [])
    assert done.stderr.endswith(f"{tools}/v++ needs {tools}/vitis-run beside it, which is not there.\n")


def test_the_first_known_tool_in_order(run, stub, bundle):
    stub("vivado_hls", "2019.2")
    assert run("csim").calls == classic("vivado_hls", bundle)
    stub("vitis_hls", "2023.2")
    assert run("csim").calls == classic("vitis_hls", bundle)
    stub("vitis-run", "2023.2")  # as it comes with vitis_hls, before it took Tcl the way it does now
    assert run("csim").calls == classic("vitis_hls", bundle)
    stub("vitis-run", "2024.2")
    assert run("csim").calls[0].startswith("vitis-run --mode hls --tcl ")


def test_the_tool_named_comes_before_all_others(run, stub, bundle, tools):
    for tool, version in [("vivado_hls", "2020.1"), ("vitis_hls", "2024.1"), ("vitis-run", "2025.2")]:
        stub(tool, version)
    assert run("csim", HLS_TOOL="vitis_hls").calls == classic("vitis_hls", bundle)
    assert run("csim", HLS_TOOL=str(tools / "vivado_hls")).calls == classic("vivado_hls", bundle)
    assert run("csim", "vivado_hls", HLS_TOOL="vitis_hls").calls == classic("vivado_hls", bundle)
    assert run("csim", "bin/vitis_hls", cwd=tools.parent).calls == classic("vitis_hls", bundle)


@pytest.mark.parametrize(
    ("tool", "version"),
    [
        ("vivado_hls", "2018.3"),
        ("vivado_hls", "2020.2"),
        ("vitis_hls", "2020.2"),
        ("vitis_hls", "2021.1"),
        ("vitis_hls", "2025.1"),
        ("vitis-run", "2023.1"),
    ],
)
def test_an_unknown_version_is_refused_in_one_sentence(run, stub, tool, version):
    stub(tool, version)
    done = run("synth")
    assert (done.returncode, done.calls, done.stdout) == (2, [], "")
    assert done.stderr.startswith(f"Found {tool} {version}, but this bundle knows vivado_hls 2019.2 and 2020.1, ")
    assert "to force one, set HLS_TOOL, HLS_KIND and HLS_VERSION" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_banner_that_says_nothing_is_refused(run, stub):
    stub("vitis_hls", "", banner="Vitis HLS, some build")
    done = run("synth")
    assert (done.returncode, done.calls) == (2, [])
    assert done.stderr.startswith("Found vitis_hls of unknown version, but")


def test_an_unknown_tool_is_refused_and_can_be_forced(run, stub, bundle):
    stub("my_hls", "2024.2", banner=BANNERS["vitis_hls"])
    done = run("csim", HLS_TOOL="my_hls")
    assert (done.returncode, done.calls) == (2, [])
    assert done.stderr.startswith("Found my_hls 2024.2, but")
    done = run("csim", HLS_TOOL="my_hls", HLS_KIND="vitis_hls")
    assert done.calls == [f"my_hls -f {bundle}/scripts/hls.tcl | csim vitis_hls 40"]
    stub("vitis_hls", "2021.2")
    done = run("csim", HLS_VERSION="2022.1")
    assert (done.returncode, done.calls) == (0, classic("vitis_hls", bundle))


@pytest.mark.parametrize(("args", "named"), [((), "vitis-run vitis_hls vivado_hls"), (("vitis_hls",), "vitis_hls")])
def test_no_tool_at_all(run, args, named):
    done = run("csim", *args)
    assert (done.returncode, done.stdout) == (127, "")
    assert done.stderr.startswith(f"No HLS tool was found ({named}); source the settings64.sh")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("args", [(), ("simulate",), ("",)])
def test_unknown_steps_are_refused(run, stub, args):
    stub("vitis_hls", "2024.2")
    done = run(*args)
    assert (done.returncode, done.calls) == (2, [])
    assert done.stderr == "Usage: sh scripts/run.sh csim|synth|cosim|export|all [TOOL]\n"


@pytest.mark.parametrize("events", ["0", "-3", "ten", "1 2"])
def test_impossible_numbers_of_events_are_refused(run, stub, events):
    stub("vitis_hls", "2024.2")
    done = run("csim", HLS_EVENTS=events)
    assert (done.returncode, done.calls) == (2, [])
    assert done.stderr == f"HLS_EVENTS must be a number from 1 to 40, not {events}.\n"


def test_some_events_only(run, stub, bundle):
    stub("vitis_hls", "2024.2")
    assert run("cosim", HLS_EVENTS="5").calls == classic("vitis_hls", bundle, "cosim", 5)


@pytest.mark.parametrize("tool", ["vitis_hls", "vitis-run"])
def test_a_failing_tool_fails_with_its_code(run, stub, tool):
    stub(tool, "2024.2", code=7)
    done = run("csim")
    assert done.returncode == 7
    assert done.stderr == f"FAILED: step csim of {SYMBOL} with {tool} 2024.2, exit code 7.\n"
    assert "PASSED" not in done.stdout


def test_a_failing_synthesis_is_not_simulated(run, stub):
    stub("v++", "2025.1", code=3)
    stub("vitis-run", "2025.1")
    done = run("cosim", "v++")
    assert (done.returncode, len(done.calls)) == (3, 1)


def test_work_is_done_in_build(run, stub, bundle, tmp_path):
    stub("vitis_hls", "2024.2")
    before = read_tree(bundle)
    assert run("all", cwd=tmp_path).returncode == 0
    assert (tmp_path / "calls.where").read_text() == f"{bundle}/build/hls\n"
    assert read_tree(bundle) == before


def test_a_path_with_blanks_is_refused(bundle, stub, tools, tmp_path):
    stub("vitis_hls", "2024.2")
    moved = bundle.rename(tmp_path / "my bundle")
    command = [shutil.which("sh"), "scripts/run.sh", "csim"]
    done = subprocess.run(command, cwd=moved, env={"PATH": str(tools)}, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"The HLS tools can't work in {moved}, for its path has blanks")


@pytest.mark.parametrize(
    ("backend", "tool", "version", "told"),
    [
        ("Vitis", "vivado_hls", "2020.1", True),
        ("Vivado", "vitis_hls", "2024.1", True),
        ("Vivado", "vivado_hls", "2020.1", False),
        ("Vitis", "vitis_hls", "2024.1", False),
    ],
)
def test_a_tool_of_the_other_kind_is_told(run, stub, bundle, backend, tool, version, told):
    design = Design(fake.program([fake.X], [fake.Y]), HardwareSpec(backend=backend))
    (bundle / "scripts/run.sh").write_bytes(script_files(design, 40)["scripts/run.sh"])
    stub(tool, version)
    done = run("synth")
    assert done.returncode == 0
    assert done.stderr.startswith(f"Note: this design was written for {backend} HLS, and ") is told


def _of(bundle, design):
    (bundle / "scripts/run.sh").write_bytes(script_files(design, 40)["scripts/run.sh"])


@pytest.mark.parametrize(
    ("tool", "version", "step", "warned"),
    [
        ("vitis-run", "2025.1", "cosim", True),
        ("vitis-run", "2025.1", "all", True),
        ("vitis-run", "2026.1", "cosim", True),
        ("v++", "2025.2", "cosim", True),
        ("vitis-run", "2025.1", "csim", False),
        ("vitis-run", "2025.1", "synth", False),
        ("vitis-run", "2025.1", "export", False),
        ("vitis-run", "2024.2", "cosim", False),
        ("vitis_hls", "2023.2", "all", False),
        ("vivado_hls", "2020.1", "cosim", False),
    ],
)
def test_co_simulation_of_convolutions_may_hang(run, stub, bundle, tool, version, step, warned):
    stub(tool, version)
    stub("vitis-run", version)
    _of(bundle, designs.design())
    done = run(step, tool)
    assert done.returncode == 0
    notes = [line for line in done.stderr.splitlines() if "known to hang" in line]
    assert [line.startswith("Note: Vitis 2025.1 is ") and "use 2023.2" in line for line in notes] == [True] * warned


@pytest.mark.parametrize("which", ["several", "stream", "vivado"])
def test_without_parallel_convolutions_of_vitis_nothing_is_said_of_hanging(run, stub, bundle, which):
    stub("vitis-run", "2025.1")
    _of(bundle, designs.ALL[which]())
    assert "to hang" not in run("cosim").stderr
    assert "hangs in" not in script_files(designs.ALL[which](), 40)["scripts/README.md"].decode()


@pytest.mark.parametrize(
    ("tool", "version", "step", "warned"),
    [
        ("vivado_hls", "2019.2", "export", True),
        ("vivado_hls", "2020.1", "all", True),
        ("vivado_hls", "2020.1", "cosim", False),
        ("vitis_hls", "2022.1", "export", False),
        ("vitis-run", "2025.1", "all", False),
    ],
)
def test_an_old_tool_exports_no_ip_without_a_patch(run, stub, tool, version, step, warned):
    stub(tool, version)
    done = run(step)
    assert done.returncode == 0
    assert ("answer record 76960" in done.stderr) is warned


@pytest.mark.parametrize("shell", ["sh", "dash", "bash"])
def test_any_posix_shell_will_do(run, stub, bundle, shell):
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not on this machine")
    checked = subprocess.run([shell, "-n", "scripts/run.sh"], cwd=bundle, capture_output=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, b"")
    stub("vitis_hls", "2024.2")
    assert run("csim", shell=shell).calls == classic("vitis_hls", bundle)


def test_make_calls_the_script(run, stub, bundle, tools):
    from trigger_nn.handoff.bench import bench_files

    stub("vitis_hls", "2024.2")
    (bundle / "Makefile").write_bytes(bench_files(fake.parallel(), 40, None)["Makefile"])
    for step in ("csim", "synth", "cosim", "export"):
        calls = bundle.parent / f"calls of {step}"
        environment = {**os.environ, "PATH": str(tools), "CALLS": str(calls)}
        done = subprocess.run(
            [shutil.which("make"), step], cwd=bundle, env=environment, capture_output=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert calls.read_text().splitlines() == classic("vitis_hls", bundle, step)


def test_scripts_of_no_events_are_refused():
    with pytest.raises(HandoffError, match="would simulate no events"):
        script_files(fake.parallel(), 0)


def test_same_design_same_bytes():
    files = script_files(fake.built(), 40)
    assert files == script_files(fake.built(), 40)
    assert sorted(files) == ["scripts/README.md", "scripts/hls.cfg", "scripts/hls.tcl", "scripts/run.sh"]

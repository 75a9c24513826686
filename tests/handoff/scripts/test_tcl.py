"""hls.tcl in a Tcl interpreter whose HLS commands write down how they were called."""

import contextlib
import tkinter

import pytest

from tests.handoff.bench import fake
from trigger_nn.files import write_tree
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.scripts import script_files
from trigger_nn.recipe import HardwareSpec

SYMBOL = fake.parallel().identity.symbol
COMMANDS = [
    "open_project",
    "set_top",
    "add_files",
    "open_solution",
    "set_part",
    "create_clock",
    "set_clock_uncertainty",
    "config_array_partition",
    "config_compile",
    "config_schedule",
    "csim_design",
    "csynth_design",
    "cosim_design",
    "export_design",
]


class Failed(Exception):
    pass


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # Tcl's cd is the process's
    files = {"hls/firmware/b.cpp": b"", "hls/firmware/a.cpp": b"", "hls/firmware/weights/w.h": b""}
    write_tree(tmp_path / "bundle", files | script_files(fake.parallel(), 40), marker="scripts/run.sh")
    return tmp_path / "bundle"


@pytest.fixture
def run(bundle, monkeypatch):
    """Run a step; give the commands, the exit codes and what was printed."""

    def call(step, kind="vitis_hls", failing=None, **environment):
        for name, value in {"HLS_STEP": step, "HLS_KIND": kind, **environment}.items():
            monkeypatch.setenv(name, value)
        interpreter, calls, codes, printed = tkinter.Tcl(), [], [], []

        def command(name):
            def record(*args):
                calls.append(" ".join([name, *args]))
                if name == failing:
                    raise Failed(f"{name} went wrong")
                return ""

            return record

        for name in COMMANDS:
            interpreter.createcommand(name, command(name))

        def leave(code="0"):
            codes.append(code)
            raise Failed("nothing runs after exit")

        interpreter.createcommand("exit", leave)
        interpreter.createcommand("puts", lambda *args: printed.append(" ".join(args)))
        with contextlib.suppress(tkinter.TclError):
            interpreter.eval(f"source {{{bundle}/scripts/hls.tcl}}")
        (code,) = codes
        return calls, code, printed

    return call


def preparation(bundle, kind="vitis_hls"):
    firmware = f"{bundle}/hls/firmware"
    standard = "-std=c++0x" if kind == "vivado_hls" else "-std=c++14"
    flags = f"{standard} -I{firmware}"
    solution = ["open_solution -reset -flow_target vivado solution"]
    if kind == "vivado_hls":
        solution = ["open_solution -reset solution", "config_array_partition -maximum_size 4096"]
    return [
        "open_project -reset project",
        f"set_top {SYMBOL}",
        f"add_files {firmware}/a.cpp -cflags {flags}",
        f"add_files {firmware}/b.cpp -cflags {flags}",
        f"add_files -tb {bundle}/bench/bench.cpp -cflags {flags} -Wno-unknown-pragmas",
        *solution,
        "set_part xcvu13p-flga2577-2-e",
        "create_clock -period 5 -name default",
        "set_clock_uncertainty 27% default",
        "config_compile -name_max_length 80",
        "config_schedule -enable_dsp_full_reg=false",
    ]


def steps(bundle, events=40):
    csim = f"csim_design -argv {bundle}/vectors {events}"
    cosim = f"cosim_design -argv {bundle}/vectors {events} design"
    export = "export_design -format ip_catalog -version 1.0.0"
    return {
        "csim": [csim],
        "synth": ["csynth_design"],
        "cosim": ["csynth_design", cosim],
        "export": ["csynth_design", export],
        "all": [csim, "csynth_design", cosim, export],
    }


@pytest.mark.parametrize("kind", ["vivado_hls", "vitis_hls", "vitis-run"])
@pytest.mark.parametrize("step", ["csim", "synth", "cosim", "export", "all"])
def test_each_step_of_each_tool(run, bundle, step, kind):
    calls, code, printed = run(step, kind)
    assert calls == preparation(bundle, kind) + steps(bundle)[step]
    assert code == "0"
    assert printed[-1] == f"DONE: step {step} of {SYMBOL}"


def test_reports_are_named(run, bundle):
    _, _, printed = run("all")
    solution = f"{bundle}/build/hls/project/solution"
    assert printed[:-1] == [
        f"Reports of the synthesis: {solution}/syn/report ({SYMBOL}_csynth.rpt, {SYMBOL}_csynth.xml)",
        f"Report of the co-simulation: {solution}/sim/report/{SYMBOL}_cosim.rpt",
        f"The IP for Vivado's catalog: {solution}/impl/ip",
    ]


def test_some_events_only(run, bundle):
    calls, _, _ = run("all", HLS_EVENTS="7")
    assert calls == preparation(bundle) + steps(bundle, 7)["all"]


@pytest.mark.parametrize("failing", ["csim_design", "csynth_design", "cosim_design", "export_design", "set_part"])
def test_what_fails_ends_the_script_with_1(run, failing):
    calls, code, printed = run("all", failing=failing)
    assert calls[-1].startswith(failing)
    assert code == "1"
    assert printed[-1].startswith(f"stderr FAILED: step all of {SYMBOL}: ")


@pytest.mark.parametrize(("status", "expected"), [("Pass", "0"), ("Fail", "1")])
def test_what_the_report_of_the_cosimulation_says_counts(run, bundle, status, expected):
    report = bundle / f"build/hls/project/solution/sim/report/{SYMBOL}_cosim.rpt"
    report.parent.mkdir(parents=True)
    report.write_text(f"|      VHDL|        NA|  NA|\n|   Verilog|      {status}|  12|\n")
    assert run("cosim")[1] == expected


def test_an_unknown_step_fails(run):
    calls, code, printed = run("simulate")
    assert (calls, code) == ([], "1")
    assert "there is no step simulate; choose csim, synth, cosim, export or all" in printed[0]


@pytest.mark.parametrize(
    ("choices", "period", "uncertainty"),
    [
        ({"backend": "Vivado", "clock_period": 2.5}, "2.5", "12.5%"),
        ({"clock_period": 25 / 9}, "2.777777778", "27%"),
        ({"clock_uncertainty": 0.1, "part": "xcku115-flvb2104-2-i"}, "5", "0.1%"),
    ],
)
def test_part_and_clock_are_the_recipes(choices, period, uncertainty):
    hardware = HardwareSpec(**choices)
    files = script_files(Design(fake.program([fake.X], [fake.Y]), hardware), 40)
    tcl = files["scripts/hls.tcl"].decode().splitlines()
    cfg = files["scripts/hls.cfg"].decode().splitlines()
    assert {f"set part        {hardware.part}", f"set period      {period}", f"set uncertainty {uncertainty}"} <= set(
        tcl
    )
    assert {f"part={hardware.part}", f"clock={period}ns", f"clock_uncertainty={uncertainty}"} <= set(cfg)

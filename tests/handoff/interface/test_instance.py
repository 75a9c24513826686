"""interface.v and interface.vhd: every RTL port once, as wide as interface.json says."""

import json
import re

import pytest

from tests.handoff.interface.designs import ALL, BYTE, Towers, design, facts
from trigger_nn.handoff.facts import ElementMeaning, PortMeaning
from trigger_nn.handoff.interface import interface_files
from trigger_nn.handoff.interface.instance import vhdl_name
from trigger_nn.handoff.interface.words import rtl_name
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Reshape
from trigger_nn.program.program import Port, Program

WIRE = re.compile(r"wire (?:\[(\d+):0\] )?(\w+);")
PORT = re.compile(r"(\\?\w+\\?) : (in|out) std_logic(?:_vector\((\d+) downto 0\))?")
SIGNAL = re.compile(r"signal (\\?\w+\\?) : std_logic(?:_vector\((\d+) downto 0\))?;")


def _named(name, size=3):
    port = Port(name, (size,), BYTE)
    return design(Program("named", (port,), (Reshape(name="y", inputs=(name,), shape=(size,), type=BYTE),), ("y",)))


MORE = {
    "memory": lambda: design(
        builder=Towers(ports=(Port("towers", (72, 100), BYTE, True), Port("n", (1,), BYTE, True)))
    ),
    "a word of Verilog": lambda: _named("input"),
    "no name in VHDL": lambda: _named("a__b_"),
    "hundreds": lambda: _named("x", 700),
}
EVERY = ALL | MORE


@pytest.fixture(params=EVERY)
def made(request):
    return EVERY[request.param]()


def _wanted(described):
    """Direction and width of every port by name; width None: not a vector."""
    control = {c["name"]: (c["direction"], None) for c in described["control"]}
    groups = [g for side in ("inputs", "outputs") for port in described[side] for g in port["rtl"]["ports"]]
    bus = ("data", "address")
    return control | {n: (g["direction"], g["width"] if g["role"] in bus else None) for g in groups for n in g["names"]}


def _texts(one, **changes):
    files = interface_files(one, facts(one, **changes))
    described = json.loads(files["interface.json"])
    return described, files["interface.v"].decode(), files["interface.vhd"].decode()


def _bare(text, mark):
    """Code without comments, blanks made one."""
    return " ".join(re.sub(rf"{mark}.*", "", text).split())


def test_verilog_has_every_port_once(made):
    described, verilog, _ = _texts(made)
    top = described["top"]
    shape = rf"module {top}_template; ((?:wire [^;]*; )+){top} {top}_inst \( ([^;]*) \); endmodule"
    wires, connections = re.fullmatch(shape, _bare(verilog, "//")).groups()
    assert WIRE.sub("", wires).strip() == ""
    declared = [(name, int(high) + 1 if high else None) for high, name in WIRE.findall(wires)]
    wanted = _wanted(described)
    assert declared == [(name, width) for name, (_, width) in wanted.items()]
    assert connections.split(", ") == [f".{name}({name})" for name in wanted]


def test_vhdl_has_every_port_once(made):
    described, _, vhdl = _texts(made)
    wanted = {vhdl_name(name): told for name, told in _wanted(described).items()}
    ports, signals, maps = re.search(
        r" port \( (.*) \); end component; (.*) begin .* port map \( (.*) \); end architecture;$", _bare(vhdl, "--")
    ).groups()
    found = [PORT.fullmatch(port).groups() for port in ports.split("; ")]
    assert {name: (way, int(high) + 1 if high else None) for name, way, high in found} == wanted
    assert {name: int(high) + 1 if high else None for name, high in SIGNAL.findall(signals)} == {
        name: width for name, (_, width) in wanted.items()
    }
    assert maps.split(", ") == [f"{name} => {name}" for name in wanted]
    assert len(found) == len(wanted)


def test_parentheses_are_balanced(made):
    _, verilog, vhdl = _texts(made)
    for text, mark in ((verilog, "//"), (vhdl, "--")):
        bare = _bare(text, mark)
        assert bare.count("(") == bare.count(")")
        assert text.endswith("\n")
        assert text == text.replace("\t", " ")


def test_each_wire_is_told_in_a_line(made):
    described, verilog, _ = _texts(made)
    for name, (direction, _) in _wanted(described).items():
        assert re.search(rf"^    wire .*\b{name}; // {direction}: \S.*$", verilog, re.MULTILINE)


def test_what_comments_say():
    _, verilog, vhdl = _texts(ALL["decision"]())
    assert "wire [2799:0] image; // in: 280 x 10 bits, element 0 lowest, unsigned; hold until ap_ready\n" in verilog
    assert "wire [11:0] output_1; // out: vbf_inv, one count 0.015625, two's complement\n" in verilog
    assert "wire [0:0] decision_0; // out: hh4b, a bit\n" in verilog
    assert "decision_0 : out std_logic_vector(0 downto 0); -- hh4b, a bit\n" in vhdl
    assert "drive it with the event's valid signal" in verilog


def test_a_name_of_two_lines_does_not_leave_its_comment():
    meanings = {"output": PortMeaning("", (ElementMeaning("a\nendmodule", "1\n2"), ElementMeaning("b")))}
    _, verilog, vhdl = _texts(design(), meanings=meanings)
    assert "output_0; // out: a endmodule, one count 1 1 2, two's complement\n" in verilog
    assert "-- a endmodule, one count" in vhdl


@pytest.mark.parametrize(
    ("name", "rtl"),
    [("input", "input_r"), ("Signal", "Signal_r"), ("wire", "wire_r"), ("image", "image"), ("in_V", "in_V")],
)
def test_words_of_the_languages_are_no_names(name, rtl):
    assert rtl_name(name) == rtl


@pytest.mark.parametrize(
    ("name", "vhdl"), [("a_b", "a_b"), ("a__b", "\\a__b\\"), ("_a", "\\_a\\"), ("a_", "\\a_\\"), ("Is", "\\Is\\")]
)
def test_names_that_vhdl_cannot_take_are_extended(name, vhdl):
    assert vhdl_name(name) == vhdl


def test_a_port_named_as_a_word_is_renamed_with_its_signals():
    described, verilog, _ = _texts(_named("input"))
    assert [g["names"] for g in described["inputs"][0]["rtl"]["ports"]] == [["input_r"], ["input_r_ap_vld"]]
    assert ".input_r(input_r)" in verilog


def test_wide_words_are_whole():
    wide = Fixed(True, 200, 3)
    port = Port("wide", (2, 1), wide)
    one = design(Program("wide", (port,), (Reshape(name="same", inputs=("wide",), shape=(2,), type=wide),), ("same",)))
    _, verilog, _ = _texts(one)
    assert "wire [399:0] wide;" in verilog
    assert "wire [199:0] same_1;" in verilog

"""What the interface says beside the bits: worked examples, uncertainty, share of the part, handshake."""

import json
from dataclasses import replace

import pytest

from tests.handoff.interface.designs import ALL, BYTE, Towers, design, facts
from trigger_nn.handoff.interface import describe_interface, interface_files
from trigger_nn.handoff.interface.description import Element
from trigger_nn.handoff.interface.example import example_of
from trigger_nn.handoff.interface.sharing import sharing_of
from trigger_nn.handoff.scripts import script_files
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port


@pytest.fixture(params=ALL)
def made(request):
    return ALL[request.param]()


def _json(one):
    return json.loads(interface_files(one, facts(one))["interface.json"])


def test_every_input_has_an_example_that_its_own_elements_bear_out(made):
    interface, text = describe_interface(made, facts(made)), interface_files(made, facts(made))["interface.md"].decode()
    assert text.count("Worked example: ") == sum(
        p.direction == "in" for p in (*interface.ports, *(interface.network or ()))
    )
    for port in interface.inputs:
        example, element = port.example, port.elements[port.example.element]
        pattern = int(example.bits, 16)
        assert len(example.bits) == -(-port.width // 4)
        assert example.integer == (
            pattern - (1 << port.width) if pattern >> port.width - 1 and port.signed else pattern
        )
        assert (example.name, example.unit) == (element.name, element.unit)
        assert example.value == element.offset + element.lsb * example.integer
        assert example.number == example.integer * 2.0**-port.fraction
        assert f"hexadecimal `{example.bits}`, in bits {element.high_bit}:{element.low_bit} of" in text


@pytest.mark.parametrize(
    ("kind", "integer", "bits"),
    [
        (Fixed(False, 1, 1), 1, "1"),
        (Fixed(True, 1, 1), -1, "1"),
        (Fixed(True, 5, 2), -16, "10"),
        (Fixed(True, 9, 2), -100, "19c"),
        (Fixed(False, 10, 4), 100, "064"),
        (Fixed(True, 200, 3), 100, f"{100:050x}"),
    ],
)
def test_examples_of_every_width(kind, integer, bits):
    high = kind.width - 1
    element = Element(index=0, position=(0,), name="x", low_bit=0, high_bit=high, unit="1", lsb=1.0, offset=0.0)
    example = example_of(kind, (element,))
    assert (example.integer, example.bits) == (integer, bits)


def test_a_builder_reads_integers():
    text = interface_files(ALL["builder"](), facts(ALL["builder"]()))["interface.md"].decode()
    assert "hexadecimal `64`, in bits 1127:1120 of the packed event; the builder reads 100." in text
    assert "the network's arithmetic reads 100 * 2^-6 = 1.5625." in text


@pytest.mark.parametrize(
    ("backend", "choice", "percent"), [("Vitis", None, 27.0), ("Vivado", None, 12.5), ("Vitis", 20.0, 20.0)]
)
def test_the_uncertainty_is_the_one_of_the_scripts(backend, choice, percent):
    one = design(backend=backend, clock_uncertainty=choice)
    files = interface_files(one, facts(one))
    assert json.loads(files["interface.json"])["clock_uncertainty_percent"] == percent
    assert f"uncertainty {percent:g} % of the period |".encode() in files["interface.md"]
    assert f"set uncertainty {percent:g}%".encode() in script_files(one, 1)["scripts/hls.tcl"]


@pytest.mark.parametrize(
    ("interval", "lut", "unmodelled", "words"),
    [
        (1, 17280, (), "1 instance takes an event every bunch crossing: 1.0 % of the part's LUT |"),
        (50, 103680, (), "10 instances take an event every bunch crossing: 10 x 6.0 % = 60 % of the part's LUT |"),
        (50, 105000, (), "10 x 6.1 % = 61 % of the part's LUT, which hardly fits |"),
        (50, 172800, (), "10 x 10 % = 100 % of the part's LUT, which hardly fits |"),
        (50, 180000, ("gru",), "10 x 10 % = at least 104 % of the part's LUT, which does not fit |"),
    ],
)
def test_instances_are_given_with_their_share(interval, lut, unmodelled, words):
    made = facts(design()).estimate
    row = replace(made.layers[0], interval=interval, lut=lut, ff=0, dsp=0, bram=0)
    estimate = replace(made, layers=(row,), unmodelled=unmodelled)
    assert (estimate.interval, estimate.total("lut")) == (interval, lut)
    files = interface_files(design(), facts(design(), estimate=estimate))
    assert words in files["interface.md"].decode()
    told = json.loads(files["interface.json"])["sharing"]
    assert (told["resource"], told["instances"], told["at_least"]) == ("LUT", estimate.instances, bool(unmodelled))


def test_the_scarcest_resource_is_the_one_that_is_told():
    made = facts(design()).estimate
    row = replace(made.layers[0], interval=1, lut=17280, ff=0, dsp=1229, bram=0)
    sharing = sharing_of(replace(made, layers=(row,)))
    assert (sharing.resource, sharing.all_percent) == ("DSP", 100 * (1229 / 12288))


def test_how_an_event_is_given_to_the_block():
    plain, stream = (_json(ALL[name]())["handshake"] for name in ("image", "stream"))
    memory = _json(design(builder=Towers(ports=(Port("towers", (72, 100), BYTE, True),))))["handshake"]
    mixed = _json(design(builder=Towers(ports=(Port("towers", (72, 100), BYTE, True), Port("n", (1,), BYTE, True)))))
    assert ["Do not tie `ap_start` high" in " ".join(told) for told in (plain, stream, memory)] == [True, False, False]
    assert ["`ap_vld` of every input" in " ".join(told) for told in (plain, stream, memory)] == [True, False, False]
    assert stream[0].startswith("Tie `ap_start` high")
    assert "outside the block" in memory[0]
    assert ["no memories" in " ".join(told) for told in (memory, mixed["handshake"])] == [False, True]
    assert stream[-1] == "Reset `ap_rst_n` is synchronous, active low."
    text = " ".join(interface_files(design(), facts(design()))["interface.md"].decode().split())
    assert all(sentence in text for sentence in plain)
    assert "read when its valid signal is high" not in text
    assert "hold it, with its valid signal high, until ap_ready" in text

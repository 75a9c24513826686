"""interface.json says where every bit is; Markdown says the same to a person."""

import json
import re

import numpy as np
import pytest

from tests.handoff.interface.designs import ALL, BYTE, THRESHOLDS, Towers, design, facts, random_mantissas, several
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.facts import ElementMeaning, PortMeaning
from trigger_nn.handoff.hls.ports import raw_port
from trigger_nn.handoff.interface import describe_interface, interface_files, read_interface
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Reshape
from trigger_nn.program.program import Port, Program

ABSOLUTE, DATE = (
    re.compile(r"(?<![\w.:/*])/(home|work|tmp|usr|opt|root|Users)\b"),
    re.compile(r"\b20[2-9]\d-\d\d-\d\d\b"),
)


@pytest.fixture(params=ALL)
def made(request):
    return ALL[request.param]()


def _json(one, **changes):
    return json.loads(interface_files(one, facts(one, **changes))["interface.json"])


def _packed(values, width):
    """One event as a text of bits, the last element first, as $readmemh and links have it."""
    return int("".join(format(int(v) & ((1 << width) - 1), f"0{width}b") for v in reversed(values.ravel())), 2)


def _decoded(port, packed):
    """What a reader of the JSON alone makes of a packed event."""
    found = np.zeros(port["shape"], object)
    for element in port["elements"]:
        bits = element["high_bit"] - element["low_bit"] + 1
        value = packed >> element["low_bit"] & ((1 << bits) - 1)
        negative = port["signed"] and value >> (bits - 1)
        found[tuple(element["position"])] = value - (1 << bits) if negative else value
    return found


def test_a_packed_event_is_decoded_by_the_json_alone(made):
    described = _json(made)
    for told, port in zip(described["inputs"] + described["outputs"], (*made.inputs, *made.outputs), strict=True):
        assert told["name"] == port.name
        for values in random_mantissas(port, 3):
            assert _decoded(told, _packed(values, port.type.width)).tolist() == values.tolist()


def test_every_bit_of_a_port_belongs_to_one_element(made):
    for port in describe_interface(made, facts(made)).ports:
        bits = [bit for e in port.elements for bit in range(e.low_bit, e.high_bit + 1)]
        assert bits == list(range(port.bits))
        assert [e.index for e in port.elements] == list(range(port.size))
        assert len({e.name for e in port.elements}) == port.size


def test_values_are_offset_and_counts():
    image, output = (_json(design())[side][0] for side in ("inputs", "outputs"))
    assert image["elements"][279] == {
        "index": 279, "position": [19, 13, 0], "name": "et[19,13,0]", "low_bit": 2790, "high_bit": 2799,
        "unit": "GeV", "lsb": 0.5, "offset": 0.25,
    }  # fmt: skip
    assert image["constants"] == {"wrap": 1, "eta_edges": [-5.0, 5.0]}
    assert [e["name"] for e in output["elements"]] == ["hh4b", "vbf_inv"]
    assert (output["fraction"], output["elements"][1]["lsb"]) == (6, 2.0**-6)


def test_without_a_meaning_an_element_is_the_number_that_the_network_computes_with():
    first, second = _json(design(several()))["inputs"]
    assert [e["name"] for e in first["elements"]] == ["raw.features[0]", "raw.features[1]", "raw.features[2]"]
    assert first["identifier"] == "raw_features"
    assert {(e["lsb"], e["offset"], e["unit"]) for e in first["elements"]} == {(2.0**-9, 0.0, "1")}
    assert (first["cpp_type"], second["cpp_type"]) == ("ap_fixed<13,4>", "ap_uint<5>")


@pytest.mark.parametrize(
    ("which", "names"),
    [
        ("image", [["image"], ["image_ap_vld"], ["output_0", "output_1"], ["output_0_ap_vld", "output_1_ap_vld"]]),
        (
            "vivado",
            [["image_V"], ["image_V_ap_vld"], ["output_0_V", "output_1_V"], ["output_0_V_ap_vld", "output_1_V_ap_vld"]],
        ),
        (
            "stream",
            [[f"{name}_{part}"] for name in ("image", "output_r") for part in ("TDATA", "TVALID", "TREADY")],
        ),
    ],
)
def test_rtl_names(which, names):
    described = _json(ALL[which]())
    ports = described["inputs"] + described["outputs"]
    assert [group["names"] for port in ports for group in port["rtl"]["ports"]] == names


def test_streams_hold_whole_bytes_in_beats():
    raw, counts = _json(ALL["vivado stream"]())["inputs"]
    assert raw["rtl"]["ports"][0]["names"] == [f"raw_features_V_data_{i}_V_TDATA" for i in range(3)]
    assert (raw["rtl"]["beats"], raw["rtl"]["ports"][0]["width"]) == (1, 16)
    assert (counts["rtl"]["beats"], counts["rtl"]["ports"][0]["width"]) == (2, 8)
    together = _json(design(several(), io_type="io_stream"))["inputs"][0]["rtl"]["ports"][0]
    assert (together["names"], together["width"]) == (["raw_features_TDATA"], 48)


def test_a_large_port_of_a_builder_is_a_memory_as_the_top_function_has_it():
    large = Port("towers", (72, 100), BYTE, True)
    rtl = _json(design(builder=Towers(ports=(large,))))["inputs"][0]["rtl"]
    assert rtl["layout"] == "memory"
    assert tuple(rtl["pragmas"]) == raw_port(large, "towers").pragmas
    ports = [(group["names"], group["direction"], group["width"]) for group in rtl["ports"]]
    assert ports == [(["towers_address0"], "out", 7), (["towers_ce0"], "out", 1), (["towers_q0"], "in", 800)]


def test_small_ports_of_a_builder_have_the_pragmas_of_the_top_function():
    described = _json(ALL["builder"]())
    for told, port in zip(described["inputs"], Towers().ports, strict=True):
        assert tuple(told["rtl"]["pragmas"]) == raw_port(port, port.name).pragmas
    assert described["builder"] == {
        "kind": "event_image",
        "constants": {"kind": "event_image", "eta_edges": [-5.0, 0.0, 5.0], "wrap": 1},
    }
    assert [port["name"] for port in described["network"]] == ["image", "output"]


def test_decisions_come_by_bit_and_other_thresholds_behind_them():
    rows = _json(ALL["decision"]())["decisions"]
    assert [(r["bit"], r["signal"], r["element"], r["threshold"], r["rate_khz"]) for r in rows] == [
        (0, "hh4b", 0, 37, 100.0),
        (1, "vbf_inv", 1, -12, 100.0),
        (None, "hh4b", 0, 61, 50.0),
    ]
    assert rows[1]["number"] == -12 / 64
    assert _json(ALL["decision"]())["outputs"][1]["cpp_type"] == "ap_uint<1>"


def test_the_block_and_its_estimate():
    one = design(clock_period=2.5, clock_uncertainty=20.0)
    told, estimate = _json(one), facts(one).estimate
    assert (told["clock_mhz"], told["clock_ns"], told["clock_uncertainty_percent"]) == (400.0, 2.5, 20.0)
    timing = told["timing"]
    assert (timing["kind"], timing["covers"]) == ("estimate", "the network")
    assert (timing["cycles"], timing["ns"], timing["interval_cycles"]) == (
        estimate.cycles,
        estimate.latency,
        estimate.interval,
    )
    assert told["symbol"] == one.identity.symbol
    assert told["program_digest"] == one.program.digest


def test_what_is_written_is_read_again_and_is_the_same_twice(made):
    files = interface_files(made, facts(made))
    assert read_interface(files["interface.json"]).text() == files["interface.json"]
    assert interface_files(made, facts(made)) == files


def test_no_path_of_this_machine_and_no_date(made):
    for content in interface_files(made, facts(made)).values():
        assert not ABSOLUTE.search(content.decode())
        assert not DATE.search(content.decode())


def tables(text):
    """Tables of a Markdown text, each as rows of cells."""
    blocks = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[re.split(r"(?<!\\)\|", line)[1:-1] for line in block.splitlines()] for block in blocks]


def test_tables_are_whole_and_name_every_port_and_element(made):
    interface, text = describe_interface(made, facts(made)), interface_files(made, facts(made))["interface.md"].decode()
    assert "\n\n\n" not in text
    for table in tables(text):
        assert len({len(row) for row in table}) == 1
    for port in interface.ports:
        assert f"### `{port.name}` ({port.direction})" in text
        shown = port.elements if port.size <= 40 else (port.elements[0], port.elements[-1])
        for e in shown:
            assert f"| {e.index} | {e.name} | {e.high_bit}:{e.low_bit} |" in text
        for group in port.rtl.ports:
            assert f"`{group.names[0]}`" in text
            assert f"`{group.names[-1]}`" in text
    for control in interface.control:
        assert f"| `{control.name}` | {control.direction} |" in text


def test_a_worked_example_of_an_image():
    text = interface_files(design(), facts(design()))["interface.md"].decode()
    assert "The greatest integer, 1023, in element 0 is 511.75 GeV, and 15.984375 (integer * 2^-6)" in text
    assert (
        "Worked example: 50.25 GeV as et[10,0,0] is the integer (50.25 - 0.25) / 0.5 = 100, hexadecimal `064`, in bits "
        "1409:1400 of the packed event; the network's arithmetic reads 100 * 2^-6 = 1.5625."
    ) in text
    assert (
        "as a count, each 0.5 GeV, which is `ufixed<10,10>`, and by the network's arithmetic as `ufixed<10,4>`" in text
    )
    assert "place [10, 0, 0] of 20 x 14 x 1 is element 140, bits 1409:1400" in text
    assert text.count("et[") == 4


def test_decisions_in_markdown():
    text = interface_files(ALL["decision"](), facts(ALL["decision"]()))["interface.md"].decode()
    assert "| 1 | vbf_inv | `output` element 1 | -12 | -0.1875 | 100 | 0.3300 |" in text
    assert "| not in firmware | hh4b | `output` element 0 | 61 | 0.953125 | 50 | 0.5200 |" in text


def test_a_bar_in_a_name_stays_in_its_cell():
    bar = PortMeaning("a|b", (ElementMeaning("|eta|", "a|b"),))
    text = interface_files(design(), facts(design(), meanings={"image": bar}))["interface.md"].decode()
    for table in tables(text):
        assert len({len(row) for row in table}) == 1


def test_wide_and_signed_integers_are_exact():
    wide = Fixed(True, 200, 3)
    port = Port("wide", (2, 1), wide)
    one = design(Program("wide", (port,), (Reshape(name="same", inputs=("wide",), shape=(2,), type=wide),), ("same",)))
    values = np.array([[-(1 << 199)], [(1 << 199) - 1]], object)
    assert _decoded(_json(one)["inputs"][0], _packed(values, 200)).tolist() == values.tolist()


@pytest.mark.parametrize(
    ("meanings", "words"),
    [
        ({"output": PortMeaning("", (ElementMeaning("a"),) * 3)}, "names 3 elements, but its last axis has 2"),
        ({"scores": PortMeaning("")}, "port 'scores'; name one of the ports: image, output"),
        ({"image": PortMeaning("", (), {"edges": [0.0, float("nan")]})}, "'edges' is nan"),
        ({"image": PortMeaning("", (), {"a": {"b": object}})}, "'a.b' is <class 'object'>"),
        ({"image": PortMeaning("", (ElementMeaning("et", lsb=float("inf")),))}, "element 'et' of port 'image'"),
    ],
)
def test_meanings_that_do_not_fit_are_refused(meanings, words):
    with pytest.raises(HandoffError, match=re.escape(words)):
        interface_files(design(), facts(design(), meanings=meanings))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda text: text[:-20], "damaged"),
        (lambda text: text.replace(b'"width": 10', b'"width": -1', 1), "damaged"),
        (lambda text: text.replace(b'"top"', b'"topp"', 1), "damaged"),
        (lambda text: text.replace(b'"schema_version": 1', b'"schema_version": 2', 1), "schema 2, newer than 1"),
        (lambda _: b"[]", "damaged"),
    ],
)
def test_a_damaged_file_is_refused(change, words):
    whole = interface_files(design(), facts(design()))["interface.json"]
    with pytest.raises(HandoffError, match=words):
        read_interface(change(whole))


def test_ties_do_not_fire_is_said():
    text = interface_files(ALL["decision"](), facts(ALL["decision"]()))["interface.md"].decode()
    assert "a tie does not fire" in text
    assert THRESHOLDS[0].signal in text

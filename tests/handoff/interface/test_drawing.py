"""The drawing is XML, names every port, and no text lies on another or outside the sheet."""

from dataclasses import replace
from itertools import combinations
from xml.etree import ElementTree

import pytest

from tests.handoff.interface.designs import ALL, THRESHOLDS, design, facts
from trigger_nn.handoff.interface import describe_interface, interface_files
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Reshape
from trigger_nn.program.program import Port, Program

SVG = "{http://www.w3.org/2000/svg}"
GLYPH = {"title": 17 * 0.602}  # px a character, of DejaVu Sans Mono
HEIGHT = 13


def _many(names):
    kind = Fixed(True, 16, 6)
    ports = tuple(Port(name, (i + 1,), kind) for i, name in enumerate(names))
    outputs = tuple(
        Reshape(name=f"{port.name}_out", inputs=(port.name,), shape=port.shape, type=kind) for port in ports
    )
    return Program("many", ports, outputs, tuple(operation.name for operation in outputs))


CASES = ALL | {
    "one letter": lambda: design(_many(["x"])),
    "long names": lambda: design(_many(["p" * 90, "short", "q" * 60])),
    "nine ports": lambda: design(_many([f"port{i}" for i in range(9)])),
    "nine ports, decision": lambda: design(
        _many([f"port{i}" for i in range(9)]), decisions=(replace(THRESHOLDS[0], element=0),)
    ),
    "long model": lambda: design(replace(_many(["x"]), name="m" * 70)),
    "xml": lambda: design(_many(["a<b>&c"])),
}


@pytest.fixture(params=CASES)
def made(request):
    return CASES[request.param]()


def _drawn(one):
    return ElementTree.fromstring(interface_files(one, facts(one))["interface.svg"])


def _area(text):
    x, y, width = float(text.get("x")), float(text.get("y")), GLYPH.get(text.get("class"), 13 * 0.602) * len(text.text)
    left = {"start": x, "middle": x - width / 2, "end": x - width}[text.get("text-anchor")]
    return left, y - HEIGHT * 0.8, left + width, y + HEIGHT * 0.25


def test_every_port_and_stage_is_named(made):
    texts = [text.text for text in _drawn(made).iter(f"{SVG}text")]
    interface = describe_interface(made, facts(made))
    for name in (*(p.name for p in interface.ports), *(c.name for c in interface.control), interface.symbol):
        assert name in texts
    assert ("builder" in texts, "network" in texts) == (made.builder is not None, True)
    assert any(f"Latency {interface.timing.cycles} cycles" in text for text in texts)


def test_no_text_lies_on_another_or_outside(made):
    root = _drawn(made)
    areas = [(text.text, _area(text)) for text in root.iter(f"{SVG}text")]
    for (one, a), (other, b) in combinations(areas, 2):
        assert a[2] <= b[0] or b[2] <= a[0] or a[3] <= b[1] or b[3] <= a[1], (one, other)
    for _, (left, top, right, bottom) in areas:
        assert left >= 0
        assert top >= 0
        assert right <= float(root.get("width"))
        assert bottom <= float(root.get("height"))


def test_texts_of_a_stage_lie_in_its_box(made):
    root = _drawn(made)
    boxes = [tuple(float(r.get(k)) for k in ("x", "y", "width", "height")) for r in root.iter(f"{SVG}rect")][2:]
    texts = [text for text in root.iter(f"{SVG}text") if text.get("text-anchor") == "middle"][1:]
    assert len(boxes) == 1 + bool(made.builder) + bool(made.decisions)
    for text in texts:
        left, top, right, bottom = _area(text)
        assert any(x < left and right < x + w and y < top and bottom < y + h for x, y, w, h in boxes), text.text


def test_every_wire_lies_on_the_sheet(made):
    root = _drawn(made)
    for line in root.iter(f"{SVG}polyline"):
        for point in line.get("points").split():
            x, y = map(float, point.split(","))
            assert 0 <= x <= float(root.get("width"))
            assert 0 <= y <= float(root.get("height"))


def test_drawn_again_it_is_the_same():
    assert interface_files(design(), facts(design())) == interface_files(design(), facts(design()))

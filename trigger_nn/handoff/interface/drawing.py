"""The drawing of the block: placed texts, boxes and wires, which the template writes as SVG.

Every width follows from the longest text beside it, in a monospace font, so that texts never overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from trigger_nn.handoff.interface.description import Interface, PortDescription
from trigger_nn.handoff.interface.shapes import Box, Drawing, Text, Wire
from trigger_nn.rendering import templates

ADVANCE = 8.0  # px a character of 13 px monospace at most
LINE = 18  # px from one line of text to the next
ROW = 72  # px a port
CONTROL_ROW = 26
MARGIN = 28
STUB = 26  # px of wire inside the block before a bus
GAP = 44  # px between two stages, for an arrow


@dataclass(frozen=True)
class Frame:
    """Where the block stands: its edges, the rows of ports and of control signals on them."""

    left: float
    right: float
    top: float
    bottom: float
    rows: float  # y of the first port's wire
    controls: float  # y of the first control signal's wire
    height: float  # of the rows of ports


@dataclass
class _Sheet:
    """What has been placed so far."""

    texts: list[Text] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    wires: list[Wire] = field(default_factory=list)


def draw(interface: Interface) -> str:
    """The drawing as SVG text."""
    environment = templates("trigger_nn.handoff.interface", escaped=True)  # XML: a name may hold < or &
    return environment.get_template("interface.svg.j2").render(d=place(interface), symbol=interface.symbol)


def place(interface: Interface) -> Drawing:
    """Where everything of the drawing stands."""
    stages, footer = stages_of(interface), _footer(interface)
    frame = _frame(interface, stages)
    sheet = _Sheet()
    _heading(sheet, interface, frame)
    _chain(sheet, interface, stages, frame)
    for side, ports in (("in", interface.inputs), ("out", interface.outputs)):
        for row, port in enumerate(ports):
            _port(sheet, port, side == "in", frame, (_reach(ports), frame.rows + row * ROW))
        controls = [c for c in interface.control if c.direction == side]
        for row, control in enumerate(controls):
            _control(sheet, control.name, side == "in", frame, frame.controls + row * CONTROL_ROW)
    for row, text in enumerate(footer):
        sheet.texts.append(Text(MARGIN, frame.bottom + 40 + row * LINE, text, style="bold" if row < 2 else "faint"))
    right, title = frame.right + _reach(interface.outputs), 1.3 * _width([_title(interface)])
    width = max(right, MARGIN + _width(footer), MARGIN + title) + MARGIN
    height = frame.bottom + 40 + len(footer) * LINE + MARGIN / 2
    return Drawing(width, height, tuple(sheet.texts), tuple(sheet.boxes), tuple(sheet.wires))


def stages_of(interface: Interface) -> tuple[tuple[str, ...], ...]:
    """The texts of each stage inside the block, in order: builder, network, decision, as far as they are there."""
    bits = [d for d in interface.decisions if d.bit is not None]
    builder = (("builder", interface.builder.kind),) if interface.builder else ()
    decision = (("decision", f"{len(bits)} {'bit' if len(bits) == 1 else 'bits'}", "score > threshold"),)
    network = ("network", interface.name, f"digest {interface.program_digest[:8]}")
    return (*builder, network, *(decision if bits else ()))


def _frame(interface: Interface, stages: Sequence[Sequence[str]]) -> Frame:
    left = MARGIN + _reach(interface.inputs)
    chain = sum(_width(stage) + 2 * LINE for stage in stages) + GAP * (len(stages) + 1) + 4 * STUB
    names = [interface.symbol, *(2 * control.name for control in interface.control)]
    inside = max(chain, _width(names) + 2 * STUB)
    rows = max(len(interface.inputs), len(interface.outputs))
    height = max(rows * ROW, 4 * LINE + 2 * LINE)
    top = 84.0
    controls = top + 2.5 * LINE + height + LINE
    count = max(sum(c.direction == way for c in interface.control) for way in ("in", "out"))
    bottom = controls + (count - 1) * CONTROL_ROW + LINE * 1.2
    return Frame(left, left + inside, top, bottom, top + 2.5 * LINE + ROW / 2 - 6, controls, height)


def _heading(sheet: _Sheet, interface: Interface, frame: Frame) -> None:
    sheet.texts.append(Text(MARGIN, 36, _title(interface), style="title"))
    told = f"{interface.part}, {interface.clock_mhz:.6g} MHz ({interface.clock_ns:g} ns)"
    sheet.texts.append(Text(MARGIN, 36 + 1.2 * LINE, told, style="faint"))
    sheet.boxes.append(Box(frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top, "block"))
    middle = (frame.left + frame.right) / 2
    sheet.texts.append(Text(middle, frame.top + 1.4 * LINE, interface.symbol, "middle", "bold"))
    line = frame.controls - LINE
    sheet.wires.append(Wire(((frame.left, line), (frame.right, line)), arrow=False, style="rule"))


def _chain(sheet: _Sheet, interface: Interface, stages: Sequence[Sequence[str]], frame: Frame) -> None:
    """Stages in a row, joined by arrows, and the buses that join them to the ports."""
    y = frame.rows - ROW / 2 + frame.height / 2
    half = 2.2 * LINE
    widths = [_width(stage) + 2 * LINE for stage in stages]
    spare = frame.right - frame.left - sum(widths) - 4 * STUB
    gap, x = spare / (len(stages) + 1), frame.left + 2 * STUB
    edges: list[tuple[float, float]] = []
    for stage, width in zip(stages, widths, strict=True):
        x += gap
        edges.append((x, x + width))
        sheet.boxes.append(Box(x, y - half, width, 2 * half, stage[0]))
        first = y - (len(stage) - 2) * LINE / 2 - 4
        for row, text in enumerate(stage):
            style = "bold" if row == 0 else "plain"
            sheet.texts.append(Text(x + width / 2, first + row * LINE, text, "middle", style))
        x += width
    for (_, start), (end, _) in pairwise(edges):
        sheet.wires.append(Wire(((start, y), (end, y))))
    _input_bus(sheet, frame, [frame.rows + row * ROW for row in range(len(interface.inputs))], y, edges[0][0])
    _output_buses(sheet, frame, interface, y, half, edges)


def _input_bus(sheet: _Sheet, frame: Frame, rows: Sequence[float], y: float, end: float) -> None:
    bus = frame.left + STUB
    for row in rows:
        sheet.wires.append(Wire(((frame.left, row), (bus, row), (bus, y)), arrow=False))
    sheet.wires.append(Wire(((bus, y), (end, y))))


def _output_buses(
    sheet: _Sheet, frame: Frame, interface: Interface, y: float, half: float, edges: Sequence[tuple[float, float]]
) -> None:
    """The network's outputs pass above the decision, whose bits are the last port."""
    decides = any(d.bit is not None for d in interface.decisions)
    rows = [frame.rows + row * ROW for row in range(len(interface.outputs))]
    bus = frame.right - STUB
    scores = rows[:-1] if decides else rows
    start: tuple[tuple[float, float], ...] = ((edges[-1][1], y), (bus, y))
    if decides:
        near = bus - STUB
        last = rows[-1]
        sheet.wires.append(Wire(((edges[-1][1], y), (near, y), (near, last), (frame.right, last)), arrow=False))
        network, over = sum(edges[-2]) / 2, y - half - 0.6 * LINE
        start = ((network, y - half), (network, over), (bus, over))
    for row in scores:
        sheet.wires.append(Wire((*start, (bus, row), (frame.right, row)), arrow=False))


def _port(sheet: _Sheet, port: PortDescription, enters: bool, frame: Frame, reach: tuple[float, float]) -> None:
    """Name above the wire, types below it; `reach` is the wire's length and y."""
    name, *rest = _lines(port)
    length, y = reach
    outer = frame.left - length if enters else frame.right + length
    ends = (outer, frame.left) if enters else (frame.right, outer)
    sheet.wires.append(Wire(((ends[0], y), (ends[1], y)), style="port"))
    x = frame.left - STUB / 2 if enters else frame.right + STUB / 2
    anchor: Literal["start", "end"] = "end" if enters else "start"
    sheet.texts.append(Text(x, y - 8, name, anchor, "bold"))
    for row, text in enumerate(rest):
        sheet.texts.append(Text(x, y + LINE + row * LINE, text, anchor, "plain" if row == 0 else "faint"))


def _control(sheet: _Sheet, name: str, enters: bool, frame: Frame, y: float) -> None:
    """The name inside the block, a short wire outside."""
    x = frame.left if enters else frame.right
    points = ((x - 2 * STUB, y), (x, y)) if enters else ((x, y), (x + 2 * STUB, y))
    sheet.wires.append(Wire(points, style="control"))
    sheet.texts.append(Text(x + 8 if enters else x - 8, y + 4, name, "start" if enters else "end", "plain"))


def _lines(port: PortDescription) -> tuple[str, str, str]:
    bits = f"{port.bits} bits"
    held = {
        "packed": f"{bits}, one word",
        "elements": f"{port.size} ports of {port.width} bits" if port.size > 1 else f"1 port, {bits}",
        "stream": f"AXI4-Stream, {port.rtl.beats} {'beat' if port.rtl.beats == 1 else 'beats'}",
        "memory": f"memory of {port.rtl.beats} words",
    }[port.rtl.layout]
    return port.name, f"{port.size} x {port.number_type}", held.replace(" 1 bits", " 1 bit")


def _title(interface: Interface) -> str:
    return f"{interface.name}: {' -> '.join(stage[0] for stage in stages_of(interface))}"


def _footer(interface: Interface) -> tuple[str, ...]:
    timing = interface.timing
    reason, advice = timing.uncertainty.split("; ")
    return (
        f"Latency {timing.cycles} cycles = {timing.ns:g} ns = {timing.bunch_crossings} bunch crossings",
        f"Initiation interval {timing.interval_cycles} {'cycle' if timing.interval_cycles == 1 else 'cycles'}",
        f"of {timing.covers}",
        f"{reason};",
        advice,
    )


def _reach(ports: Sequence[PortDescription]) -> float:
    """Length of the wires of one side's ports: all alike."""
    return max(_width(_lines(port)) for port in ports) + 2 * STUB


def _width(lines: Sequence[str]) -> float:
    return max(map(len, lines)) * ADVANCE

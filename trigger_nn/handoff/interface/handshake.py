"""How an event is given to the block and taken from it: `ap_ctrl_hs` in words, and its signals.

Sources: AMD UG1399, "Block-Level Control Protocols" (ap_start must stay high until ap_ready) and "Port-Level I/O Wire
Handshakes" (a block that is ready for an input whose valid signal is low stalls).
"""

from trigger_nn.handoff.design import Design
from trigger_nn.handoff.interface.description import ControlPort, Direction
from trigger_nn.handoff.interface.rtl import rtl_of

STREAM = (
    "Tie `ap_start` high: the block waits for beats. A beat passes in a cycle in which its TVALID and TREADY are "
    "both high; hold it, and its TVALID, until then.",
    "There is no TLAST: beats of an event are counted, from reset on, so that none may be lost.",
    "An output beat is there while its TVALID is high; the block waits while you keep TREADY low.",
)
PACKED = (
    "Put an event on the input ports, raise `ap_start` and the `ap_vld` of every input with it, and hold all of "
    "that unchanged up to and including the cycle in which `ap_ready` is high: the block may read its inputs over "
    "many cycles.",
    "Drive `ap_start` and the inputs' `ap_vld` by one signal, the event's valid. In the cycle after `ap_ready` "
    "the next event can be there; if there is none, take that signal low, and events that are under way are "
    "finished.",
    "Do not tie `ap_start` high: while `ap_vld` is low, the block starts without an event and waits for it, and "
    "events ahead of it in the pipeline may wait too, so that outputs come late; with `ap_vld` tied high too, it "
    "takes whatever lies on the ports for an event, again and again.",
)
MEMORY = (
    "When an event is in the memories, a word at each address, raise `ap_start`, and leave it high and the "
    "memories unchanged up to and including the cycle in which `ap_ready` is high: the block reads them over many "
    "cycles. These memories are outside the block; a word must be there one cycle after its address.",
    "Drive `ap_start` by one signal, the event's valid. Tied high, it makes the block read the same event again "
    "and again.",
)
OUTPUTS = (
    "Each output is right in the cycle in which its own `ap_vld` is high, and may change after it; not all need "
    "be in one cycle."
)
BESIDE = (
    "The inputs that are no memories have an `ap_vld`: raise it with `ap_start`, and hold both and the data until "
    "`ap_ready`."
)


def handshake_of(design: Design) -> tuple[str, ...]:
    """What to do with the signals, a sentence or two each, the reset last."""
    reset = f"Reset `{_reset(design)}` is synchronous, active {'low' if design.streams else 'high'}."
    if design.streams:
        return (*STREAM, reset)
    layouts = {rtl_of(port, port.name, "in", design).layout for port in design.inputs}
    if "memory" not in layouts:
        return (*PACKED, OUTPUTS, reset)
    return (*MEMORY, *((BESIDE,) if "packed" in layouts else ()), OUTPUTS, reset)


def control_of(design: Design) -> tuple[ControlPort, ...]:
    """Clock, reset and the signals of `ap_ctrl_hs`."""
    start = "tie it high: the block waits for beats"
    if not design.streams:
        start = "high while an event is there, until ap_ready; drive it with the event's valid signal"
    rows: tuple[tuple[str, Direction, str], ...] = (
        ("ap_clk", "in", f"clock, {design.hardware.clock_period:g} ns"),
        (_reset(design), "in", f"reset, synchronous, active {'low' if design.streams else 'high'}"),
        ("ap_start", "in", start),
        ("ap_ready", "out", "high in the last cycle in which this event's inputs are needed: the next can follow it"),
        ("ap_done", "out", "high for the cycle in which an event is finished"),
        ("ap_idle", "out", "high while nothing is being computed"),
    )
    return tuple(ControlPort(name=name, direction=way, told=told) for name, way, told in rows)


def _reset(design: Design) -> str:
    return "ap_rst_n" if design.streams else "ap_rst"

"""A harness around a block that has more port bits than a device has pins, so that it can be placed and timed alone.

One pin feeds a shift register as long as the block's inputs are wide; the outputs are registered and folded, four bits
and a register at a time, to one pin. Whatever the block computes is thus kept, and every path that is timed starts and
ends in a register. Each bit of the shift register takes the XOR of its two neighbours (the last, of one and itself):
what a plain one would hold next is what the block's own input registers hold, and Yosys would merge the two.
"""

from dataclasses import dataclass
from itertools import accumulate

from trigger_nn.hardware.rtl.block import Rtl, bus_width

NAME = "trigger_nn_harness"
FILE = "trigger_nn_harness.v"
FOLD = 4  # bits that one table of four inputs folds

TEXT = """module {name} (input clk, input serial_in, output serial_out);
  reg [{last_in}:0] stimulus;
  always @(posedge clk) stimulus <= {{stimulus, serial_in}} ^ ({{stimulus[{last_in}], stimulus}} >> 1);
  wire [{last_out}:0] response;
  {block} block ({connections});
  reg [{last_out}:0] folded_0;
  always @(posedge clk) folded_0 <= response;
{folds}
  assign serial_out = folded_{rounds};
endmodule
"""


@dataclass(frozen=True)
class Harness:
    """The text of module `NAME`, and the flip-flops that it adds."""

    text: str
    registers: int


def harness(rtl: Rtl) -> Harness:
    """The harness of `rtl`."""
    inputs = [(port.name, bus_width(port)) for port in rtl.inputs]
    outputs = [(port.name, bus_width(port)) for port in rtl.outputs]
    if rtl.latency:
        inputs, outputs = [("rst", 1), ("in_valid", 1), *inputs], [("out_valid", 1), *outputs]
    widths = _folded(sum(width for _, width in outputs))
    wires = [*(".clk(clk)" for _ in range(rtl.latency > 0)), *_wired("stimulus", inputs), *_wired("response", outputs)]
    bits = sum(width for _, width in inputs)
    text = TEXT.format(
        name=NAME, block=rtl.name, last_in=bits - 1, last_out=widths[0] - 1, connections=", ".join(wires),
        folds="\n".join(_fold(i, widths[i - 1], width) for i, width in enumerate(widths) if i), rounds=len(widths) - 1,
    )  # fmt: skip
    return Harness(text, bits + sum(widths))


def _wired(vector: str, ports: list[tuple[str, int]]) -> list[str]:
    """Connections of `ports` to consecutive bits of `vector`."""
    ends = accumulate(width for _, width in ports)
    return [f".{name}({vector}[{end - 1}:{end - width}])" for (name, width), end in zip(ports, ends, strict=True)]


def _folded(width: int) -> list[int]:
    """Widths after each round of folding, from all bits to one."""
    widths = [width]
    while widths[-1] > 1:
        widths.append(-(-widths[-1] // FOLD))
    return widths


def _fold(i: int, before: int, width: int) -> str:
    folded = [f"^folded_{i - 1}[{min(FOLD * bit + FOLD, before) - 1}:{FOLD * bit}]" for bit in reversed(range(width))]
    return f"  reg [{width - 1}:0] folded_{i};\n  always @(posedge clk) folded_{i} <= {{{', '.join(folded)}}};"

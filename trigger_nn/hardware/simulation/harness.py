"""A Verilog module around a block: the same two buses and valid bits for every block, so that one driver drives all."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from trigger_nn.hardware.rtl.block import Rtl, bus_width
from trigger_nn.program.program import Port

NAME = "trigger_nn_simulation"
FILE = f"{NAME}.v"
NARROWEST = 96  # bits: Verilator carries a bus of more than 64 in words of 32, as the driver expects, others otherwise

TEXT = """`timescale 1 ns / 1 ps
module {name} (
    input wire clk,
    input wire rst,
    input wire in_valid,
    input wire [{last_in}:0] in_bits,
    output wire out_valid,
    output wire [{last_out}:0] out_bits
);
  // What changes at the falling edge is steady when the block's registers switch, at the rising one.
  reg held_rst;
  reg held_valid;
  reg [{last_in}:0] held;
  always @(negedge clk) begin
    held_rst <= rst;
    held_valid <= in_valid;
    held <= in_bits;
  end
  wire [{last_result}:0] result;
  assign out_bits = {{{above}'b0, result}};
{valid}
  {block} block ({connections});
endmodule
"""


@dataclass(frozen=True)
class Wire:
    """Bits `high` to `low` of one of the harness's buses, which are port `name` of the block."""

    name: str
    high: int
    low: int


def harness(rtl: Rtl) -> str:
    """The Verilog of module `NAME` around `rtl`: its ports side by side on one bus, the first lowest."""
    inputs, outputs = _side_by_side(rtl.inputs), _side_by_side(rtl.outputs)
    used = outputs[-1].high + 1
    wires = [*(f".{wire.name}(held[{wire.high}:{wire.low}])" for wire in inputs)]
    wires += [f".{wire.name}(result[{wire.high}:{wire.low}])" for wire in outputs]
    if rtl.latency:
        wires = [".clk(clk)", ".rst(held_rst)", ".in_valid(held_valid)", ".out_valid(out_valid)", *wires]
    return TEXT.format(
        name=NAME, block=rtl.name, connections=", ".join(wires), last_result=used - 1, above=_bus(used) - used,
        last_in=_bus(inputs[-1].high + 1) - 1, last_out=_bus(used) - 1,
        valid="" if rtl.latency else "  assign out_valid = held_valid;",
    )  # fmt: skip


def _side_by_side(ports: Sequence[Port]) -> list[Wire]:
    ends = accumulate(bus_width(port) for port in ports)
    return [Wire(port.name, end - 1, end - bus_width(port)) for port, end in zip(ports, ends, strict=True)]


def _bus(bits: int) -> int:
    """Width of a bus that holds `bits` and at least one bit more, in whole words of 32."""
    return max(NARROWEST, 32 * math.ceil((bits + 1) / 32))

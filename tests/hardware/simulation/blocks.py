"""Small blocks of Verilog, and what they compute in Python."""

import numpy as np

from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port

# Three stages: products, sums, a register. Two ports of several elements; 7, 33 and 64 bits; signed and unsigned.
MULTIPLY_ADD = """
module multiply_add (
    input clk, input rst, input in_valid, input [20:0] x, input [65:0] y,
    output out_valid, output [127:0] z, output [6:0] s
);
  reg [2:0] valid = 0;
  always @(posedge clk) if (rst) valid <= 0; else valid <= {valid[1:0], in_valid};
  assign out_valid = valid[2];
  wire signed [6:0] x0 = x[6:0], x1 = x[13:7];
  wire signed [32:0] y0 = y[32:0], y1 = y[65:33];
  reg signed [63:0] p0, p1, q0, q1, r0, r1;
  reg [6:0] a, b, c;
  always @(posedge clk) begin
    p0 <= x0 * y0; p1 <= x1 * y1; a <= x[20:14];
    q0 <= p0 + 64'sd5; q1 <= p1 - p0; b <= a;
    r0 <= q0; r1 <= q1; c <= b;
  end
  assign z = {r1, r0};
  assign s = c;
endmodule
"""

COMBINATIONAL = """
module swap (input [127:0] x, output [127:0] y, output [0:0] same);
  assign y = {x[63:0], ~x[127:64]};
  assign same = x[127:64] == x[63:0];
endmodule
"""

X = Port("x", (3,), Fixed(True, 7, 3))
Y = Port("y", (2, 1), Fixed(True, 33, 3))
Z = Port("z", (2,), Fixed(True, 64, 10))
S = Port("s", (), Fixed(False, 7, 7))


def block(text, inputs, outputs, latency, name, language="verilog"):
    return Rtl(name, language, inputs, outputs, latency, 5.0, 1.0, 1.0, {f"src/{name}.v": text.encode()}, {})


def multiply_add(*change, latency=3, inputs=(X, Y), outputs=(Z, S)):
    """The block, with one piece of its text changed."""
    if change:
        assert change[0] in MULTIPLY_ADD
    text = MULTIPLY_ADD.replace(*change) if change else MULTIPLY_ADD
    return block(text, inputs, outputs, latency, "multiply_add")


def multiplied_and_added(inputs):
    x, y = inputs["x"].astype(np.int64), inputs["y"][:, :, 0]
    products = x[:, :2] * y
    return {"z": np.stack([products[:, 0] + 5, products[:, 1] - products[:, 0]], axis=1), "s": x[:, 2] & 127}


def swap():
    """Combinational, of unsigned elements of 64 bits and one of a single bit."""
    wide, bit = Fixed(False, 64, 64), Fixed(True, 1, 1)
    outputs = (Port("y", (2,), wide), Port("same", (1,), bit))
    return block(COMBINATIONAL, (Port("x", (2,), wide),), outputs, 0, "swap")


def swapped(inputs):
    x = inputs["x"].astype(object)
    full = (1 << 64) - 1
    return {
        "y": np.stack([full - x[:, 1], x[:, 0]], axis=1),
        "same": np.where(x[:, :1] == x[:, 1:], -1, 0).astype(np.int64),
    }

"""Small hand-written blocks whose cells can be counted on paper."""

import random

from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port

PIPELINED = "input clk, input rst, input in_valid, output reg out_valid"


def block(name, inputs, outputs, body, latency, declarations=""):
    """An Rtl of `inputs` and `outputs` (bits by name); `body` is Verilog, in a module with the contract's ports."""
    ports = [PIPELINED] if latency else []
    ports += [f"input [{bits - 1}:0] {port}" for port, bits in inputs.items()]
    ports += [f"output {'reg ' if latency else ''}[{bits - 1}:0] {port}" for port, bits in outputs.items()]
    text = f"module {name} ({', '.join(ports)});\n{declarations}\n{body}\nendmodule\n"
    return Rtl(
        name=name,
        language="verilog",
        inputs=_ports(inputs),
        outputs=_ports(outputs),
        latency=latency,
        clock_period=5.0,
        depth=1.0,
        stage=1.0,
        files={f"{name}.v": text.encode()},
        versions={},
    )


def _ports(bits):
    return tuple(Port(name, (1,), Fixed(False, width, width)) for name, width in bits.items())


def adder():
    """a + b of 8 bits in three ranks: inputs, sum, output; 16 + 9 + 9 bits, and 3 valid bits."""
    return block(
        "adder", {"a": 8, "b": 8}, {"sum": 9},
        """always @(posedge clk) begin
  held_a <= a; held_b <= b; total <= held_a + held_b; sum <= total;
  {out_valid, valid} <= rst ? 3'b0 : {valid, in_valid};
end""",
        3, "reg [7:0] held_a, held_b; reg [8:0] total; reg [1:0] valid;",
    )  # fmt: skip


def two_stages():
    """A table of six inputs, then a parity of 12 bits: in LUT6, one level and two."""
    return block(
        "two_stages", {"x": 6, "y": 12}, {"z": 2},
        """always @(posedge clk) begin
  held <= y; found <= &x[5:1] ^ (x[0] | x[3] & ~x[2]);
  z <= {found, ^held}; {out_valid, valid} <= {valid, in_valid & ~rst};
end""",
        2, "reg [11:0] held; reg found; reg valid;",
    )  # fmt: skip


def products():
    """Two products of variables, of 12 x 12 and of 4 x 4 bits, without a register."""
    return block(
        "products", {"a": 12, "b": 12, "c": 4, "d": 4}, {"large": 24, "small": 8},
        "assign large = a * b; assign small = c * d;", 0,
    )  # fmt: skip


def table(address):
    """A table of 2^address words of 16 bits read into a register, and a bit delayed by 6 clock cycles."""
    contents = random.Random(0)
    words = "\n".join(f"{address}'d{i}: word <= 16'd{contents.getrandbits(16)};" for i in range(2**address))
    return block(
        "table_block", {"address": address, "bit": 1}, {"word": 16, "late": 1},
        f"""always @(posedge clk) case (address)
{words}
endcase
always @(posedge clk) begin {{late, line}} <= {{line, bit}}; out_valid <= in_valid & ~rst; end""",
        1, "reg [4:0] line;",
    )  # fmt: skip


def broken():
    """An operand is missing."""
    return block("broken", {"a": 1}, {"b": 1}, "assign b = a + ;", 0)


def counter():
    """A register that depends on itself."""
    return block(
        "counter", {"step": 4}, {"count": 4},
        "always @(posedge clk) begin count <= rst ? 4'd0 : count + step; out_valid <= in_valid; end", 1,
    )  # fmt: skip

"""Program -> RTL: Verilog and VHDL of the whole network, unrolled and pipelined, one event a clock cycle."""

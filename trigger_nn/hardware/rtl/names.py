"""Names of tensors as names of ports: what Verilog, SystemVerilog and VHDL all take."""

import re
from collections.abc import Sequence
from dataclasses import replace

from trigger_nn.program.program import Port

# The key words of IEEE 1800-2017 (table B.1) and IEEE 1076-2008 (15.10), and names that our own top module uses.
_WORDS = """
    abs accept_on access after alias all always always_comb always_ff always_latch and architecture array assert
    assign assume assume_guarantee attribute automatic before begin bind bins binsof bit block body break buf buffer
    bufif0 bufif1 bus byte case casex casez cell chandle checker class clk clocking cmos component config
    configuration const constant constraint context continue core core_inputs core_outputs cover covergroup
    coverpoint cross deassign default defparam design disable disconnect dist do downto edge else elsif end endcase
    endchecker endclass endclocking endconfig endfunction endgenerate endgroup endinterface endmodule endpackage
    endprimitive endprogram endproperty endsequence endspecify endtable endtask entity enum event eventually exit
    expect export extends extern fairness file final first_match for force foreach forever fork forkjoin function
    generate generic genvar global group guarded highz0 highz1 ieee if iff ifnone ignore_bins illegal_bins
    implements implies import impure in in_valid incdir include inertial initial inout input inside instance int
    integer interconnect interface intersect is join join_any join_none label large let liblist library linkage
    literal local localparam logic longint loop macromodule map matches medium mod modport module nand negedge
    nettype new next nexttime nmos nor noshowcancelled not notif0 notif1 null of on open or others out out_valid
    output package packed parameter pmos port posedge postponed primitive priority procedure process program
    property protected pull0 pull1 pulldown pullup pulsestyle_ondetect pulsestyle_onevent pure rand randc randcase
    randsequence range rcmos real realtime record ref reg register reject reject_on release rem repeat report
    restrict restrict_guarantee return rnmos rol ror rpmos rst rtl rtran rtranif0 rtranif1 s_always s_eventually
    s_nexttime s_until s_until_with scalared select sequence severity shared shortint shortreal showcancelled signal
    signed sla sll small soft solve specify specparam sra srl static std string strong strong0 strong1 struct
    subtype super supply0 supply1 sync_accept_on sync_reject_on table tagged task then this throughout time
    timeprecision timeunit to tran tranif0 tranif1 transport tri tri0 tri1 triand trior trireg type typedef
    unaffected union unique unique0 units unsigned until until_with untyped use uwire valid var variable vectored
    virtual vmode void vprop vunit wait wait_order wand weak weak0 weak1 when while wildcard wire with within wor
    work work_lib xnor xor
"""
RESERVED = frozenset(_WORDS.split())


def named(ports: Sequence[Port]) -> tuple[Port, ...]:
    """The same ports under names that differ, whatever the case, and that no language reserves."""
    taken: set[str] = set()
    found = []
    for port in ports:
        name = plain = identifier(port.name)
        number = 2
        while name.lower() in taken:
            name, number = f"{plain}_{number}", number + 1
        taken.add(name.lower())
        found.append(replace(port, name=name))
    return tuple(found)


def identifier(name: str) -> str:
    """`name` with every other character an underscore; what is reserved or begins with no letter is marked."""
    plain = re.sub(r"\W|_", "_", name, flags=re.ASCII)
    plain = re.sub(r"_+", "_", plain).strip("_")
    if not re.match("[A-Za-z]", plain):
        return f"port_{plain}".rstrip("_") if plain else "unnamed"
    return f"{plain}_port" if plain.lower() in RESERVED else plain

"""Names of tensors as names of ports: what Verilog, SystemVerilog and VHDL all take."""

import re
from collections.abc import Sequence
from dataclasses import replace

from trigger_nn.program.program import Port

# Reserved in IEEE 1364-2005, IEEE 1800-2017 or IEEE 1076-2008, as far as a layer could be called so; and our own.
_WORDS = """
    abs access after alias all always and architecture array assert assign attribute automatic begin bit block body
    buffer bus byte case cell class clk component config configuration constant context core core_inputs core_outputs
    cover default design disable disconnect do downto edge else elsif end entity enum event exit export file final for
    force forever function generate generic global group guarded if impure in in_valid inertial initial inout input
    inside instance int integer is join label large let library linkage literal local logic loop macro map matches
    medium mod modport module nand negedge new next nor not null of on open or others out out_valid output package
    packed parameter port posedge postponed primitive priority procedure process program property protected pure range
    real record reg register reject rem repeat report restrict return rol ror rst scalared select sequence severity
    shared signal signed sla sll small solve specify sra srl static string strong struct subtype super supply table
    task then this time to transport tri type union unique units unsigned until use valid variable vector void wait
    wand weak when while wire with within wor xnor xor
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

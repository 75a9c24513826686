"""The files of a bundle's folder `emulator`: templates, filled in with ports and generated code."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trigger_nn.errors import HandoffError, UnsupportedLayerError
from trigger_nn.handoff.design import DECISION, Identity, Threshold
from trigger_nn.handoff.emulator.assemble import assemble
from trigger_nn.handoff.emulator.decisions import cpp_decisions
from trigger_nn.handoff.emulator.tables import literal
from trigger_nn.handoff.emulator.tracing import traced_outputs
from trigger_nn.program.program import Port, Program
from trigger_nn.rendering import templates

DECIDED = "vectors/design"  # the vectors that hold decisions too; those of the network alone hold none
MOST_WIDTH = 64  # bits of a port: its mantissas are handed over as std::int64_t

# By the template's name: the file, where `SYMBOL` stands for the design's.
_FILES = {
    "emulator.h": "SYMBOL.h",
    "emulator.cpp": "SYMBOL.cpp",
    "check.cpp": "check.cpp",
    "Makefile": "Makefile",
    "hls4ml_emulator.cpp": "hls4ml_emulator.cpp",
    "interface.h": "hls4ml/emulator.h",
    "exports.map": "exports.map",
    "README.md": "README.md",
}


@dataclass(frozen=True)
class CppPort:
    """What the templates need of a port; `quoted` is its name as a C++ string, `least` and `most` are its mantissas."""

    port: Port
    identifier: str

    @property
    def quoted(self) -> str:
        """The name as a C++ string; JSON's and C++'s agree on it."""
        return json.dumps(self.port.name, ensure_ascii=False)

    @property
    def size(self) -> int:
        """Elements of an event."""
        size = 1
        for length in self.port.shape:
            size *= length
        return size

    @property
    def least(self) -> str:
        """The smallest mantissa."""
        return literal(self.port.type.minimum)

    @property
    def most(self) -> str:
        """The largest mantissa."""
        return literal(self.port.type.maximum)

    @property
    def ap_type(self) -> str:
        """The type in AMD's library."""
        kind = self.port.type
        unsigned = "" if kind.signed else "u"
        if self.port.whole:
            return f"ap_{unsigned}int<{kind.width}>"
        return f"ap_{unsigned}fixed<{kind.width}, {kind.integer}, AP_{kind.rounding}, AP_{kind.overflow}, 0>"


def emulator_files(
    identity: Identity, program: Program, events: int, vectors: str, decisions: Sequence[Threshold] = ()
) -> dict[str, bytes]:
    """C++17 that gives the program's bits, its self-check and CMS's adapter, by path in the folder `emulator`.

    `make check` there compares all `events` at `../VECTORS/{inputs,expected}/PORT.hex`, and where VECTORS are those of
    the design, `vectors/design`, its `decisions` with `expected/decision.hex`.

    Raises:
        UnsupportedLayerError: a port exceeds 64 bits, an operation can't be written as integers of up to 128 bits.
        HandoffError: the design's name is no name in C++, or a decision is about nothing that there is.
    """
    if not re.fullmatch(r"[A-Za-z]\w*", identity.symbol, re.ASCII):
        raise HandoffError(f"Design {identity.name!r} has no name for C++; compile it as one of letters, digits and _.")
    inputs, outputs = cpp_ports(program)
    source = assemble(*traced_outputs(program))
    facts = {
        "symbol": identity.symbol,
        "macro": identity.macro,
        "design": identity.digest,
        "program": program,
        "inputs": inputs,
        "outputs": outputs,
        "first": outputs[0].identifier,
        "decisions": cpp_decisions(program, decisions),
        "decides": bool(decisions) and vectors == DECIDED,
        "decision": json.dumps(DECISION),
        "source": source,
        "events": events,
        "vectors": vectors,
    }
    environment = templates("trigger_nn.handoff.emulator", indented=False)
    return {
        path.replace("SYMBOL", identity.symbol): environment.get_template(name).render(facts).encode()
        for name, path in _FILES.items()
    }


def cpp_ports(program: Program) -> tuple[tuple[CppPort, ...], tuple[CppPort, ...]]:
    """Input and output ports with their C++ identifiers.

    Raises:
        UnsupportedLayerError: one has mantissas beyond std::int64_t, or two have one identifier.
    """
    inputs, outputs = (_named(ports, program) for ports in (program.inputs, program.outputs))
    seen: dict[str, Port] = {}
    for one in (*inputs, *outputs):
        other = seen.setdefault(one.identifier, one.port)
        if other is not one.port:
            raise UnsupportedLayerError(
                f"Ports {other.name!r} and {one.port.name!r} of program {program.name!r} are both {one.identifier!r} "
                "in C++; rename a layer."
            )
    return inputs, outputs


def _named(ports: Sequence[Port], program: Program) -> tuple[CppPort, ...]:
    for port in ports:
        if port.type.width - port.type.signed >= MOST_WIDTH or port.type.width > MOST_WIDTH:
            raise UnsupportedLayerError(
                f"Port {port.name!r} of program {program.name!r} is {port.type}, whose mantissas exceed 64 bits with "
                "sign; give it a narrower type to have the C++ emulator."
            )
    return tuple(CppPort(port, re.sub(r"\W", "_", port.name)) for port in ports)

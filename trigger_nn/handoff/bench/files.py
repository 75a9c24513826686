"""A design -> the bundle's Makefile and its `bench/` folder.

`bench.cpp` runs the vectors through the design's C++ and compares every bit; g++ builds it for `make check`, and the
HLS tool for C simulation and co-simulation. `digests.cpp` is SHA-256 after FIPS 180-4 and reads lists as `sha256sum -c`
does, so that a bundle can be checked where neither that tool nor Python is.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design
from trigger_nn.program.program import Port
from trigger_nn.rendering import templates

AGAIN = 32  # events that are run a second time, the other way round


@dataclass(frozen=True)
class BenchPort:
    """A port as the bench's C++ writes it."""

    identifier: str
    name: str  # a C++ string literal
    size: int
    width: int
    fraction: int
    signed: bool


@dataclass(frozen=True)
class Block:
    """What is driven: its name in `vectors/`, the namespace of its ports, the function that is called."""

    name: str
    namespace: str
    function: str
    inputs: tuple[BenchPort, ...]
    outputs: tuple[BenchPort, ...]
    events: int


FILES = 3  # that `bench_files` makes


def bench_files(
    design: Design, events: int, network_events: int | None, listed: int = 0, emulator: bool = False
) -> dict[str, bytes]:
    """Return `Makefile`, `bench/bench.cpp` and `bench/digests.cpp`, by path from the bundle's root.

    Args:
        design: what is handed over.
        events: events that `vectors/design` holds; the bench fails on fewer and on more.
        network_events: those that `vectors/network` holds; None where there is no builder, so that both are one.
        listed: files that SHA256SUMS names, so that a shortened list is seen; 0 for any number.
        emulator: whether the bundle holds a C++ emulator to be checked too.

    Raises:
        HandoffError: no events, events of a network that is not apart, or two ports of one name in C++.
    """
    _refuse(design, events, network_events)
    values = {"symbol": design.identity.symbol, "digest": design.identity.digest, "streams": design.streams}
    made = {"listed": listed, "emulator": emulator}
    blocks = _blocks(design, events, network_events)
    environment = templates("trigger_nn.handoff.bench", indented=False)
    return {
        "Makefile": environment.get_template("Makefile.j2").render(values, **made).encode(),
        "bench/bench.cpp": environment.get_template("bench.cpp.j2").render(values, blocks=blocks, again=AGAIN).encode(),
        "bench/digests.cpp": environment.get_template("digests.cpp").render().encode(),
    }


def _refuse(design: Design, events: int, network_events: int | None) -> None:
    if events < 1 or (network_events is not None and network_events < 1):
        raise HandoffError(
            f"The bench of {design.identity.symbol} would compare no events and pass; give at least one to each block."
        )
    if network_events is not None and design.builder is None:
        raise HandoffError(
            f"{design.identity.symbol} has no builder, so its network is no block of its own to be given "
            f"{network_events} events; leave network_events out."
        )


def _blocks(design: Design, events: int, network_events: int | None) -> list[Block]:
    symbol, program = design.identity.symbol, design.program
    top = Block("design", f"nn_{symbol}::design", symbol, _ports(design.inputs), _ports(design.outputs), events)
    if network_events is None:
        return [top]
    function, inputs, outputs = f"nn_{symbol}::network", _ports(program.inputs), _ports(program.outputs)
    return [top, Block("network", f"nn_{symbol}::network_block", function, inputs, outputs, network_events)]


def _ports(ports: Sequence[Port]) -> tuple[BenchPort, ...]:
    identifiers = [re.sub(r"\W", "_", port.name) for port in ports]
    twice = sorted({name for name in identifiers if identifiers.count(name) > 1})
    if twice:
        raise HandoffError(f"Two ports are both called {twice[0]} in C++; rename one of these layers of the model.")
    return tuple(
        BenchPort(
            identifier,
            json.dumps(port.name, ensure_ascii=False),
            math.prod(port.shape),
            port.type.width,
            port.type.fraction,
            port.type.signed,
        )
        for identifier, port in zip(identifiers, ports, strict=True)
    )

"""RTL as a value: one block with its ports, its latency, and its source files."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from trigger_nn.files import sha256
from trigger_nn.program.program import Port

Language = Literal["verilog", "vhdl"]


def bus_width(port: Port) -> int:
    """Bits of the bus that carries `port`."""
    return port.type.width * int(np.prod(port.shape))


@dataclass(frozen=True)
class Rtl:
    """A block whose top module is `name`; one bus a port.

    Ports are named as the program's tensors, as far as hardware can (`names.named`). Element i of a port (C order of
    its shape) is bits [i * width + width - 1 : i * width] of its bus, two's complement where the type is signed.
    Pipelined (`latency` > 0) the module is

        module NAME (input clk, rst, in_valid, input [..] PORT, ..., output out_valid, output [..] PORT, ...)

    and takes an event every clock cycle. `latency` counts the registers between input and output: inputs sampled by
    rising edge k are answered at the outputs right after edge k + latency - 1, to be sampled by edge k + latency.
    `rst` (synchronous) clears the valid bits alone. Combinational (`latency` 0) it has the ports' buses only.

    `depth` is the delay of the whole logic, `stage` what the clock leaves one pipeline stage, `longest` what the
    longest stage takes, more only where a single operation takes more; all in the unit of alkaid's model (about a
    nanosecond). `files` are the sources by path, in the order in which a tool reads them;
    `licence` is that of the primitive modules among them, which are alkaid's.
    """

    name: str
    language: Language
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    latency: int
    clock_period: float
    depth: float
    stage: float
    files: Mapping[str, bytes]
    versions: Mapping[str, str]
    licence: bytes = b""
    longest: float = 0.0

    @cached_property
    def digest(self) -> str:
        """SHA-256 over name and sources: what results about this block are kept under."""
        listing = "".join(f"{sha256(content)}  {path}\n" for path, content in self.files.items())
        return sha256(f"{self.name} {self.language}\n{listing}".encode())

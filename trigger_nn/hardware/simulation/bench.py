"""A test bench of a block in plain SystemVerilog (IEEE 1800-2012), with its vectors, for any simulator."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.hardware.rtl.block import Rtl, bus_width
from trigger_nn.hardware.simulation.buses import elements, refuse_wide, to_words
from trigger_nn.hardware.simulation.latency import SPARE
from trigger_nn.program.program import Port
from trigger_nn.rendering import templates

VECTORS = "vectors"  # the folder of the vectors, beside the bench


@dataclass(frozen=True)
class BenchPort:
    """A port as the bench writes it: bits of its bus, elements, bits of each."""

    name: str
    bits: int
    size: int
    width: int


def bench_files(rtl: Rtl, inputs: Mapping[str, np.ndarray], expected: Mapping[str, np.ndarray]) -> dict[str, bytes]:
    """Return `bench.sv`, module NAME_bench, and `vectors/PORT.mem` for each port, by path.

    The bench drives the events back to back, compares every bit of every answer, counts the latency, and ends with
    $fatal at the first difference, at another latency, and when it has not compared as many events as are given here.

    Args:
        rtl: a block, pipelined or combinational; of VHDL, a simulator that mixes both languages is needed.
        inputs: mantissas (events, *shape) by input port.
        expected: mantissas (events, *shape) by output port.

    Raises:
        EventsError: vectors don't fit the ports, or there are none.
        ToolFailed: a port has elements of more than 64 bits.
    """
    refuse_wide((*rtl.inputs, *rtl.outputs), rtl.name)
    counts = {len(inputs[port.name]) for port in rtl.inputs} | {len(expected[port.name]) for port in rtl.outputs}
    if len(counts) != 1 or 0 in counts:
        raise EventsError(
            f"The bench of {rtl.name} takes as many events of each port, and at least one; found {sorted(counts)}."
        )
    files = _memories(rtl.inputs, inputs, "input") | _memories(rtl.outputs, expected, "expected output")
    text = templates("trigger_nn.hardware.simulation", indented=False).get_template("bench.sv.j2").render(
        name=rtl.name, digest=rtl.digest, events=counts.pop(), latency=rtl.latency, patience=rtl.latency + SPARE,
        period=rtl.clock_period, inputs=[_port(port) for port in rtl.inputs],
        outputs=[_port(port) for port in rtl.outputs],
    )  # fmt: skip
    return {"bench.sv": text.encode(), **files}


def _port(port: Port) -> BenchPort:
    return BenchPort(port.name, bus_width(port), elements(port), port.type.width)


def _memories(ports: tuple[Port, ...], mantissas: Mapping[str, np.ndarray], what: str) -> dict[str, bytes]:
    return {f"{VECTORS}/{port.name}.mem": memory(port, to_words((port,), mantissas, what)) for port in ports}


def memory(port: Port, words: np.ndarray) -> bytes:
    """A file for $readmemh: one line an event, the bus of `port` with element 0 in the lowest bits."""
    bits = np.unpackbits(words.astype("<i8").view(np.uint8).reshape(*words.shape, 8), axis=2, bitorder="little")
    octets = np.packbits(bits[:, :, : port.type.width].reshape(len(words), -1), axis=1, bitorder="little")
    digits = math.ceil(bus_width(port) / 4)
    lines = (f"{int.from_bytes(row.tobytes(), 'little'):0{digits}x}\n" for row in octets)
    head = f"// {port.name}: {elements(port)} x {port.type}, element 0 in the least significant bits\n"
    return (head + "".join(lines)).encode()

"""RTL of a design -> the bundle's `rtl/`: sources, bench, Makefile, synthesis script, and what there is to know."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.vectors.bits import identifier
from trigger_nn.hardware.rtl.block import Rtl, bus_width
from trigger_nn.program.program import Port
from trigger_nn.rendering import templates

ROOT = "rtl"
NAMES = ("bench.sv", "Makefile", "vivado.tcl", "clock.xdc", "README.md")
LICENCE = "COPYING.LESSER"  # of alkaid's modules
# Modules that alkaid (0.8.2, `codegen/rtl/*/source`) ships as text; all others it generates of the network.
PRIMITIVES = ("binop", "multiplier", "mux", "negative", "shift_adder", "ternary_adder")
LANGUAGES = {"verilog": "Verilog", "vhdl": "VHDL"}


@dataclass(frozen=True)
class Bus:
    """A port of the block: its bus in RTL, the tensor that it carries, and the file of its vectors in `vectors/mem`.

    `bits` of the bus hold `size` elements of `width` bits, of type `kind`.
    """

    name: str
    tensor: str
    file: str
    bits: int
    size: int
    width: int
    kind: str


def rtl_files(design: Design, block: Rtl, events: int) -> dict[str, bytes]:
    """The files below `rtl/`, by path from the bundle's root; same arguments, same bytes.

    Args:
        design: what is handed over.
        block: its RTL, of `block_of`.
        events: events of `vectors/mem/design_*`; the bench fails on fewer and on more.

    Raises:
        HandoffError: no events.
    """
    if events < 1:
        raise HandoffError(f"The bench of {block.name} would compare no events and pass; give at least one.")
    values = {
        "block": block,
        "language": LANGUAGES[block.language],
        "sources": tuple(block.files),
        "events": events,
        "inputs": _buses("in", design.inputs, block.inputs),
        "outputs": _buses("out", design.outputs, block.outputs),
        "design": design,
        "primitives": primitives(tuple(block.files)),
        "period": f"{block.clock_period:.9g}",
        "stage": f"{block.stage:.3g}",
        "longest": f"{block.longest:.3g}",
        "latency_ns": f"{block.latency * block.clock_period:.4g}",
    }
    environment = templates("trigger_nn.handoff.rtl", indented=False)
    made = {name: environment.get_template(f"{name}.j2").render(values).encode() for name in NAMES}
    return {f"{ROOT}/{path}": content for path, content in {**block.files, **made, LICENCE: block.licence}.items()}


def primitives(sources: Sequence[str]) -> tuple[str, ...]:
    """Those of the sources that are alkaid's own text, with their modules renamed."""
    return tuple(path for path in sources if path.rpartition(".")[0].endswith(tuple(f"_{name}" for name in PRIMITIVES)))


def _buses(direction: str, tensors: Sequence[Port], ports: Sequence[Port]) -> tuple[Bus, ...]:
    """`tensors` are the design's ports, `ports` the same as RTL names them."""
    return tuple(
        Bus(
            port.name, tensor.name, f"design_{direction}_{identifier(tensor.name)}.mem", bus_width(port),
            prod(port.shape), port.type.width, str(port.type),
        )
        for tensor, port in zip(tensors, ports, strict=True)
    )  # fmt: skip

"""hls4ml's network as it was written: its arguments, its pragmas, and what is taken out of its top function.

The layout of `network.h` and `network.cpp` is that of hls4ml 1.3.0's `writer/vivado_writer.py`; where a file has
another, nothing is guessed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from trigger_nn.errors import HandoffError

NAME = "network"  # hls4ml's name of the project: of its top function and its files
SPACE = "nn"  # hls4ml's namespace for what it writes for one model
LIBRARY = "nnet"  # and that of its library

HEADER, SOURCE = f"firmware/{NAME}.h", f"firmware/{NAME}.cpp"
GENERATED = "firmware/nnet_utils/nnet_code_gen.h"

_PROTOTYPE = re.compile(rf"\bvoid {NAME}\(\s*(?P<arguments>.*?)\s*\);", re.DOTALL)
_ARRAY = re.compile(r"(?P<type>\w+) (?P<name>\w+)\[(?P<size>\d+(?:\*\d+)*)\]")
_STREAM = re.compile(r"hls::stream<(?P<type>\w+)> ?&(?P<name>\w+)")
_PRAGMAS = re.compile(
    r"^    // hls-fpga-machine-learning insert IO\n(?P<lines>.*?)(?=^    // hls-fpga-machine-learning insert load)",
    re.DOTALL | re.MULTILINE,
)
_PART = "    // A part of the top function, which has the pragmas of the ports.\n"
_LAYOUT = re.compile(r"#pragma HLS (?P<directive>ARRAY_\w+) variable=(?P<name>\w+) (?P<options>.+)")
_PROTOCOL = re.compile(r"#pragma HLS INTERFACE (?P<mode>\w+) port=(?P<names>[\w,]+)")
_REGION = re.compile(r"#pragma HLS (?P<region>DATAFLOW|PIPELINE(?: II=\d+)?)")


@dataclass(frozen=True)
class Layout:
    """How an array is spread over wires: `ARRAY_RESHAPE` or `ARRAY_PARTITION`, and the pragma's other words."""

    directive: str
    options: str

    def pragma(self, variable: str) -> str:
        """The line of C++ for an array of that name."""
        return f"#pragma HLS {self.directive} variable={variable} {self.options}"


WIRES = Layout("ARRAY_PARTITION", "complete dim=0")  # one element, one set of wires: hls4ml's arrays between layers


@dataclass(frozen=True)
class Argument:
    """One argument of the network: its name, its type in `defines.h`, elements (None of a stream), layout if any."""

    name: str
    type: str
    size: int | None
    layout: Layout | None


@dataclass(frozen=True)
class Network:
    """hls4ml's top function: arguments in order, their protocol (`ap_vld`, `axis`), and the region it makes."""

    arguments: tuple[Argument, ...]
    protocol: str
    region: str


def read_network(header: str, source: str) -> Network:
    """The network of `network.h` and `network.cpp`.

    Raises:
        HandoffError: the text is not laid out as hls4ml 1.3.0 does it.
    """
    prototype = _PROTOTYPE.search(header)
    if prototype is None or f"namespace {SPACE} {{" not in header:
        raise _foreign(HEADER, f"function {SPACE}::{NAME}")
    lines = _pragma_lines(source)
    layouts = {m["name"]: Layout(m["directive"], m["options"]) for m in map(_LAYOUT.fullmatch, lines) if m}
    protocols = [m for m in map(_PROTOCOL.fullmatch, lines) if m]
    regions = [m["region"] for m in map(_REGION.fullmatch, lines) if m]
    if len(protocols) != 1 or len(regions) != 1 or len(lines) != len(layouts) + 2:
        raise _foreign(SOURCE, "the pragmas of its ports, one of their protocol, and one of PIPELINE or DATAFLOW")
    arguments = tuple(_argument(text.strip(), layouts) for text in prototype["arguments"].split(","))
    if protocols[0]["names"].split(",") != [argument.name for argument in arguments]:
        raise _foreign(SOURCE, "a protocol for each argument")
    return Network(arguments, protocols[0]["mode"], regions[0])


def as_part(source: str, network: Network, region: str) -> str:
    """`network.cpp` as a part of a top function that has the pragmas of its ports, and makes `region`.

    A network of the same kind of region is dissolved in the top's; another is a process of the top's DATAFLOW.

    Raises:
        HandoffError: the text is not laid out as hls4ml 1.3.0 does it.
    """
    _pragma_lines(source)
    kept = ["INLINE"] if region == network.region else ["INLINE off", network.region]
    return _PRAGMAS.sub(_PART + "".join(f"    #pragma HLS {pragma}\n" for pragma in kept) + "\n", source)


def _pragma_lines(source: str) -> list[str]:
    blocks = list(_PRAGMAS.finditer(source))
    if len(blocks) != 1:
        raise _foreign(SOURCE, "one block of its ports' pragmas")
    return [line.strip() for line in blocks[0]["lines"].splitlines() if line.strip()]


def _argument(text: str, layouts: Mapping[str, Layout]) -> Argument:
    if array := _ARRAY.fullmatch(text):
        size = prod(map(int, array["size"].split("*")))
        return Argument(array["name"], array["type"], size, layouts.get(array["name"]))
    if stream := _STREAM.fullmatch(text):
        return Argument(stream["name"], stream["type"], None, None)
    raise _foreign(HEADER, f"an array or a stream as argument, where {text!r} is")


def _foreign(path: str, expected: str) -> HandoffError:
    return HandoffError(
        f"{path} of the HLS project is not as hls4ml 1.3.0 writes it: {expected} expected; make the project with "
        "trigger_nn.frontend.graph.project_files and hls4ml 1.3.0."
    )

"""The top function of a design, one region of builder, network and decision, and a header that describes its ports."""

from collections.abc import Collection
from dataclasses import dataclass

from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.hls.network import WIRES, Network
from trigger_nn.handoff.hls.ports import CppPort, decision_port, identifiers, network_ports, raw_port, words
from trigger_nn.rendering import templates


@dataclass(frozen=True)
class Cut:
    """Bit `index` of the decision says whether element `element` of the first output is above `mantissa`."""

    index: int
    element: int
    mantissa: int


def top_files(design: Design, network: Network) -> dict[str, str]:
    """`<symbol>.h`, `<symbol>.cpp`, and of a design with a builder `builder.h`.

    Raises:
        HandoffError: the network is another program's, a decision on what is no score, a port that C++ can't name.
    """
    symbol, space = design.identity.symbol, f"nn_{design.identity.symbol}"
    inner = _network_ports(design, network, space)
    ports = _block_ports(design, inner)
    values = {
        "symbol": symbol, "macro": design.identity.macro, "space": space, "wires": WIRES,
        "name": design.program.name, "digest": design.identity.digest, "ports": ports, "network": inner,
        "region": region_of(design, network),
        "builder": design.builder is not None, "score": inner[len(design.program.inputs)],
        "cuts": [_cut(design, i, decision) for i, decision in enumerate(design.decisions)],
        "raw": "ap_int" if design.program.outputs[0].type.signed else "ap_uint",
    } | _calls(design, ports, inner)  # fmt: skip
    files = {f"{symbol}.h": _render("top.h.j2", values), f"{symbol}.cpp": _render("top.cpp.j2", values)}
    return files | ({"builder.h": design.builder.source(space)} if design.builder else {})


def region_of(design: Design, network: Network) -> str:
    """The region that the top makes: the network's, or DATAFLOW around a builder that reads a memory word by word.

    PIPELINE would unroll that builder's loop and ask for all words at once.
    """
    memory = any(words(port, design.builder) > 1 for port in design.inputs) if design.builder else False
    return "DATAFLOW" if memory else network.region


def _network_ports(design: Design, network: Network, space: str) -> tuple[CppPort, ...]:
    ports = (*design.program.inputs, *design.program.outputs)
    return network_ports(ports, identifiers(ports), network, space)


def _block_ports(design: Design, inner: tuple[CppPort, ...]) -> tuple[CppPort, ...]:
    count, names = len(design.program.inputs), identifiers((*design.inputs, *design.outputs))
    given = zip(design.inputs, names[: len(design.inputs)], strict=True)
    raw = tuple(raw_port(*one, design.builder) for one in given) if design.builder else inner[:count]
    bits = (decision_port(design.outputs[-1], names[-1]),) if design.decisions else ()
    return (*raw, *inner[count:], *bits)


def _calls(design: Design, ports: tuple[CppPort, ...], inner: tuple[CppPort, ...]) -> dict[str, object]:
    """Names of the arrays between the parts of the top, and what the network is called with."""
    names = {port.name for port in ports}
    built, scores = _unlike("built", names), _unlike("scores", names)
    first = len(design.program.inputs)
    arguments = [port.name for port in inner]
    arguments[0] = built if design.builder else arguments[0]
    arguments[first] = scores if design.decisions else arguments[first]
    raw_ports = [port.name for port in ports[: len(design.inputs)]]
    return {"built": built, "scores": scores, "arguments": arguments, "raw_ports": raw_ports}


def _unlike(name: str, taken: Collection[str]) -> str:
    return name if name not in taken else _unlike(name + "_", taken)


def _cut(design: Design, index: int, decision: Threshold) -> Cut:
    """A decision, with a threshold beyond all scores moved to the nearest that decides as it does."""
    port = design.program.outputs[0]
    return Cut(index, decision.element, min(max(decision.mantissa, port.type.minimum - 1), port.type.maximum))


def _render(template: str, values: dict[str, object]) -> str:
    environment = templates("trigger_nn.handoff.hls", indented=False)
    return environment.get_template(template).render(values)

"""A design and what is known of it -> `interface.json`, `.md`, `.svg`, and its instantiation in `.v` and `.vhd`."""

import json
from collections.abc import Iterable

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import DECISION, Design, Threshold
from trigger_nn.handoff.facts import HandoffFacts
from trigger_nn.handoff.interface.description import (
    BuilderDescription,
    DecisionDescription,
    Interface,
    PortDescription,
    Timing,
)
from trigger_nn.handoff.interface.drawing import draw
from trigger_nn.handoff.interface.handshake import control_of, handshake_of
from trigger_nn.handoff.interface.instance import instance_files
from trigger_nn.handoff.interface.ports import decision_meaning, describe_port, plain_json
from trigger_nn.handoff.interface.rtl import PROTOCOL
from trigger_nn.handoff.interface.sharing import sharing_of, told
from trigger_nn.handoff.scripts import clock_uncertainty
from trigger_nn.hardware.estimate import Estimate
from trigger_nn.program.program import Port
from trigger_nn.rendering import templates

LISTED = 40  # elements of a port that the Markdown table lists in full
UNCERTAINTY = "estimated from the program before synthesis; expect a factor of 1.5 to 2 either way"
PACKING = "element i of a port whose elements have w bits is bits (i+1)*w-1 down to i*w of the packed event, row-major"


def interface_files(design: Design, facts: HandoffFacts) -> dict[str, bytes]:
    """The five files by their paths in the bundle.

    Raises:
        HandoffError: a meaning is of a port that does not exist, or does not fit its port.
    """
    interface = describe_interface(design, facts)
    return {
        "interface.json": interface.text(),
        "interface.md": _markdown(interface).encode(),
        "interface.svg": draw(interface).encode(),
        **instance_files(interface),
    }


def describe_interface(design: Design, facts: HandoffFacts) -> Interface:
    """Everything that stands at the edge of `design`, as one value.

    Raises:
        HandoffError: a meaning is of a port that does not exist, or does not fit its port.
    """
    _known_ports(design, facts)
    hardware, program, builder = design.hardware, design.program, design.builder
    return Interface(
        name=design.identity.name,
        symbol=design.identity.symbol,
        top=design.identity.symbol,
        design_digest=design.identity.digest,
        program_digest=program.digest,
        part=hardware.part,
        backend=hardware.backend,
        clock_mhz=1000.0 / hardware.clock_period,
        clock_ns=float(hardware.clock_period),
        clock_uncertainty_percent=float(clock_uncertainty(hardware)),
        protocol=PROTOCOL,
        handshake=handshake_of(design),
        packing=PACKING,
        timing=_timing(facts.estimate, bool(builder or design.decisions)),
        sharing=sharing_of(facts.estimate),
        control=control_of(design),
        inputs=tuple(describe_port(p, "in", design, facts.meanings.get(p.name), bool(builder)) for p in design.inputs),
        outputs=tuple(_output(port, design, facts) for port in design.outputs),
        decisions=tuple(_decisions(design, facts)),
        builder=BuilderDescription(kind=builder.kind, constants=plain_json(builder.facts())) if builder else None,
        network=_network(design, facts) if builder else None,
    )


def _output(port: Port, design: Design, facts: HandoffFacts) -> PortDescription:
    bits = port.name == DECISION and bool(design.decisions)
    meaning = facts.meanings.get(port.name)
    if bits and meaning is None:
        meaning = decision_meaning(design.decisions, design.program.output_names[0])
    return describe_port(port, "out", design, meaning, bits)


def _network(design: Design, facts: HandoffFacts) -> tuple[PortDescription, ...]:
    """Ports of the network alone, as `emulator/` and `vectors/network` have them."""
    alone = Design(design.program, design.hardware)
    inputs = [describe_port(port, "in", alone, facts.meanings.get(port.name)) for port in alone.inputs]
    return (*inputs, *(describe_port(port, "out", alone, facts.meanings.get(port.name)) for port in alone.outputs))


def _timing(estimate: Estimate, more: bool) -> Timing:
    return Timing(
        kind="estimate",
        covers="the network alone, without builder and decision" if more else "the network",
        uncertainty=UNCERTAINTY,
        cycles=estimate.cycles,
        ns=float(estimate.latency),
        bunch_crossings=estimate.bunch_crossings,
        interval_cycles=estimate.interval,
        interval_ns=float(estimate.interval * estimate.clock_period),
        instances=estimate.instances,
    )


def _decisions(design: Design, facts: HandoffFacts) -> Iterable[DecisionDescription]:
    """Those that the firmware makes by bit, then the other thresholds, which the receiver may apply."""
    made = {(t.signal, t.element, t.mantissa) for t in design.decisions}
    others = [t for t in facts.thresholds if (t.signal, t.element, t.mantissa) not in made]
    rows: list[tuple[int | None, Threshold]] = [*enumerate(design.decisions), *((None, t) for t in others)]
    scores = design.program.outputs[0]
    for bit, threshold in rows:
        yield DecisionDescription(
            bit=bit,
            signal=threshold.signal,
            port=scores.name,
            element=threshold.element,
            threshold=threshold.mantissa,
            number=threshold.mantissa * 2.0**-scores.type.fraction,
            rate_khz=threshold.rate / 1e3,
            efficiency=float(threshold.efficiency),
        )


def _known_ports(design: Design, facts: HandoffFacts) -> None:
    ports = (*design.inputs, *design.outputs, *design.program.inputs)
    known = dict.fromkeys(port.name for port in ports)
    for name in facts.meanings:
        if name not in known:
            raise HandoffError(f"A meaning is given for port {name!r}; name one of the ports: {', '.join(known)}.")


def _markdown(interface: Interface) -> str:
    environment = templates(
        "trigger_nn.handoff.interface",
        cell=lambda text: str(text).replace("|", "\\|").replace("\n", " "),
        compact=lambda value: json.dumps(value, allow_nan=False),
    )
    template = environment.get_template("interface.md.j2")
    return template.render(i=interface, listed=LISTED, sharing=told(interface.sharing))

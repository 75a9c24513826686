"""The interface of a block as one frozen value, which `interface.json` holds and Markdown and drawing are made of."""

import json
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, JsonValue, ValidationError

from trigger_nn.errors import HandoffError
from trigger_nn.recipe import Part

SCHEMA = 1
Count = Annotated[int, Field(ge=0)]
Direction = Literal["in", "out"]


class Element(Part):
    """One integer of a port: bits `high_bit` to `low_bit` of the packed event; value = offset + lsb * integer."""

    index: Count
    position: tuple[Count, ...]  # along each axis of the port's shape
    name: str
    low_bit: Count
    high_bit: Count
    unit: str
    lsb: float
    offset: float


class RtlPorts(Part):
    """RTL ports of one role, of `width` bits each."""

    role: Literal["data", "valid", "ready", "address", "enable"]
    direction: Direction
    width: Count
    names: tuple[str, ...]


class Rtl(Part):
    """A port as the HLS tool is expected to make it of its pragmas.

    `packed`: one wide word; `elements`: a port an element; `stream`: AXI4-Stream; `memory`: the block reads words from
    a memory outside. An event takes `beats` words, of the stream or the memory.
    """

    layout: Literal["packed", "elements", "stream", "memory"]
    beats: Count
    pragmas: tuple[str, ...]
    told: str
    ports: tuple[RtlPorts, ...]


class Example(Part):
    """One value worked through: `value` in the unit is `integer`, `bits` in hexadecimal; the network reads `number`."""

    element: Count
    name: str
    value: float
    unit: str
    integer: int
    bits: str
    number: float  # integer * 2^-fraction


class PortDescription(Part):
    """One port of a block: its integers, what they mean, and how they come in RTL.

    The number that the network computes with is integer * 2^-fraction.
    """

    name: str
    identifier: str  # in C++
    direction: Direction
    cpp_type: str
    number_type: str
    signed: bool
    width: Count  # of an element, bits
    fraction: int
    shape: tuple[Count, ...]
    size: Count  # elements of an event
    bits: Count  # of an event
    meaning: str
    constants: dict[str, JsonValue]
    example: Example
    rtl: Rtl
    elements: tuple[Element, ...]


class ControlPort(Part):
    """Clock, reset, or a signal of the block's handshake; one bit."""

    name: str
    direction: Direction
    told: str


class DecisionDescription(Part):
    """A score's threshold: fires when the integer is strictly above it. `bit` of port decision, None: not in firmware.

    `rate_khz` is that of this signal's trigger alone.
    """

    bit: Count | None
    signal: str
    port: str
    element: Count
    threshold: int
    number: float
    rate_khz: float
    efficiency: float


class Timing(Part):
    """Latency and initiation interval of the network, estimated from the program before synthesis."""

    kind: Literal["estimate"]
    covers: str
    uncertainty: str
    cycles: Count
    ns: float
    bunch_crossings: Count
    interval_cycles: Count
    interval_ns: float
    instances: Count  # or time multiplexing, for an event every bunch crossing


class Sharing(Part):
    """How much of the part's scarcest resource one instance takes, and all that an event every bunch crossing needs.

    `at_least`: the estimate has no model of some layers. `verdict`: above 100 % it does not fit, above 60 % hardly.
    """

    kind: Literal["estimate"]
    resource: Literal["LUT", "FF", "DSP", "BRAM36"]
    instances: Count
    one_percent: float
    all_percent: float
    at_least: bool
    verdict: Literal["", "hardly fits", "does not fit"]


class BuilderDescription(Part):
    """What stands in front of the network, with its constants: edges, order, padding."""

    kind: str
    constants: dict[str, JsonValue]


class Interface(Part):
    """All of `interface.json`; `network` has the ports of the network alone where a builder stands in front of it."""

    schema_version: Literal[1] = 1
    name: str
    symbol: str
    top: str
    design_digest: str
    program_digest: str
    part: str
    backend: str
    clock_mhz: float
    clock_ns: float
    clock_uncertainty_percent: float
    protocol: str
    handshake: tuple[str, ...]
    packing: str
    timing: Timing
    sharing: Sharing
    control: tuple[ControlPort, ...]
    inputs: tuple[PortDescription, ...]
    outputs: tuple[PortDescription, ...]
    decisions: tuple[DecisionDescription, ...]
    builder: BuilderDescription | None
    network: tuple[PortDescription, ...] | None

    @property
    def ports(self) -> tuple[PortDescription, ...]:
        """Inputs, then outputs."""
        return (*self.inputs, *self.outputs)

    def text(self) -> bytes:
        """The one way in which this interface is written as JSON."""
        return (_legible(self.model_dump(mode="json")) + "\n").encode()


def read_interface(content: bytes) -> Interface:
    """The interface that `interface.json` holds.

    Raises:
        HandoffError: no JSON, of a newer schema, or it breaks the schema.
    """
    try:
        data = json.loads(content)
        version = data.get("schema_version") if isinstance(data, dict) else None
        if isinstance(version, int) and version > SCHEMA:
            raise HandoffError(f"interface.json has schema {version}, newer than {SCHEMA}; update trigger_nn.")
        return Interface.model_validate_json(content)
    except (ValueError, ValidationError, RecursionError) as error:
        first = str(error).splitlines()[0]
        raise HandoffError(f"interface.json is damaged ({first}); fetch the bundle again.") from None


def _legible(value: JsonValue, indent: str = "") -> str:
    """JSON with one line for every innermost list or table, so that an element is a line."""
    inner = indent + " "
    if isinstance(value, dict) and _deep(value.values()):
        rows = [f"{inner}{json.dumps(key)}: {_legible(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and _deep(value):
        return "[\n" + ",\n".join(inner + _legible(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, allow_nan=False)


def _deep(items: Iterable[JsonValue]) -> bool:
    """Whether a table, or a list of anything but plain values, is among `items`."""
    return any(
        isinstance(item, dict) or (isinstance(item, list) and any(isinstance(one, dict | list) for one in item))
        for item in items
    )

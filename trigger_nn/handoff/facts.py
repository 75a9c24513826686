"""What is said of a design beyond its bits: meaning of ports, performance, estimate, origin. Values, told by others."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from trigger_nn.handoff.design import Threshold
from trigger_nn.hardware.estimate import Estimate


@dataclass(frozen=True)
class ElementMeaning:
    """What the integer at one place of a port stands for: `offset` + `lsb` * integer, in `unit` ("1": none)."""

    name: str
    unit: str = "1"
    lsb: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True)
class PortMeaning:
    """What a port carries: a sentence, and one element for all its places, or one for each of the last axis."""

    text: str
    elements: tuple[ElementMeaning, ...] = ()
    constants: Mapping[str, Any] = field(default_factory=dict)  # bin edges, order, padding: JSON


@dataclass(frozen=True)
class Performance:
    """One figure of merit on the test sample, as floats, quantized and emulated networks have it; None: not measured.

    `measure` names it with its conditions, such as "efficiency for hh4b at 100 kHz".
    """

    measure: str
    float_network: float | None
    quantized: float | None
    emulated: float
    events: int


@dataclass(frozen=True)
class Origin:
    """Where the network came from: digests (SHA-256, "" if unknown), versions, and the command that makes it again."""

    versions: Mapping[str, str]
    weights: str = ""
    recipe: str = ""
    sample: str = ""
    revision: str = ""  # of the recipe's git repository, with `+changes` if it was not clean
    command: str = ""
    recipe_content: Mapping[str, Any] = field(default_factory=dict)
    compiled_with: Mapping[str, str] = field(default_factory=dict)  # versions that compiled the program


@dataclass(frozen=True)
class HandoffFacts:
    """For interface, card and manifest. `meanings` are by port name of the design and of the network."""

    estimate: Estimate
    origin: Origin
    meanings: Mapping[str, PortMeaning] = field(default_factory=dict)
    thresholds: tuple[Threshold, ...] = ()
    performance: tuple[Performance, ...] = ()
    agreement: str = "No comparison was recorded when this bundle was written; `make check` makes one."
    limits: tuple[str, ...] = ()

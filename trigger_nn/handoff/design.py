"""What is handed over, as a value: the network, what stands in front of it, what decides behind it, and its name."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, runtime_checkable

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.files import sha256
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.program.semantics.domain import Domain, V
from trigger_nn.recipe import HardwareSpec

BIT = Fixed(False, 1, 1)
WIDEST = 61  # bits of a score, or a threshold, that is decided upon: their difference is an int64
DECISION = "decision"  # the port of the decision bits


@dataclass(frozen=True)
class Identity:
    """The name of a design, and the digest of all that decides its bits and its code."""

    name: str
    digest: str

    @property
    def symbol(self) -> str:
        """What its code is named after: `jet_tagger_1a2b3c4d`."""
        return f"{self.name}_{self.digest[:8]}"

    @property
    def macro(self) -> str:
        """The same for macros and include guards: `JET_TAGGER_1A2B3C4D`."""
        return self.symbol.upper()


@dataclass(frozen=True)
class Threshold:
    """A score's integer threshold: fire when the mantissa is above it. `rate` in Hz, `element` of the first output."""

    signal: str
    element: int
    rate: float
    mantissa: int
    efficiency: float


class Builder(Protocol):
    """What makes the network's input of raw data, in Python and in synthesizable C++, bit for bit the same."""

    @property
    def kind(self) -> str:
        """The view that it builds, such as `event_image`."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """What comes in, in place of the network's input; integers, least significant bit 1."""

    def build(self, inputs: Mapping[str, np.ndarray]) -> np.ndarray:
        """Mantissas of the network's input, (events, *its shape), from those of `ports`."""

    def undo(self, mantissas: np.ndarray) -> dict[str, np.ndarray]:
        """Raw data that `build` makes `mantissas` of, as far as there are such; see the builder for what it does else.

        By port, (events, *shape). Real events are kept as what the network sees; this is how they drive the builder.
        """

    def source(self, namespace: str) -> str:
        """C++ header text, for HLS and g++: `namespace NAMESPACE { template <class... > void build(...) }`.

        The function `build` takes the `ports` in order, and the network's input to fill, each a plain array.
        """

    def facts(self) -> dict[str, Any]:
        """Constants for the interface's description: bin edges, order, padding, pedestals. JSON."""


@runtime_checkable
class Unrolled(Builder, Protocol):
    """A builder that takes a whole event at once, so that RTL can be made of it."""

    def logic(self, domain: Domain[V], raw: Sequence[V]) -> V:
        """The same as `build` over any domain of values, from those of `ports`."""


@dataclass(frozen=True)
class Design:
    """The block that is handed over: [builder ->] network [-> decision].

    `decisions` are made in firmware, one bit each in the port `decision`, bit i for `decisions[i]`.
    """

    program: Program
    hardware: HardwareSpec
    builder: Builder | None = None
    decisions: tuple[Threshold, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what can't be built."""
        if not self.program.inputs or not self.program.outputs:
            raise UnsupportedLayerError(f"Program {self.program.name!r} has no input or no output; compile another.")
        if self.streams and (self.builder or self.decisions):
            raise UnsupportedLayerError(
                f"Program {self.program.name!r} was compiled for io_stream, whose ports are FIFOs: a builder or a "
                "decision can't be put around it; compile it with io_parallel, or hand over the network alone."
            )
        if self.builder and len(self.program.inputs) != 1:
            raise UnsupportedLayerError(
                f"Program {self.program.name!r} has {len(self.program.inputs)} inputs, a builder makes one; hand over "
                "the network alone."
            )

        if self.decisions and DECISION in (*self.program.output_names, *(port.name for port in self.inputs)):
            raise UnsupportedLayerError(
                f"Program {self.program.name!r} has a port named {DECISION!r}, as the decision bits are; rename that "
                "layer of the model."
            )
        if self.decisions and self.program.outputs[0].type.width > WIDEST:
            raise UnsupportedLayerError(
                f"Output {self.program.output_names[0]!r} has scores of more than {WIDEST} bits, which no decision is "
                "made of; narrow the last layer's type."
            )
        size = int(np.prod(self.program.outputs[0].shape))
        for decision in self.decisions:
            if not 0 <= decision.element < size:
                raise UnsupportedLayerError(
                    f"The threshold for {decision.signal!r} is on element {decision.element}, but output "
                    f"{self.program.output_names[0]!r} has elements 0 to {size - 1}; name one of these."
                )
            if abs(decision.mantissa) >> WIDEST:
                raise UnsupportedLayerError(
                    f"The threshold {decision.mantissa} for {decision.signal!r} is beyond every score; give one of at "
                    f"most {WIDEST} bits."
                )

    @cached_property
    def identity(self) -> Identity:
        """The design's name in all code. Other thresholds, another part or clock: another name."""
        content = {
            "program": self.program.digest,
            "hardware": self.hardware.model_dump(mode="json"),
            "builder": self.builder.facts() if self.builder else None,
            "decisions": [(d.signal, d.element, d.mantissa) for d in self.decisions],
        }
        return Identity(self.program.name, sha256(json.dumps(content, sort_keys=True).encode()))

    @property
    def streams(self) -> bool:
        """Whether the ports are FIFOs."""
        return self.hardware.io_type == "io_stream"

    @property
    def inputs(self) -> tuple[Port, ...]:
        """Ports of the block that data comes in by."""
        return self.builder.ports if self.builder else self.program.inputs

    @property
    def outputs(self) -> tuple[Port, ...]:
        """Ports of the block that data leaves by: the network's, then the decision."""
        bits = (Port(DECISION, (len(self.decisions),), BIT),) if self.decisions else ()
        return (*self.program.outputs, *bits)

    def run(self, inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Mantissas of `outputs`, (events, *shape) by port, from those of `inputs`: what the firmware must yield.

        Raises:
            EventsError: an input is missing, of another shape, or has a value that its type can't hold.
        """
        given = {self.program.inputs[0].name: self.builder.build(inputs)} if self.builder else dict(inputs)
        results = self.emulator.outputs_mantissas(given)
        if self.decisions:
            results[DECISION] = self.decide(results[self.program.output_names[0]])
        return results

    @cached_property
    def emulator(self) -> Emulator:
        """Of the network."""
        return Emulator(self.program)

    def decide(self, scores: np.ndarray) -> np.ndarray:
        """Decision bits, (events, decisions), of mantissas of the first output."""
        flat = scores.reshape(len(scores), -1)
        return np.stack([flat[:, d.element] > d.mantissa for d in self.decisions], axis=1).astype(np.int64)

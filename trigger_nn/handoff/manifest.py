"""`manifest.json`: what a bundle is, where it came from, and the SHA-256 of every file; its schema, and its reader."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, ValidationError

from trigger_nn.errors import HandoffError
from trigger_nn.files import sha256
from trigger_nn.handoff.bundle import MANIFEST, SUMS, Bundle
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import HandoffFacts
from trigger_nn.program.operations import Constant
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HandoffSpec, HardwareSpec, Part

RESOURCES = ("lut", "ff", "dsp", "bram")
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
DigestOrNone = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]


class PortEntry(Part):
    """A port of the block: its integers' type and number, and what they mean."""

    name: str
    shape: tuple[int, ...]
    type: str
    elements: int
    bits: int
    meaning: str = ""


class Digests(Part):
    """SHA-256 of what decides the bundle; empty what is not known."""

    design: Digest
    program: Digest
    weights: Digest
    recipe: DigestOrNone = ""
    training_sample: DigestOrNone = ""


class VectorCounts(Part):
    """Events among the vectors: of the block, and of the network alone where a builder stands in front of it."""

    events: Annotated[int, Field(gt=0)]
    network_events: Annotated[int, Field(gt=0)] | None = None


class ThresholdEntry(Part):
    """Fire when the integer of the output's element is above `mantissa`; `rate` in Hz, of that signal alone."""

    signal: str
    element: int
    rate: float
    mantissa: int
    efficiency: float
    in_firmware: bool


class EstimateEntry(Part):
    """Before synthesis, at the recipe's clock and part."""

    cycles: int
    latency_ns: float
    bunch_crossings: int
    interval_cycles: int
    lut: int
    ff: int
    dsp: int
    bram: int
    unmodelled: tuple[str, ...] = ()


class PerformanceEntry(Part):
    """One figure of merit; None: not measured."""

    measure: str
    float_network: float | None
    quantized: float | None
    emulated: float
    events: int


class Manifest(Part):
    """All of `manifest.json`."""

    schema_version: Literal[1] = 1
    name: str
    symbol: str
    digests: Digests
    inputs: tuple[PortEntry, ...]
    outputs: tuple[PortEntry, ...]
    builder: dict[str, Any] | None
    hardware: HardwareSpec
    handoff: HandoffSpec
    vectors: VectorCounts
    thresholds: tuple[ThresholdEntry, ...]
    estimate: EstimateEntry
    performance: tuple[PerformanceEntry, ...]
    agreement: str
    limits: tuple[str, ...]
    revision: str
    command: str
    versions: dict[str, str]
    recipe: dict[str, Any]
    files: dict[str, Digest]

    @property
    def decisions(self) -> tuple[Threshold, ...]:
        """The thresholds that the firmware applies."""
        kept = [entry for entry in self.thresholds if entry.in_firmware]
        return tuple(Threshold(t.signal, t.element, t.rate, t.mantissa, t.efficiency) for t in kept)

    def text(self) -> bytes:
        """The one way in which this manifest is written."""
        return (json.dumps(self.model_dump(mode="json"), indent=1, sort_keys=True) + "\n").encode()


def describe(
    design: Design, facts: HandoffFacts, spec: HandoffSpec, counts: VectorCounts, files: Mapping[str, bytes]
) -> Manifest:
    """The manifest of a bundle that holds `files`."""
    fired = {(d.signal, d.rate) for d in design.decisions}
    estimate, origin = facts.estimate, facts.origin
    return Manifest(
        name=design.identity.name,
        symbol=design.identity.symbol,
        digests=Digests(
            design=design.identity.digest, program=design.program.digest, weights=weights_digest(design.program),
            recipe=origin.recipe, training_sample=origin.sample,
        ),
        inputs=tuple(_port(port, facts) for port in design.inputs),
        outputs=tuple(_port(port, facts) for port in design.outputs),
        builder=_as_json(design.builder.facts()) if design.builder else None,
        hardware=design.hardware,
        handoff=spec,
        vectors=counts,
        thresholds=tuple(ThresholdEntry(**vars(t), in_firmware=(t.signal, t.rate) in fired) for t in facts.thresholds),
        estimate=EstimateEntry(
            cycles=estimate.cycles, latency_ns=estimate.latency, bunch_crossings=estimate.bunch_crossings,
            interval_cycles=estimate.interval, unmodelled=estimate.unmodelled,
            **{resource: estimate.total(resource) for resource in RESOURCES},
        ),
        performance=tuple(PerformanceEntry(**asdict(row)) for row in facts.performance),
        agreement=facts.agreement,
        limits=facts.limits,
        revision=origin.revision,
        command=origin.command,
        versions=dict(origin.versions),
        recipe=_as_json(origin.recipe_content),
        files={path: sha256(files[path]) for path in sorted(files) if path not in (MANIFEST, SUMS)},
    )  # fmt: skip


def read_manifest(bundle: Bundle) -> Manifest:
    """The manifest of `bundle`.

    Raises:
        HandoffError: it is missing, no JSON, of a newer schema, or breaks the schema.
    """
    if MANIFEST not in bundle.files:
        raise HandoffError(f"There is no {MANIFEST}, so this is no bundle, or a damaged one; fetch it again.")
    try:
        content = json.loads(bundle.files[MANIFEST])
        version = content.get("schema_version") if isinstance(content, dict) else None
        if isinstance(version, int) and version > 1:
            raise HandoffError(f"{MANIFEST} has schema {version}, newer than 1; update trigger_nn.")
        return Manifest.model_validate(content)
    except (ValueError, ValidationError, RecursionError) as error:
        first = str(error).splitlines()[0]
        raise HandoffError(f"{MANIFEST} is damaged ({first}); fetch the bundle again.") from None


def schema() -> bytes:
    """The JSON schema of a manifest, kept beside this module as `manifest.schema.json`."""
    return (json.dumps(Manifest.model_json_schema(), indent=1, sort_keys=True) + "\n").encode()


def weights_digest(program: Program) -> str:
    """SHA-256 over the integers of every constant (weights, biases, tables) in the order of the operations."""
    digest = hashlib.sha256()
    for constant in _constants(program.operations):
        mantissa = np.ascontiguousarray(constant.mantissa.astype("<i8"))
        digest.update(f"{constant.type} {mantissa.shape}".encode() + mantissa.tobytes())
    return digest.hexdigest()


def _constants(value: Any) -> Iterator[Constant]:
    if isinstance(value, Constant):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _constants(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _constants(getattr(value, field.name))


def _port(port: Port, facts: HandoffFacts) -> PortEntry:
    elements = int(np.prod(port.shape))
    meaning = facts.meanings.get(port.name)
    return PortEntry(
        name=port.name, shape=port.shape, type=str(port.type), elements=elements, bits=elements * port.type.width,
        meaning=meaning.text if meaning else "",
    )  # fmt: skip


def _as_json(value: Any) -> Any:
    """The same after a journey through JSON: lists for tuples, so that what is written equals what is read."""
    return json.loads(json.dumps(value))

"""`manifest.json`: what a bundle is, where it came from, and the SHA-256 of every file; its schema, and its reader."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields, is_dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, SerializerFunctionWrapHandler, ValidationError, model_serializer

from trigger_nn.errors import HandoffError
from trigger_nn.files import sha256
from trigger_nn.handoff.bundle import MANIFEST, SUMS, Bundle
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import ElementMeaning, HandoffFacts, Origin, Performance, PortMeaning
from trigger_nn.handoff.rtl.files import ROOT as RTL
from trigger_nn.hardware.estimate import Estimate, estimate
from trigger_nn.hardware.rtl.block import Language, Rtl
from trigger_nn.program.operations import Constant
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HandoffSpec, HardwareSpec, Part

RESOURCES = ("lut", "ff", "dsp", "bram")
Digest = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
DigestOrNone = Annotated[str, Field(pattern="^([0-9a-f]{64})?$")]


class PortEntry(Part):
    """A port of the block: the type and number of its integers; what they mean is among the meanings."""

    name: str
    shape: tuple[int, ...]
    type: str
    elements: int
    bits: int


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

    @classmethod
    def of(cls, made: Estimate) -> "EstimateEntry":
        """Its totals."""
        return cls(
            cycles=made.cycles, latency_ns=made.latency, bunch_crossings=made.bunch_crossings,
            interval_cycles=made.interval, unmodelled=made.unmodelled,
            **{resource: made.total(resource) for resource in RESOURCES},
        )  # fmt: skip


class RtlEntry(Part):
    """The RTL: its top module, its sources in the order in which a tool reads them, and how long an event takes.

    `stage_delay` is what the longest pipeline stage takes and `logic_delay` what all logic takes, in the unit of
    alkaid's model, about a nanosecond.
    """

    language: Language
    top: str
    sources: Annotated[tuple[str, ...], Field(min_length=1)]
    latency_cycles: int
    latency_ns: float
    interval_cycles: int = 1
    stage_delay: float
    logic_delay: float

    @classmethod
    def of(cls, block: Rtl) -> "RtlEntry":
        """What is said of `block`."""
        return cls(
            language=block.language, top=block.name, sources=tuple(f"{RTL}/{path}" for path in block.files),
            latency_cycles=block.latency, latency_ns=block.latency * block.clock_period, stage_delay=block.longest,
            logic_delay=block.depth,
        )  # fmt: skip


class PerformanceEntry(Part):
    """One figure of merit; None: not measured."""

    measure: str
    float_network: float | None
    quantized: float | None
    emulated: float
    events: int


class ElementEntry(Part):
    """What the integer at one place of a port stands for."""

    name: str
    unit: str
    lsb: float
    offset: float


class MeaningEntry(Part):
    """What a port of the block or of the network carries."""

    text: str
    elements: tuple[ElementEntry, ...] = ()
    constants: Annotated[dict[str, Any], Field(default_factory=dict)]


class Manifest(Part):
    """All of `manifest.json`."""

    schema_version: Literal[1] = 1
    name: str
    symbol: str
    digests: Digests
    inputs: tuple[PortEntry, ...]
    outputs: tuple[PortEntry, ...]
    meanings: dict[str, MeaningEntry]
    builder: dict[str, Any] | None
    hardware: HardwareSpec
    handoff: HandoffSpec
    vectors: VectorCounts
    thresholds: tuple[ThresholdEntry, ...]
    estimate: EstimateEntry
    rtl: RtlEntry | None = None
    performance: tuple[PerformanceEntry, ...]
    agreement: str
    limits: tuple[str, ...]
    revision: str
    command: str
    versions: dict[str, str]  # of what made the bundle
    compiled_with: dict[str, str]  # of what compiled the program, as far as it says
    recipe: dict[str, Any]
    files: dict[str, Digest]

    @property
    def decisions(self) -> tuple[Threshold, ...]:
        """The thresholds that the firmware applies."""
        kept = [entry for entry in self.thresholds if entry.in_firmware]
        return tuple(Threshold(t.signal, t.element, t.rate, t.mantissa, t.efficiency) for t in kept)

    @model_serializer(mode="wrap")
    def _as_asked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without `rtl` where there is none, as bundles were written before there was any."""
        content: dict[str, Any] = handler(self)
        return content if self.rtl else {key: value for key, value in content.items() if key != "rtl"}

    def text(self) -> bytes:
        """The one way in which this manifest is written; tables keep their order, in which they are printed."""
        return (json.dumps(self.model_dump(mode="json"), indent=1) + "\n").encode()


def describe(
    design: Design,
    facts: HandoffFacts,
    spec: HandoffSpec,
    counts: VectorCounts,
    files: Mapping[str, bytes],
    rtl: RtlEntry | None = None,
) -> Manifest:
    """The manifest of a bundle that holds `files`, `rtl` among them."""
    fired = {(d.signal, d.rate) for d in design.decisions}
    origin = facts.origin
    return Manifest(
        name=design.identity.name,
        symbol=design.identity.symbol,
        digests=Digests(
            design=design.identity.digest, program=design.program.digest, weights=weights_digest(design.program),
            recipe=origin.recipe, training_sample=origin.sample,
        ),
        inputs=tuple(_port(port) for port in design.inputs),
        outputs=tuple(_port(port) for port in design.outputs),
        meanings={
            name: MeaningEntry.model_validate(_as_json(asdict(meaning))) for name, meaning in facts.meanings.items()
        },
        builder=_as_json(design.builder.facts()) if design.builder else None,
        hardware=design.hardware,
        handoff=spec,
        vectors=counts,
        thresholds=tuple(ThresholdEntry(**vars(t), in_firmware=(t.signal, t.rate) in fired) for t in facts.thresholds),
        estimate=EstimateEntry.of(facts.estimate),
        rtl=rtl,
        performance=tuple(PerformanceEntry(**asdict(row)) for row in facts.performance),
        agreement=facts.agreement,
        limits=facts.limits,
        revision=origin.revision,
        command=origin.command,
        versions=dict(origin.versions),
        compiled_with=dict(origin.compiled_with),
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
    except ValidationError as error:
        wrong = error.errors()[0]
        where = ".".join(str(step) for step in wrong["loc"]) or "its content"
        raise HandoffError(f"{MANIFEST} is damaged ({where}: {wrong['msg']}); fetch the bundle again.") from None
    except (ValueError, RecursionError) as error:
        first = str(error).splitlines()[0]
        raise HandoffError(f"{MANIFEST} is damaged ({first}); fetch the bundle again.") from None


def facts_in(manifest: Manifest, design: Design) -> HandoffFacts:
    """What the manifest says of `design`, as it was given to `describe`; the estimate is made again."""
    hardware, digests = manifest.hardware, manifest.digests
    return HandoffFacts(
        estimate=estimate(design.program, hardware.clock_period, hardware.part, uncertainty=hardware.clock_uncertainty),
        origin=Origin(
            manifest.versions, digests.weights, digests.recipe, digests.training_sample, manifest.revision,
            manifest.command, manifest.recipe, manifest.compiled_with,
        ),
        meanings={
            name: PortMeaning(m.text, tuple(ElementMeaning(**dict(e)) for e in m.elements), m.constants)
            for name, m in manifest.meanings.items()
        },
        thresholds=tuple(
            Threshold(t.signal, t.element, t.rate, t.mantissa, t.efficiency) for t in manifest.thresholds
        ),
        performance=tuple(Performance(**dict(row)) for row in manifest.performance),
        agreement=manifest.agreement,
        limits=manifest.limits,
    )  # fmt: skip


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


def _port(port: Port) -> PortEntry:
    elements = int(np.prod(port.shape))
    bits = elements * port.type.width
    return PortEntry(name=port.name, shape=port.shape, type=str(port.type), elements=elements, bits=bits)


def _as_json(value: Any) -> Any:
    """The same after a journey through JSON: lists for tuples, so that what is written equals what is read."""
    return json.loads(json.dumps(value))

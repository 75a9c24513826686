"""The recipe of a network: events, architecture, training, hardware, what is handed over and what is studied."""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from trigger_nn.errors import PrecisionError, RecipeError
from trigger_nn.hardware.parts import device_of
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe.network import NetworkSpec, TrainingSpec
from trigger_nn.recipe.part import NAME, Part, PositiveFloat, PositiveInt, load, validated
from trigger_nn.recipe.study import StudySpec


class EventsSpec(Part):
    """Which events, which of their views the network sees, and what it is to tell apart.

    Either `signals` (one output each, a trigger of its own) against `backgrounds`, or `classes` (one output each, the
    largest decides). `integer_bits` sets the input port's binary point, not its width; without it the view's own.
    """

    file: str  # a path counted from the recipe, or embedded: events that come with the package
    view: str = "image"  # of the events, which the network sees
    signals: tuple[str, ...] = ()
    backgrounds: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()
    wrap_phi: Annotated[int, Field(ge=0)] = 1  # columns of an image repeated at each phi edge
    integer_bits: Annotated[int, Field(ge=-16, le=32)] | None = None

    @property
    def named(self) -> tuple[str, ...]:
        """All processes that the network meets."""
        return (*self.signals, *self.backgrounds, *self.classes)

    @property
    def outputs(self) -> tuple[str, ...]:
        """What each output of the network is for."""
        return self.classes or self.signals

    @model_validator(mode="after")
    def _one_task(self) -> "EventsSpec":
        twice = sorted({name for name in self.named if self.named.count(name) > 1})
        if twice:
            raise ValueError(f"{', '.join(twice)} named more than once among signals and backgrounds; name each once")
        if self.classes and (self.signals or self.backgrounds):
            raise ValueError("give either classes, or signals and backgrounds")
        if self.classes and len(self.classes) < 2:
            raise ValueError("one class can't be told from another; name at least two")
        if not self.classes and not (self.signals and self.backgrounds):
            raise ValueError("events.signals or events.backgrounds is missing; name at least one of each, or classes")
        return self


Strategy = Literal["latency", "resource", "resource_unrolled", "distributed_arithmetic"]


class LayerSpec(Part):
    """What one layer of the network is told instead, under hls4ml's name of the layer.

    `precision` holds types by hls4ml's names for them (result, accum, weight, bias, table, ...), such as
    "fixed<16,6,RND,SAT>"; a type given here is kept, whether it loses bits or not.
    """

    strategy: Strategy | None = None
    reuse_factor: PositiveInt | None = None
    parallelization_factor: PositiveInt | None = None
    table_size: PositiveInt | None = None
    implementation: str | None = None  # of a softmax: stable, latency, legacy, argmax
    precision: dict[str, str] = Field(default_factory=dict)

    @field_validator("precision")
    @classmethod
    def _are_types(cls, types: dict[str, str]) -> dict[str, str]:
        for text in types.values():
            try:
                _ = text == "auto" or Fixed.parse(text)
            except PrecisionError as error:
                raise ValueError(str(error).removesuffix(".")) from None
        return types


class HardwareSpec(Part):
    """What hls4ml is told, and the budget the design is held against.

    `precision`: `exact` chooses types from proven ranges; `auto` leaves what no quantizer states to hls4ml.
    """

    part: str = "xcvu13p-flga2577-2-e"
    clock_period: PositiveFloat = 5.0  # ns
    clock_uncertainty: Annotated[float, Field(gt=0, lt=100)] | None = None  # % of the period; None: the backend's own
    backend: Literal["Vitis", "Vivado"] = "Vitis"
    io_type: Literal["io_parallel", "io_stream"] = "io_parallel"
    strategy: Strategy = "latency"
    reuse_factor: PositiveInt = 1
    parallelization_factor: PositiveInt = 1  # pixels of a convolution computed at once
    precision: Literal["exact", "auto"] = "exact"
    layers: dict[str, LayerSpec] = Field(default_factory=dict)
    latency_budget: PositiveFloat = 1000.0  # ns

    @model_validator(mode="after")
    def _known_part(self) -> "HardwareSpec":
        try:
            device_of(self.part)
        except RecipeError as error:
            raise ValueError(str(error)) from None
        return self


class VerifySpec(Part):
    """How many test events hls4ml's own C++ is compared on, and how many go into the bundle as vectors."""

    events: Annotated[int, Field(ge=1)] = 2000
    vectors: Annotated[int, Field(ge=1)] = 500


class PatternSpec(Part):
    """How events travel on the links of a board, for its buffers' pattern files: 64-bit words, one a link and frame.

    The bits of all ports, one after the other, fill `words_per_event` words of the first link, then of the next.
    """

    board: Annotated[str, Field(pattern=r"^[\w.-]+$")] = "x0"
    format: Literal["EMPv1", "EMPv2"] = "EMPv2"
    words_per_event: PositiveInt = 9  # of a link at 360 MHz: one bunch crossing of 25 ns
    link_mhz: PositiveFloat = 360.0  # frames a microsecond
    event_spacing: PositiveInt | None = None  # frames from the start of an event to that of the next; None: no gap
    input_links: tuple[Annotated[int, Field(ge=0)], ...] = ()  # their numbers; none: as many as are needed, from 0
    output_links: tuple[Annotated[int, Field(ge=0)], ...] = ()
    frames: PositiveInt = 1024  # that a buffer holds; more events go into further files

    @model_validator(mode="after")
    def _fits(self) -> "PatternSpec":
        if self.event_spacing is not None and self.event_spacing < self.words_per_event:
            raise ValueError("event_spacing is below words_per_event, so events would overlap; raise it")
        if (self.event_spacing or self.words_per_event) > self.frames:
            raise ValueError("an event does not fit into the buffer's frames; raise frames")
        for links in (self.input_links, self.output_links):
            if len(set(links)) != len(links):
                raise ValueError("a link is named twice; name each once")
        return self


class HandoffSpec(Part):
    """What the firmware bundle holds beside the network."""

    builder: bool = False  # what makes the network's input of the view's raw data, in front of it
    candidates: PositiveInt = 128  # that come in with an event, where the builder takes candidates or jets
    decision_khz: PositiveFloat | None = None  # of study.rates_khz: its thresholds as bits behind the network
    layers: bool = False  # vectors of every layer
    random_vectors: Annotated[int, Field(ge=0)] = 200
    patterns: PatternSpec = PatternSpec()
    rtl: Literal["verilog", "vhdl"] | None = None  # the block as RTL too, unrolled; None: as HLS alone
    fifo_depths: Literal["hls4ml", "modelled"] = "hls4ml"  # of io_stream: a whole event, or what the token model needs

    @model_serializer(mode="wrap")
    def _as_asked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the later keys where they were not asked for, so that such bundles are what they always were."""
        content: dict[str, Any] = handler(self)
        usual = {"rtl": None, "fifo_depths": "hls4ml"}
        return {key: value for key, value in content.items() if key not in usual or value != usual[key]}


class ModelRecipe(Part):
    """Everything that decides a network, its firmware and its report."""

    name: Annotated[str, Field(pattern=f"^{NAME}$")]
    events: EventsSpec
    network: NetworkSpec
    training: TrainingSpec
    hardware: HardwareSpec = HardwareSpec()
    verify: VerifySpec = VerifySpec()
    study: StudySpec = StudySpec()
    handoff: HandoffSpec = HandoffSpec()

    @model_validator(mode="after")
    def _known_rate(self) -> "ModelRecipe":
        rate = self.handoff.decision_khz
        if rate is not None and (self.events.classes or rate not in self.study.rates_khz):
            raise ValueError("handoff.decision_khz must be one of study.rates_khz, of a network with signals")
        return self


def load_model_recipe(path: Path) -> ModelRecipe:
    """Read the recipe of a network.

    Raises:
        RecipeError: the file is missing or not TOML, or a key is unknown, missing or of a wrong value.
    """
    return load(path, ModelRecipe)


def hardware_spec(**choices: object) -> HardwareSpec:
    """A [hardware] table from keywords.

    Raises:
        RecipeError: an unknown keyword, part or value.
    """
    return validated(choices, HardwareSpec, "hardware")


def handoff_spec(**choices: object) -> HandoffSpec:
    """A [handoff] table from keywords.

    Raises:
        RecipeError: an unknown keyword or value.
    """
    return validated(choices, HandoffSpec, "handoff")

"""Keras model -> Program: convert, prove ranges, choose exact types, convert again with them, and check the result.

hls4ml's ModelGraph stays the source of truth: the chosen types are written into its configuration, and the Program
that is returned is lowered from the graph that was built with them.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trigger_nn.errors import PrecisionError, RecipeError
from trigger_nn.frontend.graph import HLS4ML_VERSION, Config, build_graph, default_config
from trigger_nn.frontend.layers import counterparts
from trigger_nn.frontend.losses import losses_of
from trigger_nn.frontend.lowering import lower
from trigger_nn.frontend.precision import (
    is_folded,
    kept_types,
    producers,
    shielded_results,
    stated_types,
    states_result,
    with_constant_types,
    with_input_types,
    with_types,
)
from trigger_nn.passes.exact import CHOSEN, Choice, Shortfall, Slot, choose_exact_types, shortfalls
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Softmax
from trigger_nn.program.program import Program
from trigger_nn.recipe import NAME, HardwareSpec
from trigger_nn.version import __version__


@dataclass(frozen=True)
class Compiled:
    """A compiled network: the program, hls4ml's graph that it was lowered from, and what was decided on the way.

    `choices` say for each layer what was proven and chosen (none with `precision = "auto"`), `losses` are sentences:
    where the program can't equal the trained model, why, and what would cure it. `config` is hls4ml's configuration
    with every type that was chosen: what people who use hls4ml alone pass as `hls_config`. `counterparts` name, for
    each operation that yields what a layer of the model yields, that layer.
    """

    program: Program
    graph: Any
    config: Config
    choices: tuple[Choice, ...]
    losses: tuple[str, ...]
    counterparts: Mapping[str, str]


def compile_model(
    model: Any,
    name: str,
    input_type: Fixed | Mapping[str, Fixed],
    output: Path,
    hardware: HardwareSpec | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Compiled:
    """Compile a Keras 2 or QKeras `model`; `input_type` is that of all its inputs, or of each by name.

    `output` is where hls4ml writes its project when asked to (see `hardware.csim` and `handoff`).

    Raises:
        UnsupportedLayerError: a layer that can't be converted or lowered.
        RecipeError: `name` can't name a C++ function, an input without a type, a layer that does not exist.
        PrecisionError: hls4ml makes other layers whenever its types are set.
    """
    if not re.fullmatch(NAME, name):
        raise RecipeError(f"{name!r} can't name a C++ function; use small letters, digits and _, a letter first.")
    hardware = hardware or HardwareSpec()
    config = with_input_types(default_config(model, hardware), model, input_type)
    if hardware.precision == "exact":
        config = with_constant_types(config, model, hardware.layers)
    build = _Build(model, name, hardware, output)
    settled = _as_hls4ml_has_it(build, config) if hardware.precision == "auto" else _exactly(build, config)
    names = counterparts(settled.program, model, settled.folded)
    losses = losses_of(settled.graph, settled.program, model, names, settled.short)
    facts = {
        "trigger_nn": __version__,
        "hls4ml": HLS4ML_VERSION,
        "hardware": hardware.model_dump(),
        "losses": list(losses),
    }
    program = replace(settled.program, provenance=facts | dict(provenance or {}))
    return Compiled(program, settled.graph, settled.config, settled.choices, losses, names)


@dataclass(frozen=True)
class _Build:
    """What stays the same however often a graph is built."""

    model: Any
    name: str
    hardware: HardwareSpec
    output: Path

    def __call__(self, config: Config) -> tuple[Any, Program]:
        graph = build_graph(self.model, self.name, config, self.hardware, self.output)
        return graph, lower(graph, self.name)


@dataclass(frozen=True)
class _Settled:
    """A program whose types hls4ml takes; `folded` maps a layer to the batch normalisation folded into it."""

    program: Program
    graph: Any
    config: Config
    folded: Mapping[str, str]
    choices: tuple[Choice, ...] = ()
    short: tuple[Shortfall, ...] = ()


def _as_hls4ml_has_it(build: _Build, config: Config) -> _Settled:
    """Types as hls4ml infers them."""
    graph, program = build(config)
    slots = {(op.name, field) for op in program.operations for field in CHOSEN if hasattr(op, field)}
    short = shortfalls(program, slots - _stated_by_model(build, program, config))
    return _Settled(program, graph, config, folded_normalisations(build.model, program), short=short)


def _exactly(build: _Build, config: Config) -> _Settled:
    """Types chosen from proven ranges, in place of those that hls4ml would infer."""
    quantizers = [layer for layer in build.model.layers if states_result(config, layer)]
    shielded = producers(build.model, [layer for layer in quantizers if "Activation" in type(layer).__name__])
    _, draft = build(shielded_results(config, shielded))
    # A result into which hls4ml folds a batch normalisation must stay `auto`, or it would not fold.
    folded = folded_normalisations(build.model, draft)
    inferred = frozenset((layer, "type") for layer in folded)

    def rebuild(wanted: Program) -> tuple[Any, Program, Config]:
        types = with_types(config, wanted, frozenset(folded), shielded)
        return *build(types), types

    decided = stated_types(draft, config) | kept_types(draft) | inferred
    found, overruled = _taken(draft, decided, rebuild)
    choices = tuple(_against_auto(choice, draft, shielded) for choice in found.choices)
    short = shortfalls(found.program, (overruled | decided) - _stated_by_model(build, draft, config))
    return replace(found, folded=folded, choices=choices, short=short)


def _stated_by_model(build: _Build, program: Program, config: Config) -> frozenset[Slot]:
    """Types that a quantizer of the model states, which may lose bits, and not the user."""
    keys = {"result": "type", "accum": "accumulator"}
    asked = {
        (layer, keys[key]) for layer, spec in build.hardware.layers.items() for key in spec.precision if key in keys
    }
    return stated_types(program, config) - asked


def _taken(
    draft: Program, decided: frozenset[Slot], rebuild: Callable[[Program], tuple[Any, Program, Config]]
) -> tuple[_Settled, frozenset[Slot]]:
    """Choose types and build with them until hls4ml takes them as they are; with them, those that it overrules.

    Once is enough but for types that hls4ml infers from ours or sets itself; each round settles more of them.
    """
    overruled: frozenset[Slot] = frozenset()
    for _ in range(2 * len(draft.operations) + 2):
        wanted, choices = choose_exact_types(draft, decided | overruled)
        graph, program, config = rebuild(wanted)
        if [op.name for op in wanted.operations] == [op.name for op in program.operations]:
            different = _different_types(wanted, program)
            if not different:
                return _Settled(program, graph, config, {}, choices), overruled
            overruled |= different - decided
        draft = program
    raise PrecisionError(
        f"Model {draft.name!r}: hls4ml makes other layers of it whenever types are set; compile it with precision "
        "'auto', or set the result types of its last layers with quantizers."
    )


def folded_normalisations(model: Any, program: Program) -> dict[str, str]:
    """Layers of `model` into which hls4ml folded a batch normalisation when it made `program`: that, by their names."""
    normalizations = [layer for layer in model.layers if is_folded(layer, program)]
    return {name: layer.name for layer in normalizations for name in producers(model, [layer])}


def _against_auto(choice: Choice, auto: Program, shielded: frozenset[str]) -> Choice:
    """The choice beside what hls4ml's `auto` made of the layer; of a shielded result, that of its accumulator."""
    operation = next((op for op in auto.operations if op.name == choice.layer), None)
    if operation is None:
        return choice
    if isinstance(operation, Softmax):  # its accumulator is none that is chosen here
        return replace(choice, accumulator_before=None, accumulator_after=None)
    accumulator = getattr(operation, "accumulator", None)
    before = accumulator if choice.layer in shielded and accumulator is not None else operation.type
    return replace(choice, before=before, accumulator_before=accumulator)


def _different_types(wanted: Program, got: Program) -> frozenset[Slot]:
    """The types that hls4ml did not take."""
    return frozenset(
        (expected.name, field)
        for expected, found in zip(wanted.operations, got.operations, strict=True)
        for field in CHOSEN
        if getattr(expected, field, None) != getattr(found, field, None)
    )

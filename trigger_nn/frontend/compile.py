"""Keras model -> Program: convert, prove ranges, choose exact types, convert again with them, and check the result.

hls4ml's ModelGraph stays the source of truth: the chosen types are written into its configuration, and the Program
that is returned is lowered from the graph that was built with them.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from trigger_nn.errors import PrecisionError, RecipeError
from trigger_nn.frontend.graph import HLS4ML_VERSION, build_graph, default_config
from trigger_nn.frontend.losses import losses_of
from trigger_nn.frontend.lowering import lower
from trigger_nn.frontend.precision import (
    decided_by_model,
    is_folded,
    producers,
    shielded_results,
    states_result,
    with_constant_types,
    with_input_type,
    with_types,
)
from trigger_nn.passes.exact import Choice, choose_exact_types
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program
from trigger_nn.recipe import NAME, HardwareSpec
from trigger_nn.version import __version__


@dataclass(frozen=True)
class Compiled:
    """A compiled network: the program, hls4ml's graph that it was lowered from, and what was decided on the way.

    `losses` are sentences: where the program can't equal the trained model, why, and what would cure it.
    """

    program: Program
    graph: Any
    choices: tuple[Choice, ...]
    losses: tuple[str, ...]


def compile_model(
    model: Any,
    name: str,
    input_type: Fixed,
    output: Path,
    hardware: HardwareSpec | None = None,
    provenance: Mapping[str, Any] | None = None,
) -> Compiled:
    """Compile a Keras 2 or QKeras `model`, whose single input has type `input_type`.

    `output` is where hls4ml writes its project when asked to (see `hardware.csim` and `handoff`).

    Raises:
        UnsupportedLayerError: a layer that can't be converted or lowered.
        RecipeError: `name` can't name a C++ function.
        PrecisionError: hls4ml did not take a type that was chosen.
    """
    if not re.fullmatch(NAME, name):
        raise RecipeError(f"{name!r} can't name a C++ function; use small letters, digits and _, a letter first.")
    hardware = hardware or HardwareSpec()
    config = with_constant_types(with_input_type(default_config(model, hardware), model, input_type), model)
    shielded = producers(model, [layer for layer in model.layers if states_result(config, layer)])
    draft = lower(build_graph(model, name, shielded_results(config, shielded), hardware, output), name)
    # A result into which hls4ml folds a batch normalisation must stay `auto`, or it would not fold.
    normalizations = [layer for layer in model.layers if is_folded(layer, draft)]
    folded = {name: layer.name for layer in normalizations for name in producers(model, [layer])}
    decided = decided_by_model(draft, config) | folded.keys()

    def rebuild(wanted: Program) -> Any:
        return build_graph(model, name, with_types(config, wanted, frozenset(folded)), hardware, output)

    program, graph, choices = _settled(draft, decided, rebuild)
    choices = tuple(_against_auto(choice, draft, shielded) for choice in choices)
    facts = {
        "trigger_nn": __version__,
        "hls4ml": HLS4ML_VERSION,
        "hardware": hardware.model_dump(),
        "losses": list(losses := losses_of(graph, program, model, folded)),
    }
    return Compiled(replace(program, provenance=facts | dict(provenance or {})), graph, choices, losses)


def _settled(
    draft: Program, decided: Collection[str], rebuild: Callable[[Program], Any]
) -> tuple[Program, Any, tuple[Choice, ...]]:
    """Choose types and build with them until hls4ml takes them as they are.

    Once is enough but for folded results, whose types hls4ml infers from ours; each round settles one more of them.
    """
    difference = None
    for _ in draft.operations:
        wanted, choices = choose_exact_types(draft, decided)
        graph = rebuild(wanted)
        program = lower(graph, draft.name)
        difference = _different_type(wanted, program)
        if difference is None:
            return program, graph, choices
        draft = program
    raise PrecisionError(difference or f"Model {draft.name!r} has no layer to compile; give it one.")


def _against_auto(choice: Choice, auto: Program, shielded: frozenset[str]) -> Choice:
    """The choice beside what hls4ml's `auto` made of the layer; of a shielded result, that of its accumulator."""
    operation = auto.operation(choice.layer)
    accumulator = getattr(operation, "accumulator", None)
    before = accumulator if choice.layer in shielded and accumulator is not None else operation.type
    return replace(choice, before=before, accumulator_before=accumulator)


def _different_type(wanted: Program, got: Program) -> str | None:
    """The first type that hls4ml overruled, as a sentence; then the promise of exactness would be empty."""
    if [op.name for op in wanted.operations] != [op.name for op in got.operations]:
        return "hls4ml made other layers of the model once its types were set; report this with the model."
    for expected, found in zip(wanted.operations, got.operations, strict=True):
        pairs: list[tuple[str, Any, Any]] = [("result", expected.type, found.type)]
        pairs += [("accum", getattr(expected, "accumulator", None), getattr(found, "accumulator", None))]
        for what, one, other in pairs:
            if one != other:
                return (
                    f"Layer {expected.name!r}: {what} type {one} was chosen, but hls4ml made it {other}; "
                    "set that type in the model with a quantizer."
                )
    return None

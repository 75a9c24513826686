"""Where a saved program came from: its hardware, recipe, model, and what is known of its making."""

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trigger_nn import toolchain
from trigger_nn.errors import HandoffError, RecipeError
from trigger_nn.files import check_readable, sha256
from trigger_nn.handoff.facts import Origin
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec, ModelRecipe, load_model_recipe, recipe_of
from trigger_nn.workflow.workspace import versions

if TYPE_CHECKING:
    from trigger_nn.frontend.compile import Compiled


def recorded_hardware(program: Program) -> HardwareSpec:
    """The [hardware] that `program` was compiled for, the defaults if it does not say.

    Raises:
        RecipeError: what it says is no longer valid.
    """
    return recipe_of(program.provenance.get("hardware", {}), HardwareSpec, "hardware of the program")


def hardware_of(program: Program) -> HardwareSpec:
    """The [hardware] that `program` was compiled for.

    Raises:
        RecipeError: it is not recorded, or no longer valid.
    """
    stored = program.provenance.get("hardware")
    if not isinstance(stored, dict):
        raise RecipeError(
            f"Program {program.name!r} does not record what it was compiled for; compile it again with: "
            "trigger-nn compile RECIPE."
        )
    return recipe_of(stored, HardwareSpec, "hardware of the program")


def saved(program: Program) -> bytes:
    """The bytes of a program's file."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        program.save(path)
        return path.read_bytes()


def origin_of(program: Program, recipe: Path | None = None, command: str = "", at: Path | None = None) -> Origin:
    """What is known of a program's making: its provenance, and the repository of the recipe, else of the file `at`."""
    made = program.provenance
    content = made.get("recipe", {})
    recorded = sha256(json.dumps(content, sort_keys=True).encode()) if content else ""
    place = recipe or at
    return Origin(
        versions=versions(),
        compiled_with=made.get("versions", {}),
        recipe=sha256(recipe.read_bytes()) if recipe else recorded,
        sample=made.get("events", {}).get("sha256", ""),
        revision=toolchain.git_revision(place.parent) if place else "",
        command=command,
        recipe_content=content,
    )


def own_recipe(program: Program, path: Path) -> ModelRecipe:
    """The recipe at `path`, if its network tells apart what the program does: thresholds go by the outputs' order.

    Raises:
        HandoffError: its outputs are others.
    """
    recipe = load_model_recipe(path)
    made = list(program.provenance.get("outputs", recipe.events.outputs))
    if list(recipe.events.outputs) != made:
        raise HandoffError(
            f"{path} is for outputs {', '.join(recipe.events.outputs)}, program {program.name!r} has "
            f"{', '.join(made)}, in this order; give the recipe that the program was made by."
        )
    return recipe


def recorded_recipe(program: Program) -> ModelRecipe | None:
    """What the program records of its recipe, all else at its default."""
    stored = program.provenance.get("recipe")
    return recipe_of(stored, ModelRecipe, "recipe of the program") if isinstance(stored, dict) else None


def recompiled(program: Program, path: Path) -> tuple["Compiled", Any]:
    """The model at `path` compiled as the program was, and the model.

    Raises:
        HandoffError: it is missing, no model, or compiles to another program.
    """
    from trigger_nn.frontend.compile import compile_model
    from trigger_nn.frontend.legacy import load_model

    if not path.is_file():
        raise HandoffError(
            f"There is no model at {path}, of which the HLS project of program {program.name!r} is made; give the "
            "quantized Keras model with --model."
        )
    check_readable(path)
    try:
        model = load_model(str(path))
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise HandoffError(
            f"{path} is no Keras 2 or QKeras model in HDF5 ({reason}); give the one of {program.name!r}."
        ) from None
    types = {port.name: port.type for port in program.inputs}
    with tempfile.TemporaryDirectory() as folder:
        compiled = compile_model(model, program.name, types, Path(folder), hardware_of(program))
    if compiled.program.digest != program.digest:
        raise HandoffError(
            f"{path} compiles to program {compiled.program.digest[:12]}, not to {program.digest[:12]}: another model, "
            "or other versions of the tools; give the model the program was made from, or compile it again."
        )
    return compiled, model

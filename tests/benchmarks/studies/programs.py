"""The shipped networks, compiled as `trigger-nn compile` does."""

import shutil
from pathlib import Path

from trigger_nn.recipe import load_model_recipe
from trigger_nn.workflow.steps import compiled_model
from trigger_nn.workflow.workspace import Workspace

MODELS = Path(__file__).parents[3] / "models"


def compiled(name: str, folder: Path) -> Path:
    """The program of `models`/name with its trained weights, saved below `folder`."""
    recipe, build = MODELS / name / "recipe.toml", folder / "build" / name
    build.mkdir(parents=True)
    shutil.copy(MODELS / name / "quantized.h5", build)
    program = compiled_model(Workspace(load_model_recipe(recipe), recipe, build, folder / "bundles")).program
    program.save(build / "program.h5")
    return build / "program.h5"

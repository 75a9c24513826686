"""TOML files -> frozen values (pydantic's); a mistake names its key path, what was found and what is allowed.

`part` is the base and the reading, `model` the recipe of a model, `network` its architecture and training, `study`
what is asked of it, `scan` how recipes are varied. The recipe of an event sample is in
`trigger_nn.events.production.specification`.
"""

from trigger_nn.recipe.model import (
    EventsSpec,
    HandoffSpec,
    HardwareSpec,
    LayerSpec,
    ModelRecipe,
    PatternSpec,
    VerifySpec,
    handoff_spec,
    hardware_spec,
    load_model_recipe,
)
from trigger_nn.recipe.network import ConvSpec, LayerBits, NetworkSpec, QuantizerSpec, TrainingSpec
from trigger_nn.recipe.part import NAME, Part, PositiveFloat, PositiveInt, load, recipe_of
from trigger_nn.recipe.study import BeamSpec, CutSpec, PileUpSpec, SeedSpec, StudySpec, TurnOnSpec

__all__ = [
    "NAME",
    "BeamSpec",
    "ConvSpec",
    "CutSpec",
    "EventsSpec",
    "HandoffSpec",
    "HardwareSpec",
    "LayerBits",
    "LayerSpec",
    "ModelRecipe",
    "NetworkSpec",
    "Part",
    "PatternSpec",
    "PileUpSpec",
    "PositiveFloat",
    "PositiveInt",
    "QuantizerSpec",
    "SeedSpec",
    "StudySpec",
    "TrainingSpec",
    "TurnOnSpec",
    "VerifySpec",
    "handoff_spec",
    "hardware_spec",
    "load",
    "load_model_recipe",
    "recipe_of",
]

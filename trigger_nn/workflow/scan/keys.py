"""Keys with dots: setting values deep inside a recipe as TOML gives it."""

import copy
from collections.abc import Mapping
from typing import Any

from trigger_nn.errors import RecipeError
from trigger_nn.recipe import NetworkSpec
from trigger_nn.recipe.scan import Value

QUANTIZERS = ("weights", "bias", "activations", "output")
LAYERS = "network.layers."


def varied(recipe: Mapping[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    """A copy of `recipe` with `values` by key; tables that are missing on the way are made.

    Keys of single layers come last: what one does not name of a layer's grid is then that of the whole network.

    Raises:
        RecipeError: a key leads through something that is no table, or past the end of a list.
    """
    found = copy.deepcopy(dict(recipe))
    for key in sorted(values, key=lambda key: key.startswith(LAYERS)):
        if key.startswith("network."):
            _complete(found.setdefault("network", {}), key)
        _set(found, key, values[key])
    return found


def _complete(network: dict[str, Any], key: str) -> None:
    """Write out the grids that a key changes in part, so that the rest of them stays what it was."""
    for name in QUANTIZERS:
        network.setdefault(name, NetworkSpec.model_fields[name].default.model_dump())
    if key.startswith(LAYERS) and key.count(".") > 3:
        layer, what = key.split(".")[2:4]
        own = network.setdefault("layers", {}).setdefault(layer, {})
        if what in QUANTIZERS:
            own.setdefault(what, dict(network[what]))


def _set(recipe: dict[str, Any], key: str, value: Value) -> None:
    *path, last = key.split(".")
    at: Any = recipe
    for step in path:
        if isinstance(at, dict):
            at.setdefault(step, {})
        at = at[_place(at, step, key)]
    at[_place(at, last, key)] = list(value) if isinstance(value, tuple) else value


def _place(at: Any, step: str, key: str) -> str | int:
    """`step` as what opens `at`: a name for a table, a number for a list."""
    if isinstance(at, dict):
        return step
    if not isinstance(at, list):
        raise RecipeError(f"{key}: what is before {step!r} is {at!r}, which has no keys; shorten the key.")
    if not step.isdecimal() or int(step) >= len(at):
        raise RecipeError(f"{key}: there is no entry {step!r}; the base has {len(at)}, counted from 0.")
    return int(step)

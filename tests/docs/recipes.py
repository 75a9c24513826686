"""docs/recipes.md from the recipes' own models: python -m tests.docs.recipes."""

import inspect
import json
import re
from collections.abc import Iterator

from tests.conftest import ROOT
from trigger_nn.events.production.specification import SampleRecipe
from trigger_nn.recipe import ModelRecipe, Part
from trigger_nn.recipe.scan import ScanSpec

PAGE = ROOT / "docs" / "recipes.md"
HEAD = """\
# Recipes

Every key of a recipe, of a scan and of a sample of events; these tables are written by a program, from what reads the
recipes. Recipes are TOML. An unknown key, a missing one and a wrong value are each refused in a sentence. Tables in
`[[ ]]` can be repeated, NAME is a name of your choice or, of layers, theirs. Complete ones:
`models/event_image/recipe.toml`, `models/jet_tagger/recipe.toml`; `models/hh4b_scan/scan.toml`,
`models/hh4b_scan/effects.toml`; of events `models/hh4b_scan/events.toml`.

Tables of a model's recipe that may be left out look like this:

<!-- a part of ModelRecipe -->

```toml
[training]
epochs = 40
quantized_epochs = 30
pruning = 0.5      # half of every kernel is 0, reached over the first 15 quantized epochs
threads = 1        # the same weights again on a machine with more cores

[study]
rates_khz = [100.0]

[[study.turn_on]]
column = "jet_pt"
edges = [20.0, 40.0, 80.0, 160.0]
```

A scan varies keys of a model's recipe, and with `sample.` before them keys of its events' recipe:

<!-- a part of ScanSpec -->

```toml
name = "bits_and_cells"
base = "recipe.toml"
sample = "events.toml"
rate_khz = 100.0

[[axes]]
key = "network.layers.dense1.weights.bits"
values = [3, 4, 6]

[[objectives]]
metric = "efficiency"

[[objectives]]
metric = "latency_ns"

[effects]
off = ["smearing"]
variants = [{ name = "fine cells", keys = { "sample.views.image.eta_bins" = 50 } }]
seeds = [1, 2]
```
"""
ROOTS = {
    "A model's recipe": ModelRecipe,
    "A scan": ScanSpec,
    "A sample of events": SampleRecipe,
}
NOTHING = re.compile(r"\bNone\b")  # which TOML does not have
LIMITS = {"minimum": "at least", "exclusiveMinimum": "above", "maximum": "at most", "exclusiveMaximum": "below"}
PLAIN = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for title, root in ROOTS.items() for line in _root(title, root))])


def _root(title: str, root: type[Part]) -> Iterator[str]:
    """The tables of one recipe, each once, under the first name that it has."""
    schema = root.model_json_schema()
    found = schema.get("$defs", {}) | {root.__name__: schema}
    classes = {one.__name__: one for one in _children(Part)}
    left, seen = [(root.__name__, "")], set()
    yield from (f"## {title}", "")
    while left:
        name, path = left.pop(0)
        if name not in seen:
            seen.add(name)
            yield from _table(found[name], path, inspect.getsource(classes[name]))
            own = [
                (inner, f"{path}.{key}{_within(one)}")
                for key, one in found[name]["properties"].items() for inner in _tables(one)
            ]  # fmt: skip
            left = own + left  # tables in a table follow it


def _children(kind: type) -> Iterator[type]:
    for one in kind.__subclasses__():
        yield one
        yield from _children(one)


def _tables(one: object) -> list[str]:
    """Names of the tables that a key, or what is in it, can be."""
    if isinstance(one, list):
        return [name for inner in one for name in _tables(inner)]
    if not isinstance(one, dict):
        return []
    own = [one["$ref"].rpartition("/")[2]] if "$ref" in one else []
    return own + _tables([value for key, value in one.items() if key not in ("default", "discriminator")])


def _within(one: dict) -> str:
    """What tables in a list, or by name, have behind their key."""
    return {"array": "[]", "object": ".NAME"}.get(one.get("type", ""), "")


def _heading(path: str) -> str:
    plain = path[1:].replace("[]", "")
    return f"[[{plain}]]" if path.endswith("[]") else f"[{plain}]"


def _table(model: dict, path: str, source: str) -> Iterator[str]:
    kind = model["properties"].get("kind", {}).get("const")
    if path:
        yield from (f"### `{_heading(path)}`" + (f", {kind}" if kind else ""), "")
    told = NOTHING.sub("left out, it", inspect.cleandoc(model.get("description", "")))
    yield from (told, "", "| key | what | default |", "|---|---|---|")
    for key, one in model["properties"].items():
        remark = re.search(rf"^    {key}: .*?  # (?!noqa|fmt|type:)(.+)$", source, re.MULTILINE)
        what = _told(one) + (f"; {NOTHING.sub('left out', remark[1])}" if remark else "")
        yield f"| `{key}` | {what} | {_default(key, one, model)} |"
    yield ""


def _told(one: dict) -> str:
    """A value in words."""
    if "anyOf" in one or "oneOf" in one:
        choices = dict.fromkeys(_told(inner) for inner in one.get("anyOf", one.get("oneOf")))
        if {"whole number", "number"} <= choices.keys():
            del choices["whole number"]
        kinds = [choice for choice in choices if choice != "nothing"]
        return " or ".join(kinds) if len(kinds) < 3 else "a value or a list of values"
    if "$ref" in one:
        return "table"
    if "enum" in one or "const" in one:
        return ", ".join(f"`{value}`" for value in one.get("enum", [one.get("const")]))
    if one.get("type") == "array":
        inner = one.get("items") or {"anyOf": one.get("prefixItems", [])}
        return f"list of: {_told(inner)}" if inner else "list"
    if one.get("type") == "object":
        inner = one.get("additionalProperties") or next(iter(one.get("patternProperties", {}).values()), {})
        return f"table, by name: {_told(inner)}"
    if one.get("type") == "null":
        return "nothing"
    limits = [f"{word} {one[name]:g}" for name, word in LIMITS.items() if name in one]
    return " ".join([PLAIN.get(one.get("type"), "any value"), ", ".join(limits)]).strip()


def _default(key: str, one: dict, model: dict) -> str:
    if key in model.get("required", ()):
        return "must be given"
    value = one.get("default")
    if value in (None, [], {}, "") or isinstance(value, dict):
        plain = isinstance(value, dict) and value and all(isinstance(inner, int | float) for inner in value.values())
        content = ", ".join(f"{name} = {inner}" for name, inner in value.items()) if plain else ""
        return f"`{{{content}}}`" if plain and len(value) < 4 else "none" if not value else "as below"
    return f"`{json.dumps(value, ensure_ascii=False)}`"


if __name__ == "__main__":
    PAGE.write_text(page())

"""The tables of a scan on disk, beside its trials: CSV, JSON, a page, and copies of the recipes that it is of."""

from collections.abc import Mapping
from pathlib import Path

from trigger_nn.files import replacing
from trigger_nn.recipe import load_model_recipe
from trigger_nn.recipe.scan import load_scan_spec
from trigger_nn.studies.scans.table import as_csv, as_json, of_effects
from trigger_nn.studies.scans.values import Scan
from trigger_nn.workflow.pages.scan import scan_page
from trigger_nn.workflow.pages.writing import write_page
from trigger_nn.workflow.workspace import Workspace, events_digest, in_repository, packages

PAGE, CSV, JSON, EFFECTS = "scan", "trials.csv", "trials.json", "effects.csv"


def write_tables(scan: Scan, folder: Path) -> None:
    """Write the trials of `scan` as CSV and JSON into `folder`, those of effects as CSV of their own.

    Raises:
        TriggerNNError: the file system refuses.
    """
    tables = {CSV: as_csv(scan), JSON: as_json(scan)}
    _write(folder, tables | ({EFFECTS: as_csv(of_effects(scan))} if scan.effect_trials else {}))


def write_scan(scan: Scan, recipe: Path, folder: Path) -> dict[str, Path]:
    """Write `scan`, whose own recipe is at `recipe`, into `folder`; paths by what they are: page, csv, json.

    Raises:
        TriggerNNError: the file system refuses.
    """
    recipes = _recipes(recipe)
    write_tables(scan, folder)
    _write(folder, {name: source.read_text() for name, source in recipes.values()})
    files = {"All trials as CSV": CSV, "All trials as JSON": JSON, "This page as JSON": f"{PAGE}.json"}
    files |= {"Trials of effects as CSV": EFFECTS} if scan.effect_trials else {}
    files |= {what: name for what, (name, _) in recipes.items()}
    page = write_page(scan_page(scan, _provenance(recipe), files), folder, PAGE)
    return {"page": page, "csv": folder / CSV, "json": folder / JSON}


def _write(folder: Path, contents: Mapping[str, str]) -> None:
    for name, content in contents.items():
        with replacing(folder / name) as temporary:
            temporary.write_text(content)


def _recipes(recipe: Path) -> dict[str, tuple[str, Path]]:
    """By what each is, the name of its copy beside the page, and where it lies; links to it hold wherever OUT is."""
    spec = load_scan_spec(recipe)
    found = {
        "Recipe of the scan": ("scan_recipe.toml", recipe),
        "Recipe that is varied": ("base_recipe.toml", recipe.parent / spec.base),
    }
    return found | (
        {"Recipe of the events": ("events_recipe.toml", recipe.parent / spec.sample)} if spec.sample else {}
    )


def _provenance(recipe: Path) -> dict[str, str]:
    spec = load_scan_spec(recipe)
    named = {"Recipe of the scan": in_repository(recipe), "Recipe that is varied": spec.base}
    named |= {"Recipe of the events": spec.sample} if spec.sample else _events(recipe.parent / spec.base)
    versions = ", ".join(f"{name} {version}" for name, version in packages().items())
    return named | {"Versions": versions, "Command": f"trigger-nn scan {in_repository(recipe)}"}


def _events(base: Path) -> dict[str, str]:
    workspace = Workspace(load_model_recipe(base), base, base.parent, base.parent)
    return {"Events": f"{workspace.recipe.events.file}, SHA-256 {events_digest(workspace)}"}

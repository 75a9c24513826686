"""The tables of a scan on disk, beside its trials: CSV, JSON, and a page."""

from pathlib import Path

from trigger_nn.files import replacing
from trigger_nn.recipe import load_model_recipe
from trigger_nn.recipe.scan import load_scan_spec
from trigger_nn.studies.scans.table import as_csv, as_json
from trigger_nn.studies.scans.values import Scan
from trigger_nn.workflow.pages.scan import scan_page
from trigger_nn.workflow.pages.writing import write_page
from trigger_nn.workflow.scan.plan import relative
from trigger_nn.workflow.workspace import Workspace, events_digest, in_repository, packages

PAGE, CSV, JSON = "scan", "trials.csv", "trials.json"


def write_scan(scan: Scan, recipe: Path, folder: Path) -> dict[str, Path]:
    """Write `scan`, whose own recipe is at `recipe`, into `folder`; paths by what they are: page, csv, json.

    Raises:
        TriggerNNError: the file system refuses.
    """
    for name, content in ((CSV, as_csv(scan)), (JSON, as_json(scan))):
        with replacing(folder / name) as temporary:
            temporary.write_text(content)
    spec = load_scan_spec(recipe)
    files = {
        "All trials as CSV": CSV, "All trials as JSON": JSON, "This page as JSON": f"{PAGE}.json",
        "Recipe of the scan": relative(recipe.name, recipe.parent, folder),
        "Recipe that is varied": relative(spec.base, recipe.parent, folder),
    }  # fmt: skip
    files |= {"Recipe of the events": relative(spec.sample, recipe.parent, folder)} if spec.sample else {}
    page = write_page(scan_page(scan, _provenance(recipe), files), folder, PAGE)
    return {"page": page, "csv": folder / CSV, "json": folder / JSON}


def _provenance(recipe: Path) -> dict[str, str]:
    spec = load_scan_spec(recipe)
    named = {"Recipe of the scan": in_repository(recipe), "Recipe that is varied": spec.base}
    named |= {"Recipe of the events": spec.sample} if spec.sample else _events(recipe.parent / spec.base)
    versions = ", ".join(f"{name} {version}" for name, version in packages().items())
    return named | {"Versions": versions, "Command": f"trigger-nn scan {in_repository(recipe)}"}


def _events(base: Path) -> dict[str, str]:
    workspace = Workspace(load_model_recipe(base), base, base.parent, base.parent)
    return {"Events": f"{workspace.recipe.events.file}, SHA-256 {events_digest(workspace)}"}

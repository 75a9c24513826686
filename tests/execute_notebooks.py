"""Execute notebooks and keep what they say: python -m tests.execute_notebooks [NAME ...], all of them without a name.

Runs them where the tests do, in a folder of its own beside a copy of `models`, so nothing they leave behind is kept.
"""

import base64
import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

from tests.conftest import ROOT

NOTEBOOKS = ROOT / "notebooks"
NOT_COMPARED = "not-compared"  # tag of cells whose output depends on the machine: timings, a training of its own
COLOURS = 128  # of a picture that is kept: a quarter of the bytes of one in true colour, and to the eye the same
PNG = "image/png"


def execute(path: Path, folder: Path) -> nbformat.NotebookNode:
    """The notebook at `path`, executed in `folder`/notebooks, with the outputs alone that it has anywhere."""
    notebook = nbformat.read(path, as_version=4)
    place = folder / "notebooks"
    place.mkdir(parents=True)
    shutil.copytree(ROOT / "models", folder / "models")
    client = NotebookClient(notebook, timeout=600, record_timing=False, resources={"metadata": {"path": str(place)}})
    client.execute()
    return notebook


def shrink(notebook: nbformat.NotebookNode) -> None:
    """Give the notebook's pictures a palette."""
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if PNG in output.get("data", {}):
                output["data"][PNG] = _with_palette(output["data"][PNG])


def _with_palette(encoded: str) -> str:
    picture, buffer = Image.open(io.BytesIO(base64.b64decode(encoded))).convert("RGB"), io.BytesIO()
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(buffer, format="png", optimize=True)
    return base64.b64encode(buffer.getvalue()).decode()


def main(names: list[str]) -> None:
    """Execute the notebooks called `names` and write them back."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if names and path.stem not in names:
            continue
        started = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            notebook = execute(path, Path(folder))
        shrink(notebook)
        nbformat.write(notebook, path)
        print(f"{path.name}: {time.monotonic() - started:.0f} s, {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])

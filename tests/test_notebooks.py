"""Notebooks run from top to bottom, and say today what they said when they were committed."""

import shutil

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def printed(notebook):
    """All that the cells print and show, without the order in which streams were flushed."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    texts = [output.get("text", output.get("data", {}).get("text/plain", "")) for output in outputs]
    return "".join(texts).split()


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_says_what_it_said(path, tmp_path, gxx):
    committed = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    folder = tmp_path / "notebooks"
    folder.mkdir()
    shutil.copytree(ROOT / "models", tmp_path / "models")
    NotebookClient(fresh, timeout=600, resources={"metadata": {"path": str(folder)}}).execute()
    assert printed(fresh) == printed(committed)


def test_there_are_notebooks():
    assert NOTEBOOKS

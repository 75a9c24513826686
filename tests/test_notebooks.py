"""Notebooks run from top to bottom, and say today what they said when they were committed."""

import nbformat
import pytest

from tests.execute_notebooks import NOT_COMPARED, NOTEBOOKS, execute

PATHS = sorted(NOTEBOOKS.glob("*.ipynb"))
LARGEST = 400_000  # bytes of a notebook with its pictures


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def printed(notebook):
    """All that compared cells print and show, without the order in which streams were flushed."""
    compared = [cell for cell in code_cells(notebook) if NOT_COMPARED not in cell.metadata.get("tags", ())]
    outputs = [output for cell in compared for output in cell.outputs]
    texts = [output.get("text", output.get("data", {}).get("text/plain", "")) for output in outputs]
    return "".join(texts).split()


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_says_what_it_said(path, tmp_path, gxx):
    assert printed(execute(path, tmp_path)) == printed(nbformat.read(path, as_version=4))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_notebook_is_kept_executed_small_and_without_times(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any("execution" in cell.metadata for cell in cells)
    assert not any(
        output.output_type == "error" or output.get("name") == "stderr" for c in cells for output in c.outputs
    )
    assert path.stat().st_size < LARGEST


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_most_of_what_a_notebook_prints_is_compared(path):
    cells = code_cells(nbformat.read(path, as_version=4))
    free = [cell for cell in cells if NOT_COMPARED in cell.metadata.get("tags", ())]
    assert len(free) <= len(cells) / 3


def test_there_are_notebooks():
    assert len(PATHS) >= 6

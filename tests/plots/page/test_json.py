"""The same page as JSON."""

import hashlib
import json

import pytest

from tests.plots.page.pages import full
from trigger_nn.plots.page.json import render_json


def constant(name):
    raise AssertionError(f"{name} is no JSON")


@pytest.fixture(scope="module")
def content():
    return json.loads(render_json(full()), parse_constant=constant)


def test_sections_hold_the_same_blocks_in_the_same_order(content):
    kinds = [[block["kind"] for block in section["blocks"]] for section in content["sections"]]
    assert kinds == [["text", "table", "text"], ["figure"] * 3, ["table", "table"], ["links"]]
    assert [section["title"] for section in content["sections"]] == [s.title for s in full().sections]
    assert content["title"] == "event_image"
    assert content["facts"][0] == {"value": "16 BX", "label": "latency (estimate)"}
    assert content["provenance"]["program"] == "ab" * 32
    assert content["sections"][0]["blocks"][2] == {"kind": "text", "text": "Mind the gap.", "warning": True}


def test_cells_have_text_and_number_and_what_is_not_finite_is_null(content):
    table = content["sections"][0]["blocks"][1]
    assert table["heads"] == ["name", "value", "letter"]
    cells = [row[1] for row in table["rows"]]
    assert [cell["value"] for cell in cells] == [10, 9, -1.5, 1000, None, None, None, None, 2.5, 70]
    assert [cell["text"] for cell in cells[3:8]] == ["1,000", "", "nan", "inf", "-inf"]


def test_a_figure_is_told_by_its_digest(content):
    figure, drawn = content["sections"][1]["blocks"][2], full().sections[1].blocks[2]
    assert figure == {
        "kind": "figure", "number": 3, "name": "figure 3", "caption": "Wide.", "alt": "",
        "size": len(drawn.png), "sha256": hashlib.sha256(drawn.png).hexdigest(),
    }  # fmt: skip


def test_same_page_same_bytes_with_sorted_keys(content):
    text = render_json(full())
    assert text == render_json(full())
    assert text == json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"

"""The page of a scan and what the terminal shows: every trial, numbers sorted as numbers, failures told."""

import json
import re
from dataclasses import replace

import pytest

from tests.plots import tables
from tests.workflow.scan.recipes import write_events, written
from trigger_nn.cli.scan import print_scan
from trigger_nn.plots.page.html import render_html
from trigger_nn.plots.page.json import render_json
from trigger_nn.plots.page.values import Figure, Table, Text
from trigger_nn.studies.scans.values import Effect
from trigger_nn.terminal import console
from trigger_nn.workflow.pages.scan import scan_page
from trigger_nn.workflow.scan.writing import write_scan


def page_of(scan):
    return scan_page(scan, {"Command": "trigger-nn scan some.toml"}, {"All trials as CSV": "trials.csv"})


def blocks(scan, title, kind):
    (section,) = [section for section in page_of(scan).sections if section.title == title]
    return [block for block in section.blocks if isinstance(block, kind)]


def column(table, head):
    return [row[table.heads.index(head)] for row in table.rows]


def test_every_trial_is_in_the_table_with_what_was_set_and_what_came_out():
    scan = tables.scan()
    (table,) = blocks(scan, "All trials", Table)
    assert [cell.value for cell in column(table, "trial")] == [trial.number for trial in scan.trials]
    for key in scan.keys:
        head = key.removeprefix("network.")
        for cell, trial in zip(column(table, head), scan.trials, strict=True):
            value = trial.parameters.get(key)
            assert cell.value == value or (cell.value is None and not isinstance(value, int | float))
    efficiency = [trial.metrics.get("efficiency") for trial in scan.trials]
    assert [cell.value for cell in column(table, "efficiency")] == efficiency
    assert [cell.text for cell in column(table, "state")] == [trial.state for trial in scan.trials]


def test_the_front_has_a_table_and_a_figure_for_each_thing_that_is_traded():
    scan = tables.scan()
    (table,) = blocks(scan, "What nothing beats", Table)
    assert [cell.value for cell in column(table, "trial")] == [trial.number for trial in scan.front]
    assert len(blocks(scan, "What nothing beats", Figure)) == len(scan.objectives) - 1
    assert len(blocks(scan, "One parameter at a time", Figure)) == len(scan.keys)


def test_failed_trials_say_why():
    scan = tables.scan()
    failed = replace(scan.trials[0], state="failed", why="It does not fit.", front=False)
    (told,) = blocks(replace(scan, trials=(failed, *scan.trials[1:2])), "All trials", Text)
    assert told == Text(f"Trial {failed.number} failed: It does not fit.", warning=True)


def test_effects_are_told_in_percentage_points():
    effect = Effect("bending", (0.6, 0.56, 0.64), (-0.1, -0.15, -0.05))
    (table,) = blocks(replace(tables.scan(), effects=(effect,)), "Effects one by one", Table)
    assert [cell.text for cell in table.rows[0]] == ["bending", "0.600", "0.560 to 0.640", "-10.0", "-15.0 to -5.0"]


@pytest.mark.parametrize("change", [{}, {"trials": ()}, {"effects": ()}, {"signal": None, "rate": None}])
def test_pages_of_any_scan_render(change):
    scan = replace(tables.scan(), **change)
    if not scan.signal:
        as_classes = [{k.replace("efficiency", "accuracy"): v for k, v in t.metrics.items()} for t in scan.trials]
        trials = [replace(t, metrics=m) for t, m in zip(scan.trials, as_classes, strict=True)]
        first = replace(scan.objectives[0], metric="accuracy")
        scan = replace(scan, trials=tuple(trials), objectives=(first, *scan.objectives[1:]))
    page = page_of(scan)
    assert "trials.csv" in render_html(page)
    assert json.loads(render_json(page))["title"] == f"{scan.name}: scan"


def test_recipes_are_copied_beside_the_page_so_that_its_links_hold_anywhere(tmp_path):
    (tmp_path / "here").mkdir()
    recipe = written(tmp_path / "here")
    write_events(tmp_path / "here", 20)
    out = tmp_path / "a" / "long" / "way" / "off"
    page = write_scan(tables.scan(), recipe, out)["page"]
    links = re.findall(r'<li><a href="([^"#]+)"', page.read_text())
    assert len(links) == 5
    assert all((out / link).is_file() and "/" not in link for link in links)
    for copy, source in (("scan_recipe.toml", "scan.toml"), ("base_recipe.toml", "base.toml")):
        assert copy in links
        assert (out / copy).read_text() == (tmp_path / "here" / source).read_text()


def test_the_terminal_shows_the_front_failures_and_effects():
    scan = tables.scan()
    failed = replace(scan.trials[0], state="failed", why="It does not fit.", front=False)
    effect = Effect("bending", (0.6, 0.56, 0.64), (-0.1, -0.15, -0.05))
    with console.capture() as shown:
        print_scan(replace(scan, trials=(failed, *scan.trials[1:]), effects=(effect,)))
    lines = shown.get().splitlines()
    assert f"trial {failed.number} failed: It does not fit." in lines
    assert "bending: -10.0 % (-15.0 to -5.0); without it 60.0 %" in lines
    assert f"{len(scan.trials)} trials" in lines[0]

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
from trigger_nn.workflow.scan.writing import write_scan, write_tables


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
    (table,) = blocks(scan, "Pareto front", Table)
    assert [cell.value for cell in column(table, "trial")] == [trial.number for trial in scan.front]
    assert len(blocks(scan, "Pareto front", Figure)) == len(scan.objectives) - 1
    assert len(blocks(scan, "Efficiency against each parameter", Figure)) == len(scan.keys)


def test_failed_trials_say_why():
    scan = tables.scan()
    failed = replace(scan.trials[0], state="failed", why="It does not fit.", front=False)
    (told,) = blocks(replace(scan, trials=(failed, *scan.trials[1:2])), "All trials", Text)
    assert told == Text(f"Trial {failed.number} failed: It does not fit.", warning=True)


EFFECTS = (
    Effect("bending", (0.6, 0.56, 0.64), (-0.1, -0.15, -0.05), off=True),
    Effect("coarse cells", (0.4, 0.36, 0.44), (0.1, 0.05, 0.15)),
)


def test_effects_are_told_in_percentage_points_beside_their_reference():
    scan = replace(tables.scan(), effects=EFFECTS, reference=(0.5, 0.48, 0.53))
    (table,) = blocks(scan, "Effects one by one", Table)
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["all effects (reference)", "0.500", "0.480 to 0.530", "", ""],
        ["no bending", "0.600", "0.560 to 0.640", "+10.0", "+5.0 to +15.0"],
        ["coarse cells", "0.400", "0.360 to 0.440", "-10.0", "-15.0 to -5.0"],
    ]


def test_trials_of_effects_have_a_table_and_files_of_their_own(tmp_path):
    one = replace(tables.scan().trials[0], parameters={"training.seed": 7, "effect": "bending"})
    scan = replace(tables.scan(), effect_trials=(one,))
    (table,) = blocks(scan, "Trials of effects", Table)
    assert [column(table, head)[0].text for head in ("training.seed", "effect")] == ["7", "bending"]
    write_tables(scan, tmp_path)
    assert len((tmp_path / "effects.csv").read_text().splitlines()) == 2
    told = json.loads((tmp_path / "trials.json").read_text())["effect_trials"]
    assert [(row["effect"], row["float_epochs"]) for row in told] == [("bending", one.epochs[0])]


def test_the_rate_and_the_events_that_it_rests_on_are_shown():
    scan = tables.scan()
    trials = [replace(t, metrics={**t.metrics, "rate_hz": 93682.6, "background_events": 56.9}) for t in scan.trials]
    scan = replace(scan, trials=tuple(trials))
    for title in ("Pareto front", "All trials"):
        (table,) = blocks(scan, title, Table)
        assert "The rate is the highest that is not above 100 kHz" in table.caption
        assert {cell.text for cell in column(table, "rate (kHz)")} == {"93.7"}
        assert {cell.text for cell in column(table, "background events")} == {"57"}
    with console.capture() as shown:
        print_scan(scan)
    (row, *_) = [line for line in shown.get().splitlines() if line.strip().startswith(f"{best(scan).number} ")]
    assert {"93.68", "57"} <= set(row.split())
    metrics = best(scan).metrics
    assert f"{metrics['efficiency_low']:.3f} to {metrics['efficiency_high']:.3f}" in row


def best(scan):
    return max(scan.front, key=lambda trial: trial.metrics["efficiency"])


def test_before_any_trial_is_done_there_is_no_empty_figure():
    waiting = [replace(trial, state="waiting", metrics={}, front=False) for trial in tables.scan().trials]
    page = page_of(replace(tables.scan(effects=False), trials=tuple(waiting)))
    assert [section.title for section in page.sections] == ["All trials", "Files"]


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
    with console.capture() as shown:
        print_scan(replace(scan, trials=(failed, *scan.trials[1:]), effects=EFFECTS, reference=(0.5, 0.48, 0.53)))
    lines = shown.get().splitlines()
    assert f"trial {failed.number} failed: It does not fit." in lines
    assert "no bending: 0.600, 0.100 (0.050 to 0.150) more than the reference's 0.500" in lines
    assert "coarse cells: 0.400, 0.100 (0.050 to 0.150) less than the reference's 0.500" in lines
    assert f"{len(scan.trials)} trials" in lines[0]

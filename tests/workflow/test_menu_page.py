"""Tables and captions of a study's page, from tables of studies that no network was run for."""

from dataclasses import replace

import numpy as np
import pytest

from tests.plots import tables
from trigger_nn.plots.page.values import Figure, Table
from trigger_nn.studies.menu.values import Outside, PileUpRow, Together
from trigger_nn.studies.rates import Efficiency
from trigger_nn.workflow.pages.cells import efficiency, interval, kilohertz, threshold
from trigger_nn.workflow.pages.menu import _together, overlap_blocks, pileup_blocks, turn_on_blocks


def of(blocks, kind):
    return [block for block in blocks if isinstance(block, kind)]


def other_edges(curve, *edges):
    """The same turn-on in other bins."""
    number = len(edges) - 1
    return replace(curve, edges=np.array(edges, float), bins=(tables.share(0.5),) * number, events=(10,) * number)


@pytest.mark.parametrize("order", [1, -1])
def test_turn_ons_on_one_column_in_other_bins_stand_apart(order):
    first = [tables.turn_on(1e5), tables.turn_on(3e5)]
    second = [other_edges(curve, 500, 1000) for curve in first]
    blocks = turn_on_blocks([*first, *second] if order > 0 else [*second, *first])
    found = of(blocks, Table)[::order]
    assert [len(table.rows) for table in found] == [9, 1]
    assert [cell.text for cell in found[1].rows[0][:2]] == ["500", "1000"]
    assert [head for head in found[0].heads if head.startswith("at ")] == ["at 100 kHz", "at 300 kHz"]
    assert len(of(blocks, Figure)) == 2


def test_events_in_no_bin_of_a_turn_on_have_rows_and_are_told():
    curve = replace(tables.turn_on(), below=Outside(3, tables.share(0.1)), above=Outside(1094, tables.share(0.96)))
    blocks = turn_on_blocks([curve])
    (table,) = of(blocks, Table)
    assert [[cell.text for cell in row[:4]] for row in (table.rows[0], table.rows[-1])] == [
        ["", "0", "3", "0.100"],
        ["500", "", "1,094", "0.960"],
    ]
    inside = sum(curve.events)
    for block in blocks:
        assert f"on {inside:,} of {inside + 1097:,} events" in block.caption
        assert "3 below the first edge and 1,094 above the last" in block.caption
    assert ["Hollow markers are of these." in block.caption for block in blocks] == [True, False]
    (table,) = of(turn_on_blocks([tables.turn_on()]), Table)
    assert len(table.rows) == 9
    assert f"on {inside:,} events" in table.caption
    assert "edge" not in table.caption


def test_crossings_in_no_bin_of_pile_up_have_rows_and_are_told():
    above = PileUpRow(240.0, float("inf"), tables.rate(1e6), tables.share(0.2), None)
    full = tables.pileup()
    table = replace(full, rows=full.rows[:-1], above=above)
    inside = sum(row.crossings.events for row in table.rows)
    figure, found = pileup_blocks([table])
    assert (
        f"of {inside:,} of {inside + above.crossings.events:,} background events; 99 above the last." in found.caption
    )
    assert [cell.text for cell in found.rows[-1][1:4]] == ["240", "", "1,000"]
    assert figure.caption == found.caption


def test_all_rates_of_an_overlap_have_intervals():
    rates, kept, seeds = of(overlap_blocks([tables.overlap()]), Table)
    for table in (rates, kept, seeds):
        assert all("68 % interval" in head for head in table.heads[2::2])
        assert all(cell.text for row in table.rows for cell in row)
    assert [cell.text for cell in rates.rows[0]] == [
        "100", "150", "135 to 165", "220", "198 to 242", "70", "63 to 77", "30", "27 to 33",
    ]  # fmt: skip
    assert [cell.value for cell in kept.rows[0][1::2]] == [0.7, 0.63, 0.81]


def test_signals_together_have_a_table_of_their_own():
    (table,) = _together([Together(1e5, tables.rate(1.9e5), tables.rate(8e3), 1.98e5)])
    assert [cell.text for cell in table.rows[0]] == ["100", "190", "171 to 209", "198", "8", "7.2 to 8.8"]
    assert _together([]) == ()


@pytest.mark.parametrize(
    ("hertz", "text"), [(10_432_100, "10,430"), (31.01e6, "31,010"), (99_796, "99.8"), (12.34, "0.01234"), (0, "0")]
)
def test_rates_have_four_digits_and_no_power_of_ten(hertz, text):
    assert kilohertz(hertz).text == text
    assert kilohertz(hertz).value == hertz * 1e-3


def test_small_efficiencies_keep_their_digits():
    cells = efficiency(Efficiency(0.000123, 0.0, 0.02))
    assert [cell.text for cell in cells] == ["0.00012", "0.000 to 0.020"]
    assert [cell.value for cell in cells] == [0.000123, 0.0]
    assert interval(0.000012, 0.5).text == "0.000012 to 0.500"
    assert efficiency(Efficiency(0.0005, 0.0004, 0.0006))[0].text == "0.001"
    assert interval(-0.01, 0.0, "+.1f").text == "-0.0 to +0.0"


def test_a_threshold_below_the_type_s_range_says_that_all_are_accepted():
    found = tables.row(1e5).threshold
    assert threshold(found).text == str(found.mantissa)
    cell = threshold(replace(found, mantissa=-2049, always=True))
    assert (cell.text, cell.value) == ("always accept", -2049)

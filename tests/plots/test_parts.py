"""Words, rates and edges as figures show them."""

import numpy as np
import pytest

from trigger_nn.plots import parts


@pytest.mark.parametrize(
    ("rate", "text"), [(0.0, "0 Hz"), (750.0, "750 Hz"), (1e5, "100 kHz"), (31.0379e6, "31.04 MHz"), (2.5e3, "2.5 kHz")]
)
def test_rates_are_told_in_their_unit(rate, text):
    assert parts.hertz(rate) == text


def test_long_names_are_broken_and_ended():
    assert parts.words("short") == "short"
    assert parts.words("a" * 100, 10, 2).split("\n") == ["a" * 10, "a" * 9 + "…"]
    assert parts.words("two words", 5) == "two\nwords"


def test_a_name_is_never_a_formula():
    assert parts.words("$pT$") == r"\$pT\$"


def test_what_all_have_in_common_is_told_once():
    rows = [("hh4b", 1), ("hh4b", 2)]
    common, labels = parts.told(rows, lambda row: row[0], lambda row: f"{row[1]} kHz")
    assert common == "hh4b"
    assert labels == ["1 kHz", "2 kHz"]
    assert parts.told(rows[:1], lambda row: row[0], lambda row: str(row[1])) == ("hh4b, 1", [""])
    assert parts.told([], lambda row: row) == ("", [])


def test_open_bins_are_as_wide_as_their_neighbours():
    assert parts.finite([0, 10, 30, np.inf]).tolist() == [0, 10, 30, 50]
    assert parts.finite([-np.inf, 10, 30]).tolist() == [-10, 10, 30]
    assert parts.finite([5, np.inf]).tolist() == [5, 6]
    assert parts.finite([0, 1, 2]).tolist() == [0, 1, 2]


def test_intervals_never_point_inwards():
    assert parts.ends(0.5, 0.4, 0.7) == [[pytest.approx(0.1)], [pytest.approx(0.2)]]
    assert parts.ends(0.5, 0.6, 0.4) == [[0.0], [0.0]]


def test_markers_of_several_series_stand_beside_each_other():
    assert parts.places(1) == [0.5]
    places = parts.places(4)
    assert len(set(places)) == 4
    assert all(0 < place < 1 for place in places)

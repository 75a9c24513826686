"""The fit: it finds what made the rows, and says how far off it is."""

from dataclasses import replace

import numpy as np
import pytest

from tests.hardware.estimate.nets import network
from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate.constants import constants, parse
from trigger_nn.hardware.estimate.features import BINS, depth_features, ff_features, hop_of, lut_features, stages_of
from trigger_nn.hardware.estimate.fit import fit, held_out, solve
from trigger_nn.hardware.estimate.measured import Measured, features_of, read_rows, write_rows
from trigger_nn.hardware.estimate.work import Work

LUT = np.array([1.5, 0.3, 0.8, 0.2, 1.1, 0.7, 0.9, 0.3, 1.0, 0.0, 0.0])
FF = np.array([0.9, 0.5, 0.4, 1.0, 2.0])
DEPTH = np.array([1.0, 0.7])


def row(seed, noise=1.0):
    """A network, 'measured' by the constants above."""
    rng = np.random.default_rng(seed)
    widths = tuple(int(width) for width in rng.integers(4, 20, rng.integers(2, 5)))
    bits = int(rng.integers(3, 8)), int(rng.integers(3, 8))
    program = network(seed, widths, *bits, float(rng.choice([0.4, 1.0])))
    found, stage = features_of(program), float(rng.choice([2.0, 3.0, 5.0]))
    depth = float(np.dot(DEPTH, depth_features(found)))
    stages = stages_of(depth, stage, hop_of(found.work))
    lut = float(np.dot(LUT, lut_features(found.work))) * noise
    ff = float(np.dot(FF, ff_features(found.work, found.values, found.trees, found.outputs, stages)))
    return Measured(
        f"network {seed}", program.digest, "made up", found, stage, depth, stages, round(lut), round(ff), 0, 0
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows():
    return [row(seed) for seed in range(60)]


def test_it_finds_what_made_the_rows(rows):
    found = fit(rows)
    for quantity in (found.lut, found.ff, found.depth):
        assert quantity.spread.error < 0.02
        assert quantity.spread.low == pytest.approx(1.0, abs=0.1)
        assert quantity.spread.high == pytest.approx(1.0, abs=0.1)
    assert (found.cycles.low, found.cycles.high) == (0, 0)
    assert found.networks == 60
    assert found.source == "made up"


def test_noise_is_told_as_what_it_is():
    """Half of the networks measure 1.25 times, half 0.8 times what the features say: the interval has both ends."""
    rng = np.random.default_rng(0)
    found = fit([row(seed, float(rng.choice([1.25, 0.8]))) for seed in range(80)])
    assert found.lut.spread.low < 0.95
    assert found.lut.spread.high > 1.15
    assert 0.05 < found.lut.spread.error < 0.4


def test_the_order_of_the_rows_does_not_matter(rows):
    assert fit(rows).text() == fit(rows[::-1]).text()
    assert fit(rows).rows != fit(rows[1:]).rows


def test_a_row_is_told_by_a_fit_without_it(rows):
    """One absurd row is not followed by what is held out for it."""
    absurd = replace(rows[0], lut=rows[0].lut * 10)
    measured, said = held_out("lut", [absurd, *rows[1:]], 5)
    assert measured[0] > 5 * said[0]


def test_a_feature_that_no_row_has_keeps_its_prior():
    features = np.array([[1.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    found = solve(features, np.array([2.0, 4.0, 8.0]), np.array([1.0, 0.7]), np.array([True, True]))
    assert found[0] == pytest.approx(2.0, rel=0.01)
    assert found[1] == pytest.approx(0.7 * found[0] / 2.0, rel=0.05)


def test_what_is_no_matter_of_a_fit_stays():
    features = np.array([[1.0, 1.0], [2.0, 1.0], [4.0, 3.0]])
    found = solve(features, features @ [1.0, 0.5], np.array([1.0, 0.4]), np.array([False, True]))
    assert found[0] == 1.0
    assert found[1] == pytest.approx(0.5, rel=0.02)


def test_too_few_rows(rows):
    with pytest.raises(RecipeError, match="19 measured networks are too few"):
        fit(rows[:19])


def test_constants_and_rows_are_read_as_they_were_written(rows, tmp_path):
    found = fit(rows)
    assert parse(found.text()) == found
    assert parse(constants().text()) == constants()
    write_rows(rows, tmp_path / "rows.jsonl")
    assert read_rows(tmp_path / "rows.jsonl") == tuple(rows)
    (tmp_path / "bad.jsonl").write_text('{"network": "x"}\n')
    with pytest.raises(RecipeError, match=r"Line 1 of .*bad.jsonl is no measured network"):
        read_rows(tmp_path / "bad.jsonl")


def test_cuts_count_what_is_alive_between_input_and_output():
    alive = [10.0] * (BINS // 2) + [20.0] * (BINS // 2)
    assert ff_features(Work(), alive, [0.0] * BINS, 7, 1) == (0, 0, 0, 7, 1)
    assert ff_features(Work(), alive, [0.0] * BINS, 7, 4)[0] == pytest.approx(10 + 15 + 20, abs=1)

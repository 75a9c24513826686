"""The study behind the constants: its networks, its rows, the fit, and one row measured again."""

import json
from dataclasses import asdict

import numpy as np
import pytest

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.calibration.__main__ import CONSTANTS, ROWS, rows_at
from trigger_nn.hardware.calibration.fitting import measured
from trigger_nn.hardware.calibration.measure import line, rows_in, synthesised
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.hardware.estimate.fit import fit, held_out
from trigger_nn.passes.exact import shortfalls
from trigger_nn.program.operations.products import SumOfProducts


@pytest.fixture(scope="module")
def rows():
    return rows_at(ROWS)


@pytest.fixture(scope="module")
def known(rows):
    return measured(rows)


def test_a_seed_always_gives_the_same_network():
    assert network(7).program.digest == network(7).program.digest
    assert network(7).program.digest != network(10).program.digest


@pytest.mark.parametrize("seed", range(9))
def test_no_sum_of_a_network_loses_a_bit(seed):
    program = network(seed).program
    slots = [(op.name, "accumulator") for op in program.operations if isinstance(op, SumOfProducts)]
    assert slots
    assert not shortfalls(program, slots)


def test_the_rows_are_those_of_the_networks_as_they_are_made_today(rows):
    assert len(rows) >= 250
    for row in rows[::20]:
        assert network(row.seed).program.digest == row.program


def test_the_constants_are_those_of_the_rows(known):
    made, kept = json.loads(fit(known).text()), json.loads(CONSTANTS.read_text())
    assert made["rows"] == kept["rows"]
    assert made["networks"] == kept["networks"] == len(known)
    for name in ("lut", "ff", "depth"):
        assert made[name]["constants"].keys() == kept[name]["constants"].keys()
        for key, number in kept[name]["constants"].items():
            assert made[name]["constants"][key] == pytest.approx(number, rel=1e-6, abs=1e-9)  # BLAS differs by machine


@pytest.mark.parametrize("quantity", ["lut", "ff"])
def test_networks_held_out_are_told_within_30_percent_in_the_median(known, quantity):
    truth, told = held_out(quantity, known, 5)
    assert np.median(np.abs(told / truth - 1)) < 0.3


def test_a_row_measured_again_is_the_same(rows, tmp_path):
    row = min((row for row in rows if row.lut > 100), key=lambda row: row.lut)
    again = synthesised(row.seed, tmp_path)
    assert asdict(again) | {"seconds": 0} == asdict(row) | {"seconds": 0}


def test_rows_are_read_as_written(rows):
    assert rows_in([line(row) for row in rows[:5]]) == rows[:5]
    with pytest.raises(RecipeError, match="no row of a synthesised network"):
        rows_in(['{"seed": 1}'])

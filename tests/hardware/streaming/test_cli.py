"""trigger-nn stream."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from tests.hardware.streaming.test_rates import add, conv, pad, program, relu
from trigger_nn.cli.stream import app
from trigger_nn.errors import RecipeError
from trigger_nn.recipe import HardwareSpec

SHAPE = (6, 6, 2)


@pytest.fixture
def saved(tmp_path):
    made = program(
        SHAPE, relu("r", "image", SHAPE), pad("z", "r", SHAPE), conv("c", "z", (8, 8, 2), 2),
        add("m", "r", "c", shape=SHAPE),
    )  # fmt: skip
    hardware = HardwareSpec(io_type="io_stream").model_dump()
    replace(made, provenance={"hardware": hardware}).save(tmp_path / "program.h5")
    return tmp_path / "program.h5"


def run(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)


def test_table_and_figures(saved):
    done = run(saved)
    assert done.exit_code == 0
    assert "clone_r_cpy2" in done.output
    assert "as given" in done.output
    assert "no vendor tool was run" in done.output


def test_needed_depths_go_out_and_come_in_again(saved, tmp_path):
    first = json.loads(run(saved, "--json", "--out", tmp_path / "depths.json").output)
    assert json.loads((tmp_path / "depths.json").read_text()) == {f["name"]: f["needed"] for f in first["fifos"]}
    again = json.loads(run(saved, "--json", "--depths", tmp_path / "depths.json").output)
    assert [f["given"] for f in again["fifos"]] == [f["needed"] for f in first["fifos"]]
    assert (again["latency"], again["interval"]) == (first["latency"], first["interval"])


def test_a_deadlock_ends_with_code_1(saved, tmp_path):
    (tmp_path / "depths.json").write_text('{"clone_r_cpy2": 3}')
    done = run(saved, "--depths", tmp_path / "depths.json")
    assert done.exit_code == 1
    assert "DEADLOCK" in done.output
    assert "give clone_r_cpy2 a depth of" in done.output
    assert "3 (short)" in done.output


def test_rates_of_a_report_slow_it_down(saved, tmp_path):
    (tmp_path / "rates.json").write_text('{"c": [16, 40]}')
    found = json.loads(run(saved, "--json", "--rates", tmp_path / "rates.json").output)
    assert (found["bottleneck"], found["interval"]) == ("c", 63 * 16 + 40 + 2)


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--depths", '{"r": 2.5}', "the depth of FIFO 'r' is 2.5; give a whole number"),
        ("--depths", "[1]", "holds no JSON object"),
        ("--depths", "{", "can't be read as JSON"),
        ("--rates", '{"c": 4}', r"the rate of layer 'c' is 4; give \[interval, latency\]"),
        ("--rates", '{"c": [1, true]}', r"the rate of layer 'c' is \[1, True\]; give \[interval, latency\]"),
    ],
)
def test_files_of_another_kind_are_refused(saved, tmp_path, option, text, words):
    (tmp_path / "file.json").write_text(text)
    with pytest.raises(RecipeError, match=words):
        run(saved, option, tmp_path / "file.json")


def test_a_missing_file_and_missing_hardware_are_refused(saved, tmp_path):
    with pytest.raises(RecipeError, match="There is no file"):
        run(saved, "--depths", tmp_path / "none.json")
    program(SHAPE, relu("r", "image", SHAPE)).save(tmp_path / "bare.h5")
    with pytest.raises(RecipeError, match="does not say what hardware it was compiled for"):
        run(tmp_path / "bare.h5")

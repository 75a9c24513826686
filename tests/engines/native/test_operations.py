"""Every operation, as committed programs hold it."""

from typing import get_args

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.engines.native.agreement import agrees
from trigger_nn import Program
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.program.operations import Operation

PATHS = sorted((GOLDEN / "second_schema").glob("*.h5"))


def test_all_operations_are_met():
    there = {type(operation) for path in PATHS for operation in Program.load(path).operations}
    assert there == set(get_args(Operation))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_operation(path):
    agrees(Program.load(path), events=131)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_committed_outputs(path):
    program, vectors = Program.load(path), np.load(GOLDEN / "second_schema" / "vectors.npz")
    given = {port.name: vectors[f"{path.stem}/in/{port.name}"] for port in program.inputs}
    found = NativeEngine()(program, given, program.output_names)
    for name in program.output_names:
        assert np.array_equal(found[name], vectors[f"{path.stem}/out/{name}"])

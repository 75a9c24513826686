"""Every operation, as committed programs hold it, in the logic that RTL is written of."""

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.hardware.rtl.logic import computed
from trigger_nn import Program
from trigger_nn.engines.reference import run_reference
from trigger_nn.hardware.calibration.networks import network
from trigger_nn.hardware.rtl.lower import Cut, deep, replayed

PATHS = sorted((GOLDEN / "second_schema").glob("*.h5"))
EVENTS = 120


def agrees(program, cuts=()):
    random = np.random.default_rng(3)
    given = {}
    for port in program.inputs:
        given[port.name] = random.integers(port.type.minimum, port.type.maximum, (EVENTS, *port.shape), endpoint=True)
        given[port.name][:2] = np.reshape([port.type.minimum, port.type.maximum], (2, *[1] * len(port.shape)))
    wanted = run_reference(program, given, program.output_names)
    columns = [wanted[name].reshape(EVENTS, -1) for name in program.output_names]
    columns += [columns[0][:, [cut.element]] > cut.mantissa for cut in cuts]
    with deep():
        found = computed(
            *replayed(program, cuts=cuts), np.concatenate([v.reshape(EVENTS, -1) for v in given.values()], 1)
        )
    assert np.array_equal(found, np.concatenate(columns, axis=1))


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_an_operation(path):
    agrees(Program.load(path))


@pytest.mark.parametrize("seed", range(12))
def test_a_network_with_cuts(seed):
    program = network(seed).program
    lowest = program.outputs[0].type.minimum
    agrees(program, [Cut(0, lowest), Cut(0, -3), Cut(0, 0), Cut(int(np.prod(program.outputs[0].shape)) - 1, 9)])

"""`cast_PORT` and `number_PORT` of the generated C++ against `Port.cast`: every mode, ties and their neighbours."""

from dataclasses import replace

import numpy as np
import pytest

from tests.engines.native.test_ports import numbers
from tests.handoff.emulator.building import SANITIZED, build
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, to_float
from trigger_nn.program.operations import Cast
from trigger_nn.program.program import Port, Program

TEXTS = ("fixed<8,5>", "ufixed<6,6>", "fixed<6,8>", "ufixed<12,2>", "fixed<1,1>", "fixed<64,40>", "ufixed<63,70>")
KINDS = [Fixed.parse(text).modes(r, o) for text in TEXTS for r in Rounding for o in Overflow]


@pytest.fixture(scope="module")
def casts(gxx, tmp_path_factory):
    """A program with a port of each type, those without a fraction also as whole numbers; and its binary."""
    ports = [Port(f"x{i}", (1,), kind) for i, kind in enumerate(KINDS)]
    ports += [replace(port, name=f"{port.name}_whole", whole=True) for port in ports if not port.type.fraction]
    last = Cast(name="y", inputs=("x0",), shape=(1,), type=KINDS[0])
    program = Program("casts", tuple(ports), (last,), ("y",))
    return program, build([program], tmp_path_factory.mktemp("casts"), "-O1", *SANITIZED)


def values(kind):
    lsb = 2.0**-kind.fraction
    powers = 2.0 ** np.arange(40, 70) * lsb
    around = np.concatenate([powers, -powers, np.nextafter(powers, 0), -np.nextafter(powers, 0)])
    rng = np.random.default_rng(kind.width)
    spread = rng.choice([-1, 1], 300) * 2.0 ** rng.uniform(-8, kind.width + 4, 300) * lsb
    return np.concatenate([numbers(kind), around, spread, [np.inf, -np.inf, np.finfo(float).max]])


def test_numbers_are_cast_as_the_port_casts_them(casts):
    program, binary = casts
    for port in program.inputs:
        given = values(port.type)
        mantissas, back = binary.cast(program, port.name, given)
        assert np.array_equal(mantissas, port.cast(given)), port
        assert np.array_equal(back, to_float(mantissas, port.type)), port


def test_what_is_no_number_is_refused(casts):
    program, binary = casts
    with pytest.raises(RuntimeError, match="Not a number can't be cast"):
        binary.cast(program, "x0", [1.0, np.nan])

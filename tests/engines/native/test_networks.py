"""Whole networks of the benchmark, two of them with trained weights, on every kind of processor."""

import pytest

from tests.engines.native.agreement import inputs_of
from tests.proof.engines import compare_engines
from trigger_nn.engines.native.machine import runnable
from trigger_nn.program.fixed import to_float

EVENTS = 130  # blocks of 64 events and one that is not full, for the widest registers


@pytest.mark.parametrize("name", ["tagger", "event_image", "lstm"])
def test_a_network_has_the_reference_engines_bits(name):
    """Inputs reach both ends of every range, as mantissas and as numbers."""
    from tests.benchmarks.emulation.networks import build  # loads TensorFlow, which no other test of this folder needs

    program = build(name).compile().program
    drawn = inputs_of(program, EVENTS, seed=1)
    events = {port.name: to_float(drawn[port.name], port.type) for port in program.inputs}
    found = compare_engines(program, events, "outputs")
    assert found.difference == ""
    assert found.left == ()
    assert list(found.values) == [target.name for target in runnable()]

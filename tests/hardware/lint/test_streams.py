"""The token model's FIFOs as findings: a deadlock is an error, its cure mends it."""

from tests.hardware.streaming.test_cli import saved  # noqa: F401
from trigger_nn import Program
from trigger_nn.hardware.lint import lint
from trigger_nn.hardware.lint.findings import Rule, Severity
from trigger_nn.hardware.lint.streams import stream_facts
from trigger_nn.recipe import HardwareSpec
from trigger_nn.workflow.origin import recorded_hardware


def found(program, hardware, depths=None):
    facts = stream_facts(program, hardware, depths)
    assert facts
    return [finding for finding in lint(program, hardware, 1e6, facts) if finding.rule is Rule.FIFO]


def test_hls4mls_own_depths_pass_a_deadlock_is_an_error_and_its_cure_mends_it(saved):  # noqa: F811
    program = Program.load(saved)
    hardware = recorded_hardware(program)
    assert not found(program, hardware)
    short = {fact.name: 1 for fact in stream_facts(program, hardware)}
    stopped = found(program, hardware, short)
    assert Severity.ERROR in {finding.severity for finding in stopped}
    for _ in range(len(short)):
        errors = [finding for finding in found(program, hardware, short) if finding.severity is Severity.ERROR]
        if not errors:
            break
        short |= {change.layer: int(change.value) for finding in errors for change in finding.changes}
    assert not errors
    needed = {fact.name: fact.needed for fact in stream_facts(program, hardware)}
    assert not found(program, hardware, needed)


def test_parallel_designs_have_no_fifos(saved):  # noqa: F811
    assert stream_facts(Program.load(saved), HardwareSpec()) is None

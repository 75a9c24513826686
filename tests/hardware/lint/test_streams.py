"""The token model's FIFOs as findings: a deadlock is an error, its cure mends it."""

from tests.hardware.lint.designs import conv
from tests.hardware.lint.designs import program as made_of
from tests.hardware.streaming.test_cli import saved  # noqa: F401
from trigger_nn import Program
from trigger_nn.hardware.lint import lint
from trigger_nn.hardware.lint.findings import Key, Rule, Severity
from trigger_nn.hardware.lint.streams import stream_facts
from trigger_nn.hardware.streaming.analyse import stream
from trigger_nn.recipe import HardwareSpec, hardware_spec
from trigger_nn.workflow.origin import recorded_hardware


def found(program, hardware, depths=None):
    facts = stream_facts(program, hardware, depths)
    assert facts
    return [finding for finding in lint(program, hardware, 1e6, facts) if finding.rule is Rule.FIFO]


def test_hls4mls_own_depths_pass_a_deadlock_is_an_error_and_its_cure_mends_it(saved):  # noqa: F811
    program = Program.load(saved)
    hardware = recorded_hardware(program)
    assert not found(program, hardware)
    short = {fact.name: 1 for fact in stream_facts(program, hardware).fifos}
    stopped = found(program, hardware, short)
    assert Severity.ERROR in {finding.severity for finding in stopped}
    for _ in range(len(short)):
        errors = [finding for finding in found(program, hardware, short) if finding.severity is Severity.ERROR]
        if not errors:
            break
        short |= {change.layer: int(change.value) for finding in errors for change in finding.changes}
    assert not errors
    needed = {fact.name: fact.needed for fact in stream_facts(program, hardware).fifos}
    assert not found(program, hardware, needed)


def test_parallel_designs_have_no_fifos(saved):  # noqa: F811
    assert stream_facts(Program.load(saved), HardwareSpec()) is None


def paces(program, hardware, spacing):
    findings = lint(program, hardware, spacing, stream_facts(program, hardware))
    return [finding for finding in findings if finding.rule is Rule.INTERVAL]


def test_the_pace_is_that_of_the_model_and_told_once(saved):  # noqa: F811
    program = Program.load(saved)
    hardware = recorded_hardware(program)
    model = stream(program, hardware)
    time = model.free_interval * hardware.clock_period
    (finding,) = paces(program, hardware, time - hardware.clock_period)
    assert (finding.layer, finding.limit.number) == (model.bottleneck, model.free_interval - 1)
    assert f"{model.free_interval} cycles ({time:g} ns)" in finding.what
    assert not paces(program, hardware, time)


def test_less_sharing_is_proposed_where_the_model_says_that_it_is_enough():
    def image(reuse):
        return made_of((6, 9, 1), conv("conv", "x", (4, 7), 1, 2, reuse_factor=reuse))

    made = image(6)
    hardware = hardware_spec(io_type="io_stream", reuse_factor=6)
    facts = stream_facts(made, hardware)
    assert facts.bottleneck == "conv"
    (finding,) = paces(made, hardware, (facts.interval - 1) * hardware.clock_period)
    (change,) = finding.changes
    assert (change.layer, change.key) == ("conv", Key.REUSE_FACTOR)
    after = stream(image(int(change.value)), hardware)
    assert after.free_interval < facts.interval

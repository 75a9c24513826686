"""All rules on one design, and what each remedy would bring beside what it mends."""

from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.lint.changes import TYPES, applied
from trigger_nn.hardware.lint.context import Context, Findings, Streams
from trigger_nn.hardware.lint.findings import Finding, Key, Rule, Severity
from trigger_nn.hardware.lint.rules import (
    adder_tree,
    branches,
    dsp_sum,
    dsp_width,
    extra,
    fifo,
    interval,
    memory,
    multipliers,
    name,
    overflow,
    parallelization,
    partition,
    reshape,
    reuse_factor,
    strategy,
    stream_width,
    table,
    unroll,
)
from trigger_nn.hardware.lint.streams import paced
from trigger_nn.hardware.rtl.lower import stage_delay
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec

BUNCH_CROSSING = 25.0  # ns, of the LHC
Rules = tuple[tuple[Rule, Callable[[Context], Findings]], ...]

# In the order in which people mend a design: what can't be written, what the tool refuses, what does not fit, the pace.
RULES: Rules = (
    (Rule.NAME, name.check),
    (Rule.EXTRA, extra.check),
    (Rule.STRATEGY, strategy.check),
    (Rule.REUSE_FACTOR, reuse_factor.check),
    (Rule.PARALLELIZATION, parallelization.check),
    (Rule.PARTITION, partition.check),
    (Rule.UNROLL, unroll.check),
    (Rule.RESHAPE, reshape.check),
    (Rule.STREAM_WIDTH, stream_width.check),
    (Rule.MULTIPLIERS, multipliers.check),
    (Rule.DSP_WIDTH, dsp_width.check),
    (Rule.DSP_SUM, dsp_sum.check),
    (Rule.MEMORY, memory.check),
    (Rule.TABLE, table.check),
    (Rule.ADDER_TREE, adder_tree.check),
    (Rule.INTERVAL, interval.check),
    (Rule.FIFO, fifo.check),
    (Rule.BRANCHES, branches.check),
    (Rule.OVERFLOW, overflow.check),
)
ORDER = {severity: place for place, severity in enumerate(Severity)}


def lint(
    program: Program,
    hardware: HardwareSpec,
    spacing: float = BUNCH_CROSSING,
    streams: Streams | None = None,
) -> tuple[Finding, ...]:
    """Everything that a tool would refuse or do badly with `program` on `hardware`, errors first.

    `spacing` is the time between events in ns: 25 where every bunch crossing is taken by one instance. `streams` are
    the FIFOs and the pace of an io_stream design (`lint.streams.stream_facts`); without them depths are not judged, and
    the pace is judged layer by layer.

    Raises:
        RecipeError: the spacing is not above 0, or the clock leaves no time for an adder.
    """
    if not 0 < spacing < float("inf"):
        raise RecipeError(f"An event spacing of {spacing:g} ns can't be; give one above 0, such as 25.")
    stage_delay(hardware.clock_period, hardware.clock_uncertainty)
    context = Context(program, hardware, spacing, streams, find_spec("da4ml") is not None)
    found = findings(context)
    known = {(one.rule, one.layer, one.what) for one in found}
    return tuple(replace(one, brings=_brought(one, context, known)) for one in found)


def findings(context: Context, rules: Rules = RULES) -> tuple[Finding, ...]:
    """What the rules yield, by severity, then in the rules' order; what remedies bring is left open."""
    found = [finding for _, check in rules for finding in check(context)]
    return tuple(sorted(found, key=lambda finding: ORDER[finding.severity]))


def _brought(finding: Finding, context: Context, known: set[tuple[Rule, str, str]]) -> tuple[tuple[Rule, str], ...]:
    """Errors and warnings of other rules that the finding's changes would bring, or make another size of."""
    if not finding.changes:
        return ()
    retyped = any(change.key in (*TYPES, Key.INPUT) for change in finding.changes)
    rules = RULES if retyped else tuple((rule, check) for rule, check in RULES if rule is not Rule.OVERFLOW)
    # Overflow takes long to prove, and where types are as before its findings are, too.
    after = findings(paced(applied(context, finding.changes), finding.changes), rules)
    others = [one for one in after if one.severity is not Severity.NOTE and one.rule is not finding.rule]
    new = ((one.rule, one.layer) for one in others if (one.rule, one.layer, one.what) not in known)
    return tuple(dict.fromkeys(new))

"""Sums wider than the adder of a DSP slice."""

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.dsp import slice_of
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.rules.dsp_width import narrowed
from trigger_nn.program.operations import SumOfProducts


def check(context: Context) -> Findings:
    """Yield a note for every accumulator that leaves the DSP slices, whose sums then take LUTs."""
    kind = slice_of(context.device)
    limit = Limit(kind.adder, f"bits of the adder of {kind.name}", kind.source)
    for operation in context.first_steps():
        if isinstance(operation, SumOfProducts) and operation.accumulator.width > kind.adder:
            accumulator = operation.accumulator
            what = f"its sums are {accumulator.width} bits wide ({accumulator})"
            narrow = narrowed(accumulator, accumulator.width - kind.adder)
            changes = (Change(stem(operation.name), Key.ACCUMULATOR, str(narrow)),)
            remedy = proposed(changes, "drops low bits")
            yield Finding(Rule.DSP_SUM, Severity.NOTE, operation.name, what, limit, remedy, changes)

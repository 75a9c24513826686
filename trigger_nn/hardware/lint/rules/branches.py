"""Branches of a stream that meet again after unequal work."""

from fractions import Fraction
from math import ceil

from trigger_nn.hardware.lint.context import Context, Findings, packets
from trigger_nn.hardware.lint.findings import Finding, Limit, Rule, Severity
from trigger_nn.program.operations import Operation
from trigger_nn.program.operations.base import Window

SOURCE = "hls4ml 1.3.0, fpga_types.py (StreamVariableConverter): a FIFO holds one whole event by default (hls4ml #509)"
Lags = dict[str, dict[str, Fraction]]
"""For each tensor, how far behind each tensor before it: the share of that tensor's packets that must come first."""


def check(context: Context) -> Findings:
    """Yield a note for every join of branches that differ in delay, if no model of the streams judges the depths."""
    if not context.is_stream or context.streams is not None:
        return
    lags: Lags = {port.name: {port.name: Fraction(0)} for port in context.program.inputs}
    for operation in context.program.operations:
        reached = [lags[name] for name in operation.inputs]
        if len(set(operation.inputs)) > 1:
            yield from _joined(operation, reached, context)
        lags[operation.name] = _behind(operation, reached, context)


def _behind(operation: Operation, reached: list[dict[str, Fraction]], context: Context) -> dict[str, Fraction]:
    own = delay(operation, context)
    names = {name for before in reached for name in before}
    latest = {name: max(before[name] for before in reached if name in before) for name in names}
    return {name: min(lag + own, Fraction(1)) for name, lag in latest.items()} | {operation.name: Fraction(0)}


def delay(operation: Operation, context: Context) -> Fraction:
    """The share of an input's packets that an operation reads before it yields its first.

    A window needs its rows but one, and its width of the next (nnet_conv_stream.h); what yields one packet of many
    reads them all; others answer packet by packet.
    """
    shape = context.program.shape_of(operation.inputs[0])
    count = packets(shape)
    window = getattr(operation, "window", None)
    if isinstance(window, Window):
        width = shape[-2] if len(shape) > 1 else 1
        return min(Fraction((window.size[0] - 1) * width + window.size[1] - 1, count), Fraction(1))
    return Fraction(count - 1, count) if packets(operation.shape) == 1 < count else Fraction(0)


def _joined(operation: Operation, reached: list[dict[str, Fraction]], context: Context) -> Findings:
    common = set.intersection(*(set(before) for before in reached))
    spread = {name: max(b[name] for b in reached) - min(b[name] for b in reached) for name in common}
    name = max(spread, key=lambda one: spread[one], default=None)
    if name is None or not spread[name]:
        return
    count = packets(context.program.shape_of(name))
    waiting = min(ceil(spread[name] * count), count)
    what = f"its branches from {name!r} differ in delay: about {waiting:,} packets wait in the FIFO of the shorter"
    remedy = f"leave that FIFO the {count:,} packets of hls4ml's default; one of less than {waiting:,} would deadlock"
    limit = Limit(waiting, "packets", SOURCE)
    yield Finding(Rule.BRANCHES, Severity.NOTE, operation.name, what, limit, remedy)

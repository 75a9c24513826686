"""Arrays joined into wide words."""

from trigger_nn.hardware.lint.context import Context, Findings, is_step
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.layout import Laid, words
from trigger_nn.hardware.lint.search import RESHAPE_LIMIT, Changes, smaller_kernels

SOURCE = (
    "Vivado HLS, XFORM 203-133: reshaped elements have 65,536 bits at most (hls4ml #506 for an input, #623 for "
    "weights); of Vitis HLS no such limit is published"
)
LIMIT = Limit(RESHAPE_LIMIT, "bits", SOURCE)


def check(context: Context) -> Findings:
    """Yield every word beyond the limit: an error for Vivado HLS, a warning for Vitis HLS."""
    for laid in words(context):
        if laid.size > RESHAPE_LIMIT and not is_step(laid.layer):
            yield _finding(laid, context)


def _finding(laid: Laid, context: Context) -> Finding:
    changes = _changes(laid, context)
    remedy = proposed(changes, _aside(laid, context)) if changes else "narrower weights, or fewer of them"
    severity = Severity.WARNING if context.is_vitis else Severity.ERROR
    what = f"its {laid.name} are read as one word of {laid.size:,} bits"
    return Finding(Rule.RESHAPE, severity, laid.layer, what, LIMIT, remedy, changes)


def _changes(laid: Laid, context: Context) -> Changes:
    if laid.name == "input":
        return (Change("", Key.IO_TYPE, "io_stream"),)
    return smaller_kernels(context, laid.layer)


def _aside(laid: Laid, context: Context) -> str:
    """Streams keep every bit; how narrow the values would have to be without."""
    if laid.name != "input":
        return ""
    width = context.program.type_of(laid.layer).width
    bits = RESHAPE_LIMIT * width // laid.size
    return f"with io_parallel its values could have {bits} bits" if bits else ""

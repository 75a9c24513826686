"""Loops that the tool writes out, product by product."""

from trigger_nn.hardware.lint.context import Context, Findings, is_step
from trigger_nn.hardware.lint.findings import Finding, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.layout import Laid, loops
from trigger_nn.hardware.lint.search import UNROLL_LIMIT, smaller_kernels

SOURCE = (
    "hls4ml #904, #1013, by its maintainers: Vivado HLS unrolls up to 4,096 products, and stops with XFORM 203-504 "
    "beyond (also #322, #374); Vitis HLS goes further, but full unrolling stays unlikely to succeed"
)
LIMIT = Limit(UNROLL_LIMIT, "products", SOURCE)


def check(context: Context) -> Findings:
    """Yield every kernel beyond the limit: an error for Vivado HLS, a warning for Vitis HLS."""
    for laid in loops(context):
        if laid.size > UNROLL_LIMIT and not is_step(laid.layer):
            yield _finding(laid, context)


def _finding(laid: Laid, context: Context) -> Finding:
    changes = smaller_kernels(context, laid.layer)
    remedy = proposed(changes) if changes else f"no setting helps: make the layer smaller, {UNROLL_LIMIT:,} products"
    severity = Severity.WARNING if context.is_vitis else Severity.ERROR
    what = f"its loop {laid.name} is unrolled to {laid.size:,} products"
    return Finding(Rule.UNROLL, severity, laid.layer, what, LIMIT, remedy, changes)

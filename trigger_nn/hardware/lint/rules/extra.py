"""Packages that hls4ml needs to write the C++."""

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import once_a_layer
from trigger_nn.program.operations import Strategy

SOURCE = "hls4ml 1.3.0, distributed_arithmetic.py: da4ml writes the C++ of strategy distributed_arithmetic"
LIMIT = Limit(1, "package", SOURCE)


def check(context: Context) -> Findings:
    """Yield an error for every layer of distributed arithmetic, if da4ml is not installed."""
    if context.da4ml:
        return
    for products in once_a_layer(context):
        if products.strategy is Strategy.DISTRIBUTED:
            changes = (Change(stem(products.layer), Key.INSTALL, "trigger_nn[da]"),)
            what = "its strategy is distributed_arithmetic, and da4ml is not installed"
            yield Finding(Rule.EXTRA, Severity.ERROR, products.layer, what, LIMIT, proposed(changes), changes)

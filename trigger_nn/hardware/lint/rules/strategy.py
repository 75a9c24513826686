"""Strategies that hls4ml replaces."""

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import once_a_layer

SOURCE = (
    "hls4ml 1.3.0, vivado_backend.py: resource_unrolled becomes resource with reuse factor 1, and in convolutions of "
    "io_parallel; distributed_arithmetic becomes latency in depthwise and recurrent layers"
)


def check(context: Context) -> Findings:
    """Yield a warning for every layer that has another strategy than was asked for."""
    told = set()
    for products in once_a_layer(context):
        asked = context.asked(products.layer).strategy or context.hardware.strategy
        if asked != products.strategy and products.layer not in told:
            told.add(products.layer)
            what = f"strategy {asked} was asked for, and hls4ml takes {products.strategy}"
            changes = (Change(stem(products.layer), Key.STRATEGY, products.strategy.value),)
            limit = Limit(1, "strategy a layer", SOURCE)
            remedy = proposed(changes, "what it gets in any case")
            yield Finding(Rule.STRATEGY, Severity.WARNING, products.layer, what, limit, remedy, changes)

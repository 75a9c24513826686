"""Sums that can't be balanced into a tree, and become a chain of adders."""

import numpy as np

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import Products, once_a_layer
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, covering
from trigger_nn.program.operations import Strategy
from trigger_nn.program.operations.recurrent import RecurrentNode

SOURCE = (
    "UG1399, EXPRESSION_BALANCE: sums are rearranged into a tree by associativity, which saturation takes away; "
    "nnet_activation.h of hls4ml 1.3.0: rounding and saturation modes prevent it"
)


def check(context: Context) -> Findings:
    """Yield a warning for every sum in an accumulator that rounds or saturates, if a tree would be shorter."""
    for products in once_a_layer(context):
        levels = tree_levels(products)
        if is_chained(products) and chain(products) > levels and products.strategy is not Strategy.DISTRIBUTED:
            yield _finding(products, levels, context)


def is_chained(products: Products) -> bool:
    """Whether the accumulator's modes keep the tool from rearranging."""
    accumulator = products.node.accumulator
    return accumulator.overflow is not Overflow.WRAP or accumulator.rounding is not Rounding.TRN


def chain(products: Products) -> int:
    """Adders one after the other within a cycle's sum: one a product that is not 0, the bias being the first term."""
    if products.strategy is Strategy.LATENCY:
        columns = products.weights.mantissa.reshape(-1, products.sums)
        return int(np.count_nonzero(columns, axis=0).max())
    return -(-products.fan_in // products.reuse)


def tree_levels(products: Products) -> int:
    """Levels of adders in a balanced tree of the same terms."""
    return chain(products).bit_length()


def _finding(products: Products, levels: int, context: Context) -> Finding:
    accumulator = products.node.accumulator
    what = f"its sums in {accumulator} are chains of {chain(products)} adders, one behind the other"
    limit = Limit(levels, "levels of a balanced tree", SOURCE)
    if isinstance(context.program.operation(products.layer), RecurrentNode):  # one accumulator for all it computes
        remedy = "an accumulator with TRN and WRAP, wide enough for every sum"
        return Finding(Rule.ADDER_TREE, Severity.WARNING, products.layer, what, limit, remedy)
    changes = (Change(stem(products.layer), Key.ACCUMULATOR, str(enough(products))),)
    remedy = proposed(changes, "holds every sum, so it need not saturate")
    return Finding(Rule.ADDER_TREE, Severity.WARNING, products.layer, what, limit, remedy, changes)


def enough(products: Products) -> Fixed:
    """The narrowest wrapping type that holds every partial sum exactly, whatever the inputs."""
    source, weights, bias = products.source, products.weights, products.node.bias
    fraction = max(source.fraction + weights.type.fraction, bias.type.fraction)
    columns = weights.mantissa.astype(object).reshape(-1, products.sums)
    factors = columns << (fraction - source.fraction - weights.type.fraction)
    ends = factors * source.minimum, factors * source.maximum
    offsets = bias.mantissa.astype(object) << (fraction - bias.type.fraction)
    lows = np.minimum(np.minimum(*ends), 0).sum(axis=0) + np.minimum(offsets, 0)
    highs = np.maximum(np.maximum(*ends), 0).sum(axis=0) + np.maximum(offsets, 0)
    return covering(int(lows.min()), int(highs.max()), fraction)

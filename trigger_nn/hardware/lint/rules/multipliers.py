"""Multipliers that work at once, against the DSP slices of the device."""

from collections.abc import Iterator

from trigger_nn.hardware.lint.context import Context, Findings
from trigger_nn.hardware.lint.dsp import slice_of, slices_a_product
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import products_of
from trigger_nn.hardware.lint.reuse import divisors
from trigger_nn.hardware.lint.search import Changes, first_that_passes


def check(context: Context) -> Findings:
    """Yield a warning if DSP slices for all multipliers exceed the device; products that fit in LUTs may save it."""
    wanted, kind = slices_wanted(context), slice_of(context.device)
    if wanted <= context.device.dsp:
        return
    limit = Limit(
        context.device.dsp,
        f"{kind.name} of {context.device.name}",
        f"AMD's product tables; {kind.source}; multiplier_limit in hls4ml's layer configurations",
    )
    largest = max(products_of(context), key=lambda one: one.multipliers * slices_a_product(one, kind))
    what = (
        f"its products take up to {wanted:,} {kind.name}, most of them in {largest.layer!r}; the tool moves narrow "
        "ones into LUTs"
    )
    changes = _changes(context)
    remedy = proposed(changes, "the smallest for all layers") if changes else _otherwise(context)
    yield Finding(Rule.MULTIPLIERS, Severity.WARNING, "", what, limit, remedy, changes)


def slices_wanted(context: Context) -> int:
    """DSP slices if they computed every product by a weight that is no power of two."""
    kind = slice_of(context.device)
    return sum(products.multipliers * slices_a_product(products, kind) for products in products_of(context))


def _changes(context: Context) -> Changes:
    return first_that_passes(context, _options(context), lambda after: slices_wanted(after) <= after.device.dsp)


def _options(context: Context) -> Iterator[Changes]:
    """Larger reuse factors for all layers that the recipe gives none of their own."""
    counts = {products.count for products in products_of(context)}
    factors = sorted({factor for count in counts for factor in divisors(count)})
    yield from ((Change("", Key.REUSE_FACTOR, factor),) for factor in factors if factor > context.hardware.reuse_factor)


def _otherwise(context: Context) -> str:
    return (
        f"no reuse factor for all layers suffices: larger ones for single layers, narrower weights, or a device with "
        f"{slices_wanted(context):,} DSP slices"
    )

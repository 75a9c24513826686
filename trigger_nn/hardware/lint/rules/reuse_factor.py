"""Reuse factors that the loops can't have."""

from collections.abc import Iterator

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import Products, once_a_layer
from trigger_nn.hardware.lint.reuse import divisors
from trigger_nn.hardware.lint.search import Changes, first_that_passes, of_layer
from trigger_nn.program.operations import Strategy

SOURCE = (
    "hls4ml 1.3.0, fpga_backend.py (_validate_reuse_factor, get_closest_reuse_factor) and the assertions of "
    "nnet_dense_resource.h"
)
LATENCY_SOURCE = "hls4ml 1.3.0, multiplier_limit = DIV_ROUNDUP(n_in * n_out, reuse_factor) - n_zeros / reuse_factor"
DISTRIBUTED_SOURCE = "hls4ml 1.3.0, vivado_backend.py: distributed arithmetic wants a reuse factor of 1"


def check(context: Context) -> Findings:
    """Yield an error for a factor that stops, a warning for one that hls4ml replaced, a note for idle multipliers."""
    told = set()
    for products in once_a_layer(context):
        finding = _finding(products, context)
        if finding and (finding.layer, finding.what) not in told:
            told.add((finding.layer, finding.what))
            yield finding


def _asked(products: Products, context: Context) -> int:
    return context.asked(products.layer).reuse_factor or context.hardware.reuse_factor


def _is_broken(products: Products, context: Context) -> bool:
    """Whether the factor asked for is not what the loops have, or does not divide the products."""
    if products.strategy is Strategy.LATENCY:
        return products.count % products.reuse != 0 or _asked(products, context) != products.reuse
    valid = (1,) if products.strategy is Strategy.DISTRIBUTED else products.reused_valid
    return products.reuse not in valid or _asked(products, context) != products.reuse


def _finding(products: Products, context: Context) -> Finding | None:
    if not _is_broken(products, context):
        return None
    asked, taken, layer = _asked(products, context), products.reuse, products.layer
    changes = first_that_passes(context, _options(products, asked), lambda after: not _any_broken(after, layer))
    remedy = proposed(changes, _others(products, asked)) if changes else _others(products, asked)
    what, severity = f"reuse factor {asked} does not fit {products.count:,} products", Severity.WARNING
    limit = Limit(products.count, "products of the layer", SOURCE)
    match products.strategy:
        case Strategy.DISTRIBUTED:
            what, severity = f"distributed arithmetic takes no reuse factor {asked}", Severity.ERROR
            limit = Limit(1, "reuse factor", DISTRIBUTED_SOURCE)
        case Strategy.LATENCY if asked == taken:
            what, severity = f"{what}: in the last of {taken} cycles some multipliers idle", Severity.NOTE
            limit = Limit(products.count, "products of the layer", LATENCY_SOURCE)
        case _ if products.is_shared and taken not in products.reused_valid:
            what, severity = f"reuse factor {taken} does not fit {products.count:,} products", Severity.ERROR
        case _:
            what = f"{what}; hls4ml takes {taken} in its place"
    return Finding(Rule.REUSE_FACTOR, severity, layer, what, limit, remedy, changes)


def _any_broken(context: Context, layer: str) -> bool:
    return any(_is_broken(products, context) for products in of_layer(context, layer))


def _factors(products: Products) -> tuple[int, ...]:
    match products.strategy:
        case Strategy.LATENCY:
            return divisors(products.count)
        case Strategy.DISTRIBUTED:
            return (1,)
        case _:
            return products.reused_valid


def _options(products: Products, asked: int) -> Iterator[Changes]:
    """Valid factors, the nearest first."""
    for factor in sorted(_factors(products), key=lambda factor: (abs(factor - asked), factor)):
        yield (Change(stem(products.layer), Key.REUSE_FACTOR, factor),)


def _others(products: Products, asked: int) -> str:
    nearest = sorted(_factors(products), key=lambda factor: abs(factor - asked))[:5]
    return f"valid near it: {', '.join(map(str, sorted(nearest)))}"

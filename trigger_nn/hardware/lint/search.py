"""The smallest change that passes: options are tried in order, each applied to the design and judged."""

from collections.abc import Callable, Iterable, Iterator

from trigger_nn.hardware.lint.changes import applied
from trigger_nn.hardware.lint.context import Context, stem
from trigger_nn.hardware.lint.findings import Change, Key
from trigger_nn.hardware.lint.layout import arrays, is_convolution, loops, words
from trigger_nn.hardware.lint.products import Products, products_of
from trigger_nn.hardware.lint.reuse import divisors, valid_parallelization
from trigger_nn.program.operations import DepthwiseConv2D, Strategy

Changes = tuple[Change, ...]

PARTITION_LIMIT = 4096  # elements; see rules/partition.py
UNROLL_LIMIT = 4096  # loop bodies; see rules/unroll.py
RESHAPE_LIMIT = 65_536  # bits; see rules/reshape.py


def first_that_passes(context: Context, options: Iterable[Changes], passes: Callable[[Context], bool]) -> Changes:
    """The first of `options` after which the design `passes`; () if none does."""
    return next((changes for changes in options if passes(applied(context, changes))), ())


def of_layer(context: Context, layer: str) -> list[Products]:
    """The products of one layer: two matrices of a recurrent one, none of a layer without."""
    return [products for products in products_of(context) if products.layer == layer]


def is_small(context: Context, layer: str) -> bool:
    """Whether no array, loop or word that the layer's products lay out is too large."""
    limits = ((arrays, PARTITION_LIMIT), (loops, UNROLL_LIMIT), (words, RESHAPE_LIMIT))
    own = ("products", "gathered pixels", "sums", "Product1", "MultLoop", "weights")
    return all(
        laid.size <= limit
        for laid_out, limit in limits
        for laid in laid_out(context)
        if laid.layer == layer and laid.name in own
    )


def smaller_kernels(context: Context, layer: str) -> Changes:
    """The smallest change that makes a layer's kernels small: fewer pixels at once, else shared multipliers."""
    return first_that_passes(context, _smaller(context, layer), lambda after: is_small(after, layer))


def _smaller(context: Context, layer: str) -> Iterator[Changes]:
    fewer = list(fewer_pixels(context, layer))
    shared = list(more_sharing(context, layer))
    yield from fewer
    yield from shared
    yield from (pixels + sharing for sharing in shared for pixels in fewer)


def fewer_pixels(context: Context, layer: str) -> Iterator[Changes]:
    """Smaller parallelization factors of a convolution in io_parallel, the largest first."""
    for products in of_layer(context, layer):
        if is_convolution(products) and not context.is_stream:
            pixels = products.copies * products.turns
            smaller = [factor for factor in valid_parallelization(pixels) if factor < products.copies]
            yield from ((Change(stem(layer), Key.PARALLELIZATION_FACTOR, factor),) for factor in reversed(smaller))


def more_sharing(context: Context, layer: str) -> Iterator[Changes]:
    """Larger reuse factors in ascending order, with strategy `resource` where the layer has another.

    hls4ml has no such C++ for depthwise convolutions in io_parallel.
    """
    found = of_layer(context, layer)
    if any(isinstance(products.node, DepthwiseConv2D) for products in found) and not context.is_stream:
        return
    name, shared = stem(layer), all(one.is_shared for one in found)
    strategy = () if shared else (Change(name, Key.STRATEGY, Strategy.RESOURCE.value),)
    least = 0 if strategy else max((one.reuse for one in found), default=0)
    for factor in sorted({factor for one in found for factor in one.reused_valid if factor > least}):
        yield (*strategy, Change(name, Key.REUSE_FACTOR, factor))


def less_sharing(context: Context, layer: str) -> Iterator[Changes]:
    """Smaller reuse factors in descending order."""
    found = of_layer(context, layer)
    most = max((one.reuse for one in found), default=1)
    factors = {factor for one in found for factor in (one.reused_valid if one.is_shared else divisors(one.count))}
    smaller = sorted((factor for factor in factors if factor < most), reverse=True)
    yield from ((Change(stem(layer), Key.REUSE_FACTOR, factor),) for factor in smaller)

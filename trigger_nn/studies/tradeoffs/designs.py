"""Which strategies and reuse factors a program can be built with, and what hls4ml makes of them layer by layer.

As hls4ml 1.3.0 does (backends/vivado/vivado_backend.py, init_dense and its like): a factor that a layer's loops can't
have is replaced by the nearest that they can, and so are some strategies. A design that is the same as another one,
layer by layer, or that no layer takes, is none of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.lint.context import Context
from trigger_nn.hardware.lint.products import Products, products_of, taken_reuse
from trigger_nn.program.operations import Conv2D, Dense, DepthwiseConv2D, Strategy, SumOfProducts
from trigger_nn.program.program import Program
from trigger_nn.recipe import hardware_spec
from trigger_nn.studies.tradeoffs.values import RTL, LeftOut

WEIGHTED = (Dense, Conv2D, DepthwiseConv2D)  # those of which the strategy is scanned
STREAM = "io_stream"
Parts = tuple[tuple[Strategy, int], ...]
"""Strategy and reuse factor of each layer with weights."""


@dataclass(frozen=True)
class Design:
    """A way to build, the reuse factor asked for, the factors that layers have, the program as hls4ml would take it."""

    way: str
    reuse_factor: int
    taken: tuple[int, ...]
    program: Program


def designs(
    program: Program, ways: Sequence[str], reuse_factors: Sequence[int], io_type: str
) -> tuple[tuple[Design, ...], tuple[LeftOut, ...]]:
    """All designs of `program` that differ, and what is left out.

    Recurrent layers and Einstein sums keep what they were compiled for.
    """
    products = _products(program, io_type)
    found: dict[object, Design] = {}
    left = []
    for way, factor in _asked(ways, reuse_factors):
        if way == RTL:
            found[RTL] = Design(RTL, 1, (1,), program)
            continue
        try:
            parts = _parts(products, Strategy(way), factor, io_type == STREAM)
        except RecipeError as error:
            left.append(LeftOut(f"{way}, reuse factor {factor}", str(error)))
            continue
        same = found.setdefault(parts, _design(program, products, way, factor, parts))
        if (same.way, same.reuse_factor) != (way, factor):
            why = f"the same, layer by layer, as {same.way} with reuse factor {same.reuse_factor}"
            left.append(LeftOut(f"{way}, reuse factor {factor}", why))
    return tuple(found.values()), tuple(left)


def _asked(ways: Sequence[str], reuse_factors: Sequence[int]) -> Iterator[tuple[str, int]]:
    """Distributed arithmetic and our own RTL share nothing between events."""
    for way in ways:
        unshared = way in (RTL, Strategy.DISTRIBUTED)
        yield from ((way, factor) for factor in ((1,) if unshared else reuse_factors))


def _products(program: Program, io_type: str) -> Mapping[str, Products]:
    """Dense layers and convolutions by name."""
    context = Context(program, hardware_spec(io_type=io_type), spacing=25.0)
    own = {operation.name for operation in program.operations if isinstance(operation, WEIGHTED)}
    return {found.layer: found for found in products_of(context) if found.layer in own}


def _parts(products: Mapping[str, Products], strategy: Strategy, asked: int, stream: bool) -> Parts:
    """What hls4ml makes of a strategy and a reuse factor for all layers.

    Raises:
        RecipeError: some layer can't be had so, or none takes what is asked for.
    """
    taken = []
    for layer, one in products.items():
        own = _strategy(layer, one.node, strategy, asked, stream)
        taken.append((own, taken_reuse(one, own, asked)))
    if not taken:
        raise RecipeError("there is no dense layer or convolution to choose it for")
    if strategy not in {own for own, _ in taken}:
        others = " and ".join(sorted({own.value for own, _ in taken}))
        raise RecipeError(f"no layer takes it, hls4ml gives the network {others}")
    if asked not in {reuse for own, reuse in taken if own is strategy}:
        nearest = " and ".join(map(str, sorted({reuse for own, reuse in taken if own is strategy})))
        raise RecipeError(f"no layer can have this factor, hls4ml takes {nearest} in its place")
    return tuple(taken)


def _strategy(layer: str, node: SumOfProducts, strategy: Strategy, asked: int, stream: bool) -> Strategy:
    """What hls4ml gives a layer in place of `strategy`.

    Raises:
        RecipeError: its C++ stops at an assertion (nnet_sepconv2d.h).
    """
    depthwise = isinstance(node, DepthwiseConv2D)
    match strategy:
        case Strategy.RESOURCE if depthwise and not stream:
            raise RecipeError(f"hls4ml has no such C++ for the depthwise convolution {layer!r} in io_parallel")
        case Strategy.UNROLLED | Strategy.DISTRIBUTED if depthwise:
            return Strategy.LATENCY
        case Strategy.UNROLLED if asked == 1 or (isinstance(node, Conv2D) and not stream):
            return Strategy.RESOURCE
        case _:
            return strategy


def _design(program: Program, products: Mapping[str, Products], way: str, factor: int, parts: Parts) -> Design:
    told = dict(zip(products, parts, strict=True))
    operations = []
    for operation in program.operations:
        if isinstance(operation, WEIGHTED):
            strategy, reuse = told[operation.name]
            operation = replace(operation, strategy=strategy, reuse_factor=reuse)
        operations.append(operation)
    taken = tuple(sorted({reuse for _, reuse in parts}))
    return Design(way, factor, taken, replace(program, operations=tuple(operations)))

"""What hls4ml is asked for, and what it builds in its place: nearest reuse factors, other strategies.

hls4ml 1.3.0 (backends/vivado/vivado_backend.py, init_dense and its like; backends/fpga/fpga_backend.py) replaces a
reuse factor that a layer's loops can't have by the nearest that they can, and some strategies by others, and says so
in a print alone.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.lint.context import Context
from trigger_nn.hardware.lint.products import Products, products_of, taken_reuse
from trigger_nn.program.operations import Conv2D, Dense, DepthwiseConv2D, Operation, Strategy
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.program import Program
from trigger_nn.recipe import hardware_spec

Weighted = Dense | Conv2D | DepthwiseConv2D


@dataclass(frozen=True)
class Choice:
    """What hls4ml is told; None: what the program was compiled for."""

    io_type: str = "io_parallel"
    strategy: Strategy | None = None
    reuse_factor: int | None = None

    @property
    def is_stream(self) -> bool:
        """Whether tensors pass through FIFOs, pixel by pixel."""
        return self.io_type == "io_stream"

    @property
    def is_own(self) -> bool:
        """Whether a strategy or a reuse factor is asked for, other than what the program was compiled for."""
        return self.strategy is not None or self.reuse_factor is not None


def taken(program: Program, choice: Choice) -> tuple[Program, tuple[str, ...]]:
    """`program` with the strategies and reuse factors that hls4ml takes for `choice`; sentences on what it replaced.

    What the program was compiled for is what hls4ml took; it stays as it is where nothing is asked for.

    Raises:
        RecipeError: hls4ml's C++ for a layer would stop at an assertion (nnet_sepconv2d.h).
    """
    if not choice.is_own:
        return program, ()
    products = _products(program, choice)
    made = tuple(_told(operation, choice, products) for operation in program.operations)
    return replace(program, operations=made), tuple(_notes(program, made, choice))


def _products(program: Program, choice: Choice) -> Mapping[str, Products]:
    context = Context(program, hardware_spec(io_type=choice.io_type), spacing=25.0)
    return {found.layer: found for found in products_of(context) if isinstance(found.node, Weighted)}


def _told(operation: Operation, choice: Choice, products: Mapping[str, Products]) -> Operation:
    if not isinstance(operation, Weighted):
        return operation
    strategy, reuse = _asked(operation, choice)
    own = _strategy(operation, strategy, reuse, choice.is_stream)
    return replace(operation, strategy=own, reuse_factor=taken_reuse(products[operation.name], own, reuse))


def _asked(operation: Weighted, choice: Choice) -> tuple[Strategy, int]:
    return Strategy(choice.strategy or operation.strategy), choice.reuse_factor or operation.reuse_factor


def _strategy(operation: Weighted, asked: Strategy, reuse: int, stream: bool) -> Strategy:
    depthwise = isinstance(operation, DepthwiseConv2D)
    match asked:
        case Strategy.RESOURCE if depthwise and not stream:
            raise RecipeError(
                f"hls4ml has no C++ of strategy resource for the depthwise convolution {operation.name!r} in "
                "io_parallel; choose strategy latency, or io_stream."
            )
        case Strategy.UNROLLED | Strategy.DISTRIBUTED if depthwise:
            return Strategy.LATENCY
        case Strategy.UNROLLED if reuse == 1 or (isinstance(operation, Conv2D) and not stream):
            return Strategy.RESOURCE
        case _:
            return asked


def _notes(program: Program, made: tuple[Operation, ...], choice: Choice) -> Iterator[str]:
    """A sentence for each way in which something was replaced, with its layers."""
    layers: dict[str, list[str]] = {}
    for old, new in zip(program.operations, made, strict=True):
        if isinstance(old, Weighted) and isinstance(new, Weighted):
            asked, found = _asked(old, choice), (new.strategy, new.reuse_factor)
            if asked != found:
                layers.setdefault(f"{_said(found)} in place of {_said(asked)}", []).append(old.name)
    yield from (f"hls4ml builds {what}: {', '.join(names)}." for what, names in layers.items())
    kept = [operation.name for operation in program.operations if isinstance(operation, RecurrentNode)]
    if kept:
        yield f"Recurrent layers keep what they were compiled for: {', '.join(kept)}."


def _said(what: tuple[Strategy, int]) -> str:
    return f"{what[0].value} with reuse factor {what[1]}"

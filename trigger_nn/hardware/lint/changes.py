"""A change applied to a design, as compiling again with it would: the recipe says it, and the program follows.

What does not bear on feasibility is not computed anew: a table of another size repeats its entries, and narrower
weights drop their low bits.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import reduce
from typing import Any

import numpy as np

from trigger_nn.hardware.lint.context import Context, packets, stem
from trigger_nn.hardware.lint.findings import Change, Key
from trigger_nn.hardware.lint.products import products_of, taken_reuse
from trigger_nn.hardware.lint.reuse import closest, valid_parallelization
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import (
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Operation,
    Reshape,
    Softmax,
    Strategy,
    SumOfProducts,
)
from trigger_nn.program.operations.recurrent import RecurrentNode, RecurrentOperation
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec, hardware_spec

TYPES = {Key.RESULT: "result", Key.ACCUMULATOR: "accum", Key.WEIGHTS: "weight"}


def applied(context: Context, changes: Sequence[Change]) -> Context:
    """The design with all `changes` made, in order.

    Raises:
        RecipeError: a change has a value that a recipe can't have.
    """
    return reduce(_one, changes, context)


def _one(context: Context, change: Change) -> Context:
    match change.key:
        case Key.SPACING:
            return replace(context, spacing=float(change.value))
        case Key.INSTALL:
            return replace(context, da4ml=True)
        case Key.FIFO_DEPTH:
            return _deepened(context, change)
        case Key.NAME:
            return _renamed(context, change)
        case Key.IO_TYPE:
            return replace(context, hardware=told(context.hardware, change))
        case Key.INPUT:
            return _retyped_port(context, change)
        case Key.RESULT | Key.ACCUMULATOR | Key.WEIGHTS:
            return _retyped(context, change)
        case Key.TABLE_SIZE:
            return _on(_told(context, change), change.layer, lambda op: _resized(op, int(change.value)))
        case Key.PARALLELIZATION_FACTOR:
            return _on(_told(context, change), change.layer, lambda op: _repartitioned(op, int(change.value)))
        case Key.REUSE_FACTOR | Key.STRATEGY:
            return _shared(_told(context, change), change)


def told(hardware: HardwareSpec, change: Change) -> HardwareSpec:
    """The [hardware] table with a key of it, or of one of its layers, set.

    Raises:
        RecipeError: the value is not one that the key can have.
    """
    tables = hardware.model_dump()
    if not change.layer:
        return hardware_spec(**(tables | {str(change.key): change.value}))
    known = tables["layers"].get(change.layer, {})
    if change.key in TYPES:
        values = {"precision": known.get("precision", {}) | {TYPES[change.key]: change.value}}
    else:
        values = {str(change.key): change.value}
    return hardware_spec(**(tables | {"layers": tables["layers"] | {change.layer: known | values}}))


def _told(context: Context, change: Change) -> Context:
    return replace(context, hardware=told(context.hardware, change))


def _on(context: Context, layer: str, edit: Callable[[Operation], Operation]) -> Context:
    """`edit` on the operations of a layer, all steps of a repeated one; on all operations without a layer."""
    operations = tuple(edit(op) if not layer or stem(op.name) == layer else op for op in context.program.operations)
    return replace(context, program=replace(context.program, operations=operations))


def _shared(context: Context, change: Change) -> Context:
    """Reuse factors as hls4ml takes them, with the strategy that each layer has or is now told."""
    found = {(products.layer, id(products.node)): products for products in products_of(context)}

    def parts(operation: Operation, node: SumOfProducts) -> dict[str, Any]:
        products = found[operation.name, id(node)]
        strategy = Strategy(str(change.value)) if change.key is Key.STRATEGY else products.strategy
        asked = context.asked(products.layer).reuse_factor or context.hardware.reuse_factor
        return {"strategy": strategy, "reuse_factor": taken_reuse(products, strategy, asked)}

    def edit(operation: Operation) -> Operation:
        if isinstance(operation, SumOfProducts):
            return _with(operation, parts(operation, operation))
        if isinstance(operation, RecurrentNode):
            return _with(operation, {name: replace(n, **parts(operation, n)) for name, n in _matrices(operation)})
        return operation

    return _on(context, change.layer, edit)


def _matrices(operation: RecurrentOperation) -> list[tuple[str, Dense]]:
    return [("kernel", operation.kernel), ("recurrent", operation.recurrent)]


def _with(operation: Operation, fields: Mapping[str, Any]) -> Operation:
    """`operation` with other fields."""
    return replace(operation, **fields)


def _repartitioned(operation: Operation, asked: int) -> Operation:
    if not isinstance(operation, Conv2D | DepthwiseConv2D):
        return operation
    pixels = packets(operation.shape)
    return replace(operation, partitions=pixels // closest(valid_parallelization(pixels), asked))


def _resized(operation: Operation, size: int) -> Operation:
    if isinstance(operation, RecurrentNode):
        parts = {name: part for name, part in vars(operation).items() if hasattr(part, "table")}
        return _with(operation, {name: _resized(part, size) for name, part in parts.items()})
    names = ("exponential", "inverse") if isinstance(operation, Softmax) else ("table",)
    tables = {name: getattr(operation, name) for name in names}
    sized = {name: Constant(np.resize(table.mantissa, (size,)), table.type) for name, table in tables.items()}
    return _with(operation, sized)


def _retyped(context: Context, change: Change) -> Context:
    """Another type of a layer's result, accumulator or weights."""
    kind = Fixed.parse(str(change.value))

    def edit(operation: Operation) -> Operation:
        if change.key is Key.WEIGHTS:
            return _with_weights(operation, kind)
        field = "type" if change.key is Key.RESULT else "accumulator"
        return _with(operation, {field: kind}) if hasattr(operation, field) else operation

    after = _on(_told(context, change), change.layer, edit)
    return replace(after, program=_reshaped(after.program))


def _retyped_port(context: Context, change: Change) -> Context:
    kind, program = Fixed.parse(str(change.value)), context.program
    ports = tuple(replace(port, type=kind) if port.name == change.layer else port for port in program.inputs)
    return replace(context, program=_reshaped(replace(program, inputs=ports)))


def _reshaped(program: Program) -> Program:
    """Reshapes, which rename an array, with the type that the array now has."""
    for operation in program.operations:
        if isinstance(operation, Reshape):
            renamed = replace(operation, type=program.type_of(operation.inputs[0]))
            operations = tuple(renamed if op.name == operation.name else op for op in program.operations)
            program = replace(program, operations=operations)
    return program


def _with_weights(operation: Operation, kind: Fixed) -> Operation:
    if isinstance(operation, RecurrentNode):
        return _with(operation, {name: _with_weights(part, kind) for name, part in _matrices(operation)})
    if not isinstance(operation, SumOfProducts):
        return operation
    mantissa = operation.weights.mantissa >> max(operation.weights.type.fraction - kind.fraction, 0)
    return _with(operation, {"weights": Constant(np.clip(mantissa, kind.minimum, kind.maximum), kind)})


def _deepened(context: Context, change: Change) -> Context:
    if context.streams is None:
        return context
    fifos = tuple(
        replace(fifo, given=int(change.value), deadlock=False) if fifo.name == change.layer else fifo
        for fifo in context.streams.fifos
    )
    return replace(context, streams=replace(context.streams, fifos=fifos))


def _renamed(context: Context, change: Change) -> Context:
    names, program = {change.layer: str(change.value)}, context.program

    def new(name: str) -> str:
        stem, slash, step = name.partition("/")
        return names.get(stem, stem) + slash + step

    operations = tuple(replace(op, name=new(op.name), inputs=tuple(map(new, op.inputs))) for op in program.operations)
    ports = tuple(replace(port, name=new(port.name)) for port in program.inputs)
    outputs = tuple(map(new, program.output_names))
    renamed = replace(program, inputs=ports, operations=operations, output_names=outputs)
    layers = {new(name): spec for name, spec in context.hardware.layers.items()}
    return replace(context, program=renamed, hardware=context.hardware.model_copy(update={"layers": layers}))

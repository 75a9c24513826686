"""What each operation means, written once, over any domain of values; one module a family of operations.

A domain supplies arithmetic on arrays whose first axis counts events: integers (the reference engine), intervals (the
range pass), later RTL symbols. Nothing here knows which. The meaning is that of the C++ that hls4ml 1.3.0 generates
for Vitis and Vivado (`firmware/nnet_utils`).
"""

from collections.abc import Mapping
from typing import assert_never

from trigger_nn.program.operations import Operation, Softmax
from trigger_nn.program.operations.activations import ActivationNode
from trigger_nn.program.operations.arrangement import ArrangementNode
from trigger_nn.program.operations.convolutions import ConvolutionNode
from trigger_nn.program.operations.merging import MergingNode
from trigger_nn.program.operations.pooling import PoolingNode
from trigger_nn.program.operations.products import ProductNode
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.operations.transformer import TransformerNode
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import (
    activations,
    arrangement,
    convolutions,
    merging,
    pooling,
    products,
    recurrent,
    softmax,
    transformer,
)
from trigger_nn.program.semantics.domain import Domain, Operand, V


def run(program: Program, domain: Domain[V], inputs: Mapping[str, V]) -> dict[str, V]:
    """Every tensor of `program` by name, given its `inputs` as mantissas of their ports' types.

    A tensor inside the network may be given too; it is then taken as it is, not computed.
    """
    tensors = dict(inputs)
    for operation in program.operations:
        if operation.name not in tensors:
            tensors[operation.name] = apply(operation, domain, program, [tensors[name] for name in operation.inputs])
    return tensors


def apply(operation: Operation, domain: Domain[V], program: Program, values: list[V]) -> V:
    """The result of one operation from its input tensors."""
    operands = [
        Operand(value, program.type_of(name), program.shape_of(name))
        for name, value in zip(operation.inputs, values, strict=True)
    ]
    match operation:
        case ProductNode():
            return products.apply(operation, domain, operands)
        case ConvolutionNode():
            return convolutions.apply(operation, domain, operands)
        case ActivationNode():
            return activations.apply(operation, domain, operands)
        case Softmax():
            return softmax.apply(operation, domain, operands)
        case PoolingNode():
            return pooling.apply(operation, domain, operands)
        case ArrangementNode():
            return arrangement.apply(operation, domain, operands)
        case MergingNode():
            return merging.apply(operation, domain, operands)
        case RecurrentNode():
            return recurrent.apply(operation, domain, operands)
        case TransformerNode():
            return transformer.apply(operation, domain, operands)
        case _:
            assert_never(operation)


def expected_shape(operation: Operation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that `operation` makes of inputs of `shapes`; () when it can't take them."""
    match operation:
        case ProductNode():
            return products.shape(operation, shapes)
        case ConvolutionNode():
            return convolutions.shape(operation, shapes)
        case ActivationNode():
            return activations.shape(operation, shapes)
        case Softmax():
            return softmax.shape(operation, shapes)
        case PoolingNode():
            return pooling.shape(operation, shapes)
        case ArrangementNode():
            return arrangement.shape(operation, shapes)
        case MergingNode():
            return merging.shape(operation, shapes)
        case RecurrentNode():
            return recurrent.shape(operation, shapes)
        case TransformerNode():
            return transformer.shape(operation, shapes)
        case _:
            assert_never(operation)

"""Fewer bits without training: weights and activations rounded to coarser grids, all other types chosen anew.

This is rounding after training. A network that is trained again with a narrower quantizer does better, so what is lost
here is an upper bound of what that precision costs; `trigger_nn.studies.tradeoffs` counts it in decisions.

* Weights of dense layers and convolutions lose low bits: rounded to the nearest, ties to even, and kept in range.
* Activations are the results that a quantizer states, which shows in that they lose bits (`passes.exact.shortfalls`):
  of casts, relus and other functions of single elements. They lose fraction bits and keep rounding and overflow.
* Ports keep their types, so that the network still fits between its neighbours; biases, the constants of batch
  normalisation and tables keep theirs, too.
* Recurrent layers, transformers and layers repeated for time steps stay as they are, as exact types do not reach them.
* So does what an operation reads by its bits: a table's address, a padding of a max-pool, what counts as -1 or 1.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from trigger_nn.errors import PrecisionError
from trigger_nn.passes.exact import CHOSEN, Slot, choose_exact_types, shortfalls
from trigger_nn.program.fixed import Fixed, Overflow, Rounding, requantize
from trigger_nn.program.operations import (
    BitLookup,
    Cast,
    Constant,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    ExponentialLinear,
    HardSigmoid,
    LeakyRelu,
    Lookup,
    MaxPool2D,
    Operation,
    Product,
    Relu,
    Reshape,
    Softmax,
    ThresholdedRelu,
)
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.operations.transformer import TransformerNode
from trigger_nn.program.program import Program
from trigger_nn.program.rules import check

WEIGHTED = (Dense, Conv2D, DepthwiseConv2D)
QUANTIZERS = (
    Cast, Relu, LeakyRelu, ThresholdedRelu, HardSigmoid, Lookup, ExponentialLinear, BitLookup,
)  # fmt: skip


def coarsen(program: Program, weight_bits: int, activation_bits: int) -> Program:
    """`program` with weights `weight_bits` and activations `activation_bits` bits narrower; itself for 0 and 0.

    The new program's provenance says so, among its losses too.

    Raises:
        PrecisionError: a number is negative, a layer has too few bits, nothing in the program can lose any, or a type
            that can't be chosen anew would overflow.
    """
    if min(weight_bits, activation_bits) < 0:
        raise PrecisionError(
            f"Weights or activations can't lose {min(weight_bits, activation_bits)} bits; give 0 or more."
        )
    if not weight_bits and not activation_bits:
        return program
    stated, held = _stated(program), _held(program)
    narrowed = _activations(program, stated, held) if activation_bits else frozenset()
    told = tuple(_told(op, weight_bits, activation_bits if op.name in narrowed else 0) for op in program.operations)
    if told == program.operations:
        raise PrecisionError(_nothing(program, weight_bits, activation_bits))
    kept = {(name, "type") for name in held} | _beyond_reach(program)
    chosen, _ = choose_exact_types(replace(program, operations=told), stated | kept)
    _refuse_overflow(chosen, kept - stated)
    return check(replace(chosen, provenance=_provenance(program, weight_bits, activation_bits)))


def _told(operation: Operation, weight_bits: int, activation_bits: int) -> Operation:
    """`operation` with narrower weights and, if bits are given, a narrower result."""
    if weight_bits and _is_weighted(operation):
        assert isinstance(operation, WEIGHTED)
        return replace(operation, weights=_rounded(operation.weights, weight_bits, operation.name))
    return _with(operation, {"type": _narrower(operation.type, activation_bits, "activations", operation.name)})


def _with(operation: Operation, fields: Mapping[str, Any]) -> Operation:
    return replace(operation, **fields)


def _is_weighted(operation: Operation) -> bool:
    """Whether its weights are factors of a sum whose types can be chosen anew."""
    return isinstance(operation, WEIGHTED) and operation.product is Product.MULTIPLY and not _is_repeated(operation)


def _is_repeated(operation: Operation) -> bool:
    return "/" in operation.name


def _rounded(weights: Constant, bits: int, layer: str) -> Constant:
    kind = _narrower(weights.type, bits, "weights", layer)
    target = kind.modes(Rounding.RND_CONV, Overflow.SAT)
    return Constant(requantize(weights.mantissa, weights.type.fraction, target), kind)


def _narrower(kind: Fixed, bits: int, what: str, layer: str) -> Fixed:
    """The same range with fewer bits behind the point; at least one bit beside the sign is left."""
    least = 1 + kind.signed
    if bits and kind.width - bits < least:
        raise PrecisionError(
            f"Layer {layer!r} has {what} of type {kind}, which would not keep {least} bits if it lost {bits}; ask for "
            f"{max(kind.width - least, 0)} at most."
        )
    return replace(kind, width=kind.width - bits)


def _slots(program: Program) -> set[Slot]:
    return {(op.name, field) for op in program.operations for field in CHOSEN if hasattr(op, field)}


def _stated(program: Program) -> set[Slot]:
    """Types that lose bits, which a type chosen from ranges never does: a quantizer or the user states them."""
    return {(short.layer, short.field) for short in shortfalls(program, _slots(program))}


def _activations(program: Program, stated: Collection[Slot], held: Collection[str]) -> frozenset[str]:
    """Results that a quantizer states, between layers."""
    fixed = {*held, *program.output_names}
    return frozenset(
        op.name
        for op in program.operations
        if isinstance(op, QUANTIZERS) and (op.name, "type") in stated and op.name not in fixed
    )


def _held(program: Program) -> frozenset[str]:
    """Tensors, inputs among them, of which some reader takes the bits as they stand."""
    held: set[str] = set()
    for operation in reversed(program.operations):
        renamed = isinstance(operation, Reshape) and operation.name in held
        if renamed or _reads_bits(operation):
            held.update(operation.inputs)
    return frozenset(held)


def _reads_bits(operation: Operation) -> bool:
    match operation:
        case BitLookup() | RecurrentNode():
            return True
        case ThresholdedRelu():
            return operation.unsigned
        case MaxPool2D():
            return _is_padded(operation)
        case Dense() | Conv2D() | DepthwiseConv2D():
            return operation.product is not Product.MULTIPLY
        case _:
            return False


def _beyond_reach(program: Program) -> set[Slot]:
    """Types of operations that `choose_exact_types` leaves alone, or that hold a mantissa of that type."""
    untouched = [
        op.name
        for op in program.operations
        if _is_repeated(op) or isinstance(op, Softmax | RecurrentNode | TransformerNode) or _is_padded(op)
    ]
    return {(name, field) for name, field in _slots(program) if name in untouched}


def _is_padded(operation: Operation) -> bool:
    """Whether a mantissa of its input's type stands in for pixels beyond the edge; that of 0 is 0 in any type."""
    return isinstance(operation, MaxPool2D) and operation.fill != 0 and any(operation.window.padding)


def _refuse_overflow(program: Program, kept: Collection[Slot]) -> None:
    """Types that held everything before must hold everything now."""
    for short in shortfalls(program, kept):
        raise PrecisionError(
            f"Layer {short.layer!r} must keep its {short.field} {short.found} for what reads it, but with coarser "
            f"weights before it would need {short.needed}; ask for fewer bits."
        )


def _nothing(program: Program, weight_bits: int, activation_bits: int) -> str:
    asked = [f"weights {weight_bits}"] * bool(weight_bits) + [f"activations {activation_bits}"] * bool(activation_bits)
    return (
        f"Nothing in program {program.name!r} can be made narrower ({', '.join(asked)} bits): it has no dense layer or "
        "convolution, or no activation that a quantizer states; compile the model with other quantizers."
    )


def _provenance(program: Program, weight_bits: int, activation_bits: int) -> dict[str, Any]:
    told = f"after training, weights were rounded by {weight_bits} bits and activations by {activation_bits}"
    origin = {"program": program.digest, "weight_bits": weight_bits, "activation_bits": activation_bits}
    losses = [*program.provenance.get("losses", []), told]
    return {**program.provenance, "losses": losses, "coarsened": origin}

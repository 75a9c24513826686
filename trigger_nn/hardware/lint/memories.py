"""Memories of a design, and the block RAMs that they fill.

A block RAM of 36 kbit is two of 18 kbit, each of which is organised as one of `SHAPES` (AMD UG573, UG473; UG953 on
RAMB18E1).
"""

from collections.abc import Iterator
from dataclasses import dataclass

from trigger_nn.hardware.lint.context import Context, elements, packets
from trigger_nn.hardware.lint.products import products_of
from trigger_nn.program.operations import (
    Constant,
    Embedding,
    ExponentialLinear,
    LayerNormalization,
    Lookup,
    Operation,
    Softmax,
    SoftmaxKind,
)
from trigger_nn.program.operations.recurrent import RecurrentNode

SHAPES = ((512, 36), (1024, 18), (2048, 9), (4096, 4), (8192, 2), (16_384, 1))  # words, bits
PORTS = 2  # reads a cycle of one block RAM
SRL_BITS, SRL_DEPTH = 1024, 2  # a FIFO of no more is made of shift registers (UG1399, config_storage)


@dataclass(frozen=True)
class Memory:
    """`copies` memories of `words` words of `width` bits; `what` is weights, table or FIFO."""

    layer: str
    what: str
    words: int
    width: int
    copies: int = 1

    @property
    def halves(self) -> int:
        """Block RAMs of 18 kbit."""
        each = min(-(-self.words // words) * -(-self.width // width) for words, width in SHAPES)
        return each * self.copies


def memories(context: Context) -> tuple[Memory, ...]:
    """Every memory of a design: shared weights, tables, FIFOs of streams."""
    tables = (memory for op in context.program.operations for memory in _tables(op, context))
    return (*_weights(context), *tables, *(_fifos(context) if context.is_stream else ()))


def block_rams(found: tuple[Memory, ...]) -> float:
    """Block RAMs of 36 kbit."""
    return sum(memory.halves for memory in found) / 2


def _weights(context: Context) -> Iterator[Memory]:
    """ROMs of nnet_dense_resource.h: as many words as the reuse factor, unless that is 1."""
    for products in products_of(context):
        if products.is_shared and products.reuse > 1:
            width = products.in_each_cycle * products.weights.type.width
            yield Memory(products.layer, "weights", products.reuse, width)


def tables_of(operation: Operation) -> tuple[Constant, ...]:
    """Tables of functions, whose size the recipe sets; those of a table by all bits are registers."""
    match operation:
        case Lookup() | ExponentialLinear() | LayerNormalization():
            return (operation.table,)
        case Softmax(kind=SoftmaxKind.ARGMAX):
            return ()
        case Softmax():
            return operation.exponential, operation.inverse
        case RecurrentNode():
            return tuple(table for part in vars(operation).values() if _is_lookup(part) for table in tables_of(part))
        case _:
            return ()


def _is_lookup(part: object) -> bool:
    return isinstance(part, Lookup | ExponentialLinear)


def _tables(operation: Operation, context: Context) -> Iterator[Memory]:
    """A copy for every `PORTS` values that are looked up in one cycle: a packet of a stream, or the whole tensor."""
    at_once = _looked_up(operation, context)
    for place, table in enumerate(tables_of(operation)):
        is_inverse = isinstance(operation, Softmax) and place == 1
        reads = operation.outer if is_inverse and isinstance(operation, Softmax) else at_once
        yield Memory(operation.name, "table", table.mantissa.size, table.type.width, -(-reads // PORTS))
    if isinstance(operation, Embedding):
        words, width = operation.table.mantissa.shape
        yield Memory(operation.name, "table", words, width * operation.table.type.width, -(-at_once // PORTS))


def _looked_up(operation: Operation, context: Context) -> int:
    """Reads of one cycle: layer normalisation looks up once a vector (nnet_layernorm.h), embedding once an index.

    A stream brings one vector, or one index (nnet_embed_stream.h), a cycle.
    """
    if isinstance(operation, LayerNormalization | Embedding):
        return 1 if context.is_stream else packets(operation.shape)
    return operation.shape[-1] if context.is_stream else elements(operation.shape)


def _fifos(context: Context) -> Iterator[Memory]:
    """A FIFO for every reader of a tensor within the design, and one in front of a copy where there are several.

    hls4ml makes each deep enough for a whole event (fpga_types.py, StreamVariableConverter).
    """
    inputs = {port.name for port in context.program.inputs}
    readers = [name for operation in context.program.operations for name in operation.inputs]
    for port in context.tensors():
        count = readers.count(port.name)
        inner = count if port.name not in inputs else 0
        fifos = inner + (count if count > 1 and port.name in inputs else count > 1)
        words, width = packets(port.shape), port.shape[-1] * port.type.width
        if fifos and words > SRL_DEPTH and words * width > SRL_BITS:
            yield Memory(port.name, "FIFO", words, width, int(fifos))

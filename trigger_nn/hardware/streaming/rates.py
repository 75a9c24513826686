"""What each operation reads and writes in one event, as its template in hls4ml 1.3.0 has it; docs/streaming.md."""

from math import ceil, prod

from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.hardware.streaming.clock import Rate, latency
from trigger_nn.hardware.streaming.moves import concatenation, rearranged, repack
from trigger_nn.hardware.streaming.tokens import Access, Phase
from trigger_nn.hardware.streaming.windows import READ, TURN, Setting, convolution, pipelined, pooling, result
from trigger_nn.program.operations import (
    AveragePool2D,
    BitLookup,
    Concatenate,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Embedding,
    Gru,
    Lstm,
    Merge,
    MergeKind,
    Operation,
    Rearrange,
    Reshape,
    Scale,
    Softmax,
    SoftmaxKind,
    Strategy,
)
from trigger_nn.program.operations.activations import ActivationNode
from trigger_nn.program.operations.pooling import MaxPool2D
from trigger_nn.program.operations.products import BinaryThreshold, TernaryThreshold

Shapes = tuple[tuple[int, ...], ...]


def phases(operation: Operation, shapes: Shapes, packs: tuple[int, ...], setting: Setting) -> tuple[Phase, ...]:
    """The phases of `operation` that reads tensors of `shapes` in so many `packs`.

    Raises:
        UnsupportedLayerError: hls4ml has no template for streams of such a layer, or none that is modelled.
    """
    match operation:
        case Dense():
            return _dense(operation, packs[0], setting)
        case Conv2D() | DepthwiseConv2D():
            return convolution(operation, shapes[0], setting)
        case MaxPool2D() | AveragePool2D():
            return pooling(operation, shapes[0], packs[0], setting)
        case Rearrange():
            return rearranged(operation, shapes[0], setting)
        case Reshape():
            return repack((packs[0], prod(operation.shape[:-1])), setting)
        case Concatenate():
            return concatenation(operation, shapes, packs)
        case Merge():
            return (_merge(operation, packs[0], setting),)
        case Embedding():
            return _embedding(operation, setting)
        case Lstm() | Gru():
            return _recurrent(operation, packs[0], setting)
        case ActivationNode() | Softmax() | Scale() | BinaryThreshold() | TernaryThreshold():
            interval = _interval(operation, prod(shapes[0]), setting)
            return (pipelined(packs[0], interval, latency(operation, setting.clock), setting.rate),)
        case _:
            raise UnsupportedLayerError(
                f"Layer {operation.name!r} ({type(operation).__name__}) has no rate in io_stream: hls4ml 1.3.0 has no "
                "template for it that works on streams; compile the model with io_type = 'io_parallel'."
            )


def _interval(operation: Operation, size: int, setting: Setting) -> int:
    """Cycles from pack to pack of layers that take each pack by itself; `size` counts the input's values."""
    match operation:
        case Scale():  # ii = n_in / multiplier_limit (nnet_batchnorm_stream.h)
            return size // ceil(size / setting.reuse)
        case Softmax(kind=SoftmaxKind.STABLE | SoftmaxKind.LATENCY):  # ii = size of a pack / multiplier_limit
            return operation.shape[-1] // ceil(operation.shape[-1] / setting.reuse)
        case BitLookup():  # II=reuse_factor (unary_lut)
            return setting.reuse
        case _:
            return 1


def _dense(operation: Dense, packs: int, setting: Setting) -> tuple[Phase, ...]:
    """data_prepare, dense, res_write: all packs in, the sums, one pack out; nothing overlaps."""
    body = latency(operation, setting.clock) + operation.reuse_factor - 1
    if operation.strategy in (Strategy.RESOURCE, Strategy.UNROLLED):
        body += 2 * TURN  # the loop over the reuse factor (nnet_dense_resource.h)
    rate = setting.rate or Rate(1, body)
    if packs == 1:
        return (Phase(1, rate.latency, rate.latency, (READ,), (Access(cycle=rate.latency - 1),)),)
    return (Phase(packs, 1, 1, (READ,), (), TURN), result(rate.latency))


def _merge(operation: Merge, packs: int, setting: Setting) -> Phase:
    """Add, subtract: PIPELINE. Others: PIPELINE II=reuse_factor. A pack of each input for a pack of the result."""
    plain = operation.kind in (MergeKind.ADD, MergeKind.SUBTRACT)
    body = latency(operation, setting.clock)
    rate = setting.rate or Rate(1 if plain else setting.reuse, body + (0 if plain else setting.reuse - 1))
    reads, write = (Access(0), Access(1)), Access(cycle=rate.latency - 1)
    return Phase(packs, rate.interval, rate.latency, reads, (write,), TURN)


def _embedding(operation: Embedding, setting: Setting) -> tuple[Phase, ...]:
    """Embedding: one pack with the whole sequence in, then PIPELINE II=reuse_factor over its elements."""
    body = latency(operation, setting.clock)
    rate = setting.rate or Rate(setting.reuse, body + setting.reuse - 1)
    writing = Phase(operation.shape[0], rate.interval, rate.latency, (), (Access(cycle=rate.latency - 1),), TURN)
    return (Phase(1, 1, 1, (READ,)), writing)


def _recurrent(operation: Lstm | Gru, packs: int, setting: Setting) -> tuple[Phase, ...]:
    """lstm_stack, gru_stack: step after step, not pipelined; a pack out at every step, or one after the last."""
    step = setting.rate.latency if setting.rate else latency(operation, setting.clock)
    if len(operation.shape) > 1 and operation.shape[0] > 1:
        return (Phase(packs, step, step, (READ,), (Access(cycle=step - 1),), TURN),)
    return (Phase(packs, step, step, (READ,), (), TURN), result(1))

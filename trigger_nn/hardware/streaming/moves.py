"""Layers that move packs: padding, cropping, upsampling, broadcasting, permuting, regrouping, joining, copying."""

from collections.abc import Iterator
from math import prod

from trigger_nn.hardware.streaming.clock import ENDS
from trigger_nn.hardware.streaming.tokens import Access, Phase
from trigger_nn.hardware.streaming.windows import READ, TURN, WRITE, Setting, pipelined, result
from trigger_nn.program.operations import Concatenate, Rearrange
from trigger_nn.program.semantics.windows import as_image

BROADCAST = "broadcast_"  # how hls4ml names the layers that it inserts for Vivado


def rearranged(operation: Rearrange, shape: tuple[int, ...], setting: Setting) -> tuple[Phase, ...]:
    """What becomes of an input of `shape`."""
    if operation.permutation:
        return _transpose(shape, operation.shape, setting)
    if operation.repeats:
        if operation.name.startswith(BROADCAST):
            return _broadcast(shape, operation.shape, setting)
        return (_resize(shape, operation.repeats, setting),)
    if min(min(pair) for pair in operation.padding) < 0:
        return (_cropping(operation, shape, setting),)
    return tuple(_zero_padding(operation, shape, setting))


def copies(packs: int, outputs: int) -> tuple[Phase, ...]:
    """clone_stream: PIPELINE, every copy written at once."""
    writes = tuple(Access(port, ENDS - 1) for port in range(outputs))
    return (Phase(packs, 1, ENDS, (READ,), writes, TURN),)


def repack(packs: tuple[int, int], setting: Setting) -> tuple[Phase, ...]:
    """repack_stream: PIPELINE, as many packs in as out, or several of the smaller for one of the larger."""
    given, made = packs
    if given >= made:
        return (pipelined(given, 1, ENDS, setting.rate, tuple(range(given // made - 1, given, given // made))),)
    ratio = made // given
    writes = tuple(Access(cycle=ENDS - 1 + part) for part in range(ratio))
    return (Phase(given, ratio, ENDS + ratio - 1, (READ,), writes, TURN),)


def concatenation(
    operation: Concatenate, shapes: tuple[tuple[int, ...], ...], packs: tuple[int, ...]
) -> tuple[Phase, ...]:
    """concatenate1d: all of one, all of the other, one pack. 2d, 3d: side by side, or one after the other by rows."""
    rank = len(operation.shape)
    if rank == 1:
        reading = tuple(Phase(count, 1, 1, (Access(port),), (), TURN) for port, count in enumerate(packs))
        return (*reading, result(1))
    if operation.axis == rank - 1:
        return (Phase(packs[0], 1, ENDS, (Access(0), Access(1)), (Access(cycle=ENDS - 1),), TURN),)
    rows = prod(shapes[0][: operation.axis])
    one_row = tuple(_passed(count // rows, port) for port, count in enumerate(packs))
    return one_row * rows


def _passed(packs: int, port: int) -> Phase:
    """A pipelined loop that hands on packs of one of several inputs."""
    return Phase(packs, 1, ENDS, (Access(port),), (Access(cycle=ENDS - 1),), TURN)


def _transpose(shape: tuple[int, ...], target: tuple[int, ...], setting: Setting) -> tuple[Phase, ...]:
    """Transpose: one pipelined loop reads all packs, another writes all."""
    reading = Phase(prod(shape[:-1]), 1, 1, (READ,), (), TURN)
    interval = setting.rate.interval if setting.rate else 1
    return (reading, Phase(prod(target[:-1]), interval, ENDS, (), (Access(cycle=ENDS - 1),), TURN))


def _broadcast(shape: tuple[int, ...], target: tuple[int, ...], setting: Setting) -> tuple[Phase, ...]:
    """broadcast_stream: one pack for all pixels, or one channel for all."""
    given, made = prod(shape[:-1]), prod(target[:-1])
    if given == made:
        return (pipelined(given, 1, ENDS, setting.rate),)
    return (Phase(1, 1, 1, (READ,)), Phase(made, 1, ENDS, (), (Access(cycle=ENDS - 1),), TURN))


def _resize(shape: tuple[int, ...], repeats: tuple[int, ...], setting: Setting) -> Phase:
    """resize_nearest: PIPELINE over rows with everything in them unrolled; a FIFO takes one pack a cycle."""
    height, width, _ = as_image(shape)
    down, right, _ = as_image(repeats)
    made = down * right * width
    reads = tuple(Access(cycle=column) for column in range(width))
    writes = tuple(Access(cycle=ENDS - 1 + pack) for pack in range(made))
    interval = setting.rate.interval if setting.rate else made
    return Phase(height, interval, max(interval, made + ENDS - 1), reads, writes, TURN)


def _cropping(operation: Rearrange, shape: tuple[int, ...], setting: Setting) -> Phase:
    """cropping*d_cl: the whole function is one pipeline, which reads a pack a cycle."""
    height, width, _ = as_image(shape)
    (top, _), (left, _), _ = ((0, 0), *operation.padding)[-3:]
    rows, columns, _ = as_image(operation.shape)
    kept = tuple((row - top) * width + column - left for row in range(rows) for column in range(columns))
    return pipelined(height * width, 1, ENDS, setting.rate, kept)


def _zero_padding(operation: Rearrange, shape: tuple[int, ...], setting: Setting) -> Iterator[Phase]:
    """zeropad*d_cl: loops without pragma; a cycle a pack, and the turns of three loops in every row."""
    height, width, _ = as_image(shape)
    (top, bottom), (left, right), _ = ((0, 0), *operation.padding)[-3:]
    cycles = setting.rate.interval if setting.rate else 1
    yield from _zeros(left + width + right, cycles) * top
    row = (*_zeros(left, cycles), _loop(width, cycles, (READ,)), *_zeros(right, cycles))
    yield from row * height
    yield from _zeros(left + width + right, cycles) * bottom


def _zeros(packs: int, cycles: int) -> tuple[Phase, ...]:
    return (_loop(packs, cycles, ()),) if packs else ()


def _loop(trips: int, cycles: int, reads: tuple[Access, ...]) -> Phase:
    """A loop whose packs are written in the cycle in which they are read; one trip is no loop."""
    return Phase(trips, cycles, cycles, reads, (WRITE,), TURN if trips > 1 else 0)

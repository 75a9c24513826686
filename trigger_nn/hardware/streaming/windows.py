"""Layers that take an image pixel by pixel and write when a window is full: convolutions, pooling."""

from dataclasses import dataclass
from math import prod

from trigger_nn.hardware.streaming.clock import Clock, Rate, latency
from trigger_nn.hardware.streaming.tokens import Access, Phase
from trigger_nn.program.operations import AveragePool2D, Conv2D, DepthwiseConv2D, MaxPool2D, Strategy, Window
from trigger_nn.program.semantics.windows import as_image

READ, WRITE = Access(), Access()
TURN = 1  # cycle to enter a loop that is not flattened, and one to leave it (AMD UG1399, "Imperfect Nested Loops")
AUTOMATIC = 64  # trips above which Vitis pipelines a loop without being told (UG1399, config_compile -pipeline_loops)
SHIFT = 2  # cycles of shift_line_buffer, a function pipelined by itself (nnet_conv_stream.h)


@dataclass(frozen=True)
class Setting:
    """What decides a layer's rate beside the layer: clock, its reuse factor, the backend, a rate from a report."""

    clock: Clock
    reuse: int = 1
    vitis: bool = True
    rate: Rate | None = None


def pipelined(trips: int, interval: int, body: int, rate: Rate | None, writes: tuple[int, ...] | None = None) -> Phase:
    """A pipelined loop that reads in the first cycle of its body and writes in the last, in iterations `writes`.

    A body that shares operators for `interval` cycles takes that many cycles longer, less one.
    """
    rate = rate or Rate(interval, body + interval - 1)
    write = Access(cycle=rate.latency - 1, iterations=writes)
    return Phase(trips, rate.interval, rate.latency, (READ,), (write,), TURN)


def convolution(operation: Conv2D | DepthwiseConv2D, image: tuple[int, ...], setting: Setting) -> tuple[Phase, ...]:
    """conv_*_cl, depthwise_conv_*_cl, pointwise_conv_*_cl with the line buffer.

    Strategies latency and distributed_arithmetic pipeline the loop over pixels (PIPELINE II=reuse_factor); others run
    it pixel after pixel, those that complete a window for as long as the kernel takes.
    """
    full = complete(operation.window, image)
    pixels = prod(image[:-1])
    body = latency(operation, setting.clock)
    if operation.strategy in (Strategy.LATENCY, Strategy.DISTRIBUTED) or setting.rate:
        return (pipelined(pixels, operation.reuse_factor, body, setting.rate, full),)
    shift = _shift(operation.window)
    return _serial(pixels, full, shift, shift + operation.reuse_factor - 1 + body)


def complete(window: Window, image: tuple[int, ...]) -> tuple[int, ...]:
    """Pixels, counted row by row, with which a window is full; the image already has its padding.

    compute_output_buffer_*d and compute_pool_buffer_*d: from the window's last row and column on, at every stride.
    """
    height, width, _ = as_image(image)
    (tall, wide), (down, right) = window.size, window.stride
    return tuple(
        row * width + column for row in range(tall - 1, height, down) for column in range(wide - 1, width, right)
    )


def pooling(
    operation: MaxPool2D | AveragePool2D, image: tuple[int, ...], packs: int, setting: Setting
) -> tuple[Phase, ...]:
    """pooling*d_cl: PIPELINE over pixels. global_pooling*d_cl: a loop without pragma over `packs`, then the result."""
    body = latency(operation, setting.clock)
    if not operation.flat:
        return (pipelined(packs, 1, body, setting.rate, complete(operation.window, image)),)
    add = setting.clock.cycles(1)
    interval = 1 if setting.vitis and packs > AUTOMATIC else add
    rate = setting.rate or Rate(interval, add)
    return (Phase(packs, rate.interval, rate.latency, (READ,), (), TURN), result(body))


def result(body: int) -> Phase:
    """What is done once when all packs are in, and one pack written at its end."""
    return Phase(1, body, body, (), (Access(cycle=body - 1),))


def _shift(window: Window) -> int:
    """Cycles to move the window by a pixel where the loop over pixels is not pipelined.

    Windows of one row move in a loop of their own, KernelShiftWidth (PIPELINE II=1); one pixel needs no move.
    """
    if window.size[0] > 1:
        return SHIFT
    return 1 + (2 * TURN + window.size[1] - 1 if window.size[1] > 1 else 0)


def _serial(pixels: int, full: tuple[int, ...], without: int, complete: int) -> tuple[Phase, ...]:
    """Pixels one after the other: `without` cycles each, `complete` those of `full`."""
    phases: list[Phase] = [Phase(1, TURN, TURN)]
    done = 0
    for first, count in _runs(full):
        phases += _stretch(first - done, without, ())
        phases += _stretch(count, complete, (Access(cycle=complete - 1),))
        done = first + count
    return (*phases, *_stretch(pixels - done, without, ()), Phase(1, TURN, TURN))


def _stretch(trips: int, cycles: int, writes: tuple[Access, ...]) -> tuple[Phase, ...]:
    return (Phase(trips, cycles, cycles, (READ,), writes),) if trips else ()


def _runs(numbers: tuple[int, ...]) -> list[tuple[int, int]]:
    """Increasing numbers as runs of neighbours: (first, how many)."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and sum(runs[-1]) == number:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((number, 1))
    return runs

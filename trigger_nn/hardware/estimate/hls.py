"""hls4ml's C++ through Vitis HLS, estimated: io_parallel and io_stream; sums of products are in `multipliers`.

No vendor's tool stands behind this road. Structure (how much hardware, which memories, the initiation interval) is that
of hls4ml's templates (`firmware/nnet_utils`); what an adder costs is taken from the fit of our own RTL.

* io_parallel computes a convolution's pixels in `partitions` groups, one after the other, behind multiplexers of the
  window, three inputs a LUT; everything else at once.
* io_stream computes one pixel at a time, behind a line buffer in shift registers (32 bits a LUT); cycles are those of
  `hardware.streaming`.
* A static recurrent layer has one cell that it uses step after step.
* A table takes half a block RAM for every two readers (AMD UG573: two ports), if it has more than 1,024 bits.
"""

from dataclasses import replace
from math import ceil

import numpy as np

from trigger_nn.hardware.dsp import Slice
from trigger_nn.hardware.estimate.choice import Choice
from trigger_nn.hardware.estimate.constants import Constants
from trigger_nn.hardware.estimate.features import lut_features
from trigger_nn.hardware.estimate.multipliers import MULTIPLEXED, Part, products
from trigger_nn.hardware.estimate.replay import Replay
from trigger_nn.hardware.estimate.rtl import finished, flip_flops, predicted
from trigger_nn.hardware.estimate.streams import SHIFT
from trigger_nn.hardware.estimate.values import Accuracy, LayerEstimate, whole
from trigger_nn.hardware.estimate.work import Work
from trigger_nn.hardware.rtl.lower import stage_delay
from trigger_nn.program.operations import Conv2D, Dense, DepthwiseConv2D, Operation
from trigger_nn.program.operations.pooling import PoolingNode
from trigger_nn.program.operations.recurrent import RecurrentNode
from trigger_nn.program.program import Program

BLOCK = 18 * 1024  # bits of half a block RAM
SMALL = 1024  # bits of a table that stays in LUTs
FACTOR = 2.0  # either way, LUT and FF: what the road's figures are trusted to, without a report to compare with
SLOWER = 1.5  # either way, the latency

ACCURACY = Accuracy(
    "The structure is that of hls4ml's templates, the cost of an adder that of our own RTL. No vendor tool was run: "
    "the intervals are a judgement and no measurement, a factor of 2 either way, 1.5 for the latency; which products "
    "take a DSP slice is a rule that HLS need not follow. Reports of yours help: `trigger-nn estimate --calibrate`.",
    (1 / FACTOR, FACTOR), (1 / FACTOR, FACTOR), (1.0, 1.0), (1.0, 1.0), (0.0, 0.0),
)  # fmt: skip


def hls_layers(
    program: Program,
    counted: Replay,
    clock_period: float,
    uncertainty: float | None,
    constants: Constants,
    choice: Choice,
    kind: Slice,
) -> tuple[LayerEstimate, ...]:
    """The layers of `program`, of which `counted` is the replay. In io_stream their cycles overlap.

    `program` is as hls4ml takes it (`choice.taken`), `kind` the DSP slice of the device.

    Raises:
        RecipeError: the clock period leaves no time for one adder.
    """
    ends = finished(counted, stage_delay(clock_period, uncertainty), constants)
    stages = ends[-1] if ends else 1
    rows = []
    for index, operation in enumerate(program.operations):
        part = _part(operation, program, counted, index, stages, constants, choice, kind)
        own = ends[index] - (ends[index - 1] if index else 0)
        if isinstance(operation, Dense | Conv2D | DepthwiseConv2D):
            own = max(own, 1)  # a function of its own, with a register behind it (see _part)
        interval = max(part.interval, own) if _keeps_state(operation) else part.interval
        latency = own if _keeps_state(operation) else own + interval - 1
        least, most = part.dsp_range
        rows.append(
            LayerEstimate(
                operation.name, type(operation).__name__, latency, interval, whole(part.lut), whole(part.ff),
                part.dsp, whole(part.bram), (least, most),
            )
        )  # fmt: skip
    return tuple(rows)


def _part(
    operation: Operation,
    program: Program,
    counted: Replay,
    index: int,
    stages: int,
    constants: Constants,
    choice: Choice,
    kind: Slice,
) -> Part:
    work, turns = counted.works[index], _turns(operation, choice)
    shape, source = program.shape_of(operation.inputs[0]), program.type_of(operation.inputs[0])
    width = source.width
    ff = flip_flops(work, counted.alive[index], 0, stages, constants) / turns
    buffered = 0
    if choice.is_stream and isinstance(operation, Conv2D | DepthwiseConv2D | PoolingNode):
        buffered = _line_buffer(operation.window.size[0], shape, width)
    if isinstance(operation, Dense | Conv2D | DepthwiseConv2D):
        part = products(operation, source, kind, work, ff, turns, constants)
        register = int(np.prod(operation.shape)) * operation.type.width / turns  # behind the layer's own function
        part = replace(part, ff=max(part.ff, register))
        if turns > 1 and not choice.is_stream:
            window = int(np.prod(operation.weights.mantissa.shape[:-1])) * width
            groups = int(np.prod(operation.shape[:-1])) // turns
            part = replace(part, lut=part.lut + groups * window * (turns - 1) / MULTIPLEXED)
        return replace(part, lut=part.lut + buffered)
    lut = predicted(constants.lut, lut_features(in_memory(work))) / turns
    slices = ceil(work.dsp / turns)
    return Part(lut + buffered, ff, slices, (0, slices), blocks(work) / turns, 1)


def in_memory(work: Work) -> Work:
    """`work` with its larger tables in block RAM, not in logic."""
    return replace(work, table_luts=0) if blocks(work) else work


def blocks(work: Work) -> float:
    """Block RAMs of 36 kbit for a layer's tables: two readers share one half, and a large table takes several."""
    if not work.lookups or work.table_bits / work.lookups <= SMALL:
        return 0.0
    return ceil(work.lookups / 2) * ceil(work.table_bits / work.lookups / BLOCK) / 2


def _turns(operation: Operation, choice: Choice) -> int:
    """How often a layer's hardware is used for one event, beside its reuse factor."""
    if isinstance(operation, RecurrentNode):
        return operation.kernel.shape[0] if operation.static else 1
    if choice.is_stream:
        return int(np.prod(operation.shape[:-1], dtype=np.int64))
    return operation.partitions if isinstance(operation, Conv2D | DepthwiseConv2D) else 1


def _keeps_state(operation: Operation) -> bool:
    """Whether the layer can take an event only when it is done with the last: one cell, used step after step."""
    return isinstance(operation, RecurrentNode) and operation.static


def _line_buffer(rows: int, shape: tuple[int, ...], width: int) -> int:
    """LUTs of a line buffer: rows - 1 shift registers as long as a row of the image, for each channel and bit."""
    columns, channels = (1, *shape)[-2:]
    return (rows - 1) * ceil(columns / SHIFT) * channels * width

"""Layers that are still busy when the next event comes."""

from collections.abc import Iterator

from trigger_nn.hardware.lint.changes import applied
from trigger_nn.hardware.lint.context import Context, Findings, Streams, packets, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import Products
from trigger_nn.hardware.lint.reuse import valid_parallelization
from trigger_nn.hardware.lint.search import Changes, first_that_passes, less_sharing, of_layer
from trigger_nn.hardware.lint.streams import paced
from trigger_nn.program.operations import Conv2D, DepthwiseConv2D, Operation, Reshape
from trigger_nn.program.operations.recurrent import RecurrentNode

SOURCE = (
    "the event spacing; cycles by the pragmas of hls4ml's headers: PIPELINE II=reuse_factor of kernels, PartitionLoop "
    "of nnet_conv*_latency.h and _resource.h, one packet a cycle in *_stream.h"
)
MODEL = "the event spacing; cycles by the model of the streams, as `trigger-nn stream` gives them (docs/streaming.md)"
RECURRENT = "more for the latency of each time step, which `trigger-nn estimate` gives"


def check(context: Context) -> Findings:
    """Yield an error for every layer that takes more cycles an event than there are between events.

    Cycles are the fewest that the C++ can have; a tool that misses its initiation interval takes more. With a model of
    the streams there is one finding, of the whole design, under the layer that sets its pace.
    """
    if context.cycles == 0:
        yield _too_slow(context)
        return
    if context.streams is not None:
        if context.streams.interval > context.cycles:
            yield _streams_finding(context.streams, context)
        return
    for operation in context.first_steps():
        if cycles_of(operation, context) > context.cycles:
            yield _finding(operation, context)


def cycles_of(operation: Operation, context: Context) -> int:
    """Fewest cycles from the start of one event to that of the next."""
    kernels = of_layer(context, operation.name)
    if context.is_stream:
        return _streamed(operation, kernels, context)
    return max((products.turns * products.reuse for products in kernels), default=1)


def _streamed(operation: Operation, kernels: list[Products], context: Context) -> int:
    if isinstance(operation, Reshape):
        return 1
    read = max(packets(context.program.shape_of(name)) for name in operation.inputs)
    busy = [_busy(products, read) for products in kernels]
    return max(read, packets(operation.shape), *busy)


def _busy(products: Products, read: int) -> int:
    """A latency convolution spends its interval on every pixel read, others compute for each pixel written."""
    reads_all = isinstance(products.node, Conv2D | DepthwiseConv2D) and not products.is_shared
    return products.reuse * (read if reads_all else products.turns)


def _too_slow(context: Context) -> Finding:
    what = (
        f"a clock cycle of {context.hardware.clock_period:g} ns is longer than the {context.spacing:g} ns of an event"
    )
    spacing = _multiple(context, context.hardware.clock_period)
    changes = (Change("", Key.SPACING, spacing),)
    remedy = f"a clock period up to {context.spacing:g} ns, or {proposed(changes)}"
    return Finding(Rule.INTERVAL, Severity.ERROR, "", what, Limit(context.spacing, "ns", SOURCE), remedy, changes)


def _finding(operation: Operation, context: Context) -> Finding:
    cycles, period = cycles_of(operation, context), context.hardware.clock_period
    what = (
        f"it takes at least {cycles:,} cycles ({cycles * period:g} ns) an event{_beyond(operation, context)}, and the "
        f"next comes after {context.spacing:g} ns"
    )
    limit = Limit(context.cycles, f"cycles of {period:g} ns", SOURCE)
    changes = first_that_passes(context, _options(operation, context), lambda after: _keeps_up(operation, after))
    remedy = proposed(changes, _instances(changes, context))
    return Finding(Rule.INTERVAL, Severity.ERROR, operation.name, what, limit, remedy, changes)


def _beyond(operation: Operation, context: Context) -> str:
    """What the cycles leave out: a step of a static recurrent layer waits until the one before is done."""
    is_static = isinstance(operation, RecurrentNode) and operation.static and not context.is_stream
    return f", {RECURRENT}" if is_static else ""


def _streams_finding(streams: Streams, context: Context) -> Finding:
    time = streams.interval * context.hardware.clock_period
    what = (
        f"it sets the pace of the streams: {streams.interval:,} cycles ({time:g} ns) an event, and the next comes "
        f"after {context.spacing:g} ns"
    )
    limit = Limit(context.cycles, f"cycles of {context.hardware.clock_period:g} ns", MODEL)
    sharing = (changes for changes in less_sharing(context, streams.bottleneck) if _runs_on(changes, context))
    changes = next(sharing, (Change("", Key.SPACING, _multiple(context, time)),))
    remedy = proposed(changes, _instances(changes, context))
    return Finding(Rule.INTERVAL, Severity.ERROR, streams.bottleneck, what, limit, remedy, changes)


def _runs_on(changes: Changes, context: Context) -> bool:
    """Whether the streams keep up after `changes`; the model is asked where the fewest cycles of the layer do."""
    after = applied(context, changes)
    if any(cycles_of(operation, after) > after.cycles for operation in after.first_steps()):
        return False
    streams = paced(after, changes).streams
    return streams is not None and streams.interval <= after.cycles


def _keeps_up(operation: Operation, context: Context) -> bool:
    return cycles_of(context.program.operation(operation.name), context) <= context.cycles


def _options(operation: Operation, context: Context) -> Iterator[Changes]:
    """More pixels at once, less sharing, both; at last a spacing that all layers keep, by several instances."""
    pixels, sharing = list(_more_pixels(operation, context)), list(less_sharing(context, operation.name))
    yield from pixels
    yield from sharing
    yield from (one + other for one in sharing[-1:] for other in pixels)
    slowest = max(cycles_of(one, context) for one in context.program.operations)
    needed = slowest * context.hardware.clock_period
    yield (Change("", Key.SPACING, _multiple(context, needed)),)


def _more_pixels(operation: Operation, context: Context) -> Iterator[Changes]:
    if isinstance(operation, Conv2D | DepthwiseConv2D) and not context.is_stream:
        pixels = packets(operation.shape)
        larger = [factor for factor in valid_parallelization(pixels) if factor > pixels // operation.partitions]
        yield from ((Change(stem(operation.name), Key.PARALLELIZATION_FACTOR, factor),) for factor in larger)


def _multiple(context: Context, needed: float) -> float:
    """The smallest multiple of the spacing that is not below `needed` ns."""
    return context.spacing * _instances_for(context, needed)


def _instances_for(context: Context, needed: float) -> int:
    return int(-(-needed // context.spacing))


def _instances(changes: Changes, context: Context) -> str:
    """What a longer spacing means for a design that must take every event."""
    if changes[0].key is not Key.SPACING:
        return ""
    return f"{float(changes[0].value) / context.spacing:g} instances that take events in turn"

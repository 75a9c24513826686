"""Parallelization factors that don't divide the pixels of a convolution."""

from trigger_nn.hardware.lint.context import Context, Findings, packets, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.program.operations import Conv2D, DepthwiseConv2D

SOURCE = "hls4ml 1.3.0, fpga_backend.py (get_valid_conv_partition_splits): a divisor of the pixels, or the nearest"


def check(context: Context) -> Findings:
    """Yield a warning for every convolution of io_parallel that got another factor than was asked for."""
    if context.is_stream:  # which computes one pixel after the other
        return
    for operation in context.first_steps():
        if not isinstance(operation, Conv2D | DepthwiseConv2D):
            continue
        pixels = packets(operation.shape)
        own = context.asked(operation.name).parallelization_factor
        asked, taken = own or context.hardware.parallelization_factor, pixels // operation.partitions
        if asked != taken:
            what = f"parallelization factor {asked} does not fit {pixels} pixels; hls4ml takes {taken} in its place"
            limit, changes = Limit(pixels, "pixels", SOURCE), (_change(operation.name, taken),)
            remedy = proposed(changes, "what it gets in any case")
            yield Finding(Rule.PARALLELIZATION, Severity.WARNING, operation.name, what, limit, remedy, changes)


def _change(layer: str, factor: int) -> Change:
    return Change(stem(layer), Key.PARALLELIZATION_FACTOR, factor)

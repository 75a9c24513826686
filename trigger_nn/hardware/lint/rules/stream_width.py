"""Packets of a stream: all channels of a pixel side by side."""

from trigger_nn.hardware.lint.context import Context, Findings
from trigger_nn.hardware.lint.findings import Change, Finding, Limit, Rule, Severity, proposed
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port

MOST = 4096
SOURCE = "Vitis HLS, HLS 214-256: a stream's elements are aggregated into 4,096 bits at most (hls4ml #872, #1245)"
LIMIT = Limit(MOST, "bits", SOURCE)


def check(context: Context) -> Findings:
    """Yield an error for every stream of Vitis HLS with wider packets."""
    if context.is_stream and context.is_vitis:
        yield from (_finding(port, context) for port in context.tensors() if port.shape[-1] * port.type.width > MOST)


def _finding(port: Port, context: Context) -> Finding:
    channels, kind = port.shape[-1], port.type
    what = f"a packet of its stream has {channels:,} x {kind.width} = {channels * kind.width:,} bits"
    bits = MOST // channels
    if not bits:
        remedy = f"no type helps: {MOST:,} channels at most, or io_parallel"
        return Finding(Rule.STREAM_WIDTH, Severity.ERROR, port.name, what, LIMIT, remedy)
    narrow = Fixed(kind.signed, bits, kind.integer, kind.rounding, kind.overflow)
    changes = (Change(port.name, context.type_key(port.name), str(narrow)),)
    dropped = kind.width - bits
    remedy = proposed(changes, f"drops {dropped} low bits; {MOST // kind.width} channels would pass as they are")
    return Finding(Rule.STREAM_WIDTH, Severity.ERROR, port.name, what, LIMIT, remedy, changes)

"""Arrays held in registers, all elements at once."""

from trigger_nn.hardware.lint.context import Context, Findings, is_step
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.layout import Laid, arrays
from trigger_nn.hardware.lint.search import PARTITION_LIMIT, Changes, first_that_passes, smaller_kernels

SOURCE = (
    "hls4ml 1.3.0, vivado_writer.py and build_prj.tcl: config_array_partition -maximum_size 4096, beyond which Vivado "
    "HLS stops with XFORM 203-103 (hls4ml #134, #1157); Vitis HLS dropped the option (UG1553, UG1702), an early one "
    "stopped at 1,024 (hls4ml #304)"
)
LIMIT = Limit(PARTITION_LIMIT, "elements", SOURCE)


def check(context: Context) -> Findings:
    """Yield every array beyond the limit: an error for Vivado HLS, a warning for Vitis HLS, which may take it."""
    for laid in arrays(context):
        if laid.size > PARTITION_LIMIT and not is_step(laid.layer):
            yield _finding(laid, context)


def _finding(laid: Laid, context: Context) -> Finding:
    changes = _changes(laid, context)
    remedy = proposed(changes) if changes else _smaller(laid)
    severity = Severity.WARNING if context.is_vitis else Severity.ERROR
    what = f"its {laid.name}, {laid.size:,} elements, are partitioned into registers"
    return Finding(Rule.PARTITION, severity, laid.layer, what, LIMIT, remedy, changes)


def _changes(laid: Laid, context: Context) -> Changes:
    match laid.name:
        case "result":
            stream = (Change("", Key.IO_TYPE, "io_stream"),)
            return first_that_passes(context, [stream], lambda after: not _is_found(laid, after))
        case "collected inputs" | "table":
            return ()
        case _:
            return smaller_kernels(context, laid.layer)


def _is_found(laid: Laid, context: Context) -> bool:
    return any(
        (one.layer, one.name) == (laid.layer, laid.name) and one.size > PARTITION_LIMIT for one in arrays(context)
    )


def _smaller(laid: Laid) -> str:
    if laid.name == "table":
        return f"an input of {PARTITION_LIMIT.bit_length() - 1} bits, whose table has {PARTITION_LIMIT:,} entries"
    return f"no setting helps: make the layer smaller, {PARTITION_LIMIT:,} {laid.name} at most"

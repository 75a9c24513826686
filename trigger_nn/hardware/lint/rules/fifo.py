"""FIFOs of a stream that are too short."""

from trigger_nn.hardware.lint.context import Context, Findings, StreamFacts
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed

SOURCE = "the model of the streams; #pragma HLS STREAM depth of hls4ml's top function (hls4ml #509, #1037, #1049)"


def check(context: Context) -> Findings:
    """Yield an error for every FIFO that stops the design, a warning for one that makes its writer wait."""
    for fifo in context.streams.fifos if context.streams else ():
        if fifo.deadlock or fifo.given < fifo.needed:
            yield _finding(fifo)


def _finding(fifo: StreamFacts) -> Finding:
    changes = (Change(fifo.name, Key.FIFO_DEPTH, max(fifo.needed, fifo.given)),)
    effect = "and the design stops for ever" if fifo.deadlock else "so its writer waits, and events with it"
    what = f"FIFO {fifo.name!r} holds {fifo.given} packets, needs {fifo.needed}, {effect}"
    severity = Severity.ERROR if fifo.deadlock else Severity.WARNING
    limit = Limit(fifo.given, "packets", SOURCE)
    return Finding(Rule.FIFO, severity, fifo.layer, what, limit, proposed(changes), changes)

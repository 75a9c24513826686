"""Weights, tables and FIFOs, against the block RAMs of the device."""

from collections.abc import Iterator

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.memories import Memory, block_rams, memories
from trigger_nn.hardware.lint.search import Changes, first_that_passes, more_sharing

SOURCE = (
    "AMD's product tables, UG573 (block RAM of 36 kbit: 2 x 512 x 36 to 2 x 16,384 x 1); nnet_dense_resource.h keeps "
    "weights in ROM_nP_BRAM; UG1399, config_storage, for FIFOs"
)


def check(context: Context) -> Findings:
    """Yield a finding if all memories exceed the device: an error if Vivado HLS must put weights there, else a warning.

    Tools may choose LUTs for what no pragma binds.
    """
    found = memories(context)
    if block_rams(found) <= context.device.bram:
        return
    limit = Limit(context.device.bram, f"block RAMs of {context.device.name}", SOURCE)
    kinds = ", ".join(f"{kind} {_share(found, kind):,.1f}" for kind in ("weights", "table", "FIFO"))
    what = f"its memories fill {block_rams(found):,.1f} block RAMs of 36 kbit ({kinds})"
    bound = not context.is_vitis and _share(found, "weights") > context.device.bram
    changes = first_that_passes(context, _options(context), fits)
    remedy = proposed(changes) if changes else _otherwise(found)
    yield Finding(Rule.MEMORY, Severity.ERROR if bound else Severity.WARNING, "", what, limit, remedy, changes)


def fits(context: Context) -> bool:
    """Whether the device has block RAMs enough."""
    return block_rams(memories(context)) <= context.device.bram


def _share(found: tuple[Memory, ...], kind: str) -> float:
    return block_rams(tuple(memory for memory in found if memory.what == kind))


def _options(context: Context) -> Iterator[Changes]:
    """One layer at a time, the one that fills most first: deeper and narrower weights, or half the table, again."""
    for memory in sorted(memories(context), key=lambda memory: -memory.halves):
        if memory.what == "weights":
            yield from more_sharing(context, memory.layer)
        elif memory.what == "table":
            sizes = (memory.words >> halvings for halvings in range(1, memory.words.bit_length() - 1))
            yield from ((Change(stem(memory.layer), Key.TABLE_SIZE, size),) for size in sizes)


def _otherwise(found: tuple[Memory, ...]) -> str:
    largest = max(found, key=lambda memory: memory.halves)
    return (
        f"no change to one layer suffices; {largest.what} of {largest.layer!r} fill most, "
        f"{largest.halves / 2:,.1f} block RAMs: {_ADVICE[largest.what]}"
    )


_ADVICE = {
    "weights": "narrower or fewer weights, or strategy latency",
    "table": "a smaller table, or fewer values at once",
    "FIFO": "the depths that a model of the streams finds sufficient",
}

"""Tables of functions that outgrow one block RAM."""

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.memories import SHAPES, tables_of
from trigger_nn.program.operations import Constant, Embedding, Operation

BITS = 2 * SHAPES[0][0] * SHAPES[0][1]  # 36,864
SOURCE = "AMD UG573, UG473: a block RAM holds 36 kbit; larger tables are put together from several, and read later"
LIMIT = Limit(BITS, "bits", SOURCE)


def check(context: Context) -> Findings:
    """Yield a warning for every layer with a table of more bits than one block RAM has."""
    for operation in context.first_steps():
        tables = () if isinstance(operation, Embedding) else tables_of(operation)
        large = [table for table in tables if _bits(table) > BITS]
        if large:
            yield _finding(operation, max(large, key=_bits))


def _bits(table: Constant) -> int:
    return int(table.mantissa.size * table.type.width)


def _finding(operation: Operation, table: Constant) -> Finding:
    what = f"a table of {table.mantissa.size:,} entries of {table.type.width} bits has {_bits(table):,} bits"
    widest = max(one.type.width for one in tables_of(operation))
    size = 1 << (BITS // widest).bit_length() - 1  # hls4ml's C++ wants a power of two
    changes = (Change(stem(operation.name), Key.TABLE_SIZE, size),)
    remedy = proposed(changes, "steps of its argument get coarser")
    return Finding(Rule.TABLE, Severity.WARNING, operation.name, what, LIMIT, remedy, changes)

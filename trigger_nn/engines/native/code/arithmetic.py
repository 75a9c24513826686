"""What each element-wise node does to rows."""

from dataclasses import dataclass, replace
from typing import assert_never

from trigger_nn.engines.native.code.rows import Row, Writer, bits_of, constant, converted, each, extreme, vector
from trigger_nn.engines.native.steps import nodes
from trigger_nn.engines.native.steps.carriers import Carried, Carrier, between, joined, smallest
from trigger_nn.engines.native.steps.nodes import Kind, Node
from trigger_nn.engines.native.steps.saturate import rounded_number
from trigger_nn.program.fixed import Rounding

Plain = (
    nodes.Binary
    | nodes.Select
    | nodes.Left
    | nodes.Round
    | nodes.Saturate
    | nodes.Wrap
    | nodes.ZeroOutside
    | nodes.Divide
)


@dataclass(frozen=True)
class _Limits:
    """The smallest and the largest that a conversion yields; None where it does not limit."""

    least: int | None
    most: int | None


@dataclass(frozen=True)
class Arithmetic:
    """Writes instructions for single rows; `carried` says how each node's values are kept."""

    writer: Writer
    carried: dict[Node, Carried]

    def result(self, node: Plain, *rows: Row) -> Row:
        """The node's row from those of its operands, in the node's own carrier."""
        if isinstance(node, nodes.Saturate):
            return self._saturate(node, rows[0])
        kind = self.working(node)
        match node:
            case nodes.Binary():
                row = self._binary(node.kind, *(self._as(kind, r) for r in rows))
            case nodes.Select():
                row = self._select(kind, *rows)
            case nodes.Left():
                row = self._shift("shl", self._as(kind, rows[0]), node.bits)
            case nodes.Round():
                row = self._round(self._as(kind, rows[0]), node)
            case nodes.Wrap():
                row = self._wrap(self._as(kind, rows[0]), node.width, node.signed)
            case nodes.ZeroOutside():
                row = self._zero_outside(self._as(kind, rows[0]), node.least, node.most)
            case nodes.Divide():
                row = self._divide(node, *(self._as(kind, r) for r in rows))
            case _:
                assert_never(node)
        own = self.carried[node]
        return converted(self.writer, row, own.carrier, modular=own.modular)

    def largest(self, node: nodes.Peak, rows: list[Row]) -> Row:
        """The largest of several rows of one carrier."""
        row = rows[0]
        for other in rows[1:]:
            row = extreme(self.writer, True, row, other)
        return self._as(self.carried[node].carrier, row)

    def _saturate(self, node: nodes.Saturate, row: Row) -> Row:
        """Rounded and limited, as early as possible in few registers: packing them limits values too."""
        row, rounded, low, high = self._packed_early(node, row)
        if rounded:
            row = self._round(self._as(_signed(between(rounded, low, high), Carrier(row.kind)), row), rounded)
            low, high = rounded_number(rounded, low), rounded_number(rounded, high)
        own = self.carried[node].carrier
        limits = self._pack_limits(row.kind, own)
        if low < node.least and limits.least != node.least:
            row = self._bounded(row, node.least, largest=True)
        if high > node.most and limits.most != node.most:
            row = self._bounded(row, node.most, largest=False)
        return converted(self.writer, row, own)

    def _packed_early(self, node: nodes.Saturate, row: Row) -> tuple[Row, nodes.Round | None, int, int]:
        """The row in 16 bits, and its bounds, if what those cut off is beyond the limits anyway."""
        rounded, low, high = node.rounded, node.source.low, node.source.high
        if bits_of(row.kind) != 32 or not self.writer.target.x86:
            return row, rounded, low, high
        if rounded and not rounded.lifted and rounded.rounding in (Rounding.RND, Rounding.RND_CONV):
            half = 1 << (rounded.drop - 1)
            if high + half > Carrier.I32.maximum:
                return row, rounded, low, high
            row, low, high = self._plus(row, half), low + half, high + half
            rounded = replace(rounded, lifted=True)
        ends = [max(low, Carrier.I16.minimum), min(high, Carrier.I16.maximum)]
        reached = [rounded_number(rounded, end) if rounded else end for end in ends]
        beyond = (low == ends[0] or reached[0] <= node.least) and (high == ends[1] or reached[1] >= node.most)
        floored = not rounded or rounded.lifted or rounded.rounding is Rounding.TRN
        if not beyond or not floored:
            return row, rounded, low, high
        return converted(self.writer, row, Carrier.I16), rounded, ends[0], ends[1]

    def _pack_limits(self, kind: str, own: Carrier) -> "_Limits":
        """What narrowing from `kind` limits values to, if it does."""
        target = self.writer.target
        packs = target.x86 and kind in (Carrier.I16, Carrier.I32) and own.bits < bits_of(kind)
        if not packs or (own is Carrier.U16 and not target.packs_u16):
            return _Limits(None, None)
        return _Limits(own.minimum, own.maximum)

    def _bounded(self, row: Row, limit: int, largest: bool) -> Row:
        """No less (no more) than `limit`, which may be beyond what the row's type holds."""
        kind = Carrier(row.kind)
        if not kind.minimum <= limit <= kind.maximum:
            return row if (limit < kind.minimum) == largest else constant(limit, row.kind)
        return extreme(self.writer, largest, row, constant(limit, row.kind))

    def working(self, node: Plain) -> Carrier:
        """The carrier to compute in: it holds operands, result, and what lies between."""
        own = self.carried[node]
        if own.modular and nodes.keeps_low_bits(node):
            return own.carrier
        match node:
            case nodes.Select():
                read: tuple[Node, ...] = (node.reached, node.below)
            case _:
                read = nodes.operands(node)
        if own.modular or any(self.carried[operand].modular for operand in read):
            return joined(own.carrier, *(self.carried[operand].carrier for operand in read))
        found = smallest(min(node.low, *(n.low for n in read)), max(node.high, *(n.high for n in read)))
        assert found is not None
        return (
            joined(found, between(node, node.source.low, node.source.high)) if isinstance(node, nodes.Round) else found
        )

    def _as(self, kind: str, row: Row) -> Row:
        """In `kind`; the low bits alone where the row is wider."""
        return converted(self.writer, row, kind, modular=bits_of(row.kind) > bits_of(kind) >= 32)

    def _binary(self, kind: Kind, left: Row, right: Row) -> Row:
        if kind in (Kind.MAXIMUM, Kind.MINIMUM):
            return extreme(self.writer, kind is Kind.MAXIMUM, left, right)
        return each(self.writer, kind, left.kind, left, right)

    def _shift(self, operation: str, row: Row, bits: int) -> Row:
        if bits >= bits_of(row.kind):
            if operation == "ashr":
                return self._shift(operation, row, bits_of(row.kind) - 1)
            return constant(0, row.kind)
        return each(self.writer, operation, row.kind, row, constant(bits, row.kind)) if bits else row

    def _compare(self, how: str, left: Row, right: Row) -> tuple[str, ...]:
        shape = vector(left.kind, self.writer.target)
        pairs = zip(left.parts, right.parts, strict=True)
        return tuple(self.writer.new(f"icmp {how} {shape} {a}, {b}") for a, b in pairs)

    def _choose(self, masks: tuple[str, ...], yes: Row, no: Row) -> Row:
        shape = vector(yes.kind, self.writer.target)
        flags = shape.replace(shape.split(" x ")[1], "i1>")
        triples = zip(masks, yes.parts, no.parts, strict=True)
        return Row(
            yes.kind, tuple(self.writer.new(f"select {flags} {m}, {shape} {a}, {shape} {b}") for m, a, b in triples)
        )

    def _select(self, kind: Carrier, value: Row, threshold: Row, reached: Row, below: Row) -> Row:
        """Compared in the type of the values, or of the branches if that is wider, so that masks fit both."""
        compared = joined(Carrier(value.kind), Carrier(threshold.kind))
        wide = max(compared.bits, kind.bits)
        compared, kind = (k if k.bits == wide else Carrier(f"i{wide}") for k in (compared, kind))
        masks = self._compare(
            "sge" if compared.signed else "uge", self._as(compared, value), self._as(compared, threshold)
        )
        return self._choose(masks, self._as(kind, reached), self._as(kind, below))

    def _round(self, row: Row, node: nodes.Round) -> Row:
        """Floor of the value plus what lifts it to where the mode wants it."""
        drop, rounding, half = node.drop, node.rounding, 1 << (node.drop - 1)
        down = "ashr" if Carrier(row.kind).signed else "lshr"
        match rounding:
            case Rounding.TRN:
                lifted = row
            case Rounding.RND:
                lifted = row if node.lifted else self._plus(row, half)
            case Rounding.RND_MIN_INF:
                lifted = self._plus(row, half - 1)
            case Rounding.RND_CONV:
                return self._to_even(row if node.lifted else self._plus(row, half), drop, down)
            case Rounding.RND_INF:
                lifted = each(self.writer, "add", row.kind, self._plus(row, half), self._sign(row))
            case Rounding.RND_ZERO:
                lifted = each(self.writer, "sub", row.kind, self._plus(row, half - 1), self._sign(row))
            case Rounding.TRN_ZERO:
                mask = constant(2 * half - 1, row.kind)
                lifted = each(
                    self.writer, "add", row.kind, row, each(self.writer, "and", row.kind, self._sign(row), mask)
                )
            case _:
                assert_never(rounding)
        return self._shift(down, lifted, drop)

    def _to_even(self, lifted: Row, drop: int, down: str) -> Row:
        """Ties, whose dropped bits are all zero once half is added, lose their last bit."""
        rounded = self._shift(down, lifted, drop)
        rest = each(self.writer, "and", lifted.kind, lifted, constant((1 << drop) - 1, lifted.kind))
        even = each(self.writer, "and", lifted.kind, rounded, constant(-2, lifted.kind))
        return self._choose(self._compare("eq", rest, constant(0, lifted.kind)), even, rounded)

    def _plus(self, row: Row, number: int) -> Row:
        return each(self.writer, "add", row.kind, row, constant(number, row.kind)) if number else row

    def _sign(self, row: Row) -> Row:
        """-1 for negative values, 0 for others."""
        if not Carrier(row.kind).signed:
            return constant(0, row.kind)
        return self._shift("ashr", row, bits_of(row.kind) - 1)

    def _wrap(self, row: Row, width: int, signed: bool) -> Row:
        if not signed:
            full = width >= bits_of(row.kind)
            return row if full else each(self.writer, "and", row.kind, row, constant((1 << width) - 1, row.kind))
        spare = bits_of(row.kind) - width
        return self._shift("ashr", self._shift("shl", row, spare), spare) if spare > 0 else row

    def _zero_outside(self, row: Row, least: int, most: int) -> Row:
        kind = Carrier(row.kind)
        low, high = (constant(min(max(b, kind.minimum), kind.maximum), row.kind) for b in (least, most))
        inside = extreme(self.writer, False, extreme(self.writer, True, row, low), high)
        return self._choose(self._compare("eq", inside, row), row, constant(0, row.kind))

    def _divide(self, node: nodes.Divide, row: Row, by: Row) -> Row:
        """By floating point where that is exact: the quotient of integers below 2^24 (2^53) rounds to none above it."""
        largest = max(abs(node.source.low), abs(node.source.high), node.by.high)
        if largest >= 1 << 53:
            return each(self.writer, "sdiv", row.kind, row, by)
        kind = "f32" if largest < 1 << 24 else "f64"
        quotient = each(self.writer, "fdiv", kind, *(converted(self.writer, r, kind) for r in (row, by)))
        return converted(self.writer, quotient, row.kind)


def _signed(needed: Carrier, given: Carrier) -> Carrier:
    """The narrowest signed carrier of both, as registers are packed from."""
    wide = joined(needed, given)
    return wide if wide.signed else Carrier(f"i{2 * wide.bits if wide.bits < 64 else 64}")

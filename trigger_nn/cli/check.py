"""The verb `trigger-nn check`: which types of a program lose what on given events, and whether that is too much."""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.table import Table

from trigger_nn.errors import TriggerNNError
from trigger_nn.terminal import AsJson, Bar, console, print_json

if TYPE_CHECKING:
    from trigger_nn.passes.observing import Offence, TypeUse
    from trigger_nn.passes.sanitize import Drift, Sanitized

ALLOWED = "values of one type, a number (3) or a share (0.001, 0.1%)"


@dataclass(frozen=True)
class Bound:
    """At most `limit` values, or that share of the values cast to the type."""

    limit: float
    share: bool

    @classmethod
    def parse(cls, text: str) -> "Bound":
        """Read `3`, `0.001` or `0.1%`; a share without % is below 1, as 1.0 might be meant as a number of values.

        Raises:
            TriggerNNError: it is none of these.
        """
        try:
            share = not text.isdecimal()
            limit = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            limit = -1.0
        if not 0 <= limit < float("inf") or (text.endswith("%") and limit > 1):
            raise TriggerNNError(f"{text!r} is no bound; give a number of values such as 3, or a share such as 0.001.")
        if share and limit >= 1 and not text.endswith("%"):
            raise TriggerNNError(
                f"{text!r} as a bound could be a number of values or a share; give values as a whole number such as 1, "
                "a share below 1 such as 0.001, or in percent such as 5%."
            )
        return cls(limit, share)

    def exceeded(self, count: int, values: int) -> bool:
        """Whether `count` of `values` is too many."""
        return count > self.limit * (values if self.share else 1)


def check(
    program: Annotated[Path, typer.Argument(help="compiled program, HDF5", metavar="PROGRAM")],
    events: Annotated[
        Path, typer.Option(help="events file of this package (HDF5), numbers (.npy), or numbers by port name (.npz)")
    ],
    split: Annotated[str, typer.Option(help="split of the events file")] = "test",
    max_wrapped: Annotated[str, typer.Option(help=f"most wrapped {ALLOWED}")] = "0",
    max_saturated: Annotated[str, typer.Option(help=f"most saturated {ALLOWED}; not bounded if not given")] = "",
    max_rounded: Annotated[str, typer.Option(help=f"most rounded {ALLOWED}; not bounded if not given")] = "",
    max_difference: Annotated[
        float | None, typer.Option(help="largest distance of an output from the unbounded twin's, a number", min=0.0)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Run a program beside its unbounded twin: what wrapped, saturated and lost bits, type by type, and where first.

    Ends with code 1 if a type is over its bound: if any value wrapped, unless more are allowed.
    """
    from trigger_nn.passes.sanitize import sanitize
    from trigger_nn.program.program import Program
    from trigger_nn.workflow.inputs import numbers_at

    texts = {"wrapped": max_wrapped, "saturated": max_saturated, "rounded": max_rounded}
    bounds = {loss: Bound.parse(text) for loss, text in texts.items() if text}
    loaded = Program.load(program)
    numbers = numbers_at(loaded, events, split)
    with Bar() as progress:
        result = sanitize(loaded, numbers, max_difference, 3 if as_json else 1, progress)
    outputs = set(loaded.output_names)
    over = [*_over(result, bounds), *_far(result, outputs, max_difference)]
    if as_json:
        print_json(as_plain(result) | {"over": over})
    else:
        _print(result, over)
    if over:
        raise typer.Exit(1)


def _over(result: "Sanitized", bounds: Mapping[str, Bound]) -> list[str]:
    """A sentence for each type and loss beyond its bound."""
    return [
        f"{use.layer}, {use.field} {use.type}: {getattr(use, loss)} of {use.values} values {loss}"
        + (f"; {use.enough} would hold them" if loss != "rounded" and use.enough else "")
        for use in result.types
        for loss, bound in bounds.items()
        if bound.exceeded(getattr(use, loss), use.values)
    ]


def _far(result: "Sanitized", outputs: set[str], bound: float | None) -> list[str]:
    """A sentence for each output too far from the twin's."""
    return [
        f"output {drift.layer!r}: up to {drift.number:g} from the unbounded twin's, first over {bound:g} at event "
        f"{drift.event}"
        for drift in result.layers
        if bound is not None and drift.layer in outputs and drift.event is not None
    ]


def as_plain(result: "Sanitized") -> dict[str, Any]:
    """The result as JSON holds it; numbers are exact to 53 bits, types as hls4ml writes them."""
    return {
        "program": result.program, "digest": result.digest, "events": result.events,
        "types": [_plain_use(use) for use in result.types],
        "layers": [_plain_drift(drift) for drift in result.layers],
    }  # fmt: skip


def _plain_use(use: "TypeUse") -> dict[str, Any]:
    return {
        "layer": use.layer, "field": use.field, "type": str(use.type), "values": use.values, "wrapped": use.wrapped,
        "saturated": use.saturated, "rounded": use.rounded, "worst_lsb": _number(use.worst), "worst": _number(use.lost),
        "seen": [_number(end) for end in use.seen], "proven": [_number(end) for end in use.proven or ()],
        "exact": str(use.exact) if use.exact else None, "enough": str(use.enough) if use.enough else None,
        "first": [
            {"loss": o.loss, "event": o.event, "element": o.element, "before": _number(o.before),
             "after": _number(o.after)}
            for o in use.first
        ],
    }  # fmt: skip


def _plain_drift(drift: "Drift") -> dict[str, Any]:
    numbers = {"lsb": drift.lsb, "number": drift.number, "own_lsb": drift.own}
    finite = {name: min(value, float(np.finfo(float).max)) for name, value in numbers.items()}  # JSON knows no infinity
    return {"layer": drift.layer, "type": str(drift.type), "event": drift.event} | finite


def _number(exact: Fraction) -> float:
    """The nearest float64; the largest there is beyond."""
    try:
        return float(exact)
    except OverflowError:
        return float(np.copysign(np.finfo(float).max, 1 if exact > 0 else -1))


def _print(result: "Sanitized", over: list[str]) -> None:
    console.print(f"{result.program}  digest {result.digest[:12]}  {result.events} events")
    for table in (_counts(result), _ranges(result), _drifts(result)):
        console.print(table)
    for use in result.types:
        for offence in use.first:
            console.print(f"{use.layer}, {use.field}: {_told(offence)}")
    for sentence in over:
        console.print(f"over the bound: {sentence}")
    if not over:
        console.print("within the bounds")


def _told(offence: "Offence") -> str:
    where = "a constant" if offence.event is None else f"event {offence.event}"
    element = "".join(f" {i}" for i in offence.element)
    before, after = _number(offence.before), _number(offence.after)
    return f"{offence.loss} first at {where}, element{element}: {before!r} became {after!r}"


def _counts(result: "Sanitized") -> Table:
    table = Table(
        "layer", "field", "type", "values", "wrapped", "saturated", "rounded", "most lost", "in LSB", box=None
    )
    for use in result.types:
        counts = map(str, (use.values, use.wrapped, use.saturated, use.rounded))
        table.add_row(
            use.layer, use.field, str(use.type), *counts, f"{_number(use.lost):.3g}", f"{_number(use.worst):.3g}"
        )
    return table


def _ranges(result: "Sanitized") -> Table:
    table = Table("layer", "field", "seen", "proven", "no overflow in", "exact in", box=None)
    for use in result.types:
        seen, proven = (" to ".join(f"{_number(end):.6g}" for end in ends or ()) for ends in (use.seen, use.proven))
        table.add_row(use.layer, use.field, seen, proven, str(use.enough or "-"), str(use.exact or "-"))
    return table


def _drifts(result: "Sanitized") -> Table:
    table = Table("layer", "from the twin", "in LSB", "by itself, LSB", "first event over the bound", box=None)
    for drift in result.layers:
        event = "" if drift.event is None else str(drift.event)
        table.add_row(drift.layer, f"{drift.number:.6g}", f"{drift.lsb:.6g}", f"{drift.own:.6g}", event)
    return table

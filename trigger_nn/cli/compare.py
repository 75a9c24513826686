"""The verb `trigger-nn compare`: what a board or a simulation yielded against what a bundle expects."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from trigger_nn.terminal import AsJson, console, print_json

if TYPE_CHECKING:
    from trigger_nn.handoff.vectors.captured import Compared
    from trigger_nn.handoff.vectors.compare import Difference


def compare(
    bundle: Annotated[Path, typer.Argument(help="bundle, a folder or a zip", metavar="BUNDLE")],
    captured: Annotated[
        list[Path],
        typer.Argument(
            help="what came out: EMP buffer files in their order, .dat, or .hex and .mem", metavar="CAPTURED"
        ),
    ],
    port: Annotated[str, typer.Option(help="output port of .hex and .mem files; else told by the file's name")] = "",
    partial: Annotated[
        bool, typer.Option("--partial", help="expected events may be missing before and after those captured")
    ] = False,
    differences: Annotated[int, typer.Option(help="differences that are told of each file", min=1)] = 10,
    as_json: AsJson = False,
) -> None:
    """Compare captured outputs with those that a bundle expects; exit code 1 if any bit differs.

    Events, ports, elements and bits that differ are named. A capture may begin with any latency; one that starts some
    events later or earlier is told.
    """
    from trigger_nn.handoff.bundle import Bundle
    from trigger_nn.handoff.vectors.captured import compare_files

    results = compare_files(Bundle.read(bundle).files, captured, port, differences)
    good = [result.comparison.agrees if partial else result.comparison.equal for result in results]
    if as_json:
        print_json([_plain(result) for result in results])
    else:
        for result, fine in zip(results, good, strict=True):
            _print(result, fine)
    if not all(good):
        raise typer.Exit(1)


def _print(result: "Compared", fine: bool) -> None:
    summary, *rest = result.comparison.sentences
    of_which = f" against events {result.first} to {result.last} of the bundle" if result.last >= result.first else ""
    console.print(f"{'AGREES' if fine else 'DIFFERS'}  {result.name} ({result.kind}){of_which}: {summary}")
    for sentence in rest:
        console.print(f"    {sentence}")


def _plain(result: "Compared") -> dict[str, Any]:
    """The result as JSON holds it; numbers as exact decimals, patterns as hexadecimal."""
    comparison = result.comparison
    counts = {key: value for key, value in asdict(comparison).items() if key != "first"}
    return {
        "file": result.name, "format": result.kind, "first_event": result.first, "equal": comparison.equal,
        "agrees": comparison.agrees, **counts, "first": [_plain_difference(one) for one in comparison.first],
    }  # fmt: skip


def _plain_difference(one: "Difference") -> dict[str, Any]:
    values = {
        what: {"hex": one.pattern(mantissa), "mantissa": mantissa, "number": one.number(mantissa)}
        for what, mantissa in (("expected", one.expected), ("found", one.found))
    }
    place = {"event": one.event, "port": one.port.name, "element": list(one.element)}
    return {**place, "lowest_bit": one.bits[0], "highest_bit": one.bits[1], **values}

"""The verb `trigger-nn certify`: whether float network, quantized network and emulator decide alike."""

from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.table import Table

from trigger_nn.terminal import AsJson, Bar, console, print_json

if TYPE_CHECKING:
    from trigger_nn.studies.certificate.values import Certificate, Interval


def certify(
    subject: Annotated[
        Path,
        typer.Argument(
            help="recipe (TOML) whose steps up to compile are done, or compiled program (HDF5), or bundle",
            metavar="RECIPE|PROGRAM",
        ),
    ],
    float_model: Annotated[Path | None, typer.Option("--float", help="float Keras model, HDF5")] = None,
    quantized: Annotated[Path | None, typer.Option(help="QKeras model, HDF5")] = None,
    second: Annotated[Path | None, typer.Option(help="another program or bundle: another version")] = None,
    events: Annotated[
        str, typer.Option(help="events file or folder of this package, embedded or embedded:jets; the recipe's own")
    ] = "",
    split: Annotated[str, typer.Option(help="split of the events")] = "test",
    limit: Annotated[int | None, typer.Option(help="take the first events only; they stand for all", min=1)] = None,
    rate_khz: Annotated[
        list[float] | None, typer.Option(help="rate of one signal's trigger alone; repeat; those of the study")
    ] = None,
    signal: Annotated[list[str] | None, typer.Option(help="process of an output, in their order; repeat")] = None,
    background: Annotated[list[str] | None, typer.Option(help="process of the background; repeat")] = None,
    class_: Annotated[
        list[str] | None, typer.Option("--class", help="process of an output whose largest decides; repeat")
    ] = None,
    build: Annotated[Path, typer.Option(help="folder for intermediate files")] = Path("build"),
    out: Annotated[Path | None, typer.Option(help="folder of the page; build/NAME if not given")] = None,
    require_exact: Annotated[
        bool, typer.Option("--require-exact", help="exit code 1 unless QKeras and emulator decide every event alike")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare decisions of float Keras, QKeras, emulator and another program on the same events, and write a page.

    Decisions that flip in each direction, per million events, in Hz and in efficiency, with 68 % intervals; the layers
    where flips begin; how many events would resolve the rate to 1 %.
    """
    from trigger_nn.workflow.certifying import Asked, certify_files

    asked = Asked(
        subject, build, float_model, quantized, second, events, split, limit, tuple(rate_khz or ()),
        tuple(signal or ()), tuple(background or ()), tuple(class_ or ()),
    )  # fmt: skip
    with nullcontext() if as_json else Bar() as progress:
        found = certify_files(asked, progress)
    page = found.write(out)
    if as_json:
        print_json(plain(found.certificate) | {"page": str(page)})
    else:
        print_certificate(found.certificate)
        console.print(f"page: {page}")
    if require_exact and not found.certificate.exact:
        raise typer.Exit(1)


def plain(certificate: "Certificate") -> dict[str, Any]:
    """The certificate as JSON holds it, with its verdict."""
    from trigger_nn.studies.certificate.verdict import verdict

    thresholds = [
        {"side": side, "output": output, "target": target, "threshold": threshold}
        for (side, output, target), threshold in certificate.thresholds.items()
    ]
    told = {"verdict": verdict(certificate), "exact": certificate.exact}
    return told | _listed(asdict(certificate) | {"thresholds": thresholds})


def _listed(value: Any) -> Any:
    """Arrays as lists, wherever they stand in `value`."""
    if isinstance(value, dict):
        return {name: _listed(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_listed(part) for part in value]
    return value.tolist() if isinstance(value, np.ndarray) else value


def print_certificate(certificate: "Certificate") -> None:
    """The verdict; flips against the emulator, each side at its own threshold; layers; events that are needed."""
    from trigger_nn.studies.certificate.verdict import verdict

    for sentence in verdict(certificate):
        console.print(sentence)
    for side in certificate.sides:
        console.print(f"    {side.name}: {side.what}")
    if any(one.gained or one.lost for one in certificate.flips):
        console.print(_flips(certificate))
    if certificate.onsets:
        console.print(_onsets(certificate))
    if certificate.needs:
        console.print(_needs(certificate))
    console.print(f"emulator: {certificate.events_per_second:,.0f} events/s, measured here")


def _flips(certificate: "Certificate") -> Table:
    """What flips against the emulator; what does not is in the verdict."""
    from trigger_nn.studies.certificate.values import EMULATOR

    heads = ("from", "to", "rate (kHz)", "events of", "gained (ppm)", "lost (ppm)", "gained (kHz)", "lost (kHz)")
    table = Table("flips", *heads, "change (%)", box=None)
    for one in certificate.flips:
        shown = EMULATOR in (one.first, one.second) and one.basis != "same threshold"
        if shown and (one.gained or one.lost):
            rate = f"{one.target / 1e3:g}" if one.target else "-"
            ppm = (_told(one.gained_ppm, ",.0f"), _told(one.lost_ppm, ",.0f"))
            hertz = (_told(one.gained_hz, ".3g", 1e-3), _told(one.lost_hz, ".3g", 1e-3))
            table.add_row(
                one.output, one.first, one.second, rate, one.kind, *ppm, *hertz, _told(one.change, ".2f")
            )  # fmt: skip
    return table


def _told(interval: "Interval | None", form: str, factor: float = 1.0) -> str:
    """A value with its interval."""
    if interval is None:
        return "-"
    value, low, high = (f"{bound * factor:{form}}" for bound in interval)
    return f"{value} ({low} to {high})"


def _onsets(certificate: "Certificate") -> Table:
    table = Table("flips begin", "side", "rate (kHz)", "flipped", "layers", box=None)
    for one in certificate.onsets:
        if one.basis != "same threshold":
            rate = f"{one.target / 1e3:g}" if one.target else "-"
            layers = ", ".join(f"{layer} {count}" for layer, count in one.layers.items() if count)
            table.add_row(one.output, one.side, rate, str(one.flipped), layers)
    return table


def _needs(certificate: "Certificate") -> Table:
    from trigger_nn.studies.certificate.needs import told_need

    percent = f"{100 * certificate.needs[0].precision:g} %"
    heads = ("rate (kHz)", "effective events now", f"events for {percent}", "s", f"zero bias for {percent}", "s")
    table = Table("needed", *heads, box=None)
    for need in certificate.needs:
        of_mixture = (told_need(need), "-" if need.seconds is None else f"{need.seconds:,.3g}")
        of_zero_bias = (f"{need.zero_bias:,.0f}", f"{need.zero_bias_seconds:,.3g}")
        table.add_row(need.output, f"{need.target / 1e3:g}", f"{need.effective:,.1f}", *of_mixture, *of_zero_bias)
    return table

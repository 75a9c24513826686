"""Prints what synthesis and place and route found."""

from typing import TYPE_CHECKING

from rich.table import Table

from trigger_nn.terminal import console

if TYPE_CHECKING:
    from collections.abc import Mapping

    from trigger_nn.hardware.synthesis import Placement, Synthesis


def print_synthesis(result: "Synthesis") -> None:
    """Cells of the block, then the logic of each pipeline stage, then what these figures are not."""
    from trigger_nn.hardware.synthesis import CAVEAT

    console.print(f"{result.block}  digest {result.digest}  {result.seconds:.0f} s  {_versions(result.versions)}")
    table = Table("LUT", "at least", "FF", "CARRY4", "CARRY8", "DSP", "BRAM 18k", "SRL", "MUXF", box=None)
    counts = (result.lut, result.least_lut, result.ff, result.carry4, result.carry8)
    table.add_row(*map(str, (*counts, result.dsp, result.bram_18k, result.srl, result.muxf)))
    console.print(table)
    by_size = ", ".join(f"{count} LUT{i}" for i, count in enumerate(result.luts, 1))
    console.print(f"of the LUT: {by_size}, {result.inverters} inverters, {result.srl} shift registers")
    if result.others:
        console.print("not counted: " + ", ".join(f"{count} {kind}" for kind, count in result.others.items()))
    _print_stages(result)
    console.print(CAVEAT)


def _print_stages(result: "Synthesis") -> None:
    if result.feedback:
        console.print("a register depends on itself: the one stage below is the deepest logic between any two")
    table = Table("stage", "levels of logic", "tables", "chains, DSP", "CARRY4", "flip-flops", box=None)
    for i, stage in enumerate(result.stages, 1):
        cells = (i, stage.levels, stage.luts, stage.levels - stage.luts, stage.carry4, stage.registers)
        table.add_row(*map(str, cells))
    console.print(table)


def print_placement(result: "Placement") -> None:
    """The frequency with its critical path, the sites used, then what these figures are not."""
    from trigger_nn.hardware.synthesis import CAVEAT_PLACEMENT

    least = "at least, as the harness is the limit, " if result.harness_limits else ""
    console.print(
        f"{result.block} on {result.device}: {least}{result.frequency:.1f} MHz (aimed at {result.target:.1f})  "
        f"digest {result.digest}  {result.seconds:.0f} s  {_versions(result.versions)}"
    )
    console.print(f"critical path: {result.critical_words}")
    table = Table("site", "used", "available", "share", box=None)
    for use in result.utilisation:
        table.add_row(use.site, str(use.used), str(use.available), f"{use.used / use.available:.1%}")
    console.print(table)
    console.print(f"of the flip-flops {result.harness} are the harness. {CAVEAT_PLACEMENT}")


def _versions(versions: "Mapping[str, str]") -> str:
    return ", ".join(f"{name} {version}" for name, version in versions.items())

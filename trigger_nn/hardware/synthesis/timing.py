"""What nextpnr's report says (its option `--report`, JSON): frequency, critical path, utilisation."""

from collections.abc import Mapping
from typing import Any

from trigger_nn.hardware.synthesis.values import Hop, Use

# Sites of an ECP5 that a network uses (Lattice FPGA-DS-02012), in nextpnr's names.
SITES = {
    "TRELLIS_COMB": "LUT4",
    "TRELLIS_FF": "flip-flop",
    "MULT18X18D": "multiplier 18x18",
    "DP16KD": "block RAM 16 kbit",
}


def frequency(report: Mapping[str, Any]) -> float:
    """The highest frequency in MHz of the slowest clock; the harness has one."""
    return min(float(clock["achieved"]) for clock in report["fmax"].values())


def critical(report: Mapping[str, Any]) -> tuple[Hop, ...]:
    """The slowest path from register to register, step by step; paths from and to pins are left out."""
    paths = [path["path"] for path in report["critical_paths"] if "<async>" not in (path["from"], path["to"])]
    whole = {sum(hop["delay"] for hop in path): path for path in paths}
    return tuple(_hop(hop) for hop in whole[max(whole)]) if whole else ()


def _hop(hop: Mapping[str, Any]) -> Hop:
    chained = hop["type"] == "logic" and {hop["from"]["port"], hop["to"]["port"]} & {"FCI", "FCO"}
    return Hop("carry" if chained else hop["type"], float(hop["delay"]), hop["to"]["cell"])


def utilisation(report: Mapping[str, Any]) -> tuple[Use, ...]:
    """Sites used and available, those that a network may use."""
    found = report["utilization"]
    return tuple(Use(SITES[name], found[name]["used"], found[name]["available"]) for name in SITES)

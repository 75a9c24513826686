"""One network as RTL through Yosys: what the fit calls the truth."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.calibration.networks import Network, network
from trigger_nn.hardware.rtl.lower import rtl
from trigger_nn.hardware.synthesis.synthesise import synthesise


@dataclass(frozen=True)
class Synthesised:
    """A network of `networks.network(seed)` after Yosys: cells as in `Synthesis`, `levels` of its deepest stage.

    `stage` and `depth` as in `Rtl`, `latency` in clock cycles.
    """

    seed: int
    program: str
    clock_period: float
    stage: float
    depth: float
    latency: int
    lut: int
    srl: int
    ff: int
    carry4: int
    carry8: int
    dsp: int
    levels: int
    seconds: float
    versions: dict[str, str]


def synthesised(seed: int, cache: Path) -> Synthesised:
    """Write the network of `seed` as RTL and synthesise it; a quarter of a minute."""
    chosen: Network = network(seed)
    block = rtl(chosen.program, chosen.clock_period)
    found = synthesise(block, folder=cache)
    return Synthesised(
        seed, chosen.program.digest, chosen.clock_period, block.stage, block.depth, block.latency, found.lut, found.srl,
        found.ff, found.carry4, found.carry8, found.dsp, found.levels, round(found.seconds, 1),
        {**block.versions, **found.versions},
    )  # fmt: skip


def line(row: Synthesised) -> str:
    """A row as a line of JSON."""
    return json.dumps(asdict(row)) + "\n"


def rows_in(lines: Iterable[str]) -> tuple[Synthesised, ...]:
    """Rows by seed, the last of each.

    Raises:
        RecipeError: a line is no such row.
    """
    found = {row.seed: row for row in map(_row, lines)}
    return tuple(found[seed] for seed in sorted(found))


def _row(text: str) -> Synthesised:
    try:
        content: dict[str, Any] = json.loads(text)
        return Synthesised(**content)
    except (ValueError, TypeError) as error:
        raise RecipeError(f"{text[:60]!r} is no row of a synthesised network ({error}); measure it again.") from None

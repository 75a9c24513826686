"""What a tool measured of one design, beside its features: a row of the study that fits the constants."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.hardware.estimate.features import Features
from trigger_nn.hardware.estimate.replay import replay
from trigger_nn.hardware.estimate.work import Work
from trigger_nn.program.program import Program


@dataclass(frozen=True)
class Measured:
    """One design, fully unrolled, with one event a clock cycle.

    `network` describes it, `program` is the program's digest. `stage` is the delay that a pipeline stage may have,
    `depth` that of the whole logic (both in the unit of `delays`), `latency` the pipeline's registers. `source` says
    who counted LUT, FF, carry chains and DSP slices: a tool and its version.
    """

    network: str
    program: str
    source: str
    features: Features
    stage: float
    depth: float
    latency: int
    lut: int
    ff: int
    carry: int
    dsp: int


def features_of(program: Program) -> Features:
    """What the model knows of `program`; takes no tool."""
    counted = replay(program)
    values, trees = (tuple(np.round(alive, 2).tolist()) for alive in counted.alive.sum(axis=0))
    time, shared = max(counted.times, default=0.0), max(counted.shared, default=0.0)
    return Features(counted.work, time, shared, values, trees, counted.outputs)


def write_rows(rows: Iterable[Measured], path: Path) -> None:
    """One row a line, as JSON."""
    path.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))


def read_rows(path: Path) -> tuple[Measured, ...]:
    """What `write_rows` wrote.

    Raises:
        RecipeError: a line is no such row, of this version's features.
    """
    return tuple(_row(line, path, number) for number, line in enumerate(path.read_text().splitlines(), 1))


def _row(line: str, path: Path, number: int) -> Measured:
    try:
        row: dict[str, Any] = json.loads(line)
        features = row["features"]
        made = {"work": Work(**features["work"])} | {name: tuple(features[name]) for name in ("values", "trees")}
        return Measured(**(row | {"features": Features(**(features | made))}))
    except (ValueError, KeyError, TypeError) as error:
        raise RecipeError(
            f"Line {number} of {path} is no measured network of this version ({error}); measure it again."
        ) from None

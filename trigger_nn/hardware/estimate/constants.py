"""The constants of the model: what was fitted, on what, and how far it was off on networks held out of the fit."""

import json
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from typing import Any

FILE = "constants.json"


@dataclass(frozen=True)
class Spread:
    """Quantiles of measured / estimated over networks held out of the fit: 5 %, 50 %, 95 %; median |relative error|."""

    low: float
    middle: float
    high: float
    error: float


@dataclass(frozen=True)
class Fitted:
    """Constants of one quantity by the names of its features, and how well they do."""

    constants: dict[str, float]
    spread: Spread


@dataclass(frozen=True)
class Constants:
    """All that is fitted.

    `networks` is the number of networks, `rows` the SHA-256 of their measured rows, `source` who measured them.
    `cycles` are quantiles of measured - estimated latency in clock cycles, over networks held out.
    """

    lut: Fitted
    ff: Fitted
    depth: Fitted
    cycles: Spread
    networks: int
    folds: int
    rows: str
    source: str

    def text(self) -> str:
        """As JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"


def parse(text: str) -> Constants:
    """Read what `Constants.text` writes."""
    found: dict[str, Any] = json.loads(text)
    fits = {name: _fitted(found[name]) for name in ("lut", "ff", "depth")}
    return Constants(**(found | fits | {"cycles": Spread(**found["cycles"])}))


@cache
def constants() -> Constants:
    """Those that the package brings."""
    return parse(resources.files(__package__).joinpath(FILE).read_text())


def _fitted(found: dict[str, Any]) -> Fitted:
    return Fitted(found["constants"], Spread(**found["spread"]))

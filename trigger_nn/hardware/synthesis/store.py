"""Results that are kept: one JSON file each, under the digest of everything that decides it."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trigger_nn.files import replacing, sha256
from trigger_nn.hardware.synthesis.values import Hop, Options, Placement, Stage, Synthesis, Use

FORMAT = 1  # raised when our scripts, or what we read from their results, change


def place_of(folder: Path, what: str, name: str, *causes: object) -> Path:
    """File of a result of the block `name`; `what` is `synthesis` or `placement`, `causes` are numbers and texts."""
    key = sha256(json.dumps([FORMAT, what, name, *causes], sort_keys=True).encode())
    return folder / f"{name}-{what}-{key[:16]}.json"


def keep(path: Path, result: Synthesis | Placement) -> None:
    """Write `result` under the name `path`, at once or not at all.

    Raises:
        TriggerNNError: the file system refuses.
    """
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(result), indent=1, sort_keys=True) + "\n")


def kept_synthesis(path: Path) -> Synthesis | None:
    """What `keep` wrote; None if there is no such file, or none that can be read: it is then made again."""
    try:
        value = _read(path)
        stages = tuple(Stage(**stage) for stage in value["stages"])
        made = {"options": Options(**value["options"]), "luts": tuple(value["luts"]), "stages": stages}
        return Synthesis(**{**value, **made})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def kept_placement(path: Path) -> Placement | None:
    """What `keep` wrote; None if there is no such file, or none that can be read: it is then made again."""
    try:
        value = _read(path)
        made = {
            "critical": tuple(Hop(**hop) for hop in value["critical"]),
            "utilisation": tuple(Use(**use) for use in value["utilisation"]),
        }
        return Placement(**{**value, **made})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _read(path: Path) -> Mapping[str, Any]:
    value = json.loads(path.read_bytes())
    if not isinstance(value, dict):
        raise ValueError(f"{path} holds no result")
    return value

"""Flips that a table need not repeat: of sides that decide alike, and of pairs that differ in the same events."""

from collections.abc import Sequence
from dataclasses import replace

from trigger_nn.studies.certificate.values import Flips


def told_once(flips: Sequence[Flips]) -> tuple[tuple[Flips, ...], tuple[str, ...]]:
    """Rows of one output that say something of their own, and of the pairs that do not a sentence each."""
    pairs: dict[tuple[str, str], list[Flips]] = {}
    for flip in flips:
        pairs.setdefault((flip.first, flip.second), []).append(flip)
    kept: dict[tuple[str, str], list[Flips]] = {}
    said = []
    for (first, second), rows in pairs.items():
        same = next((pair for pair, others in kept.items() if _alike(rows, others)), None)
        if not any(row.gained or row.lost for row in rows):
            most = max(row.limit_ppm for row in rows)
            said.append(f"From {first} to {second} no decision differs (at most {most:,.0f} ppm, 95 % one-sided).")
        elif same:
            said.append(f"From {first} to {second} the same decisions differ as from {same[0]} to {same[1]}.")
        else:
            kept[first, second] = rows
    return tuple(row for rows in kept.values() for row in rows), tuple(said)


def _alike(rows: Sequence[Flips], others: Sequence[Flips]) -> bool:
    """Whether two pairs of sides have the same table."""
    return len(rows) == len(others) and all(
        replace(row, first=other.first, second=other.second) == other for row, other in zip(rows, others, strict=True)
    )

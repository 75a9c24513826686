"""All tables of a certificate, from the scores of all sides on the same events."""

from collections.abc import Mapping, Sequence

from trigger_nn.program.program import Program
from trigger_nn.studies.certificate.decisions import SideScores, checked, judgements
from trigger_nn.studies.certificate.flips import alike, flips_of
from trigger_nn.studies.certificate.needs import needs_of
from trigger_nn.studies.certificate.onsets import Inside, onsets_of
from trigger_nn.studies.certificate.residuals import residuals_of
from trigger_nn.studies.certificate.values import Certificate, Side


def certificate_of(
    program: Program,
    sides: SideScores,
    targets: Sequence[float],
    events_per_second: float,
    what: Mapping[str, str] | None = None,
    inside: Inside | None = None,
) -> Certificate:
    """Compare decisions of all sides.

    Args:
        program: the emulator's.
        sides: scores of all sides, the emulator among them.
        targets: rates (Hz) of one signal's trigger alone; classes take none.
        events_per_second: that the emulator runs, for what larger samples would take.
        what: which implementation each side is, in words.
        inside: layers of the sides, to find where flips begin; without them that is left out.

    Raises:
        EventsError: there is nothing to compare, or events that can't tell; see `decisions`.
    """
    judged = tuple(judgements(checked(sides), targets))
    thresholds = {
        (side, j.output, j.target): threshold
        for j in judged
        if j.basis == "same rate"
        for side, threshold in j.thresholds.items()
    }
    return Certificate(
        program.name, program.digest, int(sides.looked_at.sum()),
        tuple(Side(name, (what or {}).get(name, "")) for name in sides.scores), thresholds,
        tuple(flip for judgement in judged for flip in flips_of(sides, judgement)),
        onsets_of(sides, judged, inside) if inside else (),
        tuple(residuals_of(sides)), tuple(needs_of(sides, judged, events_per_second)),
        alike(sides, judged), sides.lsb, events_per_second,
        loosest=sides.loosest,
    )  # fmt: skip

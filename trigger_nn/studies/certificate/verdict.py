"""What a certificate comes to, in sentences."""

from trigger_nn.studies.certificate.values import EMULATOR, QKERAS, Alike, Certificate

HOW = {
    "same rate": "at one rate or more, each at its own threshold",
    "same threshold": "at one rate or more, both at the emulator's threshold",
    "largest output": "by their largest outputs",
}


def verdict(certificate: Certificate) -> tuple[str, ...]:
    """A sentence for each side beside the emulator, QKeras first; on the basis on which most decisions differ."""
    worst: dict[str, Alike] = {}
    for pair in sorted(certificate.alike, key=lambda pair: pair.differing):
        if EMULATOR in (pair.first, pair.second):
            worst[pair.second if pair.first == EMULATOR else pair.first] = pair
    sides = sorted((side.name for side in certificate.sides if side.name in worst), key=lambda name: name != QKERAS)
    return tuple(_sentence(side, worst[side]) for side in sides)


def _sentence(side: str, pair: Alike) -> str:
    ppm, low, high = (f"{value:,.0f}" for value in pair.ppm)
    named = side[:1].upper() + side[1:]
    if not pair.differing:
        bits = ", and every score is the same" if pair.equal_scores == pair.events else ""
        return (
            f"{named} and the emulator decide every one of {pair.events:,} events alike (at most {high} ppm differ, "
            f"68 %){bits}."
        )
    return (
        f"{named} and the emulator decide {pair.differing:,} of {pair.events:,} events differently, "
        f"{HOW[pair.basis]} ({ppm} ppm, 68 %: {low} to {high})."
    )

"""What a certificate comes to, in sentences."""

from collections.abc import Iterator, Mapping

from trigger_nn.studies.certificate.decisions import BACKGROUND
from trigger_nn.studies.certificate.values import EMULATOR, QKERAS, Alike, Basis, Certificate, Flips, Interval

HOW: Mapping[Basis, str] = {
    "same rate": "each at its own threshold",
    "same threshold": "both at the emulator's threshold",
    "largest output": "by their largest outputs",
}


def verdict(certificate: Certificate) -> tuple[str, ...]:
    """Sentences for each side beside the emulator, QKeras first, on the basis of `headlines`.

    Of what differs a sentence for each output, at the middle one of the rates asked for.
    """
    pairs = headlines(certificate)
    sides = sorted(pairs, key=lambda name: name != QKERAS)
    return tuple(sentence for side in sides for sentence in _sentences(certificate, side, pairs[side]))


def headlines(certificate: Certificate) -> dict[str, Alike]:
    """By side, the emulator beside it on one basis: at the same rate, unless decisions differ on another one alone."""
    found: dict[str, Alike] = {}
    for pair in certificate.alike:
        if EMULATOR in (pair.first, pair.second):
            side = pair.second if pair.first == EMULATOR else pair.first
            if side not in found or (pair.differing and not found[side].differing):
                found[side] = pair
    return {side.name: found[side.name] for side in certificate.sides if side.name in found}


def _sentences(certificate: Certificate, side: str, pair: Alike) -> Iterator[str]:
    named = side[:1].upper() + side[1:]
    if not pair.differing:
        yield _none(named, pair)
        return
    if pair.basis == "largest output":
        counts = f"{pair.differing:,} of {pair.events:,}"
        yield f"{named} and the emulator decide {counts} events differently, {HOW[pair.basis]}."
        return
    own = [f for f in certificate.flips if (f.first, f.second, f.basis) == (pair.first, pair.second, pair.basis)]
    targets = sorted({flip.target for flip in own})
    middle = targets[len(targets) // 2]
    for output in dict.fromkeys(flip.output for flip in own):
        kinds = {f.kind: f for f in own if (f.output, f.target) == (output, middle)}
        start = f"{named} and the emulator differ for {output} at {middle / 1e3:g} kHz, {HOW[pair.basis]}: "
        yield start + _differing(kinds[BACKGROUND], kinds[output])


def _none(named: str, pair: Alike) -> str:
    equal = pair.equal_scores == pair.events
    rated = ", by their largest outputs" if pair.basis == "largest output" else " at the rates asked for"
    return (
        f"{named} and the emulator decide every one of {pair.events:,} events alike{'' if equal else rated} "
        f"(at most {pair.limit_ppm:,.0f} ppm differ, 95 % one-sided){', and every score is the same' if equal else ''}."
    )


def _differing(background: Flips, signal: Flips) -> str:
    """In Hz of background and percent points of efficiency."""
    gained, lost = (_told(hertz, ".3g", 1e-3) for hertz in (background.gained_hz, background.lost_hz))
    return (
        f"of the background {background.second} alone accepts {gained} kHz and {background.first} alone {lost} kHz; "
        f"the efficiency of {signal.kind} changes by {_told(signal.change, '+.2f')} percent points from "
        f"{signal.first} to {signal.second}."
    )


def _told(interval: Interval | None, form: str, factor: float = 1.0) -> str:
    if interval is None:
        return "-"
    value, low, high = (f"{bound * factor:{form}}" for bound in interval)
    return f"{value} (68 %: {low} to {high})"

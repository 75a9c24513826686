"""The image of a jet: constituents centred, turned upright, mirrored and put into pixels, on integers alone.

The first axis of the image is eta, the second phi; "above" is positive phi, "to the right" positive eta. Products are
below 2^63 for pT sums of a jet below 2^26 and relative angles below 2^14 counts.
"""

from functools import cache

import numpy as np

from trigger_nn.events.quantities import Quantity
from trigger_nn.events.records import Candidates, Jets, Kind
from trigger_nn.events.units import Units
from trigger_nn.events.views.values import JetImage
from trigger_nn.program.fixed import Fixed

DIRECTIONS = 128  # over half a turn
TABLE_BITS = 12  # behind the point of sines and cosines
MOMENT_BITS = 8  # behind the point of second moments
PT_CHANNELS = ("neutral_pt", "track_pt")
_CHARGED = (Kind.CHARGED_HADRON, Kind.ELECTRON, Kind.MUON)
_KINDS: dict[str, tuple[Kind, ...]] = {
    "neutral_pt": (Kind.PHOTON, Kind.NEUTRAL_HADRON),
    "track_pt": _CHARGED,
    "tracks": _CHARGED,
    "muons": (Kind.MUON,),
}


def jet_image(jets: Jets, view: JetImage, units: Units) -> np.ndarray:
    """Images of jets, counts of `quantities`: (jets, pixels, pixels, channels) int64.

    The steps of the view in their order. A pixel holds the sum of its constituents, pT or number, saturated at
    2^bits - 1; after `normalise`, pT is floor(pT (2^bits - 1) / pT of all constituents, outside ones too), numbers
    stay. The sum in a pixel is taken before it is divided.
    """
    parts = jets.constituents
    eta, phi = parts.eta, parts.phi
    if "centre" in view.steps:
        eta, phi = _centred(parts, eta), _centred(parts, phi)
    if "rotate" in view.steps:
        eta, phi = _upright(parts, eta, phi)
    if "flip" in view.steps:
        eta, phi = _mirrored(parts, eta), _mirrored(parts, phi)
    image = _pixels(parts, eta, phi, view, units)
    if "normalise" in view.steps:
        total = np.maximum(_sums(parts, parts.pt), 1)[:, None, None, None]
        shares = np.array([channel in PT_CHANNELS for channel in view.channels])
        image = np.where(shares, image * _largest(view) // total, image)
    return np.minimum(image, _largest(view))


def quantities(view: JetImage, units: Units) -> tuple[Quantity, ...]:
    """What the pixels mean, one for each channel: GeV (or shares of the jet's pT), or numbers."""
    kind = Fixed(False, view.bits, view.bits)
    pt = ("1", 1 / _largest(view)) if "normalise" in view.steps else ("GeV", units.candidate_lsb)
    return tuple(
        Quantity(name, pt[0], kind, pt[1]) if name in PT_CHANNELS else Quantity(name, "1", kind)
        for name in view.channels
    )


def pixel_size(view: JetImage, units: Units) -> int:
    """Counts of eta or phi in a pixel: the width over the pixels, to nearest, so edges lie between counts.

    Pixel i holds angles from i * size - floor(pixels * size / 2); the image is at most half a count a pixel wider or
    narrower than `view.width`.
    """
    return max(1, round(view.width / view.pixels / units.angle))


# --- steps -----------------------------------------------------------------------------------------------------


def _centred(parts: Candidates, angle: np.ndarray) -> np.ndarray:
    """Less the pT-weighted mean, rounded down."""
    mean = _sums(parts, parts.pt * angle) // np.maximum(_sums(parts, parts.pt), 1)
    return np.asarray(angle - mean[parts.event()])


def _upright(parts: Candidates, eta: np.ndarray, phi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Turned so that the direction with the largest pT-weighted second moment (the first of equals) is that of phi."""
    cosine, sine = directions()
    total = np.maximum(_sums(parts, parts.pt), 1)
    squares = (_sums(parts, parts.pt * product) << MOMENT_BITS for product in (eta * eta, eta * phi, phi * phi))
    xx, xy, yy = (_truncated(square, total)[:, None] for square in squares)
    best = (xx * cosine**2 + 2 * xy * cosine * sine + yy * sine**2).argmax(axis=1)[parts.event()]
    along, across = eta * cosine[best] + phi * sine[best], eta * sine[best] - phi * cosine[best]
    return _shifted(across), _shifted(along)


def _mirrored(parts: Candidates, angle: np.ndarray) -> np.ndarray:
    """The sign that leaves more pT on the positive side; of equal pT, the one that lies further out."""
    balance = _sums(parts, parts.pt * np.sign(angle))
    outward = _sums(parts, parts.pt * angle * np.abs(angle))
    mirror = np.where(balance == 0, outward, balance) < 0
    return np.asarray(np.where(mirror, -1, 1)[parts.event()] * angle)


@cache
def directions() -> tuple[np.ndarray, np.ndarray]:
    """Cosines and sines of `DIRECTIONS` angles from 0 up to half a turn, rounded to 2^-12: int64.

    No entry comes within a hundredth of a count of a tie, so any machine's cosine rounds to the same integer.
    """
    angle = np.arange(DIRECTIONS) * (np.pi / DIRECTIONS)
    return (
        np.rint(np.cos(angle) * (1 << TABLE_BITS)).astype(np.int64),
        np.rint(np.sin(angle) * (1 << TABLE_BITS)).astype(np.int64),
    )


def _shifted(value: np.ndarray) -> np.ndarray:
    """To counts, to nearest, halves away from 0: of the magnitude, so that mirrored jets stay mirrored."""
    return np.asarray(np.sign(value) * ((np.abs(value) + (1 << (TABLE_BITS - 1))) >> TABLE_BITS))


def _truncated(over: np.ndarray, under: np.ndarray) -> np.ndarray:
    """Quotient towards 0: mirrored jets have the opposite one."""
    return np.asarray(np.sign(over) * (np.abs(over) // under))


# --- pixels ----------------------------------------------------------------------------------------------------


def _pixels(parts: Candidates, eta: np.ndarray, phi: np.ndarray, view: JetImage, units: Units) -> np.ndarray:
    """Sums in pixels, not saturated yet; what lies outside is dropped."""
    size = pixel_size(view, units)
    row, column = ((angle + view.pixels * size // 2) // size for angle in (eta, phi))
    inside = (row >= 0) & (row < view.pixels) & (column >= 0) & (column < view.pixels)
    shape = (len(parts), view.pixels, view.pixels)
    pixel = np.where(inside, (parts.event() * view.pixels + row) * view.pixels + column, 0)
    image = np.zeros((*shape, len(view.channels)), np.int64)
    for place, channel in enumerate(view.channels):
        used = inside & np.isin(parts.kind, _KINDS[channel])
        weights = parts.pt[used] if channel in PT_CHANNELS else None
        image[..., place] = np.bincount(pixel[used], weights, int(np.prod(shape))).reshape(shape)
    return image


def _sums(parts: Candidates, values: np.ndarray) -> np.ndarray:
    """Sum over each jet's constituents, int64: (jets,)."""
    running = np.concatenate([[0], np.cumsum(values)]).astype(np.int64)
    return np.asarray(running[parts.offsets[1:]] - running[parts.offsets[:-1]])


def _largest(view: JetImage) -> int:
    return (1 << view.bits) - 1

"""Whole-event images in eta and phi, from towers, candidates or jets; integer in, integer out.

Cell (i, j) covers eta from -eta_max + i * (2 eta_max / eta_bins) and phi from -pi + j * (2 pi / phi_bins).
"""

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.events.detector.grid import ELECTROMAGNETIC, HADRONIC, TowerGrid
from trigger_nn.events.quantities import Quantity
from trigger_nn.events.records import Candidates, Kind
from trigger_nn.events.units import Units
from trigger_nn.events.views.values import EventImage
from trigger_nn.program.fixed import Fixed

_SECTIONS = {"total": (ELECTROMAGNETIC, HADRONIC), "electromagnetic": (ELECTROMAGNETIC,), "hadronic": (HADRONIC,)}
_KINDS = {
    "all": tuple(Kind)[1:],
    "charged": (Kind.CHARGED_HADRON, Kind.ELECTRON, Kind.MUON),
    "neutral": (Kind.PHOTON, Kind.NEUTRAL_HADRON),
    "photon": (Kind.PHOTON,),
    "electron": (Kind.ELECTRON,),
    "muon": (Kind.MUON,),
}


def cells(towers: np.ndarray, view: EventImage) -> np.ndarray:
    """Blocks of towers added into cells: (n, 2, eta, phi) -> (n, eta_bins, phi_bins, channels), in the view's counts.

    Raises:
        RecipeError: the towers can't be shared out evenly.
    """
    events, _, rings, columns = towers.shape
    if rings % view.eta_bins or columns % view.phi_bins:
        raise RecipeError(
            f"an image of {view.eta_bins} x {view.phi_bins} cells can't be made of {rings} x {columns} towers; choose "
            "numbers that divide them, or other towers in [detector.towers]."
        )
    block = (events, view.eta_bins, rings // view.eta_bins, view.phi_bins, columns // view.phi_bins)
    chosen = (towers[:, _SECTIONS[name]].sum(axis=1) for name in view.channels)
    return np.stack([channel.reshape(block).sum(axis=(2, 4)) for channel in chosen], axis=-1)


def measured_pedestals(summed: np.ndarray) -> tuple[tuple[int, ...], ...]:
    """Mean counts of a cell in each eta ring of pile-up-only crossings, rounded: one row a channel."""
    means = np.rint(summed.mean(axis=(0, 2))).astype(int)  # (eta_bins, channels)
    return tuple(tuple(row) for row in means.T.tolist())


def tower_image(towers: np.ndarray, view: EventImage) -> np.ndarray:
    """The image: cells minus pedestals, clipped to 0 and to the largest count; one channel loses its axis."""
    summed = cells(towers, view)
    if view.subtract:
        summed = summed - np.array(view.pedestals).T[:, None, :]
    return _squeezed(np.clip(summed, 0, 2**view.bits - 1))


def candidate_image(candidates: Candidates, view: EventImage, units: Units) -> np.ndarray:
    """Candidates (or jets) binned in eta and phi, weighted by pT; what is beyond the view's eta is left out.

    Bin edges are compared in integers: twice the angle in steps, times the bins, against the range in steps.
    """
    reach = _reach(view, units)
    row = (candidates.eta + reach) * view.eta_bins // (2 * reach)
    column = (candidates.phi + units.phi_steps // 2) % units.phi_steps * view.phi_bins // units.phi_steps
    inside = (row >= 0) & (row < view.eta_bins)
    cell = (candidates.event() * view.eta_bins + row) * view.phi_bins + column
    size = len(candidates) * view.eta_bins * view.phi_bins
    images = []
    for name in view.channels:
        mask = inside & np.isin(candidates.kind, _KINDS[name])
        sums = np.bincount(cell[mask], candidates.pt[mask], size).astype(np.int64)
        images.append(sums.reshape(len(candidates), view.eta_bins, view.phi_bins))
    return _squeezed(np.minimum(np.stack(images, axis=-1), 2**view.bits - 1))


def _reach(view: EventImage, units: Units) -> int:
    """Largest |eta| of the image in steps."""
    return round((view.eta_max or 2.4) / units.angle)


def _squeezed(image: np.ndarray) -> np.ndarray:
    return image[..., 0] if image.shape[-1] == 1 else image


def shape(view: EventImage) -> tuple[int, ...]:
    """Shape of the image of one event."""
    channels = (len(view.channels),) if len(view.channels) > 1 else ()
    return (view.eta_bins, view.phi_bins, *channels)


def quantity(view: EventImage, lsb: float) -> Quantity:
    """What a cell holds; `lsb` in GeV."""
    name = "et" if view.source == "towers" else "pt"
    return Quantity(name, "GeV", Fixed(False, view.bits, view.bits), lsb)


def resolved_eta(view: EventImage, grid: TowerGrid) -> EventImage:
    """The view with its eta range filled in."""
    if view.source == "towers":
        return view.model_copy(update={"eta_max": grid.eta_max})
    return view if view.eta_max else view.model_copy(update={"eta_max": 2.4})

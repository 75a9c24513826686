"""From a view to numbers: the array that it makes of crossings or jets, and the column that says what they mean."""

from dataclasses import dataclass
from typing import assert_never

import numpy as np

from trigger_nn.errors import RecipeError
from trigger_nn.events.detector.grid import TowerGrid
from trigger_nn.events.detector.parameters import PulseSpec
from trigger_nn.events.objects import electron_photon, jets, trigger
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.records import Candidates, Crossings, Jets, Kind, padded
from trigger_nn.events.units import Units
from trigger_nn.events.views import constituents, image, jet_features, jet_image
from trigger_nn.events.views import values as s
from trigger_nn.events.views.values import JetRowsSpec
from trigger_nn.program.fixed import Fixed

Rows = Crossings | Jets
RATIO_BITS, MASS_BITS = 10, 14
MOST_BITS = 24
PILEUP_BITS = 10
HARD_TOWERS = "towers of the hard collision alone"
IMAGE_JETS = 64  # at most so many jets make an image


@dataclass(frozen=True)
class FrontEnd:
    """What the integers that views are made from mean."""

    grid: TowerGrid
    tower: Quantity
    units: Units
    pulse: PulseSpec
    jets: JetRowsSpec | None

    @property
    def finer(self) -> int:
        """Bits that a count of a tower is finer than stated, which quantization switched off makes it."""
        return round(np.log2(self.units.tower_lsb / self.tower.lsb))

    def counts(self, energy: float) -> int:
        """An energy (GeV) in counts of a tower."""
        return round(energy / self.tower.lsb)


def fitted(view: s.View, front_end: FrontEnd) -> s.View:
    """The view with its range in eta filled in, and as many more bits as the towers' counts are finer."""
    if not isinstance(view, s.EventImage):
        return view
    finer = front_end.finer if view.source == "towers" else 0
    view = view.model_copy(update={"bits": min(view.bits + finer, MOST_BITS)})
    return image.resolved_eta(view, front_end.grid)


def needs_candidates(view: s.View) -> bool:
    """Whether the view is made from candidates."""
    match view:
        case s.EventImage():
            return view.source != "towers"
        case s.Constituents() | s.RecoJets() | s.JetImage() | s.JetFeatures():
            return True
        case _:
            return False


def needs_pulses(view: s.View) -> bool:
    """Whether the view is made from samples of pulses."""
    return isinstance(view, s.Waveform | s.PulseEnergy)


def needs_hard_towers(view: s.View) -> bool:
    """Whether the view is made from towers of the hard collision alone."""
    return isinstance(view, s.OfflineSum | s.OfflineMissing)


def is_resolved(view: s.View) -> bool:
    """Whether everything that is measured on training events is known."""
    match view:
        case s.EventImage():
            return bool(view.pedestals) or not view.subtract
        case s.TriggerJets() | s.ScalarSum():
            return bool(view.pedestals)
        case s.JetFeatures():
            return bool(view.offsets and view.shifts)
        case _:
            return True


def resolved(view: s.View, rows: Rows) -> s.View:
    """The view with what it measures on `rows` filled in: pile-up of the training split, or training jets."""
    if is_resolved(view):
        return view
    match view, rows:
        case s.EventImage(), Crossings():
            return view.model_copy(update={"pedestals": image.measured_pedestals(image.cells(rows.towers, view))})
        case s.TriggerJets() | s.ScalarSum(), Crossings():
            means = trigger.measured_pedestals(rows.towers.sum(axis=1))
            return view.model_copy(update={"pedestals": tuple(means.tolist())})
        case s.JetFeatures(), Jets():
            raw = jet_features.raw_features(padded(rows.constituents, view.constituents))
            offsets, shifts = jet_features.measure(raw, view.bits, view.reach)
            update = {"offsets": tuple(map(int, offsets)), "shifts": tuple(map(int, shifts))}
            return view.model_copy(update=update)
        case _:
            raise _wrong_rows(view, rows)


def build(view: s.View, rows: Rows, front_end: FrontEnd) -> np.ndarray:
    """What `view` makes of `rows`: (rows, *shape), integers.

    Raises:
        RecipeError: the view is not of such rows, or does not fit the towers.
    """
    match rows:
        case Jets():
            return _of_jets(view, rows, front_end)
        case Crossings():
            return _of_crossings(view, rows, front_end)
        case _:
            assert_never(rows)


def _of_jets(view: s.View, rows: Jets, front_end: FrontEnd) -> np.ndarray:
    match view:
        case s.JetImage():
            return jet_image.jet_image(rows, view, front_end.units)
        case s.JetFeatures():
            raw = jet_features.raw_features(padded(rows.constituents, view.constituents))
            return jet_features.normalise(raw, np.array(view.offsets), np.array(view.shifts), view.bits)
        case s.Constituents():
            return constituents.constituents(rows.constituents, view)
        case s.RecoJets():
            radius = front_end.jets.radius if front_end.jets else view.radius
            return _observed(rows, radius, front_end.units)[:, None, :]
        case _:
            raise _wrong_rows(view, rows)


def _of_crossings(view: s.View, rows: Crossings, front_end: FrontEnd) -> np.ndarray:
    match view:
        case s.EventImage():
            return _event_image(rows, view, front_end.units)
        case s.Constituents():
            return constituents.constituents(_candidates(rows), view)
        case s.RecoJets():
            return _reco_jets(rows, view, front_end.units)
        case s.Waveform():
            return _present(rows.samples, "pulses")
        case s.PulseEnergy():
            return _present(rows.pulse_energy, "pulses")
        case s.TriggerJets():
            return trigger.hardest(_trigger_jets(rows, view, front_end), view.count)
        case s.ScalarSum():
            return trigger.scalar_sum(_trigger_jets(rows, view, front_end), front_end.grid, view.eta_max)
        case s.MissingMomentum():
            return trigger.missing_momentum(rows.towers.sum(axis=1))
        case s.PileUp() | s.OfflineSum() | s.OfflineMissing():
            return _truth(rows, view, front_end)
        case s.ElectronPhoton():
            found_clusters = electron_photon.clusters(rows.towers, front_end.counts(view.minimum), view.count)
            return np.stack([found_clusters.momentum, found_clusters.row, found_clusters.column], axis=-1)
        case s.JetImage() | s.JetFeatures():
            raise _wrong_rows(view, rows)
        case _:
            assert_never(view)


def _truth(rows: Crossings, view: s.PileUp | s.OfflineSum | s.OfflineMissing, front_end: FrontEnd) -> np.ndarray:
    """What simulation alone knows: the collisions in time, and the hard one without them."""
    match view:
        case s.PileUp():
            return _present(rows.pileup, "the number of collisions")
        case s.OfflineSum():
            return trigger.scalar_sum(_offline_jets(rows, view, front_end), front_end.grid, view.eta_max)
        case s.OfflineMissing():
            return trigger.missing_momentum(_present(rows.hard_towers, HARD_TOWERS).sum(axis=1))
        case _:
            assert_never(view)


def _event_image(rows: Crossings, view: s.EventImage, units: Units) -> np.ndarray:
    match view.source:
        case "towers":
            return image.tower_image(rows.towers, view)
        case "candidates":
            return image.candidate_image(_candidates(rows), view, units)
        case "jets":
            found = jets.cluster(_candidates(rows), units, view.jet_radius, view.jet_minimum, IMAGE_JETS)
            return image.candidate_image(_as_candidates(found, len(rows)), view, units)
        case _:
            assert_never(view.source)


def column(view: s.View, front_end: FrontEnd) -> Column:
    """Shape and quantities of what `view` makes; the view itself is recorded with them."""
    shape, quantities = _meaning(view, front_end)
    return Column(shape, quantities, view.model_dump(mode="json"))


def _meaning(view: s.View, front_end: FrontEnd) -> tuple[tuple[int, ...], tuple[Quantity, ...]]:
    units, tower = front_end.units, front_end.tower
    momentum, total = (Fixed(False, width, width) for width in (16 + front_end.finer, 18 + front_end.finer))
    match view:
        case s.EventImage():
            lsb = tower.lsb if view.source == "towers" else units.candidate_lsb
            return image.shape(view), (image.quantity(view, lsb),)
        case s.JetImage():
            return (view.pixels, view.pixels, len(view.channels)), jet_image.quantities(view, units)
        case s.JetFeatures():
            return (len(jet_features.FEATURES),), jet_features.quantities(view, units)
        case s.Constituents():
            found = constituents.quantities(view, units, front_end.jets is not None)
            return (view.count, len(view.features)), found
        case s.RecoJets():
            return (view.count, len(_observables(units))), _observables(units)
        case s.Waveform() | s.PulseEnergy():
            return _pulse(view, momentum, front_end)
        case s.TriggerJets():
            return (view.count,), (Quantity("pt", "GeV", momentum, tower.lsb),)
        case s.ScalarSum() | s.OfflineSum():
            return (), (Quantity("ht", "GeV", total, tower.lsb),)
        case s.MissingMomentum() | s.OfflineMissing():
            return (), (Quantity("missing_pt", "GeV", momentum, tower.lsb),)
        case s.PileUp():
            return (), (Quantity("collisions", "1", Fixed(False, PILEUP_BITS, PILEUP_BITS), 1.0),)
        case s.ElectronPhoton():
            return (view.count, 3), _cluster(momentum, front_end)
        case _:
            assert_never(view)


def _pulse(
    view: s.Waveform | s.PulseEnergy, momentum: Fixed, front_end: FrontEnd
) -> tuple[tuple[int, ...], tuple[Quantity, ...]]:
    pulse = front_end.pulse
    if isinstance(view, s.PulseEnergy):
        return (), (Quantity("pulse_et", "GeV", momentum, front_end.tower.lsb),)
    adc = Quantity("adc", "GeV", Fixed(False, pulse.bits, pulse.bits), pulse.lsb, -pulse.pedestal * pulse.lsb)
    return (pulse.samples,), (adc,)


def _cluster(momentum: Fixed, front_end: FrontEnd) -> tuple[Quantity, ...]:
    grid = front_end.grid
    eta = Quantity("eta", "1", Fixed(False, 12, 12), 2 * grid.eta_max / grid.eta_bins, -grid.eta_max)
    phi = Quantity("phi", "rad", Fixed(False, 12, 12), 2 * np.pi / grid.phi_bins, -np.pi)
    return Quantity("pt", "GeV", momentum, front_end.tower.lsb), eta, phi


# --- FastJet's jets ----------------------------------------------------------------------------------------------


def _reco_jets(rows: Crossings, view: s.RecoJets, units: Units) -> np.ndarray:
    found = jets.cluster(_candidates(rows), units, view.radius, view.minimum, view.count)
    table = np.zeros((len(rows), view.count, len(_observables(units))), np.int64)
    first = np.searchsorted(found.event, np.arange(len(rows)))
    place = np.arange(len(found)) - first[found.event]
    table[found.event, place] = _observed(found, view.radius, units)
    return table


def _observed(found: Jets, radius: float, units: Units) -> np.ndarray:
    """pT, eta, phi and what FastJet says of each jet, quantized: (jets, observables)."""
    values = jets.observables(found, units, radius)
    quantities = {q.name: q for q in _observables(units)}
    given = {"pt": found.pt, "eta": found.eta, "phi": found.phi}
    columns = [given[name] if name in given else q.quantize(values[name]) for name, q in quantities.items()]
    return np.stack(columns, axis=-1)


def _observables(units: Units) -> tuple[Quantity, ...]:
    mass, ratio = Fixed(False, MASS_BITS, MASS_BITS), Fixed(False, RATIO_BITS, 2)
    angle = Fixed(True, units.angle_bits, units.angle_bits)
    return (
        Quantity("pt", "GeV", Fixed(False, units.candidate_bits + 2, units.candidate_bits + 2), units.candidate_lsb),
        Quantity("eta", "1", angle, units.angle, nearest=True),
        Quantity("phi", "rad", angle, units.angle, nearest=True),
        *(Quantity(name, "GeV", mass, units.candidate_lsb) for name in ("mass", "softdrop_mass")),
        *(Quantity(name, "1", ratio, 2.0 ** (2 - RATIO_BITS)) for name in ("tau21", "tau32", "c2")),
        Quantity("d2", "1", Fixed(False, 12, 6), 2.0**-6),
    )


def _as_candidates(found: Jets, events: int) -> Candidates:
    offsets = np.searchsorted(found.event, np.arange(events + 1))
    kind = np.full(len(found), int(Kind.NEUTRAL_HADRON))
    return Candidates(offsets, found.pt, found.eta, found.phi, kind, np.zeros_like(kind))


def _trigger_jets(rows: Crossings, view: s.TriggerJets | s.ScalarSum, front_end: FrontEnd) -> np.ndarray:
    seed, minimum = front_end.counts(trigger.SEED), front_end.counts(view.minimum)
    return trigger.jet_candidates(rows.towers.sum(axis=1), np.array(view.pedestals), seed, minimum)


def _offline_jets(rows: Crossings, view: s.OfflineSum, front_end: FrontEnd) -> np.ndarray:
    seed, minimum = front_end.counts(trigger.SEED), front_end.counts(view.minimum)
    towers = _present(rows.hard_towers, HARD_TOWERS).sum(axis=1)
    return trigger.jet_candidates(towers, np.zeros(towers.shape[1], np.int64), seed, minimum)


def _candidates(rows: Crossings) -> Candidates:
    if rows.candidates is None:
        raise RecipeError("The view is of candidates, but none were made; make the crossings with candidates.")
    return rows.candidates


def _present(values: np.ndarray | None, what: str) -> np.ndarray:
    if values is None:
        raise RecipeError(f"The view is of {what}, but none were made; make the crossings with them.")
    return values


def _wrong_rows(view: s.View, rows: Rows) -> RecipeError:
    return RecipeError(f"A view of kind {view.kind!r} can't be made of {type(rows).__name__.lower()}; choose another.")

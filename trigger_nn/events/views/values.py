"""Views as values: what a recipe names, an events file and a model record, and firmware implements later."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from trigger_nn.events.units import Bits
from trigger_nn.recipe import Part, PositiveFloat, PositiveInt

NonNegative = Annotated[float, Field(ge=0)]


class EventImage(Part):
    """The whole event as an eta-phi image, one channel each of `channels`.

    From towers: `total`, `electromagnetic`, `hadronic`; a cell is a block of towers (4 x 4 towers are a region).
    From candidates: `all`, `charged`, `neutral`, `photon`, `electron`, `muon`; from anti-kt jets of `jet_radius` over
    `jet_minimum`: `all`; both weighted by pT. With `subtract`, `pedestals` are taken off ring by ring, one row a
    channel; they are measured on pile-up of the training split if not given.
    """

    kind: Literal["event_image"]
    source: Literal["towers", "candidates", "jets"] = "towers"
    channels: Annotated[tuple[str, ...], Field(min_length=1)] = ("total",)
    eta_bins: PositiveInt = 20
    phi_bins: PositiveInt = 12
    eta_max: PositiveFloat | None = None  # towers: their grid's
    bits: Bits = 10
    subtract: bool = False
    pedestals: tuple[tuple[int, ...], ...] = ()
    jet_radius: PositiveFloat = 0.4
    jet_minimum: NonNegative = 20.0  # GeV

    @model_validator(mode="after")
    def _channels_of_source(self) -> "EventImage":
        known = {
            "towers": ("total", "electromagnetic", "hadronic"),
            "candidates": ("all", "charged", "neutral", "photon", "electron", "muon"),
            "jets": ("all",),
        }[self.source]
        wrong = [c for c in self.channels if c not in known]
        if wrong:
            raise ValueError(f"channel {wrong[0]!r} can't be had from {self.source}; known: {', '.join(known)}")
        if self.subtract and self.source != "towers":
            raise ValueError("pedestals are subtracted from towers only; leave `subtract` out")
        return self


class JetImage(Part):
    """Image of one jet: the constituents after `steps`, in `pixels` x `pixels` over `width` x `width`.

    Steps in their order, any subset that ends with `pixelate`: centre (on the pT-weighted mean), rotate (principal axis
    upright), flip (more pT above, and to the right), normalise (intensities as shares of the total), pixelate.
    Channels: neutral pT, track pT, track multiplicity, muon multiplicity.
    """

    kind: Literal["jet_image"]
    steps: tuple[Literal["centre", "rotate", "flip", "normalise", "pixelate"], ...] = (
        "centre", "rotate", "flip", "normalise", "pixelate",
    )  # fmt: skip
    channels: tuple[Literal["neutral_pt", "track_pt", "tracks", "muons"], ...] = (
        "neutral_pt", "track_pt", "tracks", "muons",
    )  # fmt: skip
    pixels: PositiveInt = 37
    width: PositiveFloat = 3.2  # rad and units of eta
    bits: Bits = 12

    @model_validator(mode="after")
    def _order(self) -> "JetImage":
        order = ("centre", "rotate", "flip", "normalise", "pixelate")
        if tuple(s for s in order if s in self.steps) != self.steps or "pixelate" not in self.steps:
            raise ValueError(f"steps must be a subset of {', '.join(order)} in this order, with pixelate")
        return self


class JetFeatures(Part):
    """The 16 high-level features of the usual five-class benchmark, each shifted and scaled to `bits` signed bits.

    Feature i is (raw_i - offsets_i) >> shifts_i (a negative shift is to the left), saturated. Without `offsets` and
    `shifts` they are measured on the training split: mean, and the power of two nearest the spread, so that one spread
    is 2^(bits - 1 - `reach`) counts.
    """

    kind: Literal["jet_features"]
    constituents: PositiveInt = 64  # the hardest ones that count
    bits: Bits = 10
    reach: Annotated[int, Field(ge=0, le=8)] = 2  # the range covers 2^reach spreads on either side
    offsets: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()


class Constituents(Part):
    """The `count` hardest constituents of a jet (or candidates of a crossing), falling in pT, zero-padded."""

    kind: Literal["constituents"]
    count: PositiveInt = 16
    features: Annotated[tuple[Literal["pt", "eta", "phi", "type", "charge"], ...], Field(min_length=1)] = (
        "pt", "eta", "phi",
    )  # fmt: skip


class Waveform(Part):
    """ADC samples of the tower with most energy in the crossing, as they leave the front end (table [pulse])."""

    kind: Literal["waveform"]


class PulseEnergy(Part):
    """The energy that the tower of the `waveform` had in time, in counts of a tower: what a fit wants to find."""

    kind: Literal["pulse_energy"]


class TriggerJets(Part):
    """The `count` hardest sliding-window jets over `minimum` GeV, made from towers: pT in counts of a tower."""

    kind: Literal["trigger_jets"]
    count: PositiveInt = 8
    minimum: NonNegative = 30.0  # GeV
    pedestals: tuple[int, ...] = ()  # mean of a tower in each ring, in 1/256 count; measured if not given


class MissingMomentum(Part):
    """Magnitude of the vector sum of tower energies; what is the same all around, such as mean pile-up, cancels."""

    kind: Literal["missing_momentum"]


class ScalarSum(Part):
    """Sum of the sliding-window jets over `minimum` GeV within |eta| < `eta_max`: H_T."""

    kind: Literal["scalar_sum"]
    minimum: NonNegative = 30.0  # GeV
    eta_max: PositiveFloat = 5.0
    pedestals: tuple[int, ...] = ()  # mean of a tower in each ring, in 1/256 count; measured if not given


class PileUp(Part):
    """Number of pile-up collisions in time: simulation's truth, for studies, not for networks."""

    kind: Literal["pileup"]


class OfflineSum(Part):
    """Sum of the sliding-window jets over `minimum` GeV within |eta| < `eta_max` of the hard collision alone.

    What a reconstruction free of pile-up would measure: the offline quantity of turn-on curves. 0 for zero bias.
    """

    kind: Literal["offline_sum"]
    minimum: NonNegative = 30.0  # GeV
    eta_max: PositiveFloat = 2.4


class OfflineMissing(Part):
    """Missing transverse momentum of the hard collision alone, in the same towers: as `OfflineSum` for the sum."""

    kind: Literal["offline_missing"]


class ElectronPhoton(Part):
    """The `count` hardest e/gamma candidates: pT, eta, phi of electromagnetic clusters that are narrow and isolated."""

    kind: Literal["electron_photon"]
    count: PositiveInt = 4
    minimum: NonNegative = 5.0  # GeV


class RecoJets(Part):
    """The `count` hardest anti-kt jets of the candidates: pT, eta, phi, mass, soft-drop mass, tau21, tau32, C2, D2.

    In a sample of jets: the row's own jet, `count` = 1.
    """

    kind: Literal["jets"]
    radius: PositiveFloat = 0.4
    count: PositiveInt = 4
    minimum: NonNegative = 20.0  # GeV


View = Annotated[
    EventImage | JetImage | JetFeatures | Constituents | Waveform | PulseEnergy | TriggerJets | MissingMomentum
    | ScalarSum | PileUp | OfflineSum | OfflineMissing | ElectronPhoton | RecoJets,
    Field(discriminator="kind"),
]  # fmt: skip


class JetRowsSpec(Part):
    """Makes jets, not crossings, the rows of the sample: the hardest anti-kt jets of each event."""

    radius: PositiveFloat = 0.8
    count: PositiveInt = 2
    minimum: NonNegative = 800.0  # GeV
    maximum: PositiveFloat = 1600.0  # GeV
    eta_max: PositiveFloat = 2.0

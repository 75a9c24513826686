"""Parameters of the detector, as a recipe states them; the defaults are round numbers of CMS's kind.

`off` switches stages off, one by one, so that what each effect costs can be measured: a stage that is off is perfect,
not absent. All stages keep random numbers of their own, so that switching one off leaves the draws of the others.
"""

from typing import Annotated, Literal

from pydantic import Field

from trigger_nn.events.detector.grid import TowerGrid
from trigger_nn.events.units import Bits
from trigger_nn.recipe import Part, PositiveFloat, PositiveInt

NonNegative = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Stage = Literal[
    "acceptance",  # coverage of tracker and muon system, lowest pT; off: as far as the towers reach, any pT
    "bending",  # solenoid; off: straight to the calorimeter
    "response",  # hadrons read low, softer ones lower; off: what they carry
    "smearing",  # stochastic, noise and constant term of each calorimeter; off: none
    "tracking_efficiency",  # off: every track in acceptance
    "tracking_resolution",  # pT, angles, z0; off: exact
    "muons",  # their deposit, efficiency, resolution; off: no deposit, every one, exact
    "out_of_time",  # energy of neighbouring crossings; off: none
    "zero_suppression",  # off: every count is kept
    "quantization",  # off: counts 1024 times finer
    "saturation",  # off: 24 bits
]


class Resolution(Part):
    """Energy resolution: sigma / E = stochastic / sqrt(E) (+) noise / E (+) constant, added in quadrature; E in GeV."""

    stochastic: NonNegative  # sqrt(GeV)
    noise: NonNegative = 0.0  # GeV
    constant: NonNegative = 0.0


class GridSpec(Part):
    """The trigger towers."""

    eta_bins: PositiveInt = 100
    phi_bins: PositiveInt = 72
    eta_max: PositiveFloat = 5.0

    def grid(self) -> TowerGrid:
        """As a value of the detector room."""
        return TowerGrid(self.eta_bins, self.phi_bins, self.eta_max)


class SolenoidSpec(Part):
    """A uniform field up to the calorimeter's face."""

    field: NonNegative = 3.8  # tesla
    radius: PositiveFloat = 1.29  # metres, to the barrel's face
    half_length: PositiveFloat = 3.2  # metres, to the endcap's face


class CalorimeterSpec(Part):
    """Electromagnetic and hadronic sections, and the forward calorimeter beyond `forward_eta`.

    Hadrons read R(E) / R(`reference`) with R(E) = 1 - (1 - `non_compensation`) (E / E0)^(`power` - 1), the power law
    of D. Groom, Nucl. Instrum. Meth. A 572 (2007) 633; E0 is `charged_scale` or `neutral_scale`. A share of their
    energy, uniform between 0 and twice `electromagnetic_share`, is left in the electromagnetic section.
    """

    electromagnetic: Resolution = Resolution(stochastic=0.10, noise=0.10, constant=0.01)
    hadronic: Resolution = Resolution(stochastic=1.00, noise=0.30, constant=0.05)
    forward_electromagnetic: Resolution = Resolution(stochastic=1.00, noise=0.30, constant=0.05)
    forward_hadronic: Resolution = Resolution(stochastic=2.00, noise=0.50, constant=0.10)
    forward_eta: PositiveFloat = 3.0
    non_compensation: Fraction = 0.7
    power: Annotated[float, Field(gt=0, lt=1)] = 0.82
    charged_scale: PositiveFloat = 1.0  # GeV
    neutral_scale: PositiveFloat = 2.6  # GeV
    reference: PositiveFloat = 50.0  # GeV, where hadrons are calibrated
    electromagnetic_share: Annotated[float, Field(ge=0, le=0.5)] = 0.25


class TrackerSpec(Part):
    """Tracks: sigma(pT) / pT = `constant` (+) `slope` pT, angles (rad) and z0 (mm) as Gaussians."""

    eta_max: PositiveFloat = 2.4
    minimum: NonNegative = 2.0  # GeV
    efficiency: Fraction = 0.95
    constant: NonNegative = 0.01
    slope: NonNegative = 0.0001  # 1/GeV
    angle: NonNegative = 0.001
    z0: NonNegative = 1.0


class MuonSpec(Part):
    """Muons: their own efficiency and resolution, and the energy (GeV) that they leave in the two sections."""

    eta_max: PositiveFloat = 2.4
    minimum: NonNegative = 3.0  # GeV
    efficiency: Fraction = 0.95
    resolution: NonNegative = 0.05
    electromagnetic: NonNegative = 0.3
    hadronic: NonNegative = 1.7


class PulseSpec(Part):
    """Pulses of the calorimeter's front end, and their converter; an offset of 0 is the crossing itself."""

    samples: PositiveInt = 10
    presamples: Annotated[int, Field(ge=0)] = 3  # samples before the crossing's own peak
    crossing: PositiveFloat = 25.0  # ns
    shaping: PositiveFloat = 25.0  # ns to the peak
    bits: Bits = 12
    lsb: PositiveFloat = 0.1  # GeV of transverse energy at the peak
    pedestal: NonNegative = 50.0  # counts
    noise: NonNegative = 2.0  # counts


class DetectorSpec(Part):
    """The whole detector."""

    off: tuple[Stage, ...] = ()
    towers: GridSpec = GridSpec()
    solenoid: SolenoidSpec = SolenoidSpec()
    calorimeter: CalorimeterSpec = CalorimeterSpec()
    tracker: TrackerSpec = TrackerSpec()
    muons: MuonSpec = MuonSpec()
    zero_suppression: NonNegative = 0.5  # GeV in a channel

    def has(self, stage: Stage) -> bool:
        """Whether `stage` is on."""
        return stage not in self.off

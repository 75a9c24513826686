"""The recipe of an event sample: processes, detector, pile-up, and the views that are kept. Frozen, from TOML."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from trigger_nn.errors import RecipeError
from trigger_nn.events.detector.parameters import DetectorSpec, NonNegative, PulseSpec
from trigger_nn.events.generation import processes
from trigger_nn.events.objects import trigger
from trigger_nn.events.units import Units
from trigger_nn.events.views import jet_features
from trigger_nn.events.views.values import (
    Constituents,
    EventImage,
    JetFeatures,
    JetImage,
    JetRowsSpec,
    OfflineSum,
    RecoJets,
    ScalarSum,
    TriggerJets,
    View,
)
from trigger_nn.recipe import NAME, Part, PositiveFloat, PositiveInt, load

RELATIVE_REACH = 2 ** (jet_features.ANGLE_BITS - 1) - 1  # steps that a relative angle can have
LIBRARY = "library"  # what the inelastic collisions of pile-up are filed under
Name = Annotated[str, Field(pattern=f"^{NAME}$")]


# --- pile-up, processes, the sample ----------------------------------------------------------------------------


class SplitSpec(Part):
    """Events of one kind in each split."""

    train: Annotated[int, Field(ge=0)]
    validation: Annotated[int, Field(ge=0)]
    test: Annotated[int, Field(ge=0)]


class LeakSpec(Part):
    """A share of the energy of another crossing, `offset` crossings later (negative: earlier), that is read in time."""

    offset: int
    share: Annotated[float, Field(gt=-1, lt=1)]


class PileupSpec(Part):
    """Poisson pile-up of `mean` from a library of inelastic collisions, in time; leakage of neighbouring crossings."""

    mean: NonNegative = 0.0
    out_of_time: tuple[LeakSpec, ...] = ()
    library: SplitSpec = SplitSpec(train=0, validation=0, test=0)


class ProcessSpec(Part):
    """A process of the sample: `kind` of the catalogue with its parameters, or any list of Pythia `settings`.

    `rate` says what an event stands for: `none`; `crossings` (zero bias: crossings without a hard collision, see
    `hard_above`); `stitched` (QCD above `hard_above`, the other part of all crossings); `cross_section`.
    """

    name: Name
    events: SplitSpec
    kind: str = ""
    parameters: dict[str, float | bool] = Field(default_factory=dict)
    settings: tuple[str, ...] = ()
    slha: str = ""
    weighted: bool = False
    rate: Literal["none", "crossings", "stitched", "cross_section"] = "none"

    @model_validator(mode="after")
    def _one_source(self) -> "ProcessSpec":
        if bool(self.kind) == bool(self.settings):
            raise ValueError("give either `kind`, a process of the catalogue, or `settings`, a list for Pythia")
        if self.parameters and (not self.kind or self.kind == processes.ZERO_BIAS):
            raise ValueError("`parameters` belong to a `kind` of the catalogue; write settings into `settings`")
        if self.kind and (self.slha or self.weighted):
            raise ValueError("`slha` and `weighted` belong to `settings`; a `kind` of the catalogue has its own")
        if (self.kind == processes.ZERO_BIAS) != (self.rate == "crossings"):
            raise ValueError("kind 'zero_bias' and rate 'crossings' belong together")
        try:
            self.process()
        except RecipeError as error:
            raise ValueError(str(error)) from None
        return self

    def process(self) -> processes.Process | None:
        """The process; None for zero bias, which has no hard collision."""
        if self.kind == processes.ZERO_BIAS:
            return None
        if self.kind:
            return processes.catalogued(self.kind, self.parameters)
        return processes.Process(self.name, self.settings, "settings of the recipe", self.weighted, self.slha)


class SampleRecipe(Part):
    """An event sample: processes, pile-up, detector, and the views that are kept."""

    name: Name
    version: PositiveInt = 1
    seed: Annotated[int, Field(ge=0, le=1_000_000)]
    centre_of_mass_energy: Annotated[float, Field(ge=500)] = 14000.0  # GeV
    colliding_rate: PositiveFloat = 31.0e6  # Hz
    hard_above: PositiveFloat = 50.0  # GeV: pTHat at which zero bias and weighted QCD are stitched
    shard: PositiveInt = 1000  # events a shard
    pileup: PileupSpec = PileupSpec()
    detector: DetectorSpec = DetectorSpec()
    units: Units = Units()
    pulse: PulseSpec = PulseSpec()
    jets: JetRowsSpec | None = None
    processes: Annotated[tuple[ProcessSpec, ...], Field(min_length=1)]
    views: dict[Name, View] = Field(min_length=1)

    @model_validator(mode="after")
    def _consistent(self) -> "SampleRecipe":
        names = [process.name for process in self.processes]
        if len(set(names)) < len(names):
            raise ValueError("two processes have the same name; name each differently")
        library = self.pileup.library
        for split in ("train", "validation", "test"):
            asked = any(getattr(process.events, split) for process in self.processes)
            if self.pileup.mean and asked and not getattr(library, split):
                raise ValueError(f"pileup.mean is {self.pileup.mean:g}, but pileup.library.{split} holds no collision")
        if LIBRARY in names:
            raise ValueError(f"no process can be called {LIBRARY!r}, which the pile-up library is; choose another name")
        if not self.pileup.mean and any(process.rate != "none" for process in self.processes):
            raise ValueError("rates need pile-up, which tells the luminosity; set pileup.mean, or rate = 'none'")
        for process in self.processes:
            self._can_be_stitched(process)
        for name, view in self.views.items():
            self._fits_towers(name, view)
            self._fits_jets(name, view)
            per_jet = isinstance(view, JetImage | JetFeatures)
            if per_jet and self.jets is None:
                raise ValueError(f"view {name!r} is of jets, so the sample needs a table [jets]")
            if self.jets is not None and not (per_jet or isinstance(view, Constituents | RecoJets)):
                raise ValueError(f"view {name!r} is of crossings, but the rows of this sample are jets; remove [jets]")
        return self

    def _can_be_stitched(self, process: ProcessSpec) -> None:
        if process.rate != "stitched":
            return
        given = process.parameters
        if process.kind != "qcd" or given.get("minimum_pt_hat") != self.hard_above or given.get("maximum_pt_hat"):
            raise ValueError(
                f"process {process.name!r} is stitched to zero bias, so it must be kind 'qcd' with minimum_pt_hat = "
                f"hard_above ({self.hard_above:g} GeV) and no maximum"
            )
        if sum(other.rate == "stitched" for other in self.processes) > 1:
            raise ValueError("only one process can be stitched to zero bias")

    def _fits_jets(self, name: str, view: View) -> None:
        features = len(jet_features.FEATURES)
        match view:
            case JetFeatures() if self.units.candidate_bits > jet_features.PT_BITS:
                raise ValueError(f"view {name!r} takes at most {jet_features.PT_BITS} candidate_bits; lower units")
            case JetFeatures() if view.constituents > jet_features.LONGEST:
                raise ValueError(f"view {name!r} takes at most {jet_features.LONGEST} constituents")
            case JetFeatures() if (given := {len(view.offsets), len(view.shifts)}) not in ({0}, {features}):
                raise ValueError(f"view {name!r} needs {features} offsets and as many shifts, not {sorted(given)}")
            case JetFeatures() | Constituents() if self.jets and self.jets.radius / self.units.angle > RELATIVE_REACH:
                raise ValueError(
                    f"view {name!r}: radius {self.jets.radius:g} is over {RELATIVE_REACH} steps; lower units.phi_steps"
                )
            case RecoJets() if self.jets and (view.count, view.radius) != (1, self.jets.radius):
                raise ValueError(f"view {name!r} is of the row's own jet: count = 1, radius = {self.jets.radius:g}")
            case _:
                pass

    def _fits_towers(self, name: str, view: View) -> None:
        rings, columns = self.detector.towers.eta_bins, self.detector.towers.phi_bins
        match view:
            case EventImage(source="towers") if view.eta_max not in (None, self.detector.towers.eta_max):
                raise ValueError(
                    f"view {name!r} of towers reaches as far as they do, to {self.detector.towers.eta_max:g}; leave "
                    "eta_max out, or change [detector.towers]"
                )
            case EventImage() if view.pedestals and {len(p) for p in view.pedestals} != {view.eta_bins}:
                raise ValueError(f"view {name!r} needs {view.eta_bins} pedestals for each channel")
            case EventImage() if view.pedestals and len(view.pedestals) != len(view.channels):
                raise ValueError(f"view {name!r} needs a row of pedestals for each of {len(view.channels)} channels")
            case TriggerJets() | ScalarSum() if view.pedestals and len(view.pedestals) != rings:
                raise ValueError(f"view {name!r} needs {rings} pedestals, one a ring")
            case EventImage(source="towers") if rings % view.eta_bins or columns % view.phi_bins:
                raise ValueError(
                    f"view {name!r} of {view.eta_bins} x {view.phi_bins} cells can't be made of {rings} x {columns} "
                    "towers; choose numbers that divide them, or other towers in [detector.towers]"
                )
            case TriggerJets() | ScalarSum() | OfflineSum() if rings < trigger.SIDE:
                raise ValueError(f"view {name!r} needs at least {trigger.SIDE} rings of towers, not {rings}")


def load_sample_recipe(path: Path) -> SampleRecipe:
    """Read the recipe of an event sample.

    Raises:
        RecipeError: the file is missing or not TOML, or a key is unknown, missing or of a wrong value.
    """
    return load(path, SampleRecipe)

"""Mappings: which of their branches become which of our named quantities, in TOML."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from trigger_nn.errors import EventsError
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.dataset import BESIDE
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe import NAME, Part, PositiveFloat, PositiveInt, load

MAPPINGS = Path(__file__).parent / "mappings"
Name = Annotated[str, Field(pattern=f"^{NAME}$")]
Bits = Annotated[int, Field(ge=1, le=32)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class Unit:
    """A unit that files use: our unit of the same dimension, and value in ours = value * times / over."""

    ours: str
    times: float = 1.0
    over: float = 1.0  # not one factor: dividing by 1000 is exact where multiplying by 0.001 is not

    def convert(self, values: np.ndarray) -> np.ndarray:
        """Values in this unit -> values in ours, float64."""
        return np.asarray(values, np.float64) * self.times / self.over


UNITS = {
    "GeV": Unit("GeV"), "MeV": Unit("GeV", over=1e3), "TeV": Unit("GeV", times=1e3),
    "rad": Unit("rad"), "deg": Unit("rad", times=np.pi, over=180),
    "mm": Unit("mm"), "cm": Unit("mm", times=10), "m": Unit("mm", times=1e3),
    "ns": Unit("ns"), "e": Unit("e"), "count": Unit("count"), "1": Unit("1"),
}  # fmt: skip
# Names that leave no choice; a mapping that contradicts them has a unit or a branch in the wrong place.
DIMENSIONS = dict.fromkeys(("pt", "et", "missing_pt", "energy", "mass"), "GeV") | {"phi": "rad"}


class FeatureSpec(Part):
    """One number: their branch in their unit, and our counts (`lsb` in our unit: GeV, rad, mm, ns, e, count, 1).

    `index` picks a place of the branch's last axis; `single` takes the only element of lists that hold exactly one, as
    Delphes keeps its missing ET.
    """

    branch: str
    unit: str
    lsb: PositiveFloat
    bits: Bits
    signed: bool = False
    index: Annotated[int, Field(ge=0)] | None = None
    single: bool = False

    @model_validator(mode="after")
    def _known(self) -> "FeatureSpec":
        _known_unit(self.unit)
        return self


class ImageSpec(Part):
    """Deposits summed in cells: branches of eta, phi (rad) and transverse energy (in `unit`), lists of one length."""

    eta: str
    phi: str
    et: str
    unit: str
    eta_bins: PositiveInt
    phi_bins: PositiveInt
    eta_max: PositiveFloat
    lsb: PositiveFloat  # GeV
    bits: Bits

    @model_validator(mode="after")
    def _energy(self) -> "ImageSpec":
        _known_unit(self.unit, "GeV")
        return self


class ColumnSpec(Part):
    """One column of the sample, see the module's text."""

    features: dict[Name, FeatureSpec] = Field(default_factory=dict)
    count: PositiveInt | None = None
    shape: tuple[PositiveInt, ...] | None = None
    image: ImageSpec | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "ColumnSpec":
        if bool(self.features) == (self.image is not None):
            raise ValueError("a column has either features or an image; give one of them")
        if (self.count is not None) + (self.shape is not None) + (self.image is not None) > 1:
            raise ValueError("`count`, `shape` and `image` exclude each other; keep one")
        if self.shape is not None and len(self.features) > 1:
            raise ValueError("a column with `shape` has one feature; make a column of each")
        for name, feature in self.features.items():
            _known_unit(feature.unit, DIMENSIONS.get(name), f"{name!r} ")
        return self


def _known_unit(unit: str, wanted: str | None = None, of: str = "") -> None:
    fitting = [name for name, known in UNITS.items() if wanted in (None, known.ours)]
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r} is not known; known {of}here: {', '.join(fitting)}")
    if unit not in fitting:
        raise ValueError(f"{of}can't be in {unit!r}; choose one of {', '.join(fitting)}, or another name or branch")


class SharesSpec(Part):
    """What part of the events each split gets."""

    train: Share = 0.0
    validation: Share = 0.0
    test: Share = 0.0

    @model_validator(mode="after")
    def _all(self) -> "SharesSpec":
        if abs(self.train + self.validation + self.test - 1) > 1e-9:
            raise ValueError("the shares must add up to 1")
        return self


class WeightSpec(Part):
    """Branch of the generator's weight."""

    branch: str
    single: bool = False


class ForeignMapping(Part):
    """What becomes of a foreign file."""

    format: Literal["root", "hdf5", "npy", "parquet"]
    tree: str | None = None
    process: Annotated[str, Field(min_length=1)]
    split: Literal["train", "validation", "test"] | None = None
    shares: SharesSpec | None = None
    seed: Annotated[int, Field(ge=0)] = 1
    weight: WeightSpec | None = None  # None: 1 for every event
    columns: Annotated[dict[Name, ColumnSpec], Field(min_length=1)]

    @model_validator(mode="after")
    def _consistent(self) -> "ForeignMapping":
        if (self.format == "root") != (self.tree is not None):
            raise ValueError("`tree` names the tree of a root file, and of no other; add or remove it")
        if (self.split is None) == (self.shares is None):
            raise ValueError("give either `split` or `shares`")
        taken = [name for name in self.columns if name in BESIDE]
        if taken:
            raise ValueError(f"a column can't be called {taken[0]!r}, which every event has; choose another name")
        return self

    def units(self) -> list[tuple[str, str | None]]:
        """Every branch that is read, with the unit the mapping gives it (None where it does not matter)."""
        found: list[tuple[str, str | None]] = [(self.weight.branch, None)] if self.weight else []
        for column in self.columns.values():
            found += [(f.branch, f.unit) for f in column.features.values()]
            if column.image:
                found += [(column.image.eta, "1"), (column.image.phi, "rad"), (column.image.et, column.image.unit)]
        return found


def load_mapping(path: Path) -> ForeignMapping:
    """Read a mapping.

    Raises:
        RecipeError: the file is missing or not TOML, or a key is unknown, missing or of a wrong value.
    """
    return load(path, ForeignMapping)


def shipped_mapping(name: str) -> Path:
    """The mapping called `name` that comes with this package, to be used or copied.

    Raises:
        EventsError: there is none of this name.
    """
    known = sorted(path.stem for path in MAPPINGS.glob("*.toml"))
    if name not in known:
        raise EventsError(f"No mapping {name!r} comes with this package; choose one of {', '.join(known)}.")
    return MAPPINGS / f"{name}.toml"


def columns_of(mapping: ForeignMapping) -> dict[str, Column]:
    """What the columns that `mapping` makes mean."""
    return {name: column_of(spec) for name, spec in mapping.columns.items()}


def _is_angle(name: str, feature: FeatureSpec) -> bool:
    return name == "eta" or UNITS[feature.unit].ours == "rad"


def column_of(spec: ColumnSpec) -> Column:
    """What the column that `spec` makes means."""
    if spec.image:
        et = Quantity("et", "GeV", Fixed(False, spec.image.bits, spec.image.bits), spec.image.lsb)
        view = {
            "kind": "event_image", "source": "towers", "channels": ["total"], "subtract": False,
            "bits": spec.image.bits,
            "eta_bins": spec.image.eta_bins, "phi_bins": spec.image.phi_bins, "eta_max": spec.image.eta_max,
        }  # fmt: skip
        return Column((spec.image.eta_bins, spec.image.phi_bins), (et,), view)
    quantities = tuple(
        Quantity(name, UNITS[f.unit].ours, Fixed(f.signed, f.bits, f.bits), f.lsb, nearest=_is_angle(name, f))
        for name, f in spec.features.items()
    )
    outer = spec.shape or ((spec.count,) if spec.count else ())
    return Column(outer if len(quantities) == 1 else (*outer, len(quantities)), quantities, {})

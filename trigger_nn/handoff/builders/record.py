"""What a program says of its input: the view that made it, and the raw data that the view is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from trigger_nn.errors import HandoffError, TriggerNNError
from trigger_nn.events.detector.electronics import candidate_units, tower_quantity
from trigger_nn.events.detector.parameters import DetectorSpec
from trigger_nn.events.quantities import Column, from_json
from trigger_nn.events.units import Units
from trigger_nn.events.views.values import View
from trigger_nn.program.program import Port, Program

RAW = "raw"  # where `raw_record` stands among what a program records of its events
VIEWS: TypeAdapter[View] = TypeAdapter(View)


@dataclass(frozen=True)
class Recorded:
    """The program's name and input port, the column of events that it takes, and the column's view.

    `towers` (rings, columns) and `units` are None where neither the program nor the caller knows them.
    """

    program: str
    port: Port
    column: Column
    view: View
    towers: tuple[int, int] | None
    units: Units | None

    def known_units(self) -> Units:
        """`units`.

        Raises:
            HandoffError: nobody knows them.
        """
        if self.units is None:
            raise HandoffError(
                f"Program {self.program!r} has a view of candidates, but does not record what a count of their angles "
                "is worth; give the sample's table [units] as builder_for(program, units=Units(...))."
            )
        return self.units


def raw_record(sample: Mapping[str, Any]) -> dict[str, Any]:
    """From a sample's provenance, what a builder needs to know and no view says: the towers' grid, and all units.

    To be kept as `program.provenance["events"]["raw"]`; empty for samples that were not made by a recipe of ours.

    Raises:
        HandoffError: the sample's recipe has these tables, but not as this version reads them.
    """
    recipe = sample.get("recipe", {})
    if not {"detector", "units"} <= recipe.keys():
        return {}
    try:
        detector, units = DetectorSpec.model_validate(recipe["detector"]), Units.model_validate(recipe["units"])
    except ValidationError as error:
        raise HandoffError(f"The sample's own recipe can't be read ({_first(error)}); make the sample again.") from None
    tower = tower_quantity(detector, units)
    width = units.tower_bits if tower.type is None else tower.type.width
    units = candidate_units(detector, units).model_copy(update={"tower_bits": width, "tower_lsb": tower.lsb})
    grid = detector.towers.grid()
    return {"towers": [grid.eta_bins, grid.phi_bins], "units": units.model_dump(mode="json")}


def recorded(program: Program, towers: tuple[int, int] | None, units: Units | None) -> Recorded:
    """What `program` says of its one input; `towers` and `units` of the caller come before what is recorded.

    Raises:
        HandoffError: it has no record of its view, a damaged one, or an input that can't hold the view's numbers.
    """
    column = _column(program)
    raw = program.provenance["events"].get(RAW, {})
    try:
        view = VIEWS.validate_python(dict(column.view))
        known = Units.model_validate(raw["units"]) if "units" in raw else None
    except ValidationError as error:
        raise HandoffError(
            f"The view that program {program.name!r} records can't be read ({_first(error)}); compile it again."
        ) from None
    grid = (int(raw["towers"][0]), int(raw["towers"][1])) if "towers" in raw else None
    found = Recorded(program.name, program.inputs[0], column, view, towers or grid, units or known)
    _check_range(found)
    return found


def _column(program: Program) -> Column:
    events = program.provenance.get("events", {})
    if "column" not in events or not events["column"].get("view"):
        raise HandoffError(
            f"Program {program.name!r} does not record the view that made its input, so nothing can be built in front "
            "of it; compile it again with a recipe and a sample of ours, or hand over the network alone."
        )
    if len(program.inputs) != 1:
        raise HandoffError(
            f"Program {program.name!r} has {len(program.inputs)} inputs, a builder makes one; hand over the network "
            "alone."
        )
    try:
        return from_json(events["column"])
    except (KeyError, TypeError, ValueError, TriggerNNError) as error:
        raise HandoffError(
            f"The column of events that program {program.name!r} records is damaged ({error}); compile it again."
        ) from None


def _check_range(found: Recorded) -> None:
    if any(quantity.type is None for quantity in found.column.quantities):
        raise HandoffError(
            f"Program {found.program!r} takes real numbers that were never quantized; make events with a view whose "
            "numbers are integers, or hand over the network alone."
        )
    low, high = (int(bound) for bound in (found.column.bounds()[0].min(), found.column.bounds()[1].max()))
    held = found.port.type
    if low < held.minimum or high > held.maximum:
        raise HandoffError(
            f"Input {found.port.name!r} of program {found.program!r} is {held}, which can't hold the view's numbers "
            f"{low}..{high}; compile it with a wider input, or hand over the network alone."
        )


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    return f"{'.'.join(map(str, found['loc']))}: {found['msg']}"

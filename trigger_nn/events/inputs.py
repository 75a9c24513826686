"""From a column of events to a network's input port: mantissas arranged for it, and the numbers they stand for.

Integer in, integer out; the same arrangement is a few wires in the firmware. Here data meets a model, so here is
checked that both mean the same.
"""

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.quantities import Column, check_same, from_json
from trigger_nn.events.storage.dataset import Sample
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import EventsSpec

IMAGE = "event_image"
MEASURED = ("pedestals", "offsets", "shifts")  # parameters of a view that follow the sample, not the meaning


def wrap_phi(image: np.ndarray, columns: int) -> np.ndarray:
    """Repeat `columns` cells of each phi edge at the other, so that a convolution sees the cylinder as it is."""
    around = [(0, 0), (0, 0), (columns, columns), (0, 0)][: image.ndim]
    return np.pad(image, around, mode="wrap")


def is_image(column: Column) -> bool:
    """Whether the column is a whole-event image, whose phi wraps."""
    return column.view.get("kind") == IMAGE


def input_mantissas(values: np.ndarray, column: Column, spec: EventsSpec) -> np.ndarray:
    """A column's values as mantissas of the network's input port.

    Images (n, eta, phi[, channels]) become (n, eta, phi + 2 wrap, channels); all others keep their shape.
    """
    return _with_channels(wrap_phi(values, spec.wrap_phi)) if is_image(column) else values


def _with_channels(image: np.ndarray) -> np.ndarray:
    return image[..., None] if image.ndim == 3 else image


def mantissas_for(values: np.ndarray, column: Column, port: Port) -> np.ndarray:
    """A column's values as mantissas of `port`; images are wrapped in phi by as many columns as its shape asks for.

    Raises:
        EventsError: the values do not fit the port.
    """
    fitted = values
    if is_image(column):
        columns = port.shape[1] - values.shape[2] if len(port.shape) == 3 else 0
        fitted = _with_channels(wrap_phi(values, max(columns, 0) // 2))
    if fitted.shape[1:] != port.shape:
        raise EventsError(
            f"Events of shape {values.shape[1:]} do not fit input {port.name!r} {port.shape}; use events of the "
            "model's own view."
        )
    return fitted


def column_for(sample: Sample, program: Program) -> str:
    """Name of the column that `program` takes, after checking that it means what the program was made for.

    Raises:
        EventsError: there is no such column, or unit, least significant bit, offset, order, type or view differ.
    """
    made = program.provenance.get("events", {})
    name = str(made.get("view", "image"))
    found = sample.column(name)
    port = program.inputs[0]
    if "column" in made:
        _check(found, from_json(made["column"]), f"column {name!r} at input {port.name!r} of program {program.name!r}")
    else:
        _check_without_record(found, made.get("lsb_gev"), program)
    return name


def _check(found: Column, wanted: Column, where: str) -> None:
    check_same(found, wanted, where)
    if wanted.view and not found.view:
        raise EventsError(f"{where}: the events do not say which view made them; make them with the model's view.")
    for key in sorted(found.view.keys() & wanted.view.keys()):
        if key not in MEASURED and found.view[key] != wanted.view[key]:
            raise EventsError(
                f"{where}: the events' view has {key} = {found.view[key]!r}, the model's {wanted.view[key]!r}; make "
                "the events again with the model's view, or train on these."
            )


def _check_without_record(found: Column, lsb: float | None, program: Program) -> None:
    """Programs of earlier versions recorded the least significant bit alone; others nothing."""
    quantity, port = found.quantities[0], program.inputs[0]
    if quantity.type is None:
        raise EventsError(
            f"The events hold {quantity}, input {port.name!r} of program {program.name!r} wants integer counts of "
            f"{port.type}; quantize them first (`Quantity.quantize`)."
        )
    if lsb is not None and quantity.lsb != lsb:
        raise EventsError(
            f"The events count in {quantity.lsb} {quantity.unit}, the program {program.name!r} was made for counts of "
            f"{lsb} GeV; requantize the events."
        )
    if quantity.type.width > port.type.width:
        raise EventsError(
            f"The events have {quantity.type.width}-bit numbers, the program's input is {port.type}; saturate them."
        )


def input_type(column: Column, spec: EventsSpec) -> Fixed:
    """Type of the input port: as wide as the column's numbers, one mantissa step a count.

    Raises:
        EventsError: the column's numbers were never quantized, or differ in type.
    """
    types = {quantity.type for quantity in column.quantities}
    kind = column.quantities[0].type
    if len(types) != 1 or kind is None:
        raise EventsError(
            f"Column of {', '.join(str(q) for q in column.quantities)} can't feed one input port; choose a view whose "
            "numbers are integers of one type."
        )
    return Fixed(kind.signed, kind.width, kind.integer if spec.integer_bits is None else spec.integer_bits)


def network_input(sample: Sample, values: np.ndarray, spec: EventsSpec) -> np.ndarray:
    """The numbers that the port's mantissas stand for, as float32 for Keras (exact: at most 24 bits)."""
    column = sample.column(spec.view)
    mantissas = input_mantissas(values, column, spec).astype(np.float32)
    return np.ldexp(mantissas, -input_type(column, spec).fraction)


def augmented(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image turned by a random angle in phi, and mirrored in eta and in phi by chance: physics does not change."""
    turns = rng.integers(0, image.shape[2], len(image))
    columns = (np.arange(image.shape[2]) + turns[:, None]) % image.shape[2]
    columns = columns.reshape(len(image), 1, -1, *(1,) * (image.ndim - 3))
    turned = np.take_along_axis(image, columns, axis=2)
    for axis in (1, 2):
        mirror = rng.integers(0, 2, len(image)).astype(bool)
        turned[mirror] = np.flip(turned[mirror], axis)
    return turned

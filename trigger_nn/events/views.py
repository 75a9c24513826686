"""What a network sees of an event: integers of the image arranged for its input port, and the numbers they stand for.

Integer in, integer out; the same arrangement is a few wires in the firmware.
"""

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.dataset import Sample
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import EventsSpec


def wrap_phi(image: np.ndarray, columns: int) -> np.ndarray:
    """Repeat `columns` cells of each phi edge at the other, so that a convolution sees the cylinder as it is."""
    return np.pad(image, ((0, 0), (0, 0), (columns, columns)), mode="wrap")


def input_mantissas(image: np.ndarray, spec: EventsSpec) -> np.ndarray:
    """Images (events, eta, phi) as mantissas of the network's input port, (events, eta, phi + 2 wrap, 1)."""
    return wrap_phi(image, spec.wrap_phi)[..., None]


def mantissas_for(image: np.ndarray, port: Port) -> np.ndarray:
    """Images (events, eta, phi) as mantissas of `port`, wrapped in phi by as many columns as its shape asks for.

    Raises:
        EventsError: the images do not fit the port.
    """
    columns = port.shape[1] - image.shape[2] if len(port.shape) == 3 else -1
    if columns < 0 or columns % 2 or port.shape != (image.shape[1], port.shape[1], 1):
        raise EventsError(f"Images {image.shape[1:]} do not fit input {port.name!r} {port.shape}; use other events.")
    return wrap_phi(image, columns // 2)[..., None]


def check_units(sample: Sample, program: Program) -> None:
    """Refuse events whose counts mean something else than those the program was made for.

    Raises:
        EventsError: least significant bit or width of the cells differ.
    """
    wanted = program.provenance.get("events", {}).get("lsb_gev", sample.lsb)
    if sample.lsb != wanted:
        raise EventsError(
            f"The events count in {sample.lsb} GeV, the program {program.name!r} was made for counts of {wanted} GeV; "
            "requantize the events."
        )
    if sample.bits > program.inputs[0].type.width:
        raise EventsError(
            f"The events have {sample.bits}-bit cells, the program's input is {program.inputs[0].type}; saturate them."
        )


def input_type(sample: Sample, spec: EventsSpec) -> Fixed:
    """Type of the input port: unsigned, as wide as a cell, one mantissa step a count of the image."""
    return Fixed(False, sample.bits, spec.integer_bits)


def network_input(sample: Sample, image: np.ndarray, spec: EventsSpec) -> np.ndarray:
    """The numbers that the port's mantissas stand for, as float32 for Keras (exact: at most 24 bits)."""
    return np.ldexp(input_mantissas(image, spec).astype(np.float32), spec.integer_bits - sample.bits)


def augmented(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Each image turned by a random angle in phi, and mirrored in eta and in phi by chance: physics does not change."""
    turns = rng.integers(0, image.shape[2], len(image))
    columns = (np.arange(image.shape[2]) + turns[:, None]) % image.shape[2]
    turned = np.take_along_axis(image, columns[:, None, :], axis=2)
    for axis in (1, 2):
        mirror = rng.integers(0, 2, len(image)).astype(bool)
        turned[mirror] = np.flip(turned[mirror], axis)
    return turned

"""What the integers of a design's ports mean, from the view that made the events and the recipe of the network."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from trigger_nn.events.inputs import is_image
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.handoff.design import DECISION, Design
from trigger_nn.handoff.facts import ElementMeaning, PortMeaning
from trigger_nn.program.program import Port


def meanings(design: Design, column: Column | None, outputs: Sequence[str], classes: bool) -> dict[str, PortMeaning]:
    """By port of design and network; `column` is what the network's input is made of, if that is recorded."""
    program = design.program
    found = {port.name: _plain(port, "numbers of the port's type") for port in program.inputs}
    if column is not None:
        found[program.inputs[0].name] = input_meaning(column, program.inputs[0])
    found |= {port.name: _plain(port, "the network's output") for port in program.outputs}
    if outputs:
        found[program.output_names[0]] = output_meaning(program.outputs[0], outputs, classes)
    if design.builder:
        found |= {port.name: PortMeaning("raw data, see the constants of the builder") for port in design.inputs}
    if design.decisions:
        bits = ", ".join(f"{i}: {d.signal} at {d.rate / 1e3:g} kHz" for i, d in enumerate(design.decisions))
        elements = tuple(ElementMeaning(f"{d.signal}_{d.rate / 1e3:g}kHz") for d in design.decisions)
        found[DECISION] = PortMeaning(f"1 where the score is above the threshold; bit {bits}", elements)
    return found


def input_meaning(column: Column, port: Port) -> PortMeaning:
    """Of the network's input, made of `column`."""
    elements = tuple(ElementMeaning(q.name, q.unit, q.lsb, q.offset) for q in column.quantities)
    if not is_image(column):
        names = "; ".join(f"{i}: {q}" for i, q in enumerate(column.quantities))
        return PortMeaning(f"{'x'.join(map(str, column.shape))} numbers, saturating; {names}", elements)
    wrap = (port.shape[1] - column.shape[1]) // 2
    return PortMeaning(_image_text(column, column.quantities[0], wrap), elements, image_constants(column, wrap))


def image_constants(column: Column, wrap: int) -> dict[str, Any]:
    """Edges of the cells, their order, the columns repeated at the edges, and the view's own parameters."""
    rows, columns = column.shape[:2]
    reach = column.view.get("eta_max") or 0.0
    cells = [(column_number - wrap) % columns for column_number in range(columns + 2 * wrap)]
    return {
        "eta_edges": [round(float(edge), 12) for edge in np.linspace(-reach, reach, rows + 1)],
        "phi_edges": [round(float(edge), 12) for edge in np.linspace(-np.pi, np.pi, columns + 1)],
        "order": "row-major: eta, then phi, then channel",
        "phi_cell_of_column": cells,
        "columns_repeated_at_each_edge": wrap,
        "view": dict(column.view),
    }


def output_meaning(port: Port, names: Sequence[str], classes: bool) -> PortMeaning:
    """Of the scores: one a signal, or one a class."""
    lsb = 2.0**-port.type.fraction
    told = "one logit a class, the largest decides" if classes else "one score a signal (a logit)"
    return PortMeaning(f"{told}: {', '.join(names)}", tuple(ElementMeaning(name, "1", lsb) for name in names))


def _plain(port: Port, text: str) -> PortMeaning:
    return PortMeaning(text, (ElementMeaning(port.name, "1", 2.0**-port.type.fraction),))


def _image_text(column: Column, quantity: Quantity, wrap: int) -> str:
    rows, columns = column.shape[:2]
    reach = column.view.get("eta_max") or 0.0
    pedestal = ", pile-up pedestal subtracted" if column.view.get("subtract") else ""
    return (
        f"{quantity} of cells, saturating{pedestal}; {rows} rows of eta from -{reach:g} to {reach:g}, {columns} "
        f"columns of phi from -pi, with {wrap} repeated at each edge: the first column is phi cell "
        f"{(columns - wrap) % columns}, the last is phi cell {(wrap - 1) % columns}"
    )


def by_name(meaning: Mapping[str, PortMeaning], texts: Mapping[str, str]) -> dict[str, PortMeaning]:
    """`meaning` with other texts for some ports."""
    return {
        name: PortMeaning(texts.get(name, port.text), port.elements, port.constants) for name, port in meaning.items()
    }

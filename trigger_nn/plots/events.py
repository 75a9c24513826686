"""Draw one event: every column of it, in its units."""

from collections.abc import Callable
from functools import partial
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.shards import OneEvent
from trigger_nn.plots.parts import words
from trigger_nn.plots.style import BLUE, picture

PANEL = (4.6, 4.0)  # inches
LINES = 16  # of a table
WIDEST = 5  # numbers of an object in a line

Draw = Callable[[Any, Any], None]  # given the figure and the axes


@picture
def event_picture(event: OneEvent) -> Figure:
    """A PNG: a panel for each channel of an image, for each pulse and table of objects, and one for plain numbers."""
    panels: list[Draw] = []
    plain: list[str] = []
    for name, column in event.columns.items():
        values = event.values[name]
        if column.view.get("kind") in ("event_image", "jet_image"):
            panels += _images(name, column, values)
        elif column.view.get("kind") == "waveform":
            panels.append(partial(_pulse, name=name, values=values))
        elif len(column.quantities) > 1:
            panels.append(partial(_table, name=name, column=column, values=values))
        else:
            plain.append(_line(name, column.quantities[0], values))
    if plain:
        panels.append(partial(_plain, lines=plain))
    columns = min(len(panels), 3)
    rows = -(-len(panels) // columns)
    size = (PANEL[0] * columns, PANEL[1] * rows)
    figure = Figure(figsize=size)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes, draw in zip(grid.ravel(), panels, strict=False):
        draw(figure, axes)
    for axes in grid.ravel()[len(panels) :]:
        axes.axis("off")
    figure.suptitle(words(event.process, 40 * columns))
    return figure


def _images(name: str, column: Column, values: np.ndarray) -> list[Draw]:
    if values.ndim == 2:
        return [partial(_image, title=name, column=column, quantity=column.quantities[0], values=values)]
    labels = column.view.get("channels") or range(values.shape[2])
    quantities = (column.quantities * values.shape[2])[: values.shape[2]]
    return [
        partial(_image, title=f"{name}: {label}", column=column, quantity=quantity, values=values[:, :, i])
        for i, (label, quantity) in enumerate(zip(labels, quantities, strict=True))
    ]


def _image(figure: Any, axes: Any, title: str, column: Column, quantity: Quantity, values: np.ndarray) -> None:
    numbers = quantity.value(values)
    top = max(float(numbers.max()), quantity.lsb)
    norm = mpl.colors.SymLogNorm(linthresh=max(top / 100, quantity.lsb), vmin=0, vmax=top)
    drawn = axes.imshow(numbers, origin="lower", extent=_extent(column), aspect="auto", cmap="viridis", norm=norm)
    jet = column.view.get("kind") == "jet_image"
    axes.set_title(title)
    axes.set_xlabel(r"$\Delta\phi$ (rad)" if jet else r"$\phi$ (rad)")
    axes.set_ylabel(r"$\Delta\eta$" if jet else r"$\eta$")
    bar = figure.colorbar(drawn, ax=axes, label=_head(quantity))
    ticks = [0.0, *(t for t in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if top / 100 <= t <= top)]
    bar.set_ticks(ticks, labels=[f"{tick:g}" for tick in ticks])
    bar.ax.minorticks_off()


def _extent(column: Column) -> tuple[float, float, float, float]:
    if column.view.get("kind") == "jet_image":
        half = float(column.view["width"]) / 2
        return (-half, half, -half, half)
    eta_max = float(column.view.get("eta_max") or 5.0)
    return (-np.pi, np.pi, -eta_max, eta_max)


def _pulse(_: Any, axes: Any, name: str, values: np.ndarray) -> None:
    axes.plot(np.arange(len(values)), values, "o-", color=BLUE)
    axes.set_title(name)
    axes.set_xlabel("sample")
    axes.set_ylabel("ADC counts")


def _table(_: Any, axes: Any, name: str, column: Column, values: np.ndarray) -> None:
    """A line an object; where each has many numbers, a column an object. Places without an object are left out."""
    axes.set_title(name)
    axes.axis("off")
    table = values.reshape(-1, len(column.quantities))
    table = table[np.any(table != 0, axis=1)][:LINES]
    if not len(table):
        axes.text(0.5, 0.9, "none", ha="center")
        return
    heads = [_head(quantity) for quantity in column.quantities]
    lines = [[f"{float(q.value(v)):.4g}" for q, v in zip(column.quantities, row, strict=True)] for row in table]
    if len(heads) > WIDEST:
        lines = [[head, *numbers] for head, numbers in zip(heads, zip(*lines, strict=True), strict=True)]
        heads = ["", *map(str, range(1, len(table) + 1))]
    drawn = axes.table(cellText=lines, colLabels=heads, loc="upper center", edges="horizontal")
    drawn.auto_set_font_size(False)
    drawn.set_fontsize(10)


def _line(name: str, quantity: Quantity, values: np.ndarray) -> str:
    numbers = ", ".join(f"{float(number):.4g}" for number in np.atleast_1d(quantity.value(values)).ravel()[:LINES])
    return f"{name}, {_head(quantity)}:\n    {numbers}"


def _plain(_: Any, axes: Any, lines: list[str]) -> None:
    axes.axis("off")
    axes.text(0, 1, "\n".join(lines), va="top", fontsize=10, linespacing=1.6, transform=axes.transAxes)


def _head(quantity: Quantity) -> str:
    return quantity.name if quantity.unit == "1" else f"{quantity.name} ({quantity.unit})"

"""Look at a figure as a reader does: what hides what, what can be read, what has a unit."""

import io
from itertools import combinations

import numpy as np
from matplotlib.image import imread

from trigger_nn.plots.style import context

CM = 2.54


def figure_of(draw, *args):
    """The figure that a `picture` is made of, laid out."""
    with context():
        figure = draw.__wrapped__(*args)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # as `savefig` does: laid out once, drawn again
        figure.draw_without_rendering()
    return figure


def pixels(png):
    """(height, width, 4) of a PNG."""
    return imread(io.BytesIO(png))


def labels(figure):
    return [text for axes in figure.axes for text in (axes.get_xlabel(), axes.get_ylabel()) if text]


def key_of(figure):
    return [text.get_text() for legend in figure.legends for text in legend.get_texts()]


def title_of_key(figure):
    return "\n".join(legend.get_title().get_text() for legend in figure.legends)


def _texts(axes):
    """All words around the axes."""
    ticks = [
        label
        for axis in (axes.xaxis, axes.yaxis)
        for label, place in zip(axis.get_ticklabels(), axis.get_ticklocs(), strict=False)
        if min(axis.get_view_interval()) <= place <= max(axis.get_view_interval())
    ]
    words = [axes.xaxis.label, axes.yaxis.label, axes.title, axes._left_title, axes._right_title]
    return [text for text in (*ticks, *words) if text.get_text() and text.get_visible() and axes.axison]


def everything(figure):
    """Every text of the figure that is seen."""
    with context():  # how many ticks there is place for depends on the style
        shown = [text for axes in (*figure.axes, *_secondary(figure)) for text in (*_texts(axes), *axes.texts)]
    return shown + [text for legend in figure.legends for text in (*legend.get_texts(), legend.get_title())]


def _secondary(figure):
    return [child for axes in figure.axes for child in axes.child_axes]


def hidden(figure):
    """Pairs of texts that lie on each other, and texts that leave the figure."""
    boxes = [(text.get_text(), text.get_window_extent()) for text in everything(figure) if text.get_text()]
    frame = figure.bbox.padded(0.02 * figure.dpi)
    rotated = {text.get_text() for text in everything(figure) if text.get_rotation() % 90}
    pairs = [
        (one, other)
        for (one, a), (other, b) in combinations(boxes, 2)
        if a.padded(-1).overlaps(b.padded(-1)) and not {one, other} <= rotated
    ]
    outside = [text for text, box in boxes if box.x0 < frame.x0 or box.x1 > frame.x1 or box.y0 < frame.y0]
    return pairs + outside


def keys_on_data(figure):
    """Keys that reach into axes."""
    return [axes for legend in figure.legends for axes in figure.axes if legend.get_window_extent().overlaps(axes.bbox)]


def smallest(figure):
    """Points of the smallest letters when the figure is printed 8 cm wide, or 16 cm if made for the page's width."""
    width = figure.get_size_inches()[0] * CM
    printed = 8 if width < 20 else 16
    return min((text.get_fontsize() for text in everything(figure)), default=99) * min(1, printed / width)


def linear(colour):
    """sRGB to linear light."""
    colour = np.asarray(colour, float)
    return np.where(colour <= 0.04045, colour / 12.92, ((colour + 0.055) / 1.055) ** 2.4)


def lightness(colour):
    """L* of CIELAB, 0 to 100: what a copy in grey keeps."""
    y = float(linear(colour) @ (0.2126, 0.7152, 0.0722))
    return 116 * np.cbrt(y) - 16 if y > 0.008856 else 903.3 * y

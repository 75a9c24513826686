"""Scores on a page: how well they tell one from the other, what a classifier decides, how they are distributed."""

from collections.abc import Sequence

from trigger_nn.plots import menu as draw
from trigger_nn.plots.page.values import Block, Figure, Section, Table, Text
from trigger_nn.studies.menu.values import ClassStudy, MenuStudy, Roc
from trigger_nn.workflow.pages.cells import efficiency, number, text

AGAINST_BACKGROUND = "Share of the background, by rate, that passes against the share of the signal"
AGAINST_OTHERS = "Share of all others that passes against the share of the class"


def roc_blocks(rocs: Sequence[Roc], told: str = AGAINST_BACKGROUND) -> tuple[Block, ...]:
    """Curves, of which `told` says what they are, and areas; nothing if there are none."""
    if not rocs:
        return ()
    rows = tuple(
        (text(roc.signal), text(roc.background), *efficiency(roc.area, ".5f"), *map(number, roc.events)) for roc in rocs
    )
    heads = ("signal", "against", "area", "68 % interval", "signal events", "background events")
    areas = Table(heads, rows, "Areas under these curves, of integer scores; equal scores count one half.")
    drawn = draw.roc_curves(rocs, log=True)
    events = sum(rocs[0].events)
    return (Figure(f"{told}, of {events:,} events.", drawn, "curves, one a background or class"), areas)


def class_section(study: ClassStudy) -> Section:
    """A classifier: how often it is right, each class against all others, what is taken for what."""
    told = Text(
        f"The largest of {len(study.classes)} outputs decides. Of {study.events:,} events it is right for "
        f"{study.accuracy.value:.4f} ({study.accuracy.low:.4f} to {study.accuracy.high:.4f} at 68 % confidence), "
        "which depends on how many events of each class there are; with all classes counted alike for "
        f"{study.balanced:.4f}. "
        f"In {100 * study.ties.value:.3g} % of them several outputs are the largest, and the first of these decides."
    )
    drawn = Figure(
        f"What the network takes {study.events:,} events for, as shares of each class, with events.",
        draw.confusion_matrix(study), "matrix of true class against class taken for",
    )  # fmt: skip
    rows = tuple(
        (text(name), *(number(int(count)) for count in study.confusion[i])) for i, name in enumerate(study.classes)
    )
    heads = ("class", *(f"taken for {name}" for name in study.classes))
    table = Table(heads, rows, f"Events of each class by the class that they are taken for, of {study.events:,}.")
    return Section("Classes", (told, drawn, table, *roc_blocks(study.rocs, AGAINST_OTHERS)))


def score_section(study: MenuStudy, lsb: float) -> Section:
    """How the scores of each output are distributed."""
    outputs = tuple(dict.fromkeys(density.output for density in study.densities))
    drawn = tuple(
        Figure(
            f"Integer scores of output {output} by process, each normalised to 1, with statistical errors, of "
            f"{study.events:,} events.",
            draw.densities(study.densities, output, lsb), "histograms, one a process",
        )
        for output in outputs
    )  # fmt: skip
    return Section("Scores", drawn)

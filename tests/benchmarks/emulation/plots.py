"""Results as plots, one PNG each."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib import rc_context

from tests.benchmarks.emulation import bars, curves
from tests.benchmarks.emulation.drawing import STYLE
from tests.benchmarks.emulation.results import Results


def draw(results: Results, folder: Path) -> list[Path]:
    """Write every plot that there is data for; their paths."""
    plots: list[tuple[str, Sequence[object], Callable[[Results], Any]]] = [
        ("events_per_second", results.rates, bars.contenders),
        ("batch_size", results.batches, curves.batch_size),
        ("share_of_limit", results.limits, bars.share_of_limit),
        ("network_size", results.sizes, curves.network_size),
        ("threads", results.threads, curves.threads),
        ("memory", results.memory, curves.memory),
    ]
    paths = []
    for name, data, plot in plots:
        if data:
            with rc_context(STYLE):
                figure = plot(results)
                figure.savefig(folder / f"{name}.png", bbox_inches="tight")
                plt.close(figure)
            paths.append(folder / f"{name}.png")
    return paths

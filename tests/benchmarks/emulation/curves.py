"""Curves: against events in a call, size of the network, and threads."""

from typing import Any

import matplotlib.pyplot as plt
from matplotlib.ticker import EngFormatter, LogLocator

from tests.benchmarks.emulation.drawing import GREY, LINES, mark_crossings, thread_label, title
from tests.benchmarks.emulation.ours import thread_counts
from tests.benchmarks.emulation.results import Results, Size


def batch_size(results: Results) -> Any:
    """Events a second against events in a call."""
    figure, axes = plt.subplots(figsize=(8.4, 5.2))
    for k, network in enumerate(dict.fromkeys(row.network for row in results.batches)):
        colour, marker = LINES[k % len(LINES)]
        for count in thread_counts():
            rows = [row for row in results.batches if (row.network, row.threads) == (network, count)]
            many = count > 1
            axes.plot(
                [row.events for row in rows], [row.per_second for row in rows], color=colour, marker=marker, ms=6,
                ls="-" if many else ":", mfc=colour if many else "white",
                label=f"{title(results, network)}, {thread_label(count)}",
            )  # fmt: skip
    mark_crossings(axes)
    axes.set(xscale="log", yscale="log", xlabel="events in a call", ylabel="events / s")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(EngFormatter())
    axes.legend(fontsize=9, loc="lower right")
    return figure


def network_size(results: Results) -> Any:
    """Events and multiply-adds a second against multiply-adds of an event, both families."""
    figure, panels = plt.subplots(1, 2, figsize=(12.5, 5))
    for k, family in enumerate(dict.fromkeys(row.family for row in results.sizes)):
        colour, marker = LINES[k]
        for count in thread_counts():
            rows = [row for row in results.sizes if (row.family, row.threads) == (family, count)]
            line = {
                "color": colour,
                "marker": marker,
                "ls": "-" if count > 1 else ":",
                "mfc": colour if count > 1 else "white",
            }
            sizes = [row.multiply_adds for row in rows]
            panels[0].plot(sizes, [row.per_second for row in rows], label=f"{family}, {thread_label(count)}", **line)
            panels[1].plot(sizes, [row.per_second * row.multiply_adds for row in rows], **line)
            if count == thread_counts()[-1]:
                _name_points(panels[0], rows, colour, k == 0)
    for count in thread_counts() if results.limits else ():
        best = max(row.per_second for row in results.limits if row.threads == count)
        panels[1].axhline(best, color=GREY, ls="--", lw=1.2)
        note = {"color": GREY, "fontsize": 9, "ha": "right", "transform": panels[1].get_yaxis_transform()}
        panels[1].text(0.98, best * 1.03, f"float32 matrix product, {thread_label(count)}", **note)
    mark_crossings(panels[0], left=False)
    panels[0].set(ylabel="events / s", yscale="log")
    panels[1].set(yscale="log")
    panels[1].set_ylabel("multiply-adds / s", labelpad=8)
    for panel in panels:
        panel.set(xscale="log", xlabel="multiply-adds of an event")
        panel.xaxis.set_major_formatter(EngFormatter())
        panel.yaxis.set_major_formatter(EngFormatter())
        panel.yaxis.set_minor_locator(LogLocator(subs=(2, 5)))
        panel.yaxis.set_minor_formatter(EngFormatter())
        panel.margins(0.08, 0.12)
    panels[0].legend(fontsize=9, loc="lower left")
    figure.tight_layout(w_pad=3)
    return figure


def threads(results: Results) -> Any:
    """How many times one thread's rate."""
    figure, axes = plt.subplots(figsize=(7.2, 4.8))
    most = max(row.threads for row in results.threads)
    for k, network in enumerate(dict.fromkeys(row.network for row in results.threads)):
        rows = [row for row in results.threads if row.network == network]
        colour, marker = LINES[k % len(LINES)]
        gain = [row.per_second / rows[0].per_second for row in rows]
        axes.plot(
            [row.threads for row in rows],
            gain,
            color=colour,
            marker=marker,
            label=f"{title(results, network)} ({gain[-1]:.2f})",
        )
    axes.plot([1, most], [1, most], color="0.6", ls="--", zorder=0)
    axes.set(xlabel="threads", ylabel="events / s, relative to one thread")
    axes.set_xticks(range(1, most + 1))
    axes.legend(fontsize=9, loc="upper left")
    return figure


def memory(results: Results) -> Any:
    """Peak memory of the process against events in a call, beside what inputs and scores take."""
    figure, axes = plt.subplots(figsize=(7.6, 4.8))
    for k, network in enumerate(dict.fromkeys(row.network for row in results.memory)):
        rows = [row for row in results.memory if row.network == network]
        colour, marker = LINES[k % len(LINES)]
        counts = [row.events for row in rows]
        axes.plot(
            counts, [row.peak for row in rows], color=colour, marker=marker, label=f"{title(results, network)}: peak"
        )
        axes.plot(
            counts, [row.given + row.scores for row in rows], color=colour, ls=":", label="  its inputs and scores"
        )
    axes.set(xscale="log", yscale="log", xlabel="events in a call", ylabel="resident memory (bytes)")
    axes.set_ylim(bottom=1e6)
    axes.xaxis.set_major_formatter(EngFormatter())
    axes.yaxis.set_major_formatter(EngFormatter(unit="B"))
    axes.legend(fontsize=9)
    return figure


def _name_points(axes: Any, rows: list[Size], colour: str, above: bool) -> None:
    """Sizes beside their points: of one family above the line, of the other below."""
    place = {"xytext": (5, 6), "ha": "left"} if above else {"xytext": (-6, -13), "ha": "right"}
    for row in rows:
        point = row.multiply_adds, row.per_second
        axes.annotate(row.title, point, textcoords="offset points", fontsize=8, color=colour, **place)

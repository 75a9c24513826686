"""Bars, one group a network: events a second of all contenders, and ours as a share of the machine's limit."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.ticker import EngFormatter, PercentFormatter

from tests.benchmarks.emulation.drawing import CROSSINGS, GREY, LABEL, mark_crossings, thread_label
from tests.benchmarks.emulation.ours import thread_counts
from tests.benchmarks.emulation.peers import ALKAID, KERAS, LOOP, OURS, OURS_FLOATS, PREDICT
from tests.benchmarks.emulation.results import Rate, Results

BARS = {  # contender, all its threads or one: colour, hatch
    (OURS, True): ("#0072B2", ""),
    (OURS, False): ("#56B4E9", ""),
    (OURS_FLOATS, True): ("#CC79A7", ""),
    (KERAS, True): ("#E69F00", "//"),
    (ALKAID, True): ("#009E73", "\\\\"),
    (LOOP, True): ("#D55E00", "xx"),
    (PREDICT, False): ("#000000", ""),
}


def contenders(results: Results) -> Any:
    """Events a second by network and contender."""
    figure, axes = plt.subplots(figsize=(13, 5.6))
    bars = [key for key in BARS if any(_row(results, facts.name, *key) for facts in results.networks)]
    wide = 0.86 / len(bars)
    for k, (name, every) in enumerate(bars):
        colour, hatch = BARS[name, every]
        rows = [_row(results, facts.name, name, every) for facts in results.networks]
        place = np.arange(len(rows)) + (k - (len(bars) - 1) / 2) * wide
        height = [row.per_second if row else np.nan for row in rows]
        axes.bar(
            place, height, wide * 0.94, color=colour, hatch=hatch, edgecolor="white", lw=0.3, label=_label(name, every)
        )
        for x, y in zip(place, height, strict=True):
            if np.isfinite(y):
                axes.text(x, y * 1.12, _short(y), ha="center", va="bottom", rotation=90, fontsize=8, bbox=LABEL)
    mark_crossings(axes, left=False)
    low, _ = axes.get_ylim()
    axes.set(yscale="log", ylim=(max(low, 30), CROSSINGS * 8), xlim=(-0.5, len(results.networks) - 0.5))
    axes.set_xticks(range(len(results.networks)), [_two_lines(facts.title) for facts in results.networks])
    axes.set_ylabel("events / s")
    axes.yaxis.set_major_formatter(EngFormatter())
    axes.grid(axis="x", visible=False)
    axes.legend(
        loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=4, frameon=False, fontsize=9.5, columnspacing=1.2
    )
    return figure


def share_of_limit(results: Results) -> Any:
    """Multiply-adds a second as a share of what a large float32 matrix product reaches on as many threads."""
    figure, axes = plt.subplots(figsize=(11, 4.8))
    wide = 0.8 / len(thread_counts())
    for k, count in enumerate(thread_counts()):
        rows = [row for facts in results.networks if (row := results.rate(facts.name, OURS, count))]
        place = np.arange(len(rows)) + (k - (len(thread_counts()) - 1) / 2) * wide
        bars = axes.bar(
            place,
            [results.share(row) for row in rows],
            wide * 0.94,
            color=("#56B4E9", "#0072B2")[k % 2],
            label=thread_label(count),
        )
        axes.bar_label(bars, [f"{results.share(row):.0%}" for row in rows], fontsize=9, padding=2, bbox=LABEL)
    axes.axhline(1, color=GREY, ls="--", lw=1.2)
    axes.margins(y=0.14)
    axes.set_xticks(range(len(results.networks)), [_two_lines(facts.title) for facts in results.networks], fontsize=9.5)
    axes.set_ylabel("multiply-adds / s of the network\n/ those of a float32 matrix product")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False)
    return figure


def _row(results: Results, network: str, name: str, every: bool) -> Rate | None:
    counts = thread_counts()
    if not every:
        return results.rate(network, name, 1) if name != OURS or len(counts) > 1 else None
    return results.rate(network, name, counts[-1])


def _label(name: str, every: bool) -> str:
    return f"{name}, {thread_label(thread_counts()[-1] if every else 1)}"


def _two_lines(title: str) -> str:
    head, _, size = title.rpartition(" ")
    return f"{head}\n{size}"


def _short(rate: float) -> str:
    return str(EngFormatter(places=None, sep="").format_eng(float(f"{rate:.3g}")))

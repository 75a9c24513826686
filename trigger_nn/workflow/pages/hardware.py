"""What the network costs in the chip, and the types that its layers have."""

from collections.abc import Sequence

from trigger_nn.hardware.estimate import Estimate
from trigger_nn.hardware.estimate.values import RESOURCES
from trigger_nn.passes.exact import Choice
from trigger_nn.plots.layers import layer_costs, layer_types
from trigger_nn.plots.page.values import Cell, Figure, Section, Table, Text
from trigger_nn.studies.layers import LayerRange
from trigger_nn.workflow.pages.cells import interval, number, text


def hardware_section(estimate: Estimate, budget: float) -> Section:
    """Latency (`budget` in ns) and resources as estimated, in all and layer by layer."""
    per_event = estimate.interval * estimate.clock_period
    pace = Text(
        f"One instance takes an event every {estimate.interval} cycle{'s' if estimate.interval > 1 else ''} "
        f"({per_event:.0f} ns): {estimate.instances} of them, or as much time multiplexing, take an event every bunch "
        "crossing."
    )
    return Section(
        "Latency and resources (estimate)",
        (
            *_warnings(estimate, budget), _totals(estimate), pace,
            Figure(
                f"Where cycles and resources go: estimated for each layer at {estimate.clock_period:g} ns on "
                f"{estimate.device.name}.",
                layer_costs(estimate),
                "bars of latency in cycles and of resources, one a layer", wide=True,
            ),
            _layers(estimate),
        ),
    )  # fmt: skip


def _warnings(estimate: Estimate, budget: float) -> tuple[Text, ...]:
    late = f"The latency of {estimate.latency:.0f} ns is over the budget of {budget:g} ns."
    missing = f"No hardware model of {', '.join(estimate.unmodelled)}: what is counted is too little."
    found = ((late, estimate.latency > budget), (missing, estimate.unmodelled))
    return tuple(Text(told, warning=True) for told, true in found if true) + tuple(Text(n) for n in estimate.notes)


def _totals(estimate: Estimate) -> Table:
    cycles = estimate.cycles_figure
    rows: list[tuple[Cell, ...]] = [
        (
            text("latency (cycles)"), number(estimate.cycles), interval(cycles.low, cycles.high, ",.0f"),
            text(None), text(None),
        )
    ]  # fmt: skip
    for resource in RESOURCES:
        whole = estimate.figure(resource)
        rows.append(
            (
                text("BRAM36" if resource == "bram" else resource.upper()), number(estimate.total(resource)),
                interval(whole.low, whole.high, ",.0f"), number(getattr(estimate.device, resource)),
                number(estimate.share(resource), ".2f", " %", 100),
            )
        )  # fmt: skip
    heads = ("what", "estimated", "90 % interval", f"on {estimate.device.name}", "share")
    return Table(heads, tuple(rows), f"One instance, estimated. {estimate.accuracy.basis}")


def _layers(estimate: Estimate) -> Table:
    names = ("latency", "interval", *RESOURCES)
    rows = tuple(
        (text(layer.layer), text(layer.kind), *(number(getattr(layer, name)) for name in names))
        for layer in estimate.layers
    )
    heads = ("layer", "kind", "latency (cycles)", "interval (cycles)", "LUT", "FF", "DSP", "BRAM36")
    return Table(heads, rows, "The same layer by layer.")


def types_section(choices: Sequence[Choice], ranges: Sequence[LayerRange], events: int) -> Section:
    """Types, as chosen from proven ranges, beside what hls4ml's `auto` gives; `ranges` seen on so many test events."""
    drawn = Figure(
        "Absolute values of each layer: bits of its type, what is proven of every possible input, and what the first "
        f"{events:,} test events show (quantiles of values that are not 0).",
        layer_types(ranges), "bars on an axis of powers of two, one a layer",
    )  # fmt: skip
    heads = (
        "layer", "lowest integer", "highest integer", "hls4ml's auto", "chosen", "accumulator, auto",
        "accumulator, chosen", "bits saved",
    )  # fmt: skip
    rows = tuple(
        (
            text(c.layer), number(c.low), number(c.high), text(c.before), text(c.after),
            text(c.accumulator_before), text(c.accumulator_after), number(c.saved),
        )
        for c in choices
    )  # fmt: skip
    saved = sum(choice.saved for choice in choices)
    caption = f"Ranges hold for every possible input, not for some events. {saved:,} bits narrower than auto in all."
    return Section("Types, chosen from proven ranges", (drawn, Table(heads, rows, caption)))

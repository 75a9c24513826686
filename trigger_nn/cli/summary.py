"""The figures of the main job: what `trigger-nn run` and `report` say at the end, in tables or as JSON."""

from typing import TYPE_CHECKING, Any

from rich.table import Table

from trigger_nn.terminal import console

if TYPE_CHECKING:
    from trigger_nn.studies.classes import ClassComparison
    from trigger_nn.studies.comparison import Row, SignalComparison
    from trigger_nn.workflow.workspace import Workspace


def print_summary(workspace: "Workspace") -> None:
    """The figures that matter, and where everything lies."""
    classes, signals, facts = _figures(workspace)
    if classes:
        console.print(_class_table(classes))
    for signal in signals:
        console.print(_efficiency_table(signal))
    latency = facts["latency"]
    verdict = "within" if latency["within"] else "OVER"
    shares = ", ".join(f"{name.upper()} {100 * share:.1f} %" for name, share in facts["share"].items())
    console.print(
        f"latency    {latency['cycles']} cycles, {latency['ns']:.0f} ns, {latency['bunch_crossings']} bunch crossings, "
        f"{verdict} the budget of {latency['budget_ns']:g} ns (estimate)\nresources  {shares} (estimate)\n"
        f"emulator   {facts['events_per_second']:,.0f} events/s (native engine)\nprogram    {facts['program']}\n"
        f"bundle     {facts['bundle']}\nreport     {facts['report']}"
    )


def summary_as_plain(workspace: "Workspace") -> dict[str, Any]:
    """The same as JSON holds it; rates in Hz, intervals of 68 %."""
    classes, signals, facts = _figures(workspace)
    triggers = [{"signal": signal.signal} | _row(row) for signal in signals for row in (*signal.rows, signal.fixed_cut)]
    return facts | {"triggers": triggers, "classes": _classifiers(classes)}


def _figures(workspace: "Workspace") -> "tuple[ClassComparison | None, tuple[SignalComparison, ...], dict[str, Any]]":
    from trigger_nn.program.program import Program
    from trigger_nn.studies.classes import compare_classifiers
    from trigger_nn.studies.comparison import compare_triggers
    from trigger_nn.workflow.workspace import estimated, load_scores

    program = Program.load(workspace.path("program.h5"))
    scores, rate = load_scores(workspace, program)
    result, budget = estimated(workspace, program), workspace.recipe.hardware.latency_budget
    facts = {
        "name": program.name, "digest": program.digest, "program": workspace.path("program.h5"),
        "bundle": workspace.bundle, "report": workspace.path("report.html"), "events_per_second": rate,
        "latency": {
            "cycles": result.cycles, "ns": result.latency, "bunch_crossings": result.bunch_crossings,
            "budget_ns": budget, "within": result.latency <= budget,
        },
        "share": {name: result.share(name) for name in ("lut", "ff", "dsp", "bram")},
    }  # fmt: skip
    if workspace.recipe.events.classes:
        return compare_classifiers(workspace.sample(), workspace.recipe, scores), (), facts
    return None, tuple(compare_triggers(workspace.sample(), workspace.recipe, scores)), facts


def _row(row: "Row") -> dict[str, Any]:
    return {
        "trigger": row.trigger, "rate_hz": row.target, "threshold": row.point.threshold,
        "efficiency": row.efficiency.value, "low": row.efficiency.low, "high": row.efficiency.high,
        "background_events": row.point.events, "effective": row.point.effective, "resolved": row.resolved,
    }  # fmt: skip


def _classifiers(comparison: "ClassComparison | None") -> list[dict[str, Any]]:
    return [
        {
            "network": one.network, "accuracy": one.accuracy.value, "low": one.accuracy.low, "high": one.accuracy.high,
            "mean_auc": one.area, "auc": {row.name: row.area for row in one.rows},
        }
        for one in (comparison.networks if comparison else ())
    ]  # fmt: skip


def _class_table(comparison: "ClassComparison") -> Table:
    table = Table(
        "network", "accuracy", "68 % interval", "mean AUC", *(f"AUC {n}" for n in comparison.classes), box=None
    )
    for network in comparison.networks:
        accuracy = network.accuracy
        areas = (f"{row.area:.4f}" for row in network.rows)
        interval = f"{accuracy.low:.4f} to {accuracy.high:.4f}"
        table.add_row(network.network, f"{accuracy.value:.4f}", interval, f"{network.area:.4f}", *areas)
    return table


def _efficiency_table(comparison: "SignalComparison") -> Table:
    heads = ("rate (kHz)", "efficiency", "68 % interval", "background events", "effective")
    table = Table(f"efficiency for {comparison.signal}", *heads, box=None)
    for row in (*comparison.rows, comparison.fixed_cut):
        table.add_row(
            row.trigger,
            f"{row.target / 1e3:.0f}",
            f"{row.efficiency.value:.3f}",
            f"{row.efficiency.low:.3f} to {row.efficiency.high:.3f}",
            str(row.point.events),
            f"{row.point.effective:.0f}{'' if row.resolved else ' (not resolved)'}",
        )
    return table

"""The page of a scan: what nothing beats, every trial, what each parameter and each effect does."""

from collections.abc import Mapping

from trigger_nn.plots import scans as drawn
from trigger_nn.plots.page.values import Block, Cell, Fact, Figure, Links, Page, Section, Table, Text
from trigger_nn.studies.scans.table import metrics_of, of_effects, told
from trigger_nn.studies.scans.values import Effect, Scan, Trial, Value
from trigger_nn.workflow.pages.cells import NONE, interval, number, text

HEADS = {
    "latency_ns": "latency (ns)", "cycles": "latency (cycles)", "interval": "interval (cycles)", "lut": "LUT",
    "ff": "FF", "dsp": "DSP", "bram": "BRAM", "weights": "weights not 0", "weight_bits": "weight bits",
    "float_efficiency": "float efficiency", "float_accuracy": "float accuracy",
    "background_events": "background events", "rate_hz": "rate (kHz)",
}  # fmt: skip
HIDDEN = ("_low", "_high", "_rate")  # ends of metrics that are not shown in columns of their own
RATE = "rate_hz"  # shown in kHz
RESTS = (RATE, "background_events")  # what an efficiency rests on
ESTIMATED = "Latency, interval and resources are estimates."


def scan_page(scan: Scan, provenance: Mapping[str, str], files: Mapping[str, str]) -> Page:
    """The whole page; `files` are paths by what they are, from where the page is to lie."""
    done = any(trial.state == "done" for trial in scan.trials)
    sections = [_front(scan)] if done else []
    sections += [_effects(scan)] if scan.effects else []
    sections += [_dependences(scan)] if done else []
    sections += [_trials(scan, "All trials")] if scan.trials else []
    sections += [_trials(of_effects(scan), "Trials of effects")] if scan.effect_trials else []
    sections.append(Section("Files", (Links(files),)))
    return Page(f"{scan.name}: scan", _subtitle(scan), _facts(scan), tuple(sections), provenance)


def kept(scan: Scan) -> str:
    """The metric that says how well events are told apart."""
    return "efficiency" if scan.signal else "accuracy"


def at_rate(scan: Scan) -> str:
    """Of which signal, and at which rate of its trigger alone."""
    return f" for {scan.signal} at {scan.rate / 1e3:g} kHz" if scan.signal and scan.rate else ""


def _subtitle(scan: Scan) -> str:
    return f"{kept(scan).capitalize()}{at_rate(scan)}, of {scan.test_events:,} test events. {ESTIMATED}"


def _facts(scan: Scan) -> tuple[Fact, ...]:
    done = [trial for trial in scan.trials if trial.state == "done"]
    facts = [
        Fact(f"{len(done)} of {len(scan.trials)}", "trials done"),
        Fact(str(len(scan.front)), "on the Pareto front"),
    ]
    best = max(done, key=lambda trial: trial.metrics[kept(scan)], default=None)
    if best is not None:
        told = f"{kept(scan)}{at_rate(scan)} of trial {best.number}, the largest; {best.metrics['latency_ns']:.0f} ns"
        facts.append(Fact(f"{best.metrics[kept(scan)]:.3f}", f"{told}, {best.metrics['lut']:,.0f} LUT (estimate)"))
    return tuple(facts) if scan.trials else ()


def _front(scan: Scan) -> Section:
    first, *others = scan.objectives
    done = sum(trial.state == "done" for trial in scan.trials)
    pictures: list[Block] = [
        Figure(
            f"{done} trials on {scan.test_events:,} test events: {_head(first.metric)}{at_rate(scan)} against "
            f"{_head(other.metric)}. Those that nothing beats have numbers and 68 % intervals.",
            drawn.pareto(scan, other.metric, first.metric), "points, one a trial",
        )
        for other in others
    ]  # fmt: skip
    ways = ", ".join(f"{_head(one.metric)} ({one.better} is better)" for one in scan.objectives)
    caption = (
        f"Trials that no other beats: none is better in one and no worse in the others of {ways}. By central values; "
        f"those within each other's intervals are not told apart. {_rests(scan)}{ESTIMATED}"
    )
    shown = [objective.metric for objective in scan.objectives]
    shown += [name for name in RESTS if name in metrics_of(scan) and name not in shown]
    return Section("Pareto front", (*pictures, _table(scan, scan.front, caption, shown)))


def _rests(scan: Scan) -> str:
    """What rates and intervals of a trigger are."""
    if not (scan.signal and scan.rate):
        return ""
    return (
        f"The rate is the highest that is not above {scan.rate / 1e3:g} kHz; intervals hold the signal's events and "
        "the threshold's error, from the effective background events that the rate rests on. "
    )


def _trials(scan: Scan, title: str) -> Section:
    failed = [trial for trial in scan.trials if trial.state == "failed"]
    caption = (
        f"All trials. Recipes are beside this page; `trigger-nn run` runs one alone. {kept(scan).capitalize()} is of "
        f"{scan.test_events:,} test events, epochs and validation losses are of the float and of the quantized "
        f"network. {_rests(scan)}{ESTIMATED}"
    )
    why = tuple(Text(f"Trial {trial.number} failed: {trial.why}", warning=True) for trial in failed)
    shown = [name for name in metrics_of(scan) if not name.endswith(HIDDEN)]
    return Section(title, (_table(scan, scan.trials, caption, shown), *why))


def _table(scan: Scan, trials: tuple[Trial, ...], caption: str, shown: list[str]) -> Table:
    heads = ("trial", "state", "front", *(key.removeprefix("network.") for key in scan.keys))
    heads += (_head(shown[0]), "68 % interval", *map(_head, shown[1:])) if shown else ()
    heads += ("float epochs", "quantized epochs", "float loss", "quantized loss", "time (s)", "recipe")
    return Table(heads, tuple(_row(scan, trial, shown) for trial in trials), caption)


def _row(scan: Scan, trial: Trial, shown: list[str]) -> tuple[Cell, ...]:
    trained = any(trial.epochs)
    pairs = (*trial.epochs, *trial.loss) if trained else (None, None, None, None)
    return (
        number(trial.number), text(trial.state), text("yes" if trial.front else ""),
        *(_value(trial.parameters.get(key)) for key in scan.keys),
        *_metrics(trial, shown),
        *(number(value, ",") for value in pairs[:2]), *(number(value, ".4f") for value in pairs[2:]),
        number(trial.seconds, ",.0f") if trial.state in ("done", "failed") else NONE, text(trial.recipe or None),
    )  # fmt: skip


def _metrics(trial: Trial, shown: list[str]) -> list[Cell]:
    cells = [number(trial.metrics.get(name), _form(name), factor=1e-3 if name == RATE else 1.0) for name in shown]
    low, high = (trial.metrics.get(f"{shown[0]}_{end}") if shown else None for end in ("low", "high"))
    return [*cells[:1], NONE if low is None or high is None else interval(low, high), *cells[1:]] if shown else []


def _value(value: Value | None) -> Cell:
    """A parameter; numbers are sorted as such."""
    return Cell(told(value), value if isinstance(value, int | float) and not isinstance(value, bool) else None)


def _form(metric: str) -> str:
    return ".1f" if metric == RATE else ".3f" if metric.endswith(("efficiency", "accuracy")) else ",.0f"


def _head(metric: str) -> str:
    return HEADS.get(metric, metric)


def _dependences(scan: Scan) -> Section:
    pictures = tuple(
        Figure(
            f"{kept(scan).capitalize()}{at_rate(scan)} of every trial against `{key}`, with 68 % intervals, on "
            f"{scan.test_events:,} test events; the other parameters differ from point to point.",
            drawn.dependence(scan, key), "points, one a trial",
        )
        for key in scan.keys
    )  # fmt: skip
    return Section(f"{kept(scan).capitalize()} against each parameter", pictures)


def _effects(scan: Scan) -> Section:
    told = (
        "Each effect is taken away alone: the events are made anew without it, the base's network is trained on them, "
        f"and its {kept(scan)}{at_rate(scan)} is compared with that on events that have all effects. Events and "
        "weights differ, so nothing is paired: intervals hold the test events of both sides, the threshold's error, "
        "and the spread over trainings where there are several."
    )
    caption = (
        f"Changes one by one, on {scan.test_events:,} test events each. Differences are in percentage points: above 0 "
        "it is more than the reference."
    )
    heads = ("events", kept(scan), "68 % interval", "minus the reference", "68 % interval")
    picture = Figure(
        f"How much more {kept(scan)}{at_rate(scan)} than the reference each change gives, with 68 % intervals.",
        drawn.effects(scan),
        "bars, one an effect", wide=True,
    )  # fmt: skip
    table = Table(heads, (*_reference(scan), *map(_effect, scan.effects)), caption)
    return Section("Effects one by one", (Text(told), picture, table))


def _reference(scan: Scan) -> tuple[tuple[Cell, ...], ...]:
    """Its row, if it is known."""
    if scan.reference is None:
        return ()
    value, low, high = scan.reference
    return ((text("all effects (reference)"), number(value, ".3f"), interval(low, high), NONE, NONE),)


def _effect(effect: Effect) -> tuple[Cell, ...]:
    value, low, high = effect.efficiency
    change, least, most = (100 * bound for bound in effect.gain)
    return (
        text(effect.what), number(value, ".3f"), interval(low, high), number(change, "+.1f"),
        interval(least, most, "+.1f"),
    )  # fmt: skip

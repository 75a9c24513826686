"""The whole study of one program on one set of events, put together from its parts."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.program.fixed import Fixed
from trigger_nn.recipe.study import StudySpec
from trigger_nn.studies.menu.areas import roc
from trigger_nn.studies.menu.classes import class_study
from trigger_nn.studies.menu.coarseness import coarseness
from trigger_nn.studies.menu.curves import rate_curve
from trigger_nn.studies.menu.densities import densities
from trigger_nn.studies.menu.groups import Group, groups_of, named, total
from trigger_nn.studies.menu.overlap import Menu, menu_of, overlap
from trigger_nn.studies.menu.pileup import pileups
from trigger_nn.studies.menu.spectrum import population
from trigger_nn.studies.menu.thresholds import Discriminant, discriminant
from trigger_nn.studies.menu.together import together
from trigger_nn.studies.menu.turn_on import turn_ons
from trigger_nn.studies.menu.values import MenuStudy, Roc, Scored, SignalStudy
from trigger_nn.studies.menu.working import at_efficiency, at_rate, targets

ALL = "all background"

Progress = Callable[[str, int, int], None]
Finer = Callable[[int, Fixed], np.ndarray]


def study_of(
    scored: Scored, spec: StudySpec, signals: tuple[str, ...], backgrounds: tuple[str, ...], *, program: str,
    digest: str, normalisation: str, seconds: float, finer: Finer | None = None, progress: Progress | None = None,
) -> MenuStudy:  # fmt: skip
    """What `spec` asks, of `signals` against `backgrounds`, output i being the trigger of signal i.

    Args:
        scored: the events, with the rates of `normalisation.normalised`.
        spec: what is asked.
        signals: processes; none of them, and no `backgrounds`, for a classifier.
        backgrounds: processes that events are counted of in Hz.
        program: its name.
        digest: of its content.
        normalisation: how events got their rates, a sentence.
        seconds: that emulating the events took.
        finer: (output, type) to the same output's scores (n,) in a wider type, PrecisionError if nothing is finer.
        progress: called as progress(what, done, total).

    Raises:
        EventsError: a process or a column is missing, or there are fewer outputs than signals.
    """
    _check(scored, signals, backgrounds)
    groups = groups_of(scored, backgrounds)
    tell = progress or (lambda *_: None)
    studies = tuple(_signals(scored, spec, groups, signals, backgrounds, finer, tell)) if signals else ()
    classes = None if signals else class_study(scored)
    shapes = tuple(
        density
        for number, output in enumerate(scored.outputs)
        for density in densities(groups.values(), output, scored.scores[:, number])
    )
    return MenuStudy(
        program, digest, len(scored), {name: len(group) for name, group in groups.items()},
        float(total(groups[name] for name in backgrounds).weight), normalisation, studies, classes, shapes, seconds,
        tuple(together(scored, groups, backgrounds, studies)),
    )  # fmt: skip


def _check(scored: Scored, signals: tuple[str, ...], backgrounds: tuple[str, ...]) -> None:
    if bool(signals) != bool(backgrounds):
        raise EventsError("A study needs signals and backgrounds, or neither for a classifier; name both.")
    if len(signals) > scored.scores.shape[1]:
        outputs = scored.scores.shape[1]
        raise EventsError(f"{len(signals)} signals were named for {outputs} outputs; output i is the i-th signal's.")


def _signals(
    scored: Scored, spec: StudySpec, groups: Mapping[str, Group], signals: tuple[str, ...],
    backgrounds: tuple[str, ...], finer: Finer | None, progress: Progress,
) -> Iterator[SignalStudy]:  # fmt: skip
    named(groups, signals, "signal")
    named(groups, backgrounds, "background")
    asked = [signal for curve in spec.turn_on for signal in curve.signals]
    named({name: groups[name] for name in signals}, asked, "turn-on's signal")
    menu = menu_of(scored, groups, spec.menu, signals, backgrounds) if spec.menu else None
    for number, signal in enumerate(signals):
        progress("study", number, len(signals))
        output = discriminant(groups, signal, backgrounds, scored.scores[:, number], scored.type)
        wider = partial(_wider, groups, output, finer, number) if finer else None
        yield _signal(scored, spec, groups, output, menu, wider)
    progress("study", len(signals), len(signals))


def _wider(
    groups: Mapping[str, Group], output: Discriminant, finer: Finer, number: int, kind: Fixed
) -> Discriminant:  # fmt: skip
    backgrounds = tuple(group.name for group in output.background.groups)
    return discriminant(groups, output.signal, backgrounds, finer(number, kind), kind)


def _signal(
    scored: Scored, spec: StudySpec, groups: Mapping[str, Group], output: Discriminant, menu: Menu | None,
    wider: Callable[[Fixed], Discriminant] | None,
) -> SignalStudy:  # fmt: skip
    backgrounds = tuple(group.name for group in output.background.groups)
    rows = tuple(at_rate(output, target) for target in targets(spec))
    return SignalStudy(
        output.signal,
        int(output.wanted.spectrum.total.events),
        int(output.background.spectrum.total.events),
        rows,
        tuple(at_efficiency(output, target) for target in spec.efficiencies),
        coarseness(output, targets(spec), spec.tolerance, wider),
        rate_curve(output),
        tuple(_rocs(output)),
        tuple(turn_ons(scored, groups, output, rows, spec.turn_on)),
        tuple(overlap(menu, output, row) for row in rows) if menu else (),
        pileups(scored, groups, output, backgrounds, rows, spec.pileup) if spec.pileup else (),
    )


def _rocs(output: Discriminant) -> Iterator[Roc]:
    """Against all background by rate first, then against each of its processes, if there are several."""
    groups = output.background.groups
    if len(groups) > 1:
        yield roc(output.signal, output.wanted, ALL, output.background)
    for group in groups:
        yield roc(output.signal, output.wanted, group.name, population([group], output.scores))

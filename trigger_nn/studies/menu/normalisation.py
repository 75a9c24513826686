"""How much rate an event stands for, where the machine's beam says so."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.recipe.study import BeamSpec
from trigger_nn.studies.menu.sums import power_sum
from trigger_nn.studies.menu.values import Scored

PICOBARN = 1e-36  # cm^2
SLACK = 1.01  # of all crossings that backgrounds may stand for together: a crossing can hold two hard collisions
FOREIGN = 0.01  # share of rates of other processes that is no part of the background worth speaking of


def normalised(scored: Scored, beam: BeamSpec | None, backgrounds: tuple[str, ...]) -> tuple[Scored, str]:
    """`scored` with the rates that background events stand for, and a sentence that says how they got them.

    Without `beam` events keep their own. With it, a background of `beam.cross_sections_pb` stands for cross section x
    luminosity, shared by weight; backgrounds that bring rates of their own are scaled from the crossings of their
    sample to those of the beam, or, where nothing says how many the sample stands for, so that they add up to all
    crossings; one that brings none is zero bias and stands for all crossings, shared by weight.

    Raises:
        EventsError: a background has no events, or without `beam` no rate; a cross section gives more than there are
            crossings, or is of no background; more than one sample would stand for all crossings; all background
            together stands for more; own rates are of a sample of which other processes are no background; a weight is
            negative.
    """
    _check_weights(scored)
    where = {name: _events_of(scored, name) for name in backgrounds}
    own = {name: power_sum(scored.rate[events]) for name, events in where.items()}
    if beam is None:
        told = _kept(own)
        _check_total(sum(own.values()), scored.crossings, "the crossings that the files were made for")
        return scored, " ".join([told, *_averaged(scored, backgrounds)])
    parts, sentences = _parts(scored, beam, where, own)
    rate = scored.rate.astype(np.float32)
    for name, part in parts.items():
        rate[where[name]] = part(where[name])
    total = sum(power_sum(rate[events]) for events in where.values())
    _check_total(total, beam.crossings_hz, "the beam's crossings")
    told = " ".join([_beam(beam), *sentences, *_beside(beam, where), *_averaged(scored, backgrounds)])
    return replace(scored, rate=rate), told


Part = Callable[[np.ndarray], np.ndarray]


def _check_weights(scored: Scored) -> None:
    negative = scored.weight < 0
    if negative.any():
        names = ", ".join(name for i, name in enumerate(scored.processes) if np.any(scored.process[negative] == i))
        raise EventsError(
            f"{int(negative.sum())} events of {names} have a negative weight, of which neither thresholds nor "
            "intervals can be made; give events with weights from 0."
        )


def _check_total(total: float, crossings: float | None, what: str) -> None:
    if crossings is not None and total > SLACK * crossings:
        raise EventsError(
            f"All background together stands for {total / 1e6:.4g} MHz, more than {what} ({crossings / 1e6:.4g} MHz), "
            "so collisions are counted twice; leave out a background that another one holds already."
        )


def _averaged(scored: Scored, backgrounds: tuple[str, ...]) -> list[str]:
    """What is said of processes that several samples bring."""
    names = ", ".join(name for name in scored.averaged if name in backgrounds)
    told = f"Several samples bring rates of {names}: these are averaged, each sample by its number of events."
    return [told] if names else []


def _beside(beam: BeamSpec, where: dict[str, np.ndarray]) -> list[str]:
    """What is said of cross sections beside zero bias or own rates."""
    names = ", ".join(beam.cross_sections_pb)
    rest = ", ".join(name for name in where if name not in beam.cross_sections_pb)
    told = f"{rest} already holds the collisions of {names}, which then count twice, unless it was made without them."
    return [told] if names and rest else []


def _events_of(scored: Scored, name: str) -> np.ndarray:
    events = scored.select(name) if name in scored.processes else np.zeros(0, bool)
    if not events.any():
        have = ", ".join(scored.processes)
        raise EventsError(f"There is no event of the background {name!r}; the events' processes are: {have}.")
    return events


def _kept(own: dict[str, float]) -> str:
    """Without a beam."""
    if not any(own.values()):
        raise EventsError(
            "No background event stands for a rate; give the machine's beam ([study.beam]) and the cross sections of "
            "what is no zero bias, so that events get one."
        )
    for name, rate in own.items():
        if not rate:
            raise EventsError(
                f"The background {name!r} stands for no rate, others do; leave it out, or give its cross section "
                "(study.beam.cross_sections_pb)."
            )
    told = ", ".join(f"{name} {rate / 1e6:.4g} MHz" for name, rate in own.items())
    return f"Events keep the rates that their files give them: {told}."


def _beam(beam: BeamSpec) -> str:
    return (
        f"{beam.filled_bunches} filled bunches at {beam.revolution_hz:g} Hz: {beam.crossings_hz / 1e6:.4g} MHz of "
        f"crossings, luminosity {beam.luminosity:.3g} cm^-2 s^-1 at a pile-up of {beam.pileup:g}."
    )


def _parts(
    scored: Scored, beam: BeamSpec, where: dict[str, np.ndarray], own: dict[str, float]
) -> tuple[dict[str, Part], list[str]]:
    """How each background's rates are made, and what is said of it."""
    _check(beam, where)
    stitched = [name for name in where if name not in beam.cross_sections_pb and own[name]]
    empty = [name for name in where if name not in beam.cross_sections_pb and not own[name]]
    if len(empty) > 1 or (empty and stitched):
        raise EventsError(
            f"{' and '.join(empty + stitched)} would each stand for all crossings; give cross sections "
            "(study.beam.cross_sections_pb) of all but the zero bias."
        )
    parts, sentences = {}, []
    for name in beam.cross_sections_pb:
        parts[name], sentence = _of_cross_section(scored, beam, name, where[name])
        sentences.append(sentence)
    factor = beam.crossings_hz / _crossings(scored, where, own, stitched) if stitched else 0.0
    for name in stitched:
        parts[name] = lambda events: scored.rate[events] * np.float32(factor)
        sentences.append(f"{name}: own rates times {factor:.4g}, {own[name] * factor / 1e6:.4g} MHz.")
    for name in empty:
        parts[name], how = _shared(scored, name, where[name], beam.crossings_hz)
        sentences.append(f"{name}: zero bias, {how}.")
    return parts, sentences


def _crossings(scored: Scored, where: dict[str, np.ndarray], own: dict[str, float], stitched: list[str]) -> float:
    """Hz of crossings that the own rates of `stitched` are a part of: what the files say, or all that they hold."""
    if scored.crossings is not None:
        return scored.crossings
    total = power_sum(scored.rate)
    other = total - sum(own.values())
    if other > FOREIGN * total:
        names = ", ".join(
            name for name in scored.processes if name not in where and scored.rate[scored.select(name)].any()
        )
        raise EventsError(
            f"The events do not say how many crossings they stand for, and {names} with {other / 1e6:.4g} MHz of rate "
            "is no background, so the beam can't scale the rest; name it as background, or give cross sections "
            "(study.beam.cross_sections_pb)."
        )
    return sum(own[name] for name in stitched)


def _check(beam: BeamSpec, where: dict[str, np.ndarray]) -> None:
    for name, cross_section in beam.cross_sections_pb.items():
        rate = cross_section * PICOBARN * beam.luminosity
        if name not in where:
            raise EventsError(
                f"study.beam.cross_sections_pb names {name!r}, which is no background; backgrounds are: "
                f"{', '.join(where)}."
            )
        if rate > beam.crossings_hz:
            raise EventsError(
                f"A cross section of {cross_section:g} pb gives {name!r} {rate / 1e6:.4g} MHz, more than the "
                f"{beam.crossings_hz / 1e6:.4g} MHz of crossings; leave it out, and it is taken as zero bias."
            )


def _of_cross_section(scored: Scored, beam: BeamSpec, name: str, events: np.ndarray) -> tuple[Part, str]:
    cross_section = beam.cross_sections_pb[name]
    rate = cross_section * PICOBARN * beam.luminosity
    part, how = _shared(scored, name, events, rate)
    return part, f"{name}: {cross_section:g} pb, {rate / 1e3:.4g} kHz, {how}."


def _shared(scored: Scored, name: str, events: np.ndarray, rate: float) -> tuple[Part, str]:
    """`rate` (Hz) shared by the events of a process by weight, and how that is said."""
    weights, count = scored.weight[events], int(events.sum())
    weight = power_sum(weights)
    if not weight > 0:
        raise EventsError(f"The events of {name!r} have weight 0 in all, so no rate can be shared by them.")
    alike = bool(np.all(weights == weights[0]))
    how = f"{count} events of {rate / count:.4g} Hz each" if alike else f"shared by {count} events by weight"
    return lambda chosen: (scored.weight[chosen] * (rate / weight)).astype(np.float32), how

"""How much rate an event stands for, where the machine's beam says so."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.recipe.study import BeamSpec
from trigger_nn.studies.menu.sums import power_sum
from trigger_nn.studies.menu.values import Scored

PICOBARN = 1e-36  # cm^2


def normalised(scored: Scored, beam: BeamSpec | None, backgrounds: tuple[str, ...]) -> tuple[Scored, str]:
    """`scored` with the rates that background events stand for, and a sentence that says how they got them.

    Without `beam` events keep their own. With it, a background of `beam.cross_sections_pb` stands for cross section x
    luminosity, shared by weight; backgrounds that bring rates of their own are scaled so that these add up to all
    crossings; one that brings none is zero bias and stands for all crossings, each event for as many.

    Raises:
        EventsError: a background has no events, or without `beam` no rate; a cross section gives more than there are
            crossings, or is of no background; more than one sample would stand for all crossings.
    """
    where = {name: _events_of(scored, name) for name in backgrounds}
    own = {name: power_sum(scored.rate[events]) for name, events in where.items()}
    if beam is None:
        return scored, _kept(own)
    parts, sentences = _parts(scored, beam, where, own)
    rate = scored.rate.astype(np.float32)
    for name, part in parts.items():
        rate[where[name]] = part(where[name])
    return replace(scored, rate=rate), " ".join([_beam(beam), *sentences])


Part = Callable[[np.ndarray], np.ndarray]


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
    factor = beam.crossings_hz / sum(own[name] for name in stitched) if stitched else 0.0
    for name in stitched:
        parts[name] = lambda events: scored.rate[events] * np.float32(factor)
        sentences.append(f"{name}: own rates times {factor:.4g}, {own[name] * factor / 1e6:.4g} MHz.")
    for name in empty:
        each = beam.crossings_hz / int(where[name].sum())
        parts[name] = lambda events, each=each: np.full(int(events.sum()), each, np.float32)  # type: ignore[misc]
        sentences.append(f"{name}: zero bias, {int(where[name].sum())} events of {each:.4g} Hz each.")
    return parts, sentences


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
    cross_section, weight = beam.cross_sections_pb[name], power_sum(scored.weight[events])
    if not weight > 0:
        raise EventsError(f"The events of {name!r} have weight 0 in all, so no cross section can be shared by them.")
    rate = cross_section * PICOBARN * beam.luminosity
    sentence = f"{name}: {cross_section:g} pb, {rate / 1e3:.4g} kHz, shared by {int(events.sum())} events by weight."
    return lambda chosen: scored.weight[chosen] * np.float32(rate / weight), sentence

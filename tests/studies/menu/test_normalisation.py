"""Rates from the machine's beam."""

from dataclasses import replace

import numpy as np
import pytest

from tests.studies.menu.events import BACKGROUNDS, scored_of
from trigger_nn.errors import EventsError
from trigger_nn.recipe.study import BeamSpec
from trigger_nn.studies.menu.normalisation import normalised

BEAM = BeamSpec(filled_bunches=1000, revolution_hz=1e4, pileup=100.0, inelastic_mb=80.0)  # 10 MHz, 1.25e34
EVENTS = scored_of(
    [(0, 0, 0, 1, 0)] + [(1, 0, 3.0, 1, 0)] * 4 + [(2, 0, 2.0, 1, 0), (2, 0, 4.0, 3, 0)] + [(3, 0, 9.0, 1, 0)]
)


def without(*processes):
    return replace(EVENTS, rate=np.where(EVENTS.select(*processes), 0, EVENTS.rate).astype(np.float32))


def of(scored, process):
    return scored.rate[scored.select(process)].tolist()


def test_without_a_beam_events_keep_their_rates():
    found, sentence = normalised(EVENTS, None, BACKGROUNDS)
    assert found is EVENTS
    assert "zero_bias 1.2e-05 MHz, qcd 6e-06 MHz" in sentence


def test_own_rates_are_scaled_to_all_crossings_together():
    found, sentence = normalised(without("other"), BEAM, BACKGROUNDS)
    assert found.rate[found.select(*BACKGROUNDS)].sum(dtype=float) == pytest.approx(10e6, rel=1e-6)
    assert of(found, "zero_bias") == pytest.approx([3 / 18 * 10e6] * 4)
    assert of(found, "qcd") == pytest.approx([2 / 18 * 10e6, 4 / 18 * 10e6])
    assert (of(found, "hh"), of(found, "other")) == ([0], [0])
    assert of(EVENTS, "qcd") == [2, 4]
    assert "1000 filled bunches" in sentence
    assert "10 MHz of crossings" in sentence
    assert "1.25e+34" in sentence


def test_a_cross_section_is_shared_by_weight():
    beam = BEAM.model_copy(update={"cross_sections_pb": {"qcd": 4e6}})
    found, sentence = normalised(without("other"), beam, BACKGROUNDS)
    assert of(found, "qcd") == pytest.approx([0.25 * 4e6 * 1e-36 * 1.25e34, 0.75 * 4e6 * 1e-36 * 1.25e34])
    assert of(found, "zero_bias") == pytest.approx([2.5e6] * 4)
    assert "qcd: 4e+06 pb, 50 kHz" in sentence


def test_what_brings_no_rate_is_zero_bias():
    beam = BEAM.model_copy(update={"cross_sections_pb": {"qcd": 4e6}})
    found, sentence = normalised(without("zero_bias", "qcd"), beam, BACKGROUNDS)
    assert of(found, "zero_bias") == [2.5e6] * 4
    assert "zero_bias: zero bias, 4 events of 2.5e+06 Hz each" in sentence


def test_zero_bias_is_shared_by_weight():
    scored = without("zero_bias")
    weight = np.where(scored.select("zero_bias"), np.array([0, 1, 2, 2, 3, 0, 0, 0]), 0).astype(np.float32)
    found, sentence = normalised(replace(scored, weight=weight), BEAM, ("zero_bias",))
    assert of(found, "zero_bias") == pytest.approx([1.25e6, 2.5e6, 2.5e6, 3.75e6])
    assert "zero_bias: zero bias, shared by 4 events by weight" in sentence


def test_own_rates_of_a_part_of_the_crossings_are_scaled_by_the_machines():
    found, sentence = normalised(replace(EVENTS, crossings=20.0), BEAM, ("qcd",))
    assert of(found, "qcd") == pytest.approx([1e6, 2e6])
    assert "qcd: own rates times 5e+05, 3 MHz" in sentence


def test_a_cross_section_beside_zero_bias_is_said_to_count_twice():
    beam = BEAM.model_copy(update={"cross_sections_pb": {"qcd": 4e6}})
    _, sentence = normalised(without("other"), beam, BACKGROUNDS)
    assert "zero_bias already holds the collisions of qcd" in sentence
    assert "already holds" not in normalised(without("other"), BEAM, BACKGROUNDS)[1]


def test_averaged_rates_are_said_to_be():
    scored = replace(without("other"), averaged=("qcd", "hh"), crossings=20.0)
    for beam in (None, BEAM):
        assert "Several samples bring rates of qcd: these are averaged" in normalised(scored, beam, BACKGROUNDS)[1]
        assert "averaged" not in normalised(scored, beam, ("zero_bias",))[1]


@pytest.mark.parametrize(
    ("scored", "beam", "backgrounds", "message"),
    [
        (without("zero_bias", "qcd"), None, BACKGROUNDS, "give the machine's beam"),
        (without("qcd"), None, BACKGROUNDS, "'qcd' stands for no rate"),
        (without("zero_bias", "qcd"), BEAM, BACKGROUNDS, "zero_bias and qcd would each stand for all crossings"),
        (without("qcd"), BEAM, BACKGROUNDS, "qcd and zero_bias would each stand for all crossings"),
        (EVENTS, BEAM, ("zero_bias", "minbias"), "no event of the background 'minbias'"),
        (EVENTS, BEAM.model_copy(update={"cross_sections_pb": {"hh": 1.0}}), BACKGROUNDS, "'hh', which is no back"),
        (EVENTS, BEAM.model_copy(update={"cross_sections_pb": {"qcd": 8e10}}), BACKGROUNDS, "more than the 10 MHz"),
        (
            replace(EVENTS, weight=np.zeros(8, np.float32)),
            BEAM.model_copy(update={"cross_sections_pb": {"qcd": 8.0}}), BACKGROUNDS, "weight 0 in all",
        ),
        (EVENTS, BEAM, BACKGROUNDS, "do not say how many crossings they stand for, and other with 9e-06 MHz"),
        (EVENTS, BEAM, ("qcd",), "and zero_bias, other with"),
        (replace(EVENTS, crossings=17.0), None, BACKGROUNDS, "more than the crossings that the files were made for"),
        (replace(EVENTS, crossings=17.0), BEAM, BACKGROUNDS, r"stands for 10.59 MHz, more than the beam's crossings"),
        (
            without("other"), BEAM.model_copy(update={"cross_sections_pb": {"qcd": 2e7}}), BACKGROUNDS,
            "10.25 MHz, more than the beam's crossings .10 MHz., so collisions are counted twice",
        ),
        (
            replace(EVENTS, weight=np.array([1, 1, 1, 1, 1, -1, 1, -2], np.float32)), None, BACKGROUNDS,
            "2 events of qcd, other have a negative weight",
        ),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(scored, beam, backgrounds, message):
    with pytest.raises(EventsError, match=message):
        normalised(scored, beam, backgrounds)

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
    found, sentence = normalised(EVENTS, BEAM, BACKGROUNDS)
    assert found.rate[found.select(*BACKGROUNDS)].sum(dtype=float) == pytest.approx(10e6, rel=1e-6)
    assert of(found, "zero_bias") == pytest.approx([3 / 18 * 10e6] * 4)
    assert of(found, "qcd") == pytest.approx([2 / 18 * 10e6, 4 / 18 * 10e6])
    assert (of(found, "hh"), of(found, "other")) == ([0], [9])
    assert of(EVENTS, "qcd") == [2, 4]
    assert "1000 filled bunches" in sentence
    assert "10 MHz of crossings" in sentence
    assert "1.25e+34" in sentence


def test_a_cross_section_is_shared_by_weight():
    beam = BEAM.model_copy(update={"cross_sections_pb": {"qcd": 4e6}})
    found, sentence = normalised(EVENTS, beam, BACKGROUNDS)
    assert of(found, "qcd") == pytest.approx([0.25 * 4e6 * 1e-36 * 1.25e34, 0.75 * 4e6 * 1e-36 * 1.25e34])
    assert of(found, "zero_bias") == pytest.approx([2.5e6] * 4)
    assert "qcd: 4e+06 pb, 50 kHz" in sentence


def test_what_brings_no_rate_is_zero_bias():
    beam = BEAM.model_copy(update={"cross_sections_pb": {"qcd": 4e6}})
    found, sentence = normalised(without("zero_bias", "qcd"), beam, BACKGROUNDS)
    assert of(found, "zero_bias") == [2.5e6] * 4
    assert "zero_bias: zero bias, 4 events of 2.5e+06 Hz each" in sentence


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
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(scored, beam, backgrounds, message):
    with pytest.raises(EventsError, match=message):
        normalised(scored, beam, backgrounds)

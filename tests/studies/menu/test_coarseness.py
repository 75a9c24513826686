"""When a score is too coarse: why, in words, and which wider type mends it."""

import numpy as np
import pytest

from tests.studies.menu.events import BACKGROUNDS, scored_of
from trigger_nn.errors import PrecisionError
from trigger_nn.program.fixed import Fixed, requantize
from trigger_nn.studies.menu.coarseness import coarseness, khz
from trigger_nn.studies.menu.groups import groups_of
from trigger_nn.studies.menu.thresholds import discriminant

FINEST = 12  # fraction bits of the accumulator behind the score
TOLERANCE = 0.1


class Network:
    """Two thousand background events of 100 Hz, a hundred of signal, with scores before they are cast."""

    def __init__(self, kind, spread=1.0, events=2000):
        random = np.random.default_rng(7)
        self.raw = (random.normal(0, spread, events + 100) * 2**FINEST).astype(np.int64)
        self.kind = Fixed.parse(kind)
        rows = [(0 if i >= events else 1 + i % 2, 0, 100.0, 1, i) for i in range(events + 100)]
        self.rows = scored_of(rows, kind=self.kind)
        self.asked = []

    def output(self, kind):
        scores = requantize(self.raw, FINEST, kind)
        return discriminant(groups_of(self.rows, BACKGROUNDS), "hh", BACKGROUNDS, scores, kind)

    def finer(self, kind):
        self.asked.append(kind)
        if kind.fraction > FINEST:
            raise PrecisionError("The output's operand has no more than 12 fraction bits.")
        return self.output(kind)

    def judged(self, *targets, finer=True):
        return coarseness(self.output(self.kind), targets, TOLERANCE, self.finer if finer else None)


def test_a_fine_score_needs_nothing():
    network = Network("fixed<16,4,RND_CONV,SAT>")
    (found,) = network.judged(20e3)
    assert (found.cause, found.tried, found.mended) == ("fine", (), None)
    assert 0 <= found.missed <= found.allowed == 2e3
    assert network.asked == []
    assert "within tolerance" in found.statement


def test_a_coarse_step_is_mended_by_the_first_fraction_bits_that_do():
    network = Network("fixed<5,4,RND_CONV,SAT>")
    (found,) = network.judged(35e3)
    assert found.cause == "step"
    assert found.missed > found.allowed
    assert [score.type.fraction for score in found.tried] == list(range(2, 2 + len(found.tried)))
    assert all(score.missed > found.allowed for score in found.tried[:-1])
    assert found.mended == found.tried[-1]
    for score in found.tried:
        again = network.output(score.type)
        assert score.threshold == again.threshold(again.at_rate(35e3))
        assert score.efficiency == again.efficiency(score.threshold.mantissa)
        assert score.missed == 35e3 - score.threshold.rate.value
        assert (score.type.integer, score.type.rounding, score.type.overflow) == (4, "RND_CONV", "SAT")


def test_a_statement_says_what_was_asked_what_is_given_and_what_would_do():
    network = Network("fixed<5,4,RND_CONV,SAT>")
    (found,) = network.judged(35e3)
    output = network.output(network.kind)
    threshold = output.threshold(output.at_rate(35e3))
    for part in (
        "35 kHz", str(network.kind), f"{threshold.mantissa} gives {khz(threshold.rate.value)}",
        f"{threshold.mantissa - 1} gives {khz(threshold.rate.value + threshold.tied_rate)}",
        f"{threshold.ties} background events share the score {threshold.mantissa}",
        f"{found.mended.type} gives {khz(found.mended.threshold.rate.value)}",
    ):  # fmt: skip
        assert part in found.statement


def test_scores_that_saturate_are_mended_by_integer_bits():
    network = Network("fixed<8,1,RND_CONV,SAT>", spread=2.0)
    (found,) = network.judged(2e3)
    assert found.cause == "ceiling"
    assert found.mended is not None
    assert [(score.type.width, score.type.integer) for score in found.tried] == [
        (8 + bits, 1 + bits) for bits in range(1, 1 + len(found.tried))
    ]
    assert "saturate" in found.statement


def test_scores_that_saturate_in_large_steps_are_mended_in_both():
    network = Network("fixed<1,0,RND_CONV,SAT>", spread=0.3)
    (found,) = network.judged(14e3)
    assert found.cause == "ceiling"
    widened = [(score.type.integer, score.type.fraction) for score in found.tried]
    assert widened == [(1, 1), (2, 1), (2, 2), (2, 3), (2, 4), (2, 5)]
    full = [score.threshold.mantissa == score.type.maximum for score in found.tried]
    assert full == [True, False, False, False, False, False]  # the second integer bit ends it
    assert found.mended == found.tried[-1]


def test_one_computing_serves_all_rates():
    network = Network("fixed<5,4,RND_CONV,SAT>")
    found = network.judged(35e3, 12e3, 60e3)
    assert len({each.cause for each in found}) == 1
    assert len(network.asked) == len(set(network.asked)) == max(len(each.tried) for each in found)
    assert all(each.mended for each in found)


def test_too_few_events_are_no_fault_of_the_score():
    network = Network("fixed<16,4,RND_CONV,SAT>", events=4)
    (found,) = network.judged(150.0)
    assert (found.cause, found.tried) == ("events", ())
    assert network.asked == []
    assert "more background" in found.statement


def test_where_nothing_is_finer_the_reason_is_passed_on():
    network = Network("fixed<5,4,RND_CONV,SAT>")
    network.raw = network.raw // 2**FINEST * 2**FINEST

    def none(kind):
        raise PrecisionError("Layer 'scores' has no more bits; widen its accumulator.")

    (found,) = coarseness(network.output(network.kind), [35e3], TOLERANCE, none)
    assert (found.cause, found.tried, found.mended) == ("step", (), None)
    assert "widen its accumulator" in found.statement
    (found,) = network.judged(35e3)
    assert len(found.tried) == 6
    assert found.mended is None
    assert "fixed<11,4,RND_CONV,SAT>, the widest tried" in found.statement


def test_a_ladder_that_ends_early_keeps_what_was_tried():
    network = Network("fixed<14,4,RND_CONV,SAT>")
    network.raw = network.raw // 2**12 * 2**12
    (found,) = network.judged(4e3)
    assert [score.type.fraction for score in found.tried] == [11, 12]
    assert "no more than 12" in found.statement


def test_without_means_to_try_the_statement_says_which_bits():
    (found,) = Network("fixed<5,4,RND_CONV,SAT>").judged(35e3, finer=False)
    assert found.statement.endswith("Give the output more fraction bits.")
    (found,) = Network("fixed<8,1,RND_CONV,SAT>", spread=2.0).judged(2e3, finer=False)
    assert found.statement.endswith("Give the output more integer bits.")


def test_a_rate_above_all_background_is_not_the_score_s_fault():
    network = Network("fixed<5,4,RND_CONV,SAT>")
    for target in (300e3, 200e3):
        (found,) = network.judged(target)
        assert (found.cause, found.missed, found.tried) == ("all", target - 200e3, ())
        assert "every event passes" in found.statement
    assert network.asked == []
    output = network.output(network.kind)
    threshold = output.threshold(output.at_rate(300e3))
    assert (threshold.always, threshold.told, threshold.mantissa) == (True, "always accept", network.kind.minimum - 1)
    lowest = int(output.values[0])
    assert (output.threshold(lowest).always, output.threshold(lowest).told) == (False, str(lowest))


def test_scores_that_saturate_at_the_bottom_are_mended_by_integer_bits():
    network = Network("fixed<8,1,RND_CONV,SAT>", spread=2.0)
    (found,) = network.judged(180e3)
    assert found.cause == "floor"
    assert found.mended is not None
    assert [(score.type.width, score.type.integer) for score in found.tried] == [
        (8 + bits, 1 + bits) for bits in range(1, 1 + len(found.tried))
    ]
    assert "accepting all gives 200 kHz" in found.statement
    assert "smallest score that the type holds" in found.statement
    (found,) = network.judged(180e3, finer=False)
    assert found.statement.endswith("Give the output more integer bits.")


def test_no_integer_bit_lowers_the_floor_of_scores_without_a_sign():
    network = Network("ufixed<8,1,RND_CONV,SAT>", spread=0.5)
    (found,) = network.judged(180e3)
    assert found.cause == "step"
    assert found.tried[0].type == Fixed.parse("ufixed<9,1,RND_CONV,SAT>")


@pytest.mark.parametrize(
    ("hertz", "text"),
    [
        (1e5, "100 kHz"),
        (98234.5, "98.23 kHz"),
        (31e6, "31,000 kHz"),
        (4, "0.004 kHz"),
        (10_432_100, "10,430 kHz"),
        (99_996, "100 kHz"),
        (1.2345e-3, "0.000001234 kHz"),
        (0, "0 kHz"),
    ],
)
def test_rates_are_written_in_khz(hertz, text):
    assert khz(hertz) == text


def test_saturated_scores_share_a_type_s_ceiling():
    network = Network("fixed<8,1,RND_CONV,SAT>", spread=2.0)
    output = network.output(network.kind)
    threshold = output.threshold(output.at_rate(2e3))
    assert threshold.mantissa == network.kind.maximum
    assert threshold.ceiling == threshold.ties > 100

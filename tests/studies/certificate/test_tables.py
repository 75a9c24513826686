"""Onsets, residuals, needed events and the verdict of a certificate."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import GOLDEN
from trigger_nn.engines.emulator import Emulator
from trigger_nn.program.fixed import to_float
from trigger_nn.program.operations import Constant
from trigger_nn.program.program import Program
from trigger_nn.studies.certificate.certify import certificate_of
from trigger_nn.studies.certificate.decisions import SideScores, judgements
from trigger_nn.studies.certificate.onsets import THRESHOLD, Inside, onsets_of
from trigger_nn.studies.certificate.residuals import BINS, residuals_of
from trigger_nn.studies.certificate.values import EMULATOR, QKERAS
from trigger_nn.studies.certificate.verdict import verdict
from trigger_nn.studies.menu.intervals import poisson_interval

OTHER = "second program"
TARGETS = (80.0, 160.0)
LSB = 2.0**-6


@pytest.fixture(scope="module")
def program():
    return Program.load(GOLDEN / "event_image_program.h5")


@pytest.fixture(scope="module")
def images(program, sample):
    """The first 600 test events as mantissas, wrapped in phi."""
    image = sample.splits["test"]["image"][:600]
    return np.pad(image, [(0, 0), (0, 0), (1, 1)], mode="wrap")[..., None]


def altered(program, layer, change):
    """`program` with the weights of `layer` changed."""
    at = [op.name for op in program.operations].index(layer)
    operation = program.operations[at]
    weights = operation.weights
    mantissa = np.clip(change(weights.mantissa), weights.type.minimum, weights.type.maximum)
    new = replace(operation, weights=Constant(mantissa, weights.type))
    return replace(program, operations=(*program.operations[:at], new, *program.operations[at + 1 :]))


def compared(program, images, other):
    """The emulator beside `other`, half of the events background of 1 Hz each, the rest signals by turns."""
    place = np.arange(len(images))
    background = place % 2 == 0
    kinds = {"hh4b": place % 4 == 1, "vbf_inv": place % 4 == 3}
    scores = {
        name: to_float(Emulator(one).predict_mantissas({"image": images}), one.outputs[0].type)
        for name, one in ((EMULATOR, program), (OTHER, other))
    }
    sides = SideScores(scores, ("hh4b", "vbf_inv"), kinds, background, background * 1.0, LSB)

    def layers(events):
        found = Emulator(other).trace_mantissas({"image": images[events]})
        return {name: to_float(values, other.type_of(name)) for name, values in found.items()}

    return sides, Inside(program, {"image": images}, {OTHER: layers})


def looked(program, images, other, **options):
    sides, inside = compared(program, images, other)
    return sides, onsets_of(sides, tuple(judgements(sides, TARGETS)), inside, **options)


@pytest.mark.parametrize("layer", ["conv1", "conv2", "dense1", "score"])
def test_flips_begin_at_the_layer_that_was_altered(program, images, layer):
    random = np.random.default_rng(3)
    other = altered(program, layer, lambda w: w + random.integers(-4, 5, w.shape))
    sides, found = looked(program, images, other)
    assert {(onset.output, onset.target) for onset in found} == {(o, t) for o in sides.outputs for t in TARGETS}
    for onset in found:
        assert onset.looked_at == onset.flipped == sum(onset.layers.values()) > 0
        assert set(onset.layers) == {THRESHOLD, layer}  # all have the layers of all
        if onset.basis == "same threshold":
            assert onset.layers[layer] == onset.flipped


def test_a_shift_of_all_scores_flips_nothing_at_the_same_rate(program, images):
    """The second program's last bias is larger: at its own thresholds it decides alike, at the emulator's by its score.

    No score saturates by it.
    """
    at = [op.name for op in program.operations].index("score")
    operation = program.operations[at]
    bias = Constant(operation.bias.mantissa + 2 ** (operation.bias.type.fraction - 2), operation.bias.type)  # 1/4
    other = replace(
        program, operations=(*program.operations[:at], replace(operation, bias=bias), *program.operations[at + 1 :])
    )
    sides, found = looked(program, images, other)
    assert {onset.basis for onset in found} == {"same threshold"}
    assert {name for onset in found for name in onset.layers} == {"score"}
    (first, second) = residuals_of(sides)
    assert first.largest == first.rms == second.rms == 16  # 1/4 in 1/64


def test_no_more_flips_are_looked_at_than_the_cap(program, images):
    other = altered(program, "dense1", lambda w: w // 2)
    _, found = looked(program, images, other, cap=7)
    assert all(onset.looked_at == sum(onset.layers.values()) == 7 < onset.flipped for onset in found)


def test_a_side_may_be_scaled_by_powers_of_two_inside(program, images):
    """conv1 comes 4 times as large from a side that may be scaled, and altered at dense1."""
    other = altered(program, "dense1", lambda w: w + np.random.default_rng(3).integers(-4, 5, w.shape))
    sides, inside = compared(program, images, other)
    plain = inside.layers[OTHER]
    louder = {OTHER: lambda events: plain(events) | {"conv1": 4 * plain(events)["conv1"]}}
    judged = tuple(judgements(sides, TARGETS))
    wanted = onsets_of(sides, judged, inside)
    assert onsets_of(sides, judged, replace(inside, layers=louder, scaled=(OTHER,))) == wanted
    assert any("conv1" in onset.layers for onset in onsets_of(sides, judged, replace(inside, layers=louder)))


def test_a_certificate_holds_every_table(program, images):
    other = altered(program, "dense1", lambda w: w // 2)
    sides, inside = compared(program, images, other)
    found = certificate_of(program, sides, TARGETS, 1e6, {OTHER: "halved"}, inside)
    assert (found.program, found.digest, found.events) == ("event_image", program.digest, len(images))
    assert [(side.name, side.what) for side in found.sides] == [(EMULATOR, ""), (OTHER, "halved")]
    assert set(found.thresholds) == {(s, o, t) for s in (EMULATOR, OTHER) for o in sides.outputs for t in TARGETS}
    for (side, output, target), threshold in found.thresholds.items():
        passed = sides.scores[side][sides.background, sides.outputs.index(output)] > threshold
        assert 0.9 * target < passed.sum() <= target
    assert len(found.flips) == 2 * 2 * 2 * 2
    assert len(found.onsets) == 2 * 2 * 2
    assert (len(found.residuals), len(found.needs), len(found.alike)) == (2, 4, 2)
    assert not found.exact
    one, two = verdict(found)
    assert one.startswith("Second program and the emulator differ for hh4b at 0.16 kHz, each at its own threshold: ")
    assert two.startswith("Second program and the emulator differ for vbf_inv at 0.16 kHz")
    (background, signal) = (
        f for f in found.flips if (f.output, f.target, f.basis) == ("hh4b", 160.0, "same rate")
    )  # fmt: skip
    assert f"accepts {background.gained_hz[0] / 1e3:.3g} (68 %: {background.gained_hz[1] / 1e3:.3g} to" in one
    assert (
        f"changes by {signal.change[0]:+.2f} (68 %: {signal.change[1]:+.2f} to {signal.change[2]:+.2f}) percent" in one
    )


def test_equal_programs_have_no_onsets_and_an_upper_limit(program, images):
    sides, inside = compared(program, images, program)
    named = replace(sides, scores={QKERAS: sides.scores[OTHER], EMULATOR: sides.scores[EMULATOR]})
    found = certificate_of(program, named, TARGETS, 1e6, inside=replace(inside, layers={QKERAS: inside.layers[OTHER]}))
    assert found.exact
    assert found.onsets == ()
    limit = 1e6 * (1 - 0.05 ** (1 / 600))
    assert verdict(found) == (
        f"QKeras and the emulator decide every one of 600 events alike (at most {limit:,.0f} ppm differ, 95 % "
        "one-sided), and every score is the same.",
    )


def test_equal_decisions_of_unequal_scores_are_told_of_the_rates_asked_for(program):
    scores = np.arange(1001.0)[::-1, None]
    background = np.arange(1001) < 1000
    sides = SideScores(
        {QKERAS: 2 * scores, EMULATOR: scores}, ("s",), {"s": ~background}, background, background * 1.0, 1.0
    )  # fmt: skip
    found = certificate_of(program, sides, [200.0], 1e4)
    (same_threshold,) = verdict(found)
    assert "s at 0.2 kHz, both at the emulator's threshold: " in same_threshold  # on which alone they differ
    shifted = replace(sides, scores={QKERAS: scores - 0.25, EMULATOR: scores})
    (alike,) = verdict(certificate_of(program, shifted, [200.0], 1e4))
    assert "decide every one of 1,001 events alike at the rates asked for (at most " in alike
    assert alike.endswith("one-sided).")


def test_needed_events_follow_from_what_is_behind_the_rate():
    """100 of 1000 events of 2 Hz pass at 200 Hz: 10 % error; 1 % takes 100 times as many of either kind."""
    scores = np.arange(1001.0)[::-1, None]
    background = np.arange(1001) < 1000
    sides = SideScores(
        {QKERAS: scores, EMULATOR: scores}, ("s",), {"s": ~background}, background, background * 2.0, 1.0
    )  # fmt: skip
    program = Program.load(GOLDEN / "event_image_program.h5")
    found = certificate_of(program, sides, [200.0, 1.0], 1e4)
    need, none = found.needs
    assert (need.target, need.precision, need.events, need.effective) == (200.0, 0.01, 1000, 100)
    assert (need.needed, need.zero_bias) == pytest.approx((100_000, 100_000))
    assert (need.seconds, need.zero_bias_seconds) == pytest.approx((10, 10))
    low, high = poisson_interval(100)
    assert need.needed_range == pytest.approx((1e7 / high, 1e7 / low))
    assert (none.effective, none.needed, none.needed_range, none.seconds) == (0, None, None, None)
    assert none.zero_bias == pytest.approx(2e7)


def test_weights_that_differ_need_more_events():
    """10 of 100 Hz and 90 of 1 Hz pass: as precise as 11.8 equal ones."""
    scores = np.concatenate([np.full(100, 5.0), np.zeros(101)])[:, None]
    rates = np.concatenate([np.full(10, 100.0), np.full(90, 1.0), np.full(100, 3.0), [0]])
    background = np.arange(201) < 200
    sides = SideScores({QKERAS: scores, EMULATOR: scores}, ("s",), {"s": ~background}, background, rates, 1.0)
    program = Program.load(GOLDEN / "event_image_program.h5")
    need, few = certificate_of(program, sides, [1090.0, 1089.0], 1e4).needs
    assert (few.needed, few.effective) == (None, 0)
    assert need.effective == pytest.approx(1090**2 / (10 * 100**2 + 90))
    assert need.needed == pytest.approx(200 * 1e4 / need.effective)
    assert need.zero_bias == pytest.approx(1e4 * 1390 / 1090)


@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=30), st.sampled_from([1.0, 0.25, 0.3]))
def test_residuals_count_every_event_in_bins_about_zero(differences, step):
    apart = np.array(differences, float)[:, None] * step
    n = len(apart)
    sides = SideScores(
        {QKERAS: apart * LSB + 1, EMULATOR: np.ones((n, 1))}, ("s",), {"s": np.ones(n, bool)},
        np.ones(n, bool), np.ones(n), LSB,
    )  # fmt: skip
    (found,) = residuals_of(sides)
    assert found.counts.sum() == n
    assert 3 <= len(found.counts) <= BINS
    widths = np.diff(found.edges)
    assert np.all(widths == widths[0])
    assert widths[0] == int(widths[0])
    assert np.array_equal(found.edges, -found.edges[::-1])
    middle = found.counts[len(found.counts) // 2]
    exact = (sides.scores[QKERAS] - sides.scores[EMULATOR])[:, 0] / LSB
    assert middle == np.sum((exact >= -widths[0] / 2) & (exact < widths[0] / 2))
    assert found.equal.value == pytest.approx(np.mean(exact == 0))
    assert found.largest == np.abs(exact).max()
    assert found.rms == pytest.approx(np.sqrt(np.mean(exact**2)))


def test_copies_add_no_precision_to_equal_scores():
    scores = np.arange(40.0)[:, None]
    ours = scores + (scores < 10)
    kinds = {"s": np.ones(40, bool)}
    once = SideScores({QKERAS: ours, EMULATOR: scores}, ("s",), kinds, np.ones(40, bool), np.ones(40), 1.0)
    many = SideScores(
        {name: np.repeat(values, 5, axis=0) for name, values in once.scores.items()}, ("s",),
        {"s": np.ones(200, bool)}, np.ones(200, bool), np.ones(200), 1.0, np.repeat(np.arange(40), 5),
    )  # fmt: skip
    one, copied = (next(residuals_of(sides)).equal for sides in (once, many))
    assert (copied.value, copied.low, copied.high) == pytest.approx((one.value, one.low, one.high))

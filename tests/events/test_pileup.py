"""Pile-up adds whole collisions; the front end makes integers of energies, and pulses."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trigger_nn.events.detector.electronics import (
    candidate_units,
    digitise,
    pulse_offsets,
    pulse_shape,
    tower_quantity,
    waveforms,
)  # fmt: skip
from trigger_nn.events.detector.grid import TowerGrid
from trigger_nn.events.detector.parameters import DetectorSpec, PulseSpec
from trigger_nn.events.detector.pileup import BEAM_SPOT, Beam, overlay
from trigger_nn.events.detector.simulate import Collisions, Tracks
from trigger_nn.events.units import Units

CHANNELS = 5


def tracks(*events):
    """Tracks as lists of (pT, z0), all else 0."""
    rows = np.array([row for event in events for row in event], float).reshape(-1, 2)
    nothing = np.zeros(len(rows))
    integers, flags = nothing.astype(int), nothing.astype(bool)
    return Tracks(np.cumsum([0, *map(len, events)]), rows[:, 0], nothing, nothing, rows[:, 1], nothing, integers, flags)


def library():
    """Nothing; 1 GeV in channel 0 and a track; 2 + 3 GeV in channels 1 and 2 and two tracks, of a hard scattering."""
    found = tracks([], [(1.0, 0.25)], [(8.0, 0.5), (9.0, -0.75)])
    channels, energy = np.array([0, 1, 2]), np.array([1.0, 2.0, 3.0])
    return Collisions(np.array([0, 0, 1, 3]), channels, energy, found, np.array([0.0, 1, 80]), np.ones(3))


def beam(mean, leakage=None):
    return Beam(mean, leakage or {}, hard_above=50.0)


def crossings(mean=4.0, leakage=None, around=(), events=500, hard=None, seed=3):
    return overlay(hard, library(), events, beam(mean, leakage), CHANNELS, seed, around)


# --- in time --------------------------------------------------------------------------------------------------


def test_overlay_adds_up_whole_collisions():
    found = crossings()
    assert np.array_equal(found.energy[:, 1] * 3, found.energy[:, 2] * 2)
    assert np.array_equal(found.energy[:, 1], found.hard_pileup * 2)
    assert not found.energy[:, 3:].any()
    with_signal = crossings(mean=0.0, hard=library(), events=3)
    assert with_signal.energy.tolist() == [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 2, 3, 0, 0]]
    assert with_signal.hard_pileup.tolist() == [0, 0, 0]  # the hard collision itself is not pile-up


def test_signal_is_added_to_the_same_pileup():
    """The hard collision takes no random number of pile-up's: crossing i is pile-up plus collision i."""
    both, alone = crossings(events=1, hard=library()), crossings(events=1)
    assert np.array_equal(both.energy, alone.energy)  # collision 0 is empty
    first = overlay(library(), None, 3, beam(0.0), CHANNELS, 3)
    assert first.energy.tolist() == crossings(mean=0.0, hard=library(), events=3).energy.tolist()


def test_the_number_of_collisions_is_poisson():
    count = 4000
    found = crossings(events=count).energy[:, 0]  # a third of the collisions: mean 4 / 3
    mean = 4 / 3
    # Five standard deviations: of the mean, mean / n; of the variance, (mean + 2 mean^2) / n.
    assert abs(found.mean() - mean) < 5 * math.sqrt(mean / count)
    assert abs(found.var() - mean) < 5 * math.sqrt((mean + 2 * mean**2) / count)


def test_the_seed_decides_the_crossings():
    assert np.array_equal(crossings().energy, crossings().energy)
    assert not np.array_equal(crossings().energy, crossings(seed=4).energy)


def test_without_tracks_all_else_is_the_same():
    setting = (None, library(), 200, beam(4.0, {-1: 0.25}), CHANNELS, 3, (-1, 0))
    plain, found = (overlay(*setting, with_tracks=wanted) for wanted in (True, False))
    assert found.tracks is None
    for name in ("energy", "hard_pileup", "around"):
        assert np.array_equal(getattr(found, name), getattr(plain, name))


def test_crossings_of_nothing_are_empty():
    """Pedestals are measured on such crossings where a recipe asks for candidates but for no pile-up."""
    assert not overlay(None, None, 2, beam(0.0), CHANNELS, 1).energy.any()


# --- out of time ----------------------------------------------------------------------------------------------


def test_leakage_is_a_share_of_the_neighbours():
    found = crossings(leakage={-1: 0.25, 2: 0.5}, around=(2, 0, -1))
    later, own, before = (found.around[:, place] for place in range(3))
    assert np.array_equal(found.energy, own + 0.25 * before + 0.5 * later)
    assert np.array_equal(own, crossings().energy)
    for neighbour in (before, later):
        assert np.array_equal(neighbour[:, 1] * 3, neighbour[:, 2] * 2)
        assert not np.array_equal(neighbour, own)
    assert not np.array_equal(before, later)


def test_an_undershoot_leaves_nothing_negative():
    found = crossings(leakage={-1: -0.5}, around=(-1, 0))
    assert np.array_equal(found.energy, np.maximum(found.around[:, 1] - 0.5 * found.around[:, 0], 0))
    assert np.any(found.around[:, 1] < 0.5 * found.around[:, 0])


@pytest.mark.parametrize("more", [{"around": (-3, -1, 0, 4)}, {"leakage": {-1: 0.1}}, {"leakage": {-1: 0.1, 7: 0.2}}])
def test_neighbours_do_not_change_the_crossing_itself(more):
    plain, found = crossings(), crossings(**more, **({} if "around" in more else {"around": (0,)}))
    offsets = more.get("around", (0,))
    assert np.array_equal(found.around[:, offsets.index(0)], plain.energy)
    assert np.array_equal(found.hard_pileup, plain.hard_pileup)
    assert np.array_equal(found.tracks.z0, plain.tracks.z0)
    assert plain.around is None


def test_neighbours_are_pileup_alone():
    found = crossings(mean=0.0, hard=library(), events=3, around=(-1, 0))
    assert not found.around[:, 0].any()
    assert found.around[:, 1].sum() == 6
    without = overlay(library(), None, 3, beam(5.0, {-1: 0.5}), CHANNELS, 1, (-1, 0))
    assert np.array_equal(without.energy, without.around[:, 1])  # no library: nothing leaks


# --- tracks ---------------------------------------------------------------------------------------------------


def test_tracks_of_the_signal_keep_their_vertex_and_pileups_are_shifted():
    count = 2000
    pair = library()
    signal = tracks(*([(20.0, 0.125)] for _ in range(count)))
    empty = np.zeros(0)
    hard = Collisions(np.zeros(count + 1, int), empty.astype(int), empty, signal, np.ones(count), np.ones(count))
    found = overlay(hard, pair, count, beam(3.0), CHANNELS, 5)
    own = found.tracks.pt == 20
    assert np.array_equal(found.tracks.z0[own], np.full(count, 0.125))
    assert np.array_equal(np.flatnonzero(own), found.tracks.offsets[:-1])  # the signal's track comes first
    first, second = (found.tracks.z0[found.tracks.pt == pt] for pt in (8.0, 9.0))
    assert len(first) == found.hard_pileup.sum()
    assert first - second == pytest.approx(np.full(len(first), 1.25), abs=1e-12)  # a collision is moved as a whole
    # Two vertices apart, each with the spread of the beam spot; the signal's own is shared within a crossing, which
    # costs independence: at most as many standard deviations as crossings count.
    spread = math.sqrt(2) * BEAM_SPOT
    assert abs(first.std() - spread) < 5 * spread / math.sqrt(count)
    assert abs(first.mean() - 0.5) < 5 * spread / math.sqrt(count)


def test_without_a_signal_the_collision_of_most_track_momentum_is_primary():
    found = crossings(mean=3.0)
    z0, pt, offsets = found.tracks.z0, found.tracks.pt, found.tracks.offsets
    for number in range(500):
        own = slice(offsets[number], offsets[number + 1])
        hardest = pt[own].max(initial=0.0)
        if hardest:
            unmoved = {1.0: 0.25, 9.0: -0.75}[hardest]
            assert np.count_nonzero(z0[own][pt[own] == hardest] == unmoved) >= 1
            assert len(np.unique(z0[own][pt[own] == hardest])) == np.count_nonzero(pt[own] == hardest)
    assert np.count_nonzero(pt == 9.0) == found.hard_pileup.sum() == np.count_nonzero(pt == 8.0)


# --- counts ---------------------------------------------------------------------------------------------------

SMALL = {"eta_bins": 2, "phi_bins": 3, "eta_max": 1.0}


def counts(energy, *off, **units):
    """Counts of the first channels of one crossing of 12."""
    row = np.zeros((1, 12))
    row[0, : len(energy)] = energy
    return digitise(row, DetectorSpec(off=off, towers=SMALL), Units(**units)).ravel()[: len(energy)].tolist()


def test_energies_are_suppressed_truncated_and_saturated():
    assert counts([0.49, 0.5, 0.99, 1.0, 127.4, 127.5, 500.0]) == [0, 1, 1, 2, 254, 255, 255]
    assert counts([0.3, 0.6], tower_lsb=0.25) == [0, 2]  # 0.3 GeV is below the threshold of 0.5 GeV


def test_each_stage_of_the_front_end_switches_off():
    assert counts([0.3, 0.6], "zero_suppression", tower_lsb=0.25) == [1, 2]
    assert counts([0.3, 0.6], "quantization") == [0, math.floor(0.6 * 2048)]
    assert counts([0.3], "quantization", "zero_suppression") == [math.floor(0.3 * 2048)]
    assert counts([200.0], "quantization") == [2**18 - 1]
    assert counts([500.0], "saturation") == [1000]
    assert counts([1e9], "saturation") == [2**24 - 1]
    assert counts([500.0], "saturation", "quantization") == [1_024_000]


def test_counts_say_what_they_are_worth():
    for off, width, lsb in (
        ((), 8, 0.5), (("quantization",), 18, 0.5 / 1024), (("saturation",), 24, 0.5),
        (("saturation", "quantization"), 24, 0.5 / 1024),
    ):  # fmt: skip
        quantity = tower_quantity(DetectorSpec(off=off), Units())
        assert (quantity.type.width, quantity.type.signed, quantity.lsb) == (width, False, lsb)
    assert candidate_units(DetectorSpec(), Units()).candidate_bits == 14
    assert candidate_units(DetectorSpec(off=("saturation",)), Units()).candidate_bits == 24


def test_channels_are_sections_rings_and_columns():
    found = digitise(np.arange(24.0).reshape(2, 12), DetectorSpec(towers=SMALL), Units(tower_lsb=1.0))
    assert found.shape == (2, 2, 2, 3)
    assert np.array_equal(found.ravel(), np.arange(24))


@given(st.lists(st.floats(0, 300), min_size=1, max_size=12))
def test_a_count_is_the_lower_edge_of_its_step(energy):
    for value, count in zip(energy, counts(energy, "zero_suppression"), strict=True):
        assert count * 0.5 <= value < (count + 1) * 0.5 or count == 255


# --- pulses ---------------------------------------------------------------------------------------------------

GRID = TowerGrid(2, 3, 1.0)


def test_a_pulse_starts_at_zero_and_peaks_at_one():
    time = np.linspace(-50, 400, 4501)
    shape = pulse_shape(time, 25.0)
    assert not shape[time <= 0].any()
    assert shape.max() == pulse_shape(np.array([25.0]), 25.0)[0] == 1.0
    for t in (5.0, 25.0, 60.0):
        assert pulse_shape(np.array([t]), 25.0)[0] == pytest.approx((t / 25) ** 2 * math.exp(2 - 2 * t / 25), rel=1e-14)


def around(events, offsets, seed=1):
    return np.random.default_rng(seed).exponential(5.0, (events, len(offsets), GRID.channels))


def test_samples_are_the_sum_of_the_pulses_of_all_crossings():
    spec = PulseSpec(noise=0.0)
    offsets = pulse_offsets(spec)
    energy = around(20, offsets)
    found = waveforms(energy, offsets, GRID, spec, 1)
    for event in range(20):
        towers = energy[event, :, :6] + energy[event, :, 6:]
        hottest = int(np.argmax(towers[offsets.index(0)]))
        assert found.energy[event] == towers[offsets.index(0), hottest]
        for sample in range(spec.samples):
            since = [(sample - spec.presamples - offset) * 25.0 + 25.0 for offset in offsets]
            pulses = [(t / 25) ** 2 * math.exp(2 - 2 * t / 25) if t > 0 else 0.0 for t in since]
            analogue = sum(e * p for e, p in zip(towers[:, hottest], pulses, strict=True)) / spec.lsb + spec.pedestal
            # The sums run in another order, so a value within 1e-9 of an integer may fall on either side of it.
            assert found.samples[event, sample] in {math.floor(analogue - 1e-9), math.floor(analogue + 1e-9)}


def test_one_pulse_peaks_behind_its_presamples():
    spec = PulseSpec(noise=0.0)
    energy = np.zeros((1, 1, GRID.channels))
    energy[0, 0, 4] = 20.0
    samples = waveforms(energy, (0,), GRID, spec, 1).samples[0]
    assert samples[:3].tolist() == [50, 50, 50]
    assert samples.argmax() == 3
    assert samples[3] == 250  # 200 counts of 0.1 GeV over the pedestal


def test_the_pedestal_is_noisy_by_the_width_asked_for():
    spec, count = PulseSpec(noise=2.0, pedestal=50.0), 5000
    samples = waveforms(np.zeros((count, 1, GRID.channels)), (0,), GRID, spec, 7).samples
    width, number = math.sqrt(2.0**2 + 1 / 12), samples.size  # truncation adds the width of a step
    assert abs(samples.std() - width) < 5 * width / math.sqrt(2 * number)
    assert abs(samples.mean() - 49.5) < 5 * width / math.sqrt(number)
    other = waveforms(np.zeros((count, 1, GRID.channels)), (0,), GRID, spec, 8).samples
    assert not np.array_equal(samples, other)


def test_the_converter_saturates_at_both_ends():
    energy = np.full((1, 1, GRID.channels), 1e5)
    assert waveforms(energy, (0,), GRID, PulseSpec(), 1).samples.max() == 4095
    quiet = waveforms(0 * energy, (0,), GRID, PulseSpec(pedestal=0.0), 1).samples
    assert quiet.min() == 0


@pytest.mark.parametrize("spec", [
    PulseSpec(), PulseSpec(samples=4, presamples=0), PulseSpec(shaping=50.0),
    PulseSpec(shaping=100.0),
])  # fmt: skip
def test_no_other_crossing_reaches_the_samples(spec):
    """What is left out at either end is less than 1/500 of its pulse's peak: the tail after six shaping times."""
    offsets = pulse_offsets(spec)
    assert 0 in offsets
    times = (np.arange(spec.samples) - spec.presamples) * spec.crossing + spec.shaping
    outside = [o for o in range(offsets[0] - 40, offsets[-1] + 40) if o not in offsets]
    assert max(pulse_shape(times - o * spec.crossing, spec.shaping).max() for o in outside) < 1 / 500


def test_a_pulse_asked_for_leaves_the_leak_alone():
    """Every neighbour has random numbers of its own, so more of them change neither the crossing nor its leakage."""
    beam = Beam(4.0, {-1: 0.1}, 50.0)
    plain, pulsed = (overlay(None, library(), 20, beam, 5, 3, around) for around in ((), (-3, -1, 0, 2)))
    assert np.array_equal(plain.energy, pulsed.energy)


def test_stitched_zero_bias_has_no_hard_collision_and_keeps_the_others():
    beam = Beam(40.0, {}, 50.0, hard_share=0.25)
    found = overlay(None, library(), 400, beam, 5, 3)
    assert not found.hard_pileup.any()

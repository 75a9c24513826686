"""Trigger objects, particle flow and event images: integers against plain Python, and turned with the event."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from trigger_nn.errors import RecipeError
from trigger_nn.events.detector.grid import TowerGrid
from trigger_nn.events.detector.parameters import PulseSpec
from trigger_nn.events.detector.simulate import Tracks
from trigger_nn.events.objects import trigger
from trigger_nn.events.objects.electron_photon import clusters
from trigger_nn.events.objects.particle_flow import candidates
from trigger_nn.events.records import Candidates, Crossings, Kind
from trigger_nn.events.units import Units
from trigger_nn.events.views import image
from trigger_nn.events.views.build import FrontEnd, build, resolved
from trigger_nn.events.views.values import EventImage

GRID = TowerGrid()
NONE = np.zeros(GRID.eta_bins, np.int64)


@st.composite
def pictures(draw, most=3, sections=()):
    """Small images of few values, so that equal neighbours are common: (1, ..., eta, phi)."""
    shape = (1, *sections, draw(st.integers(7, 10)), draw(st.integers(9, 11)))
    sparse = st.one_of(st.just(0), st.integers(0, most))
    return draw(arrays(np.int64, shape, elements=sparse, fill=st.just(0)))


def window(picture, row, column, rows, columns):
    """(place, value) around a tower: eta ends, phi wraps."""
    for i in range(-rows, rows + 1):
        for j in range(-columns, columns + 1):
            if 0 <= row + i < len(picture):
                yield (i, j), int(picture[row + i][(column + j) % len(picture[0])])


def largest(picture, row, column, rows, columns):
    """Whether a tower is the largest of its window, the first of equal ones."""
    own = int(picture[row][column])
    near = [(place, value) for place, value in window(picture, row, column, rows, columns) if place != (0, 0)]
    return all(value < own or (value == own and place > (0, 0)) for place, value in near)


# --- jets of the trigger ---------------------------------------------------------------------------------------


def hardest_jets(towers, pedestals=NONE, seed=8, minimum=60, count=8):
    return trigger.hardest(trigger.jet_candidates(towers, pedestals, seed, minimum), count)


def jets_by_loops(picture, pedestals, seed, minimum):
    found = np.zeros(np.shape(picture), int)
    for row in range(len(picture)):
        background = 7 * sum(int(pedestals[r]) for r in range(row - 3, row + 4) if 0 <= r < len(picture)) // 256
        for column in range(len(picture[0])):
            momentum = sum(value for _, value in window(picture, row, column, 3, 3)) - background
            if picture[row][column] >= seed and momentum >= minimum and largest(picture, row, column, 3, 3):
                found[row, column] = momentum
    return found


@given(picture=pictures(), seed=st.integers(1, 3), minimum=st.integers(0, 30), data=st.data())
def test_jets_are_those_of_plain_loops(picture, seed, minimum, data):
    pedestals = data.draw(arrays(np.int64, picture.shape[1], elements=st.integers(0, 300)))
    found = trigger.jet_candidates(picture, pedestals, seed, minimum)
    assert np.array_equal(found[0], jets_by_loops(picture[0], pedestals, seed, minimum))


@given(picture=pictures(), turn=st.integers(1, 10))
def test_jets_turn_with_the_event(picture, turn):
    pedestals = np.arange(picture.shape[1]) * 20
    found = trigger.jet_candidates(picture, pedestals, 1, 2)
    assert np.array_equal(trigger.jet_candidates(np.roll(picture, turn, 2), pedestals, 1, 2), np.roll(found, turn, 2))


def test_jets_are_mirrored_with_the_event():
    rng = np.random.default_rng(1)
    towers = rng.permutation(3 * 20 * 24).reshape(3, 20, 24)  # no two are equal: of those the first in eta would win
    pedestals = rng.integers(0, 500, 20)
    found = trigger.jet_candidates(towers, pedestals, 1, 1)
    assert np.count_nonzero(found) > 10
    assert np.array_equal(trigger.jet_candidates(towers[:, ::-1], pedestals[::-1], 1, 1), found[:, ::-1])


def test_jets_wrap_in_phi_and_count_once():
    towers = np.zeros((1, GRID.eta_bins, GRID.phi_bins), np.int64)
    towers[0, 50, 0], towers[0, 50, 71], towers[0, 52, 2] = 60, 50, 40  # one jet across the seam
    towers[0, 20, 30] = 80
    assert hardest_jets(towers)[0].tolist() == [150, 80, 0, 0, 0, 0, 0, 0]


def test_equal_neighbours_make_one_jet():
    towers = np.zeros((1, GRID.eta_bins, GRID.phi_bins), np.int64)
    towers[0, 50, 10:12] = 50
    assert hardest_jets(towers)[0, :2].tolist() == [100, 0]


def test_the_hardest_fall_and_are_padded():
    momentum = np.array([[[3, 0], [9, 5]], [[0, 0], [0, 1]]])
    assert trigger.hardest(momentum, 3).tolist() == [[9, 5, 3], [1, 0, 0]]
    assert trigger.hardest(momentum, 6).tolist() == [[9, 5, 3, 0, 0, 0], [1, 0, 0, 0, 0, 0]]


def test_the_scalar_sum_takes_the_jets_within_its_range():
    momentum = np.zeros((1, GRID.eta_bins, GRID.phi_bins), np.int64)
    momentum[0, [49, 26, 25, 0], 3] = [100, 20, 7, 1]  # |eta| = 0.05, 2.35, 2.45, 4.95
    assert trigger.scalar_sum(momentum, GRID, 2.4).tolist() == [120]
    assert trigger.scalar_sum(momentum, GRID, 5.0).tolist() == [128]


def test_pedestals_are_means_in_fractions_of_a_count():
    towers = np.zeros((2, 3, 4), np.int64)
    towers[0, 1] = 1
    towers[:, 2, 0] = [3, 4]
    assert trigger.measured_pedestals(towers).tolist() == [0, 128, 7 * 256 // 8]


# --- missing momentum -------------------------------------------------------------------------------------------


def missing_momentum_by_python(towers):
    columns = [sum(int(v) for v in towers[0, :, j]) for j in range(8)]
    phi = [(j + 0.5) * math.pi / 4 - math.pi for j in range(8)]
    x = sum(c * round(math.cos(p) * 4096) for c, p in zip(columns, phi, strict=True))
    y = sum(c * round(math.sin(p) * 4096) for c, p in zip(columns, phi, strict=True))
    return [math.isqrt(x * x + y * y) >> 12]


@given(arrays(np.int64, (1, 3, 8), elements=st.integers(0, 2**14 - 1)))
def test_missing_momentum_is_that_of_python_integers(towers):
    assert trigger.missing_momentum(towers).tolist() == missing_momentum_by_python(towers)


@pytest.mark.filterwarnings("ignore:invalid value")
def test_missing_momentum_of_fine_or_wide_counts_does_not_overflow():
    """Towers of 24 bits, as with saturation switched off; or 400 GeV in counts of 0.5 GeV / 1024."""
    for count in (2**24 - 1, 400 * 2048):
        towers = np.zeros((1, 3, 8), np.int64)
        towers[0, 1, 2] = count
        assert trigger.missing_momentum(towers).tolist() == missing_momentum_by_python(towers)


def test_missing_momentum_balances_and_turns():
    towers = np.zeros((2, 20, 12), np.int64)
    towers[0, 3, 0] = towers[0, 15, 6] = 100  # back to back
    towers[1, 3, 0] = 100
    assert trigger.missing_momentum(towers).tolist() == [0, 99]  # truncated: the cosine is rounded to 2^-12
    busy = np.random.default_rng(2).integers(0, 255, (50, 20, 72))
    turned = [trigger.missing_momentum(np.roll(busy, turn, axis=2)) for turn in (18, 36, 54)]
    for other in turned:  # quarter turns: the table of cosines turns into itself
        assert np.array_equal(other, trigger.missing_momentum(busy))
    assert np.array_equal(trigger.missing_momentum(busy[:, ::-1]), trigger.missing_momentum(busy))
    assert np.array_equal(trigger.missing_momentum(busy[:, :, ::-1]), trigger.missing_momentum(busy))


# --- e/gamma ------------------------------------------------------------------------------------------------------


def clusters_by_loops(electromagnetic, hadronic, minimum):
    """(-momentum, row, column) of each cluster, sorted."""
    found = []
    for row in range(len(electromagnetic)):
        for column in range(len(electromagnetic[0])):

            def total(picture, rows, columns, row=row, column=column):
                return sum(value for _, value in window(picture, row, column, rows, columns))

            momentum = total(electromagnetic, 1, 2)
            narrow = 8 * total(hadronic, 1, 2) <= momentum and 2 * (total(electromagnetic, 4, 4) - momentum) <= momentum
            seed = electromagnetic[row][column] > 0 and largest(electromagnetic, row, column, 1, 2)
            if seed and narrow and momentum >= minimum:
                found.append((-momentum, row, column))
    return sorted(found)


@settings(max_examples=200)
@given(picture=pictures(most=40, sections=(2,)), hadronic=st.booleans(), minimum=st.integers(1, 30))
def test_clusters_are_those_of_plain_loops(picture, hadronic, minimum):
    picture = picture * np.array([1, hadronic])[:, None, None]
    expected = clusters_by_loops(*picture[0], minimum)[:4]
    expected = [(-m, row, column) for m, row, column in expected] + [(0, 0, 0)] * (4 - len(expected))
    found = clusters(picture, minimum, 4)
    assert list(zip(found.momentum[0], found.row[0], found.column[0], strict=True)) == expected


def test_a_cluster_crosses_the_seam_and_a_hadron_or_a_crowd_is_none():
    towers = np.zeros((4, 2, 20, 24), np.int64)
    towers[:, 0, 10, 0], towers[:, 0, 10, 22], towers[:, 0, 11, 1] = 60, 15, 5
    towers[1, 1, 10, 23] = 11  # an eighth of 80 is 10
    towers[2, 0, 13, 2] = 41  # around it: more than a half
    towers[3, 1, 10, 23], towers[3, 0, 13, 2] = 10, 40
    found = clusters(towers, 10, 2)
    assert found.momentum.tolist() == [[80, 0], [0, 0], [0, 0], [80, 0]]
    assert (found.row[0, 0], found.column[0, 0]) == (10, 0)


# --- particle flow ------------------------------------------------------------------------------------------------

SMALL = TowerGrid(4, 6, 2.0)
UNITS = Units()  # candidates in 0.25 GeV, towers in 0.5 GeV


def tower_counts(*hits):
    """Towers of one crossing from (section, tower, counts of 0.5 GeV)."""
    found = np.zeros((1, 2, SMALL.towers), np.int64)
    for section, tower, count in hits:
        found[0, section, tower] += count
    return found.reshape(1, 2, SMALL.eta_bins, SMALL.phi_bins)


def track_list(*found, events=1):
    """Tracks of the first crossing from (pT, tower, z0, muon), at eta 0.5 and phi 1."""
    pt, tower, z0, muon = (np.array(column) for column in zip(*found, strict=True)) if found else np.zeros((4, 0))
    ones = np.ones(len(pt))
    offsets = np.array([0] + [len(pt)] * events)
    return Tracks(offsets, pt, 0.5 * ones, ones, z0, -ones, tower.astype(int), muon.astype(bool))


def flow(hits, *found):
    """(kind, pT) of the candidates of one crossing."""
    made = candidates(tower_counts(*hits), track_list(*found), SMALL, 0.5, UNITS)
    return [(Kind(kind).name.lower(), pt) for kind, pt in zip(made.kind.tolist(), made.pt.tolist(), strict=True)]


def test_towers_without_tracks_are_photons_and_neutral_hadrons():
    assert flow([(0, 9, 20)]) == [("photon", 40)]
    assert flow([(1, 9, 20)]) == [("neutral_hadron", 40)]
    assert flow([(0, 9, 20), (1, 9, 6)]) == [("photon", 40), ("neutral_hadron", 12)]
    assert flow([(0, 9, 1)]) == []  # 0.5 GeV: below the least excess of 1 GeV
    assert flow([(0, 9, 2)]) == [("photon", 4)]


def test_a_candidate_stands_at_the_centre_of_its_tower():
    made = candidates(tower_counts((0, 9, 20)), track_list(), SMALL, 0.5, UNITS)
    steps = 1440 / (2 * math.pi)
    assert made.eta.tolist() == [round(-0.5 * steps)]  # the second ring of four over |eta| < 2
    assert made.phi.tolist() == [120]  # the fourth column of six
    assert made.charge.tolist() == [0]


def test_a_track_of_matching_energy_leaves_no_neutral():
    track = (10.0, 9, 0.0, False)
    assert flow([(0, 9, 5), (1, 9, 15)], track) == [("charged_hadron", 40)]
    assert flow([(0, 9, 5), (1, 9, 10)], track) == [("charged_hadron", 40)]  # a hadron that reads low
    assert flow([(0, 9, 5), (1, 9, 21)], track) == [("charged_hadron", 40)]  # 3 GeV: within its resolution
    assert flow([(0, 9, 5), (1, 9, 25)], track) == [("charged_hadron", 40), ("neutral_hadron", 20)]
    assert flow([(0, 9, 15), (1, 9, 15)], track) == [("charged_hadron", 40), ("photon", 20)]
    assert flow([(0, 8, 20)], track) == [("charged_hadron", 40), ("photon", 40)]  # another tower


def test_an_electron_leaves_its_energy_in_the_first_section():
    track = (10.0, 9, 0.0, False)
    assert flow([(0, 9, 20), (1, 9, 2)], track) == [("electron", 40)]
    assert flow([(0, 9, 20), (1, 9, 3)], track)[0] == ("charged_hadron", 40)
    assert flow([(0, 9, 10)], track) == [("electron", 40)]
    assert flow([(0, 9, 9)], track) == [("charged_hadron", 40)]


def test_a_muon_takes_what_it_leaves_off_its_tower():
    deposit = math.ceil(2.0 / math.cosh(0.5) / 0.25)  # 2 GeV of energy at eta 0.5, in counts
    assert flow([(1, 9, 20)], (30.0, 9, 0.0, True)) == [("muon", 120), ("neutral_hadron", 40 - deposit)]
    assert flow([(1, 9, 3)], (30.0, 9, 0.0, True)) == [("muon", 120)]


def test_pileups_tracks_are_no_candidates_and_still_taken_off():
    assert flow([(1, 9, 20)], (10.0, 9, 5.0, False)) == []
    assert flow([(1, 9, 20)], (10.0, 9, -4.99, False)) == [("charged_hadron", 40)]
    assert flow([(1, 9, 30)], (6.0, 9, 80.0, False), (2.0, 9, 0.0, False)) == [
        ("charged_hadron", 8), ("neutral_hadron", 28),
    ]  # fmt: skip


def test_momenta_saturate_and_phi_is_wrapped():
    made = candidates(tower_counts((0, 9, 16383)), track_list((9000.0, 8, 0.0, False)), SMALL, 0.5, UNITS)
    assert made.pt.tolist() == [16383, 16383]
    turned = track_list((10.0, 8, 0.0, False))
    turned.phi[:] = np.pi
    assert candidates(tower_counts(), turned, SMALL, 0.5, UNITS).phi.tolist() == [-720]


hit_lists = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 23), st.integers(0, 60)), max_size=30)
found_tracks = st.lists(
    st.tuples(st.floats(0.1, 40), st.integers(0, 23), st.sampled_from([0.0, 4.0, 6.0]), st.booleans()), max_size=20
)


@given(hits=hit_lists, tracks=found_tracks)
def test_energy_is_counted_once(hits, tracks):
    """In each tower what is neutral is what tracks leave; in all, no more than towers and tracks had together."""
    towers = tower_counts(*hits)
    made = candidates(towers, track_list(*tracks), SMALL, 0.5, UNITS)
    charged = np.isin(made.kind, (Kind.CHARGED_HADRON, Kind.ELECTRON, Kind.MUON))
    taken = [0] * SMALL.towers
    for pt, tower, _, muon in tracks:
        own = math.floor(pt / 0.25)
        taken[tower] += min(own, math.ceil(2.0 / math.cosh(0.5) / 0.25)) if muon else own
    total = 2 * towers.reshape(2, -1).sum(axis=0)
    left = [(max(int(t) - k, 0), k) for t, k in zip(total, taken, strict=True)]
    # An excess counts from 1 GeV on, and beyond a resolution of 100 % / sqrt(E) (+) 1/20 of the tracks.
    real = [e for e, k in left if e >= 4 and Fraction(e, 4) ** 2 > Fraction(k, 4) + Fraction(k, 80) ** 2]
    assert made.pt[~charged].sum() == sum(real)
    own = [math.floor(pt / 0.25) for pt, _, z0, _ in tracks if z0 < 5]
    assert made.pt[charged].tolist() == [pt for pt in own if pt]
    muons = sum(math.floor(pt / 0.25) for pt, _, z0, muon in tracks if muon and z0 < 5)
    assert made.pt.sum() <= sum(max(int(t), k) for t, k in zip(total, taken, strict=True)) + muons
    assert made.pt.min(initial=1) > 0


def test_events_stay_apart_and_each_lists_charged_before_neutral():
    towers = np.concatenate([tower_counts((0, 9, 20), (1, 3, 20)), tower_counts((1, 9, 30))])
    made = candidates(towers, track_list((10.0, 0, 0.0, False), events=2), SMALL, 0.5, UNITS)
    assert made.offsets.tolist() == [0, 3, 4]
    assert made.kind.tolist() == [Kind.CHARGED_HADRON, Kind.PHOTON, Kind.NEUTRAL_HADRON, Kind.NEUTRAL_HADRON]
    assert made.pt.tolist() == [40, 40, 40, 60]
    assert made.charge.tolist() == [-1, 0, 0, 0]


# --- images of towers ---------------------------------------------------------------------------------------------


def view(**choices):
    return EventImage(kind="event_image", **{"eta_bins": 4, "phi_bins": 6, "bits": 10} | choices)


def busy_towers(events=3, rings=8, columns=12, most=40):
    return np.random.default_rng(6).integers(0, most, (events, 2, rings, columns))


def test_an_image_of_single_towers_is_the_towers():
    towers = busy_towers()
    fine = view(eta_bins=8, phi_bins=12, channels=("electromagnetic", "hadronic"))
    assert np.array_equal(image.tower_image(towers, fine), towers.transpose(0, 2, 3, 1))
    assert np.array_equal(image.tower_image(towers, view(eta_bins=8, phi_bins=12)), towers.sum(axis=1))


def test_a_cell_is_the_sum_of_its_block():
    towers = busy_towers()
    found = image.tower_image(towers, view(channels=("hadronic", "total")))
    assert found.shape == (3, 4, 6, 2)
    for event, row, column in np.ndindex(3, 4, 6):
        block = towers[event, :, 2 * row : 2 * row + 2, 2 * column : 2 * column + 2]
        assert found[event, row, column].tolist() == [block[1].sum(), block.sum()]


def test_pedestals_are_taken_off_ring_by_ring_and_cells_stay_in_range():
    towers = busy_towers(most=200)
    rows = Crossings(towers)
    subtracting = resolved(view(subtract=True, channels=("total", "hadronic")), rows)
    summed = image.cells(towers, subtracting)
    expected = [[round(float(summed[:, ring, :, c].mean())) for ring in range(4)] for c in range(2)]
    assert [list(row) for row in subtracting.pedestals] == expected
    found = image.tower_image(towers, subtracting)
    for ring in range(4):
        assert np.array_equal(found[:, ring, :, 1], np.clip(summed[:, ring, :, 1] - expected[1][ring], 0, 1023))
    assert found.min() == 0
    saturated = image.tower_image(towers, view(bits=5))
    assert saturated.max() == 31
    assert resolved(subtracting, Crossings(0 * towers)) == subtracting  # what is measured stays


@pytest.mark.parametrize("choices", [{}, {"channels": ("electromagnetic", "total")}, {"subtract": True}])
def test_tower_images_turn_and_are_mirrored_with_the_event(choices):
    towers = busy_towers()
    choices = choices | ({"pedestals": ((3, 5, 5, 3),)} if "subtract" in choices else {})
    found = image.tower_image(towers, view(**choices))
    assert np.array_equal(image.tower_image(np.roll(towers, 2 * 5, axis=3), view(**choices)), np.roll(found, 5, axis=2))
    assert np.array_equal(image.tower_image(towers[:, :, ::-1], view(**choices)), found[:, ::-1])


def test_cells_that_do_not_divide_the_towers_are_refused():
    with pytest.raises(RecipeError, match=r"3 x 6 cells can't be made of 8 x 12 towers"):
        image.cells(busy_towers(), view(eta_bins=3))


def test_channels_belong_to_their_source():
    for choices in (
        {"channels": ("muon",)}, {"source": "candidates", "channels": ("total",)},
        {"source": "jets", "channels": ("charged",)},
        {"source": "candidates", "channels": ("all",), "subtract": True},
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"can't be had|from towers only"):
            view(**choices)


# --- images of candidates and of jets -----------------------------------------------------------------------------

STEPS = Units(phi_steps=1440)
REACH = 550  # steps to eta 2.4


def listed(*events):
    """Candidates from lists of (pt, eta, phi, kind)."""
    rows = np.array([row for event in events for row in event], np.int64).reshape(-1, 4)
    return Candidates(np.cumsum([0, *map(len, events)]), *rows.T, np.zeros(len(rows), np.int64))


rows_of_candidates = st.lists(
    st.tuples(st.integers(1, 50), st.integers(-700, 700), st.integers(-2000, 2000), st.integers(1, 5)), max_size=25
)


@given(events=st.lists(rows_of_candidates, min_size=1, max_size=3))
def test_candidates_fall_into_the_cell_of_their_angles(events):
    channels = {"all": (1, 2, 3, 4, 5), "charged": (1, 2, 3), "neutral": (4, 5), "photon": (4,), "electron": (2,),
                "muon": (3,)}  # fmt: skip
    seen = view(source="candidates", channels=tuple(channels), bits=6)
    expected = np.zeros((len(events), 4, 6, 6), int)
    for number, event in enumerate(events):
        for pt, eta, phi, kind in event:
            row = math.floor((eta + REACH) / (2 * REACH) * 4)  # exact: quarters of the range are integers or halves
            if 0 <= row < 4:
                for place, kinds in enumerate(channels.values()):
                    expected[number, row, (phi + 720) % 1440 // 240, place] += pt * (kind in kinds)
    assert np.array_equal(image.candidate_image(listed(*events), seen, STEPS), np.minimum(expected, 63))


@given(event=rows_of_candidates, turn=st.integers(1, 5))
def test_candidate_images_turn_and_are_mirrored_with_the_event(event, turn):
    seen = view(source="candidates", channels=("all", "muon"))
    inner = [row for row in event if row[1] % 275]  # a cell has its lower edge, its mirror image has the upper one
    found = image.candidate_image(listed(inner), seen, STEPS)
    turned = [(pt, eta, (phi + 240 * turn + 720) % 1440 - 720, kind) for pt, eta, phi, kind in inner]
    assert np.array_equal(image.candidate_image(listed(turned), seen, STEPS), np.roll(found, turn, axis=2))
    mirrored = [(pt, -eta, phi, kind) for pt, eta, phi, kind in inner]
    assert np.array_equal(image.candidate_image(listed(mirrored), seen, STEPS), found[:, ::-1])


def test_an_image_of_jets_holds_each_jet_once():
    front_end = FrontEnd(SMALL, None, STEPS, PulseSpec(), None)
    event = [(200, 300, 100, 4), (100, 320, 110, 1), (160, -300, -719, 4), (80, -310, 715, 5), (30, 0, 0, 4)]
    rows = Crossings(np.zeros((2, 2, 4, 6), int), listed([], event))
    found = build(view(source="jets", channels=("all",), bits=12), rows, front_end)
    assert found.shape == (2, 4, 6)
    assert not found[0].any()
    row, column = np.nonzero(found[1])
    # 75 GeV at eta 1.33; 60 GeV at eta -1.32 across the seam; 7.5 GeV is less than the 20 GeV asked for.
    assert row.tolist() == [0, 3]
    assert column.tolist() == [5, 3]  # the first jet's mean phi is just before the seam
    # pT of a sum of vectors is at most that of its parts: 1 % below for parts 30 steps apart.
    assert 237 <= found[1, 0, 5] <= 240
    assert 297 <= found[1, 3, 3] <= 300

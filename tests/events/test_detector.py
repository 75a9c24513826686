"""The detector: each stage against its formula, and each switched off by its name."""

import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trigger_nn.events.detector.calorimeter import hadron_response, transverse_energy, width
from trigger_nn.events.detector.grid import TowerGrid
from trigger_nn.events.detector.parameters import CalorimeterSpec, DetectorSpec, Resolution, SolenoidSpec, Stage
from trigger_nn.events.detector.simulate import LOWEST, TRACK_ARRAYS, simulate
from trigger_nn.events.detector.solenoid import at_calorimeter
from trigger_nn.events.detector.tracking import measure
from trigger_nn.events.generation.particles import Particles

GRID = TowerGrid()
STAGES = get_args(Stage)
PERFECT = DetectorSpec(off=STAGES)
PHOTON, KAON_LONG, PION, MUON, ELECTRON = 22, 130, 211, 13, 11
MANY = 20_000


def off(*stages):
    return DetectorSpec(off=stages)


def particles(*events):
    """Collisions as lists of (pT, eta, phi, PDG code, charge)."""
    rows = np.array([row for event in events for row in event], float).reshape(-1, 5)
    offsets = np.cumsum([0, *map(len, events)])
    return Particles(offsets, *rows.T[:3], rows[:, 3].astype(int), rows[:, 4], *np.ones((2, len(events))))


def crowd(count=600, events=5, seed=1):
    """Collisions of random particles of every kind, out of the calorimeter too."""
    rng = np.random.default_rng(seed)
    kinds = [(22, 0), (130, 0), (211, 1), (-211, -1), (11, -1), (-13, 1), (12, 0), (2112, 0)]
    chosen = [kinds[i] for i in rng.integers(0, len(kinds), count)]
    pt, eta, phi = rng.exponential(5, count) + 0.1, rng.uniform(-5.5, 5.5, count), rng.uniform(-np.pi, np.pi, count)
    rows = [(*row, *kind) for *row, kind in zip(pt, eta, phi, chosen, strict=True)]
    return particles(*(rows[i::events] for i in range(events)))


def alike(pt, eta=0.0, kind=PHOTON, charge=0.0):
    """Arrays of `MANY` equal particles: pT, eta, |PDG code|, charge."""
    return np.full(MANY, pt), np.full(MANY, eta), np.full(MANY, kind), np.full(MANY, charge)


def left(spec, *found, seed=1):
    """Transverse energy in both sections of particles (pT, eta, |PDG code|, charge)."""
    pt, eta, kind, charge = map(np.array, zip(*found, strict=True))
    return transverse_energy(pt * np.cosh(eta), eta, kind, charge, spec, seed)


def tracked(spec, pt, eta=0.0, kind=PION, seed=1):
    """What the tracker finds of `MANY` equal particles, all at phi 0.5."""
    pt, eta, kind, charge = alike(pt, eta, kind, 1.0)
    return measure(pt, eta, np.full(MANY, 0.5), kind, charge, spec, seed)


def within(found, expected, sigma):
    """Five standard deviations: one wrong alarm in two million."""
    assert abs(found - expected) < 5 * sigma


# --- grid ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid", [GRID, TowerGrid(276, 360, 2.4), TowerGrid(7, 8, 1.5)])
def test_each_tower_holds_its_own_centre(grid):
    eta, phi = np.meshgrid(grid.eta_centres(), grid.phi_centres(), indexing="ij")
    assert np.array_equal(grid.index(eta.ravel(), phi.ravel()), np.arange(grid.towers))
    assert np.array_equal(grid.index(eta.ravel(), phi.ravel() - 2 * np.pi), np.arange(grid.towers))
    assert grid.channels == 2 * grid.towers


def test_the_seam_and_the_ends_of_the_grid():
    def row_and_column(eta, phi):
        return tuple(int(i) for i in np.divmod(GRID.index(np.array([eta]), np.array([phi]))[0], GRID.phi_bins))

    assert row_and_column(-5.0, -np.pi) == (0, 0)
    assert row_and_column(0.0, np.pi) == (50, 0)  # pi is -pi
    assert row_and_column(0.0, np.pi - 1e-9) == (50, 71)
    assert row_and_column(7.0, 0.0) == (99, 36)
    assert row_and_column(-7.0, -1e-9) == (0, 35)


# --- all stages -------------------------------------------------------------------------------------------------


def test_with_every_stage_off_no_energy_is_lost():
    events = crowd()
    found = simulate(events, PERFECT, 1)
    visible = ~np.isin(np.abs(events.pdg_id), (12, 13)) & (np.abs(events.eta) < GRID.eta_max)
    carried = np.bincount(events.event()[visible], events.pt[visible], len(events))
    read = np.add.reduceat(found.energy, found.offsets[:-1])
    hit = 2 * np.bincount(events.event()[visible], minlength=len(events))
    # A channel with less than LOWEST is dropped, and a particle has two channels at most; nothing else is lost.
    assert np.all(read <= carried + 1e-9)  # 1e-9: sums of 100 doubles in another order
    assert np.all(carried - read <= LOWEST * (hit - np.diff(found.offsets)) + 1e-9)


def test_channels_are_summed_sorted_and_not_repeated():
    rng = np.random.default_rng(3)
    events = [[(pt, rng.choice([-0.31, 0.02]), 0.1, PHOTON, 0) for pt in rng.integers(1, 9, 7)] for _ in range(4)]
    found = simulate(particles(*events), PERFECT, 1)
    for number, event in enumerate(events):
        expected = {}
        for pt, eta, phi, *_ in event:
            tower = int(GRID.index(np.array([eta]), np.array([phi]))[0])
            expected[tower] = expected.get(tower, 0) + pt
        rows = slice(*found.offsets[number : number + 2])
        assert found.channel[rows].tolist() == sorted(expected)
        # A dozen roundings of cosh and of sums.
        assert found.energy[rows] == pytest.approx([expected[tower] for tower in sorted(expected)], rel=1e-14)
    crowded = simulate(crowd(), DetectorSpec(), 1)
    for first, last in zip(crowded.offsets[:-1], crowded.offsets[1:], strict=True):
        assert np.all(np.diff(crowded.channel[first:last]) > 0)
    assert crowded.energy.min() > LOWEST


def test_an_event_of_nothing_stays_an_event():
    found = simulate(particles([], [(20.0, 0.0, 0.0, PHOTON, 0)], []), PERFECT, 1)
    assert found.offsets.tolist() == [0, 0, 1, 1]
    assert found.tracks.offsets.tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("code", [12, -12, 14, -14, 16, -16, 1000022])
def test_neutrinos_and_the_neutralino_leave_nothing(code):
    events = particles([(50.0, 0.3, 0.1, code, 0)], [(50.0, 0.3, 0.1, KAON_LONG, 0)])
    for spec in (DetectorSpec(), PERFECT):
        assert simulate(events, spec, 1).offsets[1] == 0
        assert simulate(events, spec, 1).offsets[2] > 0


def test_what_is_beyond_the_towers_is_gone():
    spec = DetectorSpec(off=STAGES, towers={"eta_bins": 24, "phi_bins": 8, "eta_max": 2.4})
    found = simulate(particles([(9.0, eta, 0.0, PION, 1) for eta in (-2.5, -2.3, 2.3, 2.5)]), spec, 1)
    assert found.energy.sum() == pytest.approx(18.0)
    assert found.tracks.eta.tolist() == [-2.3, 2.3]


def test_the_same_seed_gives_the_same_detector_and_another_does_not():
    one, same, other = (simulate(crowd(), DetectorSpec(), seed) for seed in (7, 7, 8))
    assert np.array_equal(one.energy, same.energy)
    assert np.array_equal(one.tracks.pt, same.tracks.pt)
    assert len(one.energy) != len(other.energy) or not np.array_equal(one.energy, other.energy)


CALORIMETER, TRACKS = {"response", "smearing"}, {"acceptance", "tracking_efficiency", "tracking_resolution"}
BOTH = {"bending", "muons"}


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_changes_its_own_part_and_no_other(stage):
    full, without = (simulate(crowd(), spec, 5) for spec in (DetectorSpec(), off(stage)))
    same_energy = np.array_equal(full.channel, without.channel) and np.array_equal(full.energy, without.energy)
    same_tracks = all(np.array_equal(getattr(full.tracks, n), getattr(without.tracks, n)) for n in TRACK_ARRAYS)
    assert same_energy == (stage not in CALORIMETER | BOTH)
    assert same_tracks == (stage not in TRACKS | BOTH)


def test_without_a_field_tracks_are_the_same_and_meet_other_towers():
    full, straight = (simulate(crowd(), spec, 5).tracks for spec in (DetectorSpec(), off("bending")))
    for name in set(TRACK_ARRAYS) - {"tower"}:
        assert np.array_equal(getattr(full, name), getattr(straight, name))
    assert not np.array_equal(full.tower, straight.tower)


# --- solenoid ---------------------------------------------------------------------------------------------------


@given(
    pt=st.floats(0.2, 500), eta=st.floats(0.05, 4.9), phi=st.floats(-3, 3), charge=st.sampled_from([-2.0, -1.0, 1.0]),
    field=st.floats(0.1, 5), side=st.sampled_from([-1, 1]),
)  # fmt: skip
def test_the_helix_ends_where_walking_along_it_ends(pt, eta, phi, charge, field, side):
    """Steps of 2 mm along the arc, from the definition of a circle, until barrel or endcap is met."""
    spec = DetectorSpec(solenoid=SolenoidSpec(field=field))
    curvature = 0.3 * charge * field / pt
    assume(abs(abs(curvature) * 1.29 / 2 - 1) > 0.02)  # along the barrel's face no step tells where it is met
    arc = np.arange(1, 35_000) * 0.002
    x = (np.sin(phi) - np.sin(phi - curvature * arc)) / curvature
    y = (np.cos(phi - curvature * arc) - np.cos(phi)) / curvature
    z = arc * math.sinh(eta)
    at = np.flatnonzero((np.hypot(x, y) >= 1.29) | (z >= 3.2))[0]
    assume(np.hypot(x[at], y[at]) > 0.02)  # on the beam's own line no azimuth is left
    eta_there, phi_there = at_calorimeter(*(np.array([v]) for v in (pt, side * eta, phi, charge)), spec)
    distance = z[at] / math.sinh(side * eta_there[0])
    # A step is 2 mm along the arc; it meets the barrel under an angle of at least 11 degrees, so within 1 cm.
    assert distance == pytest.approx(np.hypot(x[at], y[at]), abs=0.02)
    assert np.hypot(distance * np.cos(phi_there[0]) - x[at], distance * np.sin(phi_there[0]) - y[at]) < 0.03


def test_soft_particles_never_arrive():
    least = 0.3 * 3.8 * 1.29 / 2
    events = [[(pt, 0.0, 0.0, PION, 1)] for pt in (0.99 * least, 1.01 * least)] + [[(0.2, 0.0, 0.0, KAON_LONG, 0)]]
    found = simulate(particles(*events), off("smearing"), 1)
    assert np.diff(found.offsets).astype(bool).tolist() == [False, True, True]
    assert simulate(particles(*events), off("smearing", "bending"), 1).offsets[1] > 0


def test_opposite_charges_part_and_neutral_particles_go_straight():
    rows = [(2.0, 0.0, 0.0, PION, charge) for charge in (1, -1, 0)]
    found = particles(rows)
    _, there = at_calorimeter(found.pt, found.eta, found.phi, found.charge, DetectorSpec())
    assert there[0] == -there[1] < 0 == there[2]


# --- calorimeter -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("charge", "scale"), [(1, 1.0), (-1, 1.0), (0, 2.6)])
def test_hadrons_read_low_by_a_power_law(charge, scale):
    energy = np.array([0.3, 1.0, 2.6, 5.0, 50.0, 1000.0])
    expected = [1 - 0.3 * max(e / scale, 1.0) ** -0.18 for e in energy.tolist()]
    calibrated = 1 - 0.3 * 50.0**-0.18  # charged ones are right at 50 GeV
    found = hadron_response(energy, np.full(6, charge), CalorimeterSpec())
    assert found == pytest.approx(np.array(expected) / calibrated, rel=1e-12)
    assert np.all(np.diff(found) >= 0)
    if charge:
        assert found[4] == pytest.approx(1.0, rel=1e-12)


def test_response_belongs_to_hadrons_alone():
    rows = [(20.0, 0.5, code, charge) for code, charge in ((PHOTON, 0), (ELECTRON, -1), (PION, 1), (KAON_LONG, 0))]
    exact, reads = left(off("smearing", "response"), *rows), left(off("smearing"), *rows)
    factor = hadron_response(np.full(4, 20.0 * np.cosh(0.5)), np.array([0, -1, 1, 0]), CalorimeterSpec())
    factor[:2] = 1
    assert reads == pytest.approx(exact * factor, rel=1e-12)  # the shares of the sections are the same draws
    assert exact.sum(axis=0) == pytest.approx([20.0] * 4, rel=1e-12)
    assert exact[1, :2].tolist() == [0, 0]  # showers end in the electromagnetic section


def test_hadrons_share_their_energy_between_the_sections():
    pt, eta, kind, charge = alike(30.0, 0.0, PION, 1.0)
    electromagnetic = transverse_energy(pt, eta, kind, charge, off("smearing", "response"), 2)[0] / 30.0
    assert electromagnetic.min() >= 0
    assert electromagnetic.max() <= 0.5
    within(electromagnetic.mean(), 0.25, 0.5 / math.sqrt(12 * MANY))  # uniform over 0 to 1/2
    within(electromagnetic.std(), 0.5 / math.sqrt(12), 0.5 / math.sqrt(12) / math.sqrt(2 * MANY))


@pytest.mark.parametrize(("kind", "eta", "section", "which"), [
    (PHOTON, 0.4, 0, "electromagnetic"),
    (PHOTON, 3.5, 0, "forward_electromagnetic"),
    (KAON_LONG, -2.9, 1, "hadronic"),
    (KAON_LONG, -3.1, 1, "forward_hadronic"),
])  # fmt: skip
def test_energies_are_smeared_by_their_width(kind, eta, section, which):
    calorimeter = CalorimeterSpec(electromagnetic_share=0.0)
    resolution = getattr(calorimeter, which)
    energy = 400.0
    spec = DetectorSpec(off=("response",), calorimeter=calorimeter)
    found = transverse_energy(*alike(energy, eta, kind), spec, 3)[section] * np.cosh(eta)
    sigma = float(width(np.array(energy), resolution))
    terms = (resolution.stochastic * math.sqrt(energy), resolution.noise, resolution.constant * energy)
    assert sigma == pytest.approx(math.hypot(*terms), rel=1e-12)
    within(found.mean(), energy, sigma / math.sqrt(MANY))
    within(found.std(), sigma, sigma / math.sqrt(2 * MANY))


def test_no_energy_has_no_width_and_none_is_negative():
    assert width(np.array([0.0]), Resolution(stochastic=1, noise=1, constant=1)).tolist() == [0]
    soft = transverse_energy(*alike(0.4, 0.0, KAON_LONG), off("response"), 1)
    assert soft.min() >= 0
    # Soft particles keep their mean, whatever their width: 0.1 and 0.3 GeV here, of widths up to 0.7 GeV.
    for section, share in ((0, 0.25), (1, 0.75)):
        within(soft[section].mean(), 0.4 * share, 0.7 / math.sqrt(MANY))


def test_smearing_off_is_a_resolution_of_nothing():
    exact = Resolution(stochastic=0.0)
    nothing = dict.fromkeys(("electromagnetic", "hadronic", "forward_electromagnetic", "forward_hadronic"), exact)
    zero, without = (
        simulate(crowd(), spec, 1) for spec in (DetectorSpec(calorimeter=nothing), off("smearing"))
    )  # fmt: skip
    assert np.array_equal(zero.energy, without.energy)


def test_muons_leave_what_ionisation_leaves():
    rows = [(20.0, 0.0, MUON, 1), (1.0, 0.0, MUON, -1), (20.0, 1.5, MUON, 1)]
    lever = math.cosh(1.5)
    expected = [[0.3, 0.3, 0.3 / lever], [1.7, 0.5, 1.7 / lever]]  # 1 GeV: no section takes more than half
    assert left(off("smearing"), *rows) == pytest.approx(np.array(expected), rel=1e-12)
    assert left(off("smearing", "muons"), *rows).tolist() == [[0, 0, 0], [0, 0, 0]]


# --- tracks -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [PION, MUON])
def test_a_share_of_the_tracks_is_found(kind):
    spec = DetectorSpec(tracker={"efficiency": 0.8}, muons={"efficiency": 0.6})
    share = 0.6 if kind == MUON else 0.8
    found = tracked(spec, 10.0, kind=kind)
    within(len(found.index), share * MANY, math.sqrt(MANY * share * (1 - share)))
    stage = "muons" if kind == MUON else "tracking_efficiency"
    every = tracked(DetectorSpec(off=(stage,), tracker={"efficiency": 0.8}, muons={"efficiency": 0.6}), 10.0, kind=kind)
    assert len(every.index) == MANY


def test_efficiency_off_leaves_the_measurements_alone():
    full, every = (tracked(spec, 10.0) for spec in (DetectorSpec(), off("tracking_efficiency")))
    assert len(full.index) < len(every.index)
    for name in ("pt", "eta", "phi", "z0"):
        assert np.array_equal(getattr(full, name), getattr(every, name)[full.index])


def test_resolution_off_finds_the_same_tracks():
    full, exact = (tracked(spec, 10.0) for spec in (DetectorSpec(), off("tracking_resolution")))
    assert np.array_equal(full.index, exact.index)
    assert set(exact.pt) == {10.0}
    assert set(exact.phi) == {0.5}
    assert set(exact.z0) == set(exact.eta) == {0.0}
    assert not np.any(full.pt == 10.0)


@pytest.mark.parametrize(("kind", "pt", "relative"), [
    (PION, 5.0, math.hypot(0.01, 0.0005)), (PION, 300.0, math.hypot(0.01, 0.03)), (MUON, 20.0, 0.05),
])  # fmt: skip
def test_curvature_angles_and_vertex_have_their_widths(kind, pt, relative):
    found = tracked(off("tracking_efficiency", "muons") if kind != MUON else off("tracking_efficiency"), pt, kind=kind)
    count = len(found.pt)
    for values, mean, sigma in (
        (pt / found.pt, 1.0, relative), (found.eta, 0.0, 0.001), (found.phi, 0.5, 0.001), (found.z0, 0.0, 1.0),
    ):  # fmt: skip
        within(values.mean(), mean, sigma / math.sqrt(count))
        within(values.std(), sigma, sigma / math.sqrt(2 * count))


def test_muons_off_is_exact_for_muons_and_nothing_for_others():
    rows = [(10.0, 0.0, 0.0, MUON, 1), (10.0, 0.0, 1.0, PION, 1)] * 50
    full, exact = (simulate(particles(rows), spec, 4).tracks for spec in (DetectorSpec(), off("muons")))
    assert exact.muon.sum() == 50
    assert set(exact.pt[exact.muon]) == {10.0}
    assert np.array_equal(full.pt[~full.muon], exact.pt[~exact.muon])


def test_tracker_and_muon_system_end_where_they_end():
    pt, eta = np.array([1.9, 2.1, 2.9, 3.1, 9.0, 9.0, 0.3]), np.array([0, 0, 0, 0, 2.39, -2.41, 4.9])

    def seen(kind, *switched):
        spec = off("tracking_efficiency", "muons", *switched)
        return measure(pt, eta, np.zeros(7), np.full(7, kind), np.ones(7), spec, 1).index.tolist()

    assert seen(PION) == [1, 2, 3, 4]
    assert seen(MUON) == [3, 4]
    assert seen(PION, "acceptance") == seen(MUON, "acceptance") == [0, 1, 2, 3, 4, 5, 6]


def test_only_charged_particles_make_tracks_and_these_know_their_tower():
    rows = [(10.0, 0.5, 0.3, PHOTON, 0), (10.0, 0.5, 0.3, PION, -1), (10.0, 0.5, 0.3, KAON_LONG, 0)]
    spec = off("tracking_efficiency", "tracking_resolution")
    found = simulate(particles([], rows), spec, 1).tracks
    assert found.offsets.tolist() == [0, 0, 1]
    there = at_calorimeter(*(np.array([v]) for v in (10.0, 0.5, 0.3, -1.0)), spec)
    assert found.tower.tolist() == GRID.index(*there).tolist()
    assert (found.charge[0], found.muon[0], found.phi[0]) == (-1, False, 0.3)


def test_a_wild_curvature_error_turns_no_track_around():
    spec = DetectorSpec(off=("tracking_efficiency",), tracker={"constant": 5.0})
    found = tracked(spec, 10.0)
    assert found.pt.min() > 0
    assert found.pt.max() == 10.0 / 0.2

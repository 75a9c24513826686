"""FastJet's jets in counts, their observables, and float substructure against plain Python."""

import itertools
import math
import sys

import numpy as np
import pytest

from trigger_nn.errors import ToolNotFound
from trigger_nn.events.objects import jets as jets_module
from trigger_nn.events.objects import substructure
from trigger_nn.events.objects.jets import cluster, observables
from trigger_nn.events.records import Candidates, Jets, Kind, longest, padded
from trigger_nn.events.units import Units

UNITS = Units()
HALF_TURN = UNITS.phi_steps // 2


def candidates(*events):
    """Events as lists of (pt, eta, phi) in counts; photons."""
    rows = np.array([row for event in events for row in event], np.int64).reshape(-1, 3)
    offsets = np.cumsum([0, *map(len, events)])
    return Candidates(offsets, *rows.T, np.full(len(rows), Kind.PHOTON), np.zeros(len(rows), np.int64))


def spray(rng, prongs, particles=12, spread=8):
    """Particles around (pt, eta, phi) in counts."""
    rows = []
    for pt, eta, phi in prongs:
        share = rng.dirichlet(np.ones(particles))
        rows += zip(1 + (pt * share).astype(int), eta + rng.normal(0, spread, particles).round().astype(int),
                    phi + rng.normal(0, spread, particles).round().astype(int), strict=True)  # fmt: skip
    return rows


def random_jets(rng, count, angle=100, particles=12):
    """Jets of two prongs of random shares and distance, as `cluster` would give them."""
    events = []
    for share, away in zip(rng.uniform(0.05, 0.5, count), rng.integers(20, angle, count), strict=True):
        events.append(spray(rng, [(2000 * share, away // 2, 0), (2000 * (1 - share), -away // 2, 3)], particles))
    parts = candidates(*events)
    zeros = np.zeros(count, np.int64)
    return Jets(np.add.reduceat(parts.pt, parts.offsets[:-1]), zeros, zeros, parts, np.arange(count))


# --- clustering ------------------------------------------------------------------------------------------------


def test_a_pair_has_the_mass_of_the_pair():
    events = candidates([(400, 10, 0), (200, -40, 60)])
    jets = cluster(events, UNITS, 0.8, 20.0, 4)
    found = observables(jets, UNITS, 0.8)
    deta, dphi = 50 * UNITS.angle, 60 * UNITS.angle
    expected = math.sqrt(2 * 100 * 50 * (math.cosh(deta) - math.cos(dphi)))
    assert len(jets) == 1
    assert found["mass"] == pytest.approx([expected], rel=1e-9)
    assert found["softdrop_mass"] == pytest.approx([expected], rel=1e-6)  # shares 1/3 and 2/3: nothing is dropped
    assert found["tau21"] == pytest.approx([0], abs=1e-9)
    assert found["d2"] == found["c2"] == [0]  # no triple


def test_constituents_sum_to_the_jet():
    rng = np.random.default_rng(1)
    events = candidates(*(
        list(zip(rng.geometric(0.02, 150), rng.integers(-500, 500, 150), rng.integers(-720, 720, 150), strict=True))
        for _ in range(20)
    ))  # fmt: skip
    jets = cluster(events, UNITS, 0.4, 20.0, 6)
    owner = jets.constituents.event()
    eta, phi = jets.constituents.eta + jets.eta[owner], jets.constituents.phi + jets.phi[owner]
    vectors = substructure.four_vectors(jets.constituents.pt * UNITS.candidate_lsb, eta * UNITS.angle,
                                        phi * UNITS.angle)  # fmt: skip
    px, py, pz, _ = np.array([np.bincount(owner, column) for column in vectors.T])
    pt = np.hypot(px, py)
    assert len(jets) > 20
    assert (np.diff(jets.event) >= 0).all()
    assert (np.bincount(jets.event) <= 6).all()
    assert ((np.diff(jets.pt) <= 0) | (np.diff(jets.event) > 0)).all()
    assert np.array_equal(jets.pt, np.floor(pt / UNITS.candidate_lsb + 1e-6).astype(int))
    assert np.array_equal(jets.eta, np.rint(np.arcsinh(pz / pt) / UNITS.angle).astype(int))
    turned = np.rint(np.arctan2(py, px) / UNITS.angle).astype(int)
    assert np.array_equal(jets.phi, jets_module.wrapped(turned, UNITS.phi_steps))
    # what is in jets are rows of the candidates, each at most once
    rows = {(e, *row) for e, *row in zip(events.event(), events.pt, events.eta,
                                         jets_module.wrapped(events.phi, UNITS.phi_steps), strict=True)}  # fmt: skip
    assert {*zip(jets.event[owner], jets.constituents.pt, eta, jets_module.wrapped(phi, UNITS.phi_steps),
                 strict=True)} <= rows  # fmt: skip


def test_single_particles_keep_their_integers():
    rng = np.random.default_rng(2)
    rows = zip(rng.integers(81, 16384, 300), rng.integers(-900, 900, 300), rng.integers(-720, 720, 300), strict=True)
    events = candidates(*([row] for row in rows))
    jets = cluster(events, UNITS, 0.4, 20.0, 1)
    for have, want in ((jets.pt, events.pt), (jets.eta, events.eta), (jets.phi, events.phi)):
        assert np.array_equal(have, want)
    assert not jets.constituents.eta.any()
    assert not jets.constituents.phi.any()


def test_a_jet_at_half_a_turn_is_one_jet():
    jets = cluster(candidates([(300, 0, HALF_TURN - 5), (300, 0, -HALF_TURN + 5)]), UNITS, 0.4, 20.0, 4)
    assert jets.pt.tolist() == [599]  # 10 counts apart: a little less than the scalar sum
    assert jets.phi.tolist() == [-HALF_TURN]
    assert jets.constituents.phi.tolist() == [-5, 5]
    assert jets.constituents.pt.tolist() == [300, 300]


def test_empty_events_thresholds_and_numbers():
    events = candidates([], [(80, 0, 0), (81, 300, 0)], [(0, 0, 0)], [(500, 0, 0), (400, 300, 5), (300, -300, 9)])
    jets = cluster(events, UNITS, 0.4, 20.0, 2)  # 80 counts are 20 GeV, not over it
    assert jets.event.tolist() == [1, 3, 3]
    assert jets.pt.tolist() == [81, 500, 400]
    assert jets.constituents.offsets.tolist() == [0, 1, 2, 3]
    inside = cluster(events, UNITS, 0.4, 20.0, 4, eta_max=1.0)
    assert inside.pt.tolist() == [500]


@pytest.mark.parametrize("events", [candidates(), candidates([], []), candidates([(3, 0, 0)], [])])
def test_a_batch_without_jets(events):
    jets = cluster(events, UNITS, 0.4, 20.0, 4)
    assert len(jets) == len(jets.constituents) == len(jets.event) == 0
    assert jets.pt.dtype == jets.constituents.pt.dtype == np.int64
    assert all(values.shape == (0,) for values in observables(jets, UNITS, 0.4).values())


def test_a_jet_without_constituents_has_zeros():
    jets = Jets(*np.zeros((3, 2), np.int64), candidates([], [(100, 1, 1)]), np.arange(2))
    found = observables(jets, UNITS, 0.8)
    assert all(values == pytest.approx(np.zeros(2), abs=1e-3) for values in found.values())


def test_without_fastjet_the_remedy_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fastjet", None)
    jets_module._fastjet.cache_clear()
    with pytest.raises(ToolNotFound, match="sim"):
        cluster(candidates([(100, 0, 0)]), UNITS, 0.4, 20.0, 1)


def test_no_banner(capfd):
    cluster(candidates([(100, 0, 0)]), UNITS, 0.4, 20.0, 1)
    assert capfd.readouterr().out == ""


# --- observables -----------------------------------------------------------------------------------------------


def test_prongs_show_in_n_subjettiness():
    rng = np.random.default_rng(3)
    one = [spray(rng, [(2000, 0, 0)], 30, 20) for _ in range(40)]
    two = [spray(rng, [(1000, 60, 0), (1000, -60, 0)], 15, 3) for _ in range(40)]
    three = [spray(rng, [(700, 60, 0), (700, -60, 0), (700, 0, 80)], 10, 3) for _ in range(40)]
    found = [
        observables(cluster(candidates(*events), UNITS, 0.8, 100.0, 1), UNITS, 0.8) for events in (one, two, three)
    ]
    tau21, tau32 = ([np.median(sample[name]) for sample in found] for name in ("tau21", "tau32"))
    assert tau21[1] < 0.1 < 0.3 < tau21[0]
    assert tau32[2] < 0.1 < 0.3 < tau32[1]


def test_own_grooming_is_fastjets():
    jets = random_jets(np.random.default_rng(4), 300)
    table = padded(jets.constituents, longest(jets.constituents))
    own = substructure.mmdt_mass(table.pt * UNITS.candidate_lsb, table.eta * UNITS.angle, table.phi * UNITS.angle)
    theirs = observables(jets, UNITS, 0.8)
    same = np.abs(own - theirs["softdrop_mass"]) < 1e-3  # GeV; angles on a grid can tie, and a tie is broken either way
    assert same.mean() > 0.97
    assert (theirs["softdrop_mass"] <= theirs["mass"] + 1e-3).all()
    assert (own < 0.5 * theirs["mass"]).any()  # some have their softer prong dropped


# --- float substructure against loops --------------------------------------------------------------------------


def oracle(pt, eta, phi, beta):
    """e2, e3, 1e3, 2e3 by loops."""
    total = sum(pt)
    z = [p / total for p in pt]

    def angle(i, j):
        dphi = math.remainder(phi[i] - phi[j], 2 * math.pi)
        return math.hypot(eta[i] - eta[j], dphi) ** beta if beta else 1.0

    e2 = sum(z[i] * z[j] * angle(i, j) for i, j in itertools.combinations(range(len(z)), 2))
    sums = [0.0, 0.0, 0.0]
    for i, j, k in itertools.combinations(range(len(z)), 3):
        sides = sorted([angle(i, j), angle(i, k), angle(j, k)])
        for number in (1, 2, 3):
            sums[number - 1] += z[i] * z[j] * z[k] * math.prod(sides[:number])
    return e2, sums[2], sums[0], sums[1]


@pytest.mark.parametrize("beta", [0, 0.5, 1, 2])
def test_correlations_are_sums_over_pairs_and_triples(beta):
    rng = np.random.default_rng(5)
    pt = rng.exponential(10, (20, 7)) * (np.arange(7) < rng.integers(1, 8, (20, 1)))
    eta, phi = rng.normal(0, 0.3, (20, 7)), np.pi + rng.normal(0, 0.3, (20, 7))
    phi = np.where(phi > np.pi, phi - 2 * np.pi, phi)
    wanted = np.array([
        oracle(p[p > 0].tolist(), e[p > 0].tolist(), f[p > 0].tolist(), beta)
        for p, e, f in zip(pt, eta, phi, strict=True)
    ])  # fmt: skip
    places = pt, eta, phi
    found = [substructure.e2(*places, beta), substructure.e3(*places, beta),
             substructure.ve3(*places, 1, beta), substructure.ve3(*places, 2, beta)]  # fmt: skip
    assert np.allclose(np.array(found).T, wanted, rtol=1e-10, atol=1e-15)
    e2, e3, one, two = wanted.T
    with np.errstate(divide="ignore", invalid="ignore"):
        zero = np.nan_to_num
        assert np.allclose(substructure.c1(*places, beta), e2)
        assert np.allclose(substructure.c2(*places, beta), zero(e3 / e2**2))
        assert np.allclose(substructure.m2(*places, beta), zero(one / e2))
        assert np.allclose(substructure.n2(*places, beta), zero(two / e2**2))
        if beta:
            assert np.allclose(substructure.d2(*places, beta, beta), zero(e3 / e2**3))
            assert np.allclose(substructure.d2(*places, beta, 1), zero(e3 / substructure.e2(*places, 1) ** (3 * beta)))


def test_shares_and_multiplicity():
    pt = np.array([[1.0, 1, 2, 0], [5, 0, 0, 0], [0, 0, 0, 0]])
    assert substructure.z_log_z(pt) == pytest.approx([0.5 * math.log(0.25) + 0.5 * math.log(0.5), 0, 0])
    assert substructure.multiplicity(pt).tolist() == [3, 1, 0]
    zeros = np.zeros_like(pt)
    assert substructure.mmdt_mass(pt, zeros, zeros).tolist() == [0, 0, 0]


def test_chunks_make_no_difference(monkeypatch):
    rng = np.random.default_rng(6)
    places = rng.exponential(10, (30, 9)), rng.normal(0, 0.3, (30, 9)), rng.normal(0, 0.3, (30, 9))
    whole = substructure.n2(*places, 1), substructure.mmdt_mass(*places)
    monkeypatch.setattr(substructure, "CHUNK", 200)
    assert np.allclose(substructure.n2(*places, 1), whole[0])
    assert np.allclose(substructure.mmdt_mass(*places), whole[1])

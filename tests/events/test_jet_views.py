"""What networks see of a jet: features, images, constituents; on integers, against plain Python."""

import itertools
import math
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.events.test_jets import UNITS, candidates, random_jets
from trigger_nn.errors import EventsError
from trigger_nn.events.integers import integer_root
from trigger_nn.events.objects import substructure
from trigger_nn.events.objects.jets import cluster, observables
from trigger_nn.events.records import Candidates, Jets, Kind, Padded, padded
from trigger_nn.events.units import Units
from trigger_nn.events.views import constituents as constituents_view
from trigger_nn.events.views import jet_features, jet_image
from trigger_nn.events.views.jet_features import FEATURES, RAW_SCALES, measure, normalise, raw_features
from trigger_nn.events.views.values import Constituents, JetFeatures, JetImage


def table(jets):
    """Jets as lists of (pt, eta, phi) -> Padded, as wide as the longest."""
    flat = candidates(*jets)
    return padded(flat, max(map(len, jets), default=1) or 1)


# --- jet features: an oracle on Python integers ----------------------------------------------------------------


def oracle(rows):
    """The 16 features of [(pt, eta, phi)], from the definitions, by loops."""
    rows = [(pt, max(-512, min(511, eta)), max(-512, min(511, phi))) for pt, eta, phi in rows if pt]
    total = sum(pt for pt, _, _ in rows)
    z = [math.floor(Fraction(4096 * pt, total) + Fraction(1, 2)) for pt, _, _ in rows]
    t = sum(z)

    def squared(i, j):
        return (rows[i][1] - rows[j][1]) ** 2 + (rows[i][2] - rows[j][2]) ** 2

    def sums(angle):
        e2 = sum(z[i] * z[j] * angle(i, j) for i, j in itertools.combinations(range(len(z)), 2))
        out = [0, 0, 0]
        for i, j, k in itertools.combinations(range(len(z)), 3):
            sides = sorted([angle(i, j), angle(i, k), angle(j, k)])
            for n in range(3):
                out[n] += z[i] * z[j] * z[k] * math.prod(sides[: n + 1])
        return e2, out[2], out[0], out[1]

    def over(a, b):
        return min(a // b, 2**31 - 1) if b else 0

    e20 = sum(a * b for a, b in itertools.combinations(z, 2))
    e21, e31, s1, p1 = sums(lambda i, j: math.isqrt(squared(i, j) * 1024))
    e22, e32, s2, p2 = sums(squared)
    zlogz = sum(round(Decimal(2**16) * Decimal(n) / 4096 * (Decimal(n) / 4096).ln()) for n in z if n)
    d2 = over(e31 * t**3 * 2**12, e21**3)
    return [
        zlogz, over(e20 * 2**16, t**2), over(e21 * 2**11, t**2), over(e22 * 2**10, t**2),
        over(e31 * t * 2**11, e21**2), over(e32 * t * 2**10, e22**2),
        d2, over(e32 * t**3 * 2**12, e22**3), d2, over(e31 * 2**12, math.isqrt(e22**3) * 2**15),
        over(s1 * 2**16, t * e21), over(s2 * 2**16, t * e22), over(p1 * t * 2**16, e21**2),
        over(p2 * t * 2**16, e22**2), groomed_mass(rows), len(rows),
    ]  # fmt: skip


def groomed_mass(rows):
    """Cambridge/Aachen as a tree, declustered."""
    nodes = {i: (pt, 16 * eta, 16 * phi, [i], None) for i, (pt, eta, phi) in enumerate(rows)}
    while len(nodes) > 1:
        _, i, j = min(
            ((nodes[i][1] - nodes[j][1]) ** 2 + (nodes[i][2] - nodes[j][2]) ** 2, i, j)
            for i, j in itertools.combinations(sorted(nodes), 2)
        )
        a, b = nodes[i], nodes.pop(j)
        pt = a[0] + b[0]
        nodes[i] = (pt, *((a[0] * a[n] + b[0] * b[n]) // pt for n in (1, 2)), a[3] + b[3], (a, b))
    node = next(iter(nodes.values()), (0, 0, 0, [], None))
    while node[4]:
        soft, hard = node[4] if node[4][0][0] < node[4][1][0] else node[4][::-1]
        if 10 * soft[0] > node[0]:
            break
        node = hard
    kept = [rows[i] for i in node[3]]
    squares = (a[0] * b[0] * ((a[1] - b[1]) ** 2 + (a[2] - b[2]) ** 2) for a, b in itertools.combinations(kept, 2))
    return math.isqrt(sum(squares))


pts = st.one_of(st.integers(1, 2**14 - 1), st.sampled_from([1, 2, 2**14 - 1]))
angles = st.one_of(st.integers(-20, 20), st.integers(-600, 600), st.sampled_from([-512, 511]))
jet_rows = st.lists(st.tuples(pts, angles, angles), max_size=7).map(lambda rows: sorted(rows, key=lambda r: -r[0]))


@given(st.lists(jet_rows, min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_features_are_the_definition_to_the_last_bit(jets):
    assert raw_features(table(jets), groomed=False).tolist() == [oracle(rows) for rows in jets]


def test_the_bounds_hold_at_their_worst():
    rng = np.random.default_rng(1)
    corners = [(2**14 - 1, 511 - 1023 * (n & 1), 511 - 1023 * (n >> 1 & 1)) for n in range(128)]
    triangle = [(2**14 - 1, *[(-512, 511), (511, 237), (-238, -512)][n % 3]) for n in range(128)]
    edges = [(int(pt), int(eta), int(phi)) for pt, eta, phi in zip(
        -np.sort(-rng.integers(2**13, 2**14, 40)), rng.choice([-512, 511], 40), rng.integers(-512, 512, 40),
        strict=True)]  # fmt: skip
    assert raw_features(table([corners]), groomed=False)[0].tolist() == oracle(corners)
    assert raw_features(table([triangle, edges]), groomed=False).tolist() == [oracle(triangle), oracle(edges)]


def test_order_and_width_of_the_batch_make_no_difference(monkeypatch):
    jets = random_jets(np.random.default_rng(2), 60, particles=6)
    whole = raw_features(padded(jets.constituents, 64))
    monkeypatch.setattr(jet_features, "PAIRS", 100)
    assert np.array_equal(raw_features(padded(jets.constituents, 12)), whole)
    assert whole.dtype == np.int64
    assert raw_features(padded(candidates(), 12)).shape == (0, 16)
    assert not raw_features(padded(candidates([], []), 12)).any()


def test_features_are_those_in_floats_within_their_resolution():
    jets = random_jets(np.random.default_rng(3), 200, particles=20)
    integers = padded(jets.constituents, 64)
    raw = raw_features(integers, groomed=False)
    pt, eta, phi = integers.pt * UNITS.candidate_lsb, integers.eta * UNITS.angle, integers.phi * UNITS.angle
    s, places = substructure, (pt, eta, phi)
    floats = [
        s.z_log_z(pt), s.c1(*places, 0), s.c1(*places, 1), s.c1(*places, 2), s.c2(*places, 1), s.c2(*places, 2),
        s.d2(*places, 1, 1), s.d2(*places, 2, 2), s.d2(*places, 1, 1), s.d2(*places, 1, 2), s.m2(*places, 1),
        s.m2(*places, 2), s.n2(*places, 1), s.n2(*places, 2), s.mmdt_mass(*places), s.multiplicity(pt),
    ]  # fmt: skip
    # shares are rounded to 2^-12, so the 40 constituents of a few per cent each are off by some 0.5 %, at random;
    # the mass is the small-angle one: off by theta^2 / 24 and the like, and rounding can tip the groomer's choices
    for name, have, want in zip(FEATURES, raw.T, floats, strict=True):
        relative = np.abs(have * RAW_SCALES[name].value(UNITS) / want - 1)
        assert np.median(relative) < 0.005, name
        assert np.quantile(relative, 0.95) < 0.03, name


def test_groomed_mass_is_fastjets():
    jets = random_jets(np.random.default_rng(4), 400, particles=20)
    mass = raw_features(padded(jets.constituents, 64))[:, FEATURES.index("mass_mmdt")]
    wanted = observables(jets, UNITS, 0.8)["softdrop_mass"]
    relative = np.abs(mass * RAW_SCALES["mass_mmdt"].value(UNITS) / wanted - 1)
    # small-angle mass of prongs at most 0.5 apart: (cosh x - 1) / (x^2 / 2) - 1 = x^2 / 12 of the square, 1 % of the
    # mass at most; a tenth of the jets lies so near a cut or a tie that another choice may be made
    assert np.median(relative) < 0.003
    assert np.quantile(relative, 0.9) < 0.02


@given(st.lists(st.integers(0, 2**62 - 1), min_size=1, max_size=20), st.integers(0, 2**31 - 1))
def test_integer_root(numbers, root):
    numbers += [root**2, max(root**2 - 1, 0), root**2 + 1, 2**62 - 1]
    assert integer_root(np.array(numbers)).tolist() == [math.isqrt(n) for n in numbers]


def test_features_refuse_what_does_not_fit():
    with pytest.raises(EventsError, match="14"):
        raw_features(table([[(2**14, 0, 0)]]))
    wide = np.zeros((1, 129), np.int64)
    with pytest.raises(EventsError, match="128"):
        raw_features(Padded(wide, wide, wide, wide, wide))


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31), st.integers(-33, 31), st.integers(1, 24))
def test_normalise_is_a_saturating_shift(raw, offset, shift, bits):
    exact = (raw - offset) >> shift if shift >= 0 else (raw - offset) << -shift
    found = normalise(np.full((1, 16), raw), [offset] * 16, [shift] * 16, bits)
    assert found.tolist() == [[max(-(2 ** (bits - 1)), min(2 ** (bits - 1) - 1, exact))] * 16]


def test_measured_features_fill_their_range():
    raw = raw_features(padded(random_jets(np.random.default_rng(5), 300).constituents, 64))
    raw[:, 1] = 7  # without spread
    offsets, shifts = measure(raw, 10, 2)
    found = normalise(raw, offsets, shifts, 10)
    assert all(isinstance(n, int) for n in offsets + shifts)
    assert (offsets[1], shifts[1]) == (7, 0)
    spread = np.delete((raw / 2.0 ** np.array(shifts)).std(axis=0), [1, 15])
    assert (spread > 2**7 / math.sqrt(2.001)).all()
    assert (spread < 2**7 * math.sqrt(2.001)).all()
    assert np.abs(found.mean(axis=0)).max() < 2**7
    view = JetFeatures(kind="jet_features", offsets=offsets, shifts=shifts)
    values = jet_features.quantities(view, UNITS)
    assert [q.name for q in values] == list(FEATURES)
    assert values[14].unit == "GeV"
    assert str(values[0].type) == "fixed<10,3>"
    inside = np.abs(found) < 511
    for place, q in enumerate(values):
        exact = raw[:, place] * RAW_SCALES[q.name].value(UNITS)
        close = np.abs(q.value(found[:, place]) - exact) <= q.lsb * 1.0001
        assert close[inside[:, place]].all()


def test_unmeasured_features_have_no_quantities():
    with pytest.raises(EventsError, match="measure"):
        jet_features.quantities(JetFeatures(kind="jet_features"), UNITS)
    with pytest.raises(EventsError, match="no jets"):
        measure(np.zeros((0, 16), np.int64), 10, 2)


# --- jet images ------------------------------------------------------------------------------------------------

KINDS = np.array([Kind.PHOTON, Kind.CHARGED_HADRON, Kind.MUON, Kind.NEUTRAL_HADRON, Kind.ELECTRON])


def image_jets(*rows):
    """Jets of lists of (pt, eta, phi), kinds in turn."""
    parts = candidates(*rows)
    kind = KINDS[(np.arange(len(parts.pt)) - parts.offsets[:-1][parts.event()]) % len(KINDS)]
    parts = Candidates(parts.offsets, parts.pt, parts.eta, parts.phi, kind, np.zeros_like(kind))
    return Jets(*np.zeros((3, len(rows)), np.int64), parts, np.arange(len(rows)))


def view_of(*steps, **more):
    return JetImage(kind="jet_image", steps=(*steps, "pixelate"), **{"bits": 20} | more)


def balanced(rng, count=15):
    """A jet whose pT-weighted mean is exactly 0: the last constituent, of pT 1, makes it so."""
    while True:
        rows = rng.integers([1, -30, -90], [9, 30, 90], (count, 3)).tolist()
        last = (1, -sum(pt * eta for pt, eta, _ in rows), -sum(pt * phi for pt, _, phi in rows))
        if max(map(abs, last)) < 180:
            return [*rows, last]


@pytest.mark.parametrize("steps", [(), ("centre",), ("rotate", "flip"), ("centre", "rotate", "flip")])
def test_an_image_holds_all_that_is_inside(steps):
    jets = image_jets(*(balanced(np.random.default_rng(n)) for n in range(20)), [])
    image = jet_image.jet_image(jets, view_of(*steps), UNITS)
    parts, owner = jets.constituents, jets.constituents.event()
    charged = np.isin(parts.kind, [Kind.CHARGED_HADRON, Kind.ELECTRON, Kind.MUON])
    wanted = [np.bincount(owner, weights, 21) for weights in
              (parts.pt * ~charged, parts.pt * charged, charged, parts.kind == Kind.MUON)]  # fmt: skip
    assert image.shape == (21, 37, 37, 4)
    assert image.dtype == np.int64
    assert np.array_equal(image.sum(axis=(1, 2)), np.array(wanted).T)


def test_mirrored_and_turned_jets_have_one_image():
    """Exact where the mean is 0; the mean is rounded down, so otherwise angles may be off by one count."""
    rows = [balanced(np.random.default_rng(n)) for n in range(30)]
    view = view_of("centre", "rotate", "flip", "normalise")
    image = jet_image.jet_image(image_jets(*rows), view, UNITS)
    for sign_eta, sign_phi in ((-1, 1), (1, -1), (-1, -1)):
        other = image_jets(*([(pt, sign_eta * eta, sign_phi * phi) for pt, eta, phi in jet] for jet in rows))
        assert np.array_equal(jet_image.jet_image(other, view, UNITS), image)


def test_the_long_axis_stands_upright_with_more_above_and_to_the_right():
    rng = np.random.default_rng(7)
    for turn in rng.uniform(0, np.pi, 10):
        along = np.array([-150, -60, 0, 60, 150, 0, 20])
        across = np.array([0, 0, 0, 0, 0, -20, 25])
        eta, phi = along * math.cos(turn) - across * math.sin(turn), along * math.sin(turn) + across * math.cos(turn)
        rows = list(zip([10, 10, 50, 10, 12, 1, 4], eta.round().astype(int), phi.round().astype(int), strict=True))
        image = jet_image.jet_image(image_jets(rows), view_of("rotate", "flip"), UNITS)[0]
        pt = image[..., 0] + image[..., 1]
        middle = 18
        assert pt[middle - 1 : middle + 2].sum() >= 92  # the axis, along phi, in the middle rows of eta
        assert pt[:, middle + 1 :].sum() >= pt[:, :middle].sum()
        assert pt[middle + 1 :].sum() >= pt[:middle].sum()


def test_pixels_are_whole_counts_wide():
    view, units = view_of(pixels=3, width=3 * 10 * Units().angle), Units()
    assert jet_image.pixel_size(view, units) == 10
    assert jet_image.pixel_size(view_of(), units) == 20
    jets = image_jets([(7, -15, -5)], [(7, -5, 4)], [(7, 4, 5)], [(7, 14, 14)], [(7, 15, 0)], [(7, 0, -16)])
    image = jet_image.jet_image(jets, view, units)[..., 0]
    assert [np.argwhere(one).tolist() for one in image] == [[[0, 1]], [[1, 1]], [[1, 2]], [[2, 2]], [], []]


def test_normalised_pixels_are_shares_and_pixels_saturate():
    jets = image_jets([(1, 0, 0), (2, 0, 0), (100, 500, 0)], [(5000, 0, 0), (1, 0, 0), (1, 0, 0)])
    middle = jet_image.jet_image(jets, view_of("normalise", bits=8), UNITS)[:, 18, 18]
    assert middle.tolist() == [[255 * 1 // 103, 255 * 2 // 103, 1, 0], [255 * 5000 // 5002, 255 * 2 // 5002, 2, 1]]
    assert jet_image.jet_image(jets, view_of(bits=8), UNITS)[:, 18, 18].tolist() == [[1, 2, 1, 0], [255, 2, 2, 1]]


def test_channels_choose_and_name_what_is_kept():
    view = view_of(channels=("muons", "track_pt"))
    jets = image_jets(balanced(np.random.default_rng(1)))
    everything = jet_image.jet_image(jets, view_of(), UNITS)
    assert np.array_equal(jet_image.jet_image(jets, view, UNITS), everything[..., [3, 1]])
    named = [(q.name, q.unit, q.lsb) for q in jet_image.quantities(view, UNITS)]
    assert named == [("muons", "1", 1), ("track_pt", "GeV", 0.25)]
    shares = jet_image.quantities(view_of("normalise", bits=8), UNITS)
    assert [(q.unit, q.lsb) for q in shares] == [("1", 1 / 255), ("1", 1 / 255), ("1", 1), ("1", 1)]
    assert jet_image.jet_image(image_jets(), view_of("centre", "rotate", "flip"), UNITS).shape == (0, 37, 37, 4)


def test_a_jet_at_half_a_turn_looks_like_any_other():
    """Clustered at phi = 0 and at phi = pi: the same views."""
    rows = [(400, 3, 5), (300, -40, 20), (200, 30, -33), (50, 8, 40)]
    steps = view_of("centre", "rotate", "flip", "normalise")
    found = []
    for turn in (0, UNITS.phi_steps // 2):
        moved = [(pt, eta, (phi + turn + 720) % 1440 - 720) for pt, eta, phi in rows]
        jets = cluster(candidates(moved), UNITS, 0.8, 20.0, 1)
        found.append((jet_image.jet_image(jets, steps, UNITS), raw_features(padded(jets.constituents, 8))))
    assert np.array_equal(found[0][0], found[1][0])
    assert np.array_equal(found[0][1], found[1][1])


# --- constituents ----------------------------------------------------------------------------------------------


def test_constituents_fall_in_pt_and_keep_the_order_of_ties():
    view = Constituents(kind="constituents", count=3, features=("pt", "eta", "type", "charge"))
    flat = candidates([(5, 1, 0), (9, 2, 0), (5, 3, 0), (5, 4, 0)], [], [(7, -5, 0)])
    kind = np.array([Kind.PHOTON, Kind.MUON, Kind.ELECTRON, Kind.PHOTON, Kind.NEUTRAL_HADRON])
    flat = Candidates(flat.offsets, flat.pt, flat.eta, flat.phi, kind, np.array([0, -1, 1, 0, 0]))
    found = constituents_view.constituents(flat, view)
    assert found.tolist() == [
        [[9, 2, 3, -1], [5, 1, 4, 0], [5, 3, 2, 1]],
        [[0] * 4] * 3,
        [[7, -5, 5, 0], [0] * 4, [0] * 4],
    ]
    assert found.dtype == np.int64


def test_constituents_say_what_they_mean():
    view = Constituents(kind="constituents", features=("pt", "eta", "phi", "type", "charge"))
    absolute, relative = (constituents_view.quantities(view, UNITS, which) for which in (False, True))
    assert [str(q.type) for q in absolute] == [
        "ufixed<14,14>",
        "fixed<12,12>",
        "fixed<12,12>",
        "ufixed<3,3>",
        "fixed<2,2>",
    ]
    assert [str(q.type) for q in relative[1:3]] == ["fixed<10,10>"] * 2
    assert [q.unit for q in absolute] == ["GeV", "1", "rad", "1", "e"]
    assert [q.lsb for q in absolute] == [0.25, UNITS.angle, UNITS.angle, 1, 1]

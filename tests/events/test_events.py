"""Generation, detector, pile-up, images, objects and files."""

import shutil

import h5py
import numpy as np
import pytest

from trigger_nn.errors import EventsError
from trigger_nn.events import objects
from trigger_nn.events.dataset import read_sample, write_sample
from trigger_nn.events.detector import Calorimeter, Deposits, TowerGrid, deposits
from trigger_nn.events.image import ImageGrid, pedestals, quantize_towers, subtract, sum_cells
from trigger_nn.events.pileup import overlay
from trigger_nn.events.pythia import Particles
from trigger_nn.events.views import augmented, wrap_phi
from trigger_nn.recipe import load_sample_recipe
from trigger_nn.workflow.workspace import embedded_sample

GRID = TowerGrid()
PERFECT = Calorimeter(electromagnetic=(0, 0), hadronic=(0, 0), forward_hadronic=(0, 0))


def particles(pt, eta, phi, pdg_id, charge):
    n = len(pt)
    return Particles(np.array([0, n]), *map(np.asarray, (pt, eta, phi, pdg_id, charge)), np.zeros(1), np.ones(1))


def test_detector_keeps_energy_and_drops_the_invisible():
    found = deposits(
        particles([20.0, 30.0, 40.0, 50.0], [0.0, 1.0, -4.0, 5.5], [0.1] * 4, [22, 12, 130, 22], [0] * 4),
        PERFECT, np.random.default_rng(1),
    )  # fmt: skip
    assert found.energy.tolist() == [20.0, 40.0]  # the neutrino, and what is outside the calorimeter, are gone


def test_solenoid_bends_opposite_charges_apart_and_keeps_the_softest():
    pair = particles([2.0, 2.0, 0.5], [0.0] * 3, [0.0] * 3, [211, -211, 211], [1, -1, 1])
    found = deposits(pair, PERFECT, np.random.default_rng(1))
    assert len(found.tower) == 2  # pT = 0.5 GeV curls up before the calorimeter
    phi = GRID.phi_centres()[found.tower % GRID.phi_bins]
    expected = np.arcsin(0.3 * 3.8 * 1.29 / (2 * 2.0))
    assert np.allclose(np.abs(phi), expected, atol=np.pi / GRID.phi_bins)
    assert phi[0] < 0 < phi[1]


def test_resolution_is_what_the_parameters_say():
    n = 20_000
    one = particles(np.full(n, 50.0), np.zeros(n), np.zeros(n), np.full(n, 130), np.zeros(n))
    energy = deposits(one, Calorimeter(), np.random.default_rng(2)).energy
    expected = np.hypot(1.0 / np.sqrt(50), 0.05)
    assert abs(energy.std() / 50 - expected) < 0.03 * expected  # 20,000 events fix a width to 0.5 %
    assert abs(energy.mean() - 50) < 0.3


def library():
    """Three collisions: nothing, 1 GeV in tower 0, and 2 + 3 GeV in towers 1 and 2 from a hard scattering."""
    towers, energy = np.array([0, 1, 2], np.int32), np.array([1, 2, 3], np.float32)
    return Deposits(np.array([0, 0, 1, 3]), towers, energy, np.array([0.0, 1, 80]), np.ones(3))


def test_overlay_adds_up_whole_collisions():
    crossing = overlay(None, library(), 500, mean=4.0, hard_above=50, towers=5, seed=3)
    assert np.array_equal(crossing.energy[:, 1] * 3, crossing.energy[:, 2] * 2)
    assert np.array_equal(crossing.energy[:, 1], crossing.hard_pileup * 2)
    assert abs(crossing.energy[:, 0].mean() - 4 / 3) < 5 * np.sqrt(4 / 3 / 500)
    with_signal = overlay(library(), library(), 3, mean=0.0, hard_above=50, towers=5, seed=3)
    assert with_signal.energy.tolist() == [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [0, 2, 3, 0, 0]]


def test_image_is_integer_arithmetic():
    image = ImageGrid()
    energy = np.zeros((1, GRID.towers))
    energy[0, GRID.index(np.array([0.01, 0.02]), np.array([0.01, 0.01]))] = 7.3
    energy[0, GRID.index(np.array([-4.99]), np.array([-3.1]))] = 500.0
    cells = sum_cells(quantize_towers(energy, image), GRID, image)
    assert cells[0, 10, 6] == 14  # both in one tower: 7.3 GeV is 14 counts of 0.5 GeV
    assert cells[0, 0, 0] == 255  # an 8-bit tower saturates
    pedestal = pedestals(np.concatenate([cells, cells]))
    assert pedestal[0] == round(255 / 12)
    assert subtract(cells, pedestal, image)[0, 0, 0] == 255 - pedestal[0]
    assert subtract(cells, pedestal + 1000, image).max() == 0


def test_jets_wrap_in_phi_and_count_once():
    towers = np.zeros((1, GRID.eta_bins, GRID.phi_bins), np.int64)
    towers[0, 50, 0], towers[0, 50, 71], towers[0, 52, 2] = 60, 50, 40  # one jet across the seam
    towers[0, 20, 30] = 80
    momenta = objects.jets(towers.reshape(1, -1), np.zeros(GRID.eta_bins), GRID)
    assert momenta[0].tolist() == [150, 80, 0, 0, 0, 0, 0, 0]
    turned = np.roll(towers, 17, axis=2)
    assert np.array_equal(objects.jets(turned.reshape(1, -1), np.zeros(GRID.eta_bins), GRID), momenta)


def test_equal_neighbours_make_one_jet():
    towers = np.zeros((1, GRID.eta_bins, GRID.phi_bins), np.int64)
    towers[0, 50, 10:12] = 50
    assert objects.jets(towers.reshape(1, -1), np.zeros(GRID.eta_bins), GRID)[0, :2].tolist() == [100, 0]


def test_missing_momentum_balances():
    cells = np.zeros((2, 20, 12), np.int64)
    cells[0, 3, 0] = cells[0, 15, 6] = 100  # back to back
    cells[1, 3, 0] = 100
    assert objects.missing_momentum(cells, np.zeros(20)).tolist() == [0, 100]


def test_views_change_no_energy():
    image = np.random.default_rng(4).integers(0, 1023, (5, 20, 12))
    wrapped = wrap_phi(image, 1)
    assert np.array_equal(wrapped[:, :, 0], image[:, :, -1])
    assert np.array_equal(wrapped[:, :, -1], image[:, :, 0])
    turned = augmented(image, np.random.default_rng(5))
    assert np.array_equal(np.sort(turned.reshape(5, -1)), np.sort(image.reshape(5, -1)))
    assert not np.array_equal(turned, image)


# --- the embedded sample ---------------------------------------------------------------------------------------


def test_embedded_sample_is_small_whole_and_honest(sample):
    assert embedded_sample().stat().st_size < 3_000_000
    assert sample.provenance["recipe"] == load_sample_recipe(embedded_sample().with_name("recipe.toml")).model_dump()
    for split, events in sample.splits.items():
        for name in sample.processes:
            mask = sample.select(split, name)
            assert mask.sum() > 200
            assert (events.rate[mask] > 0).all() == (name in ("zero_bias", "qcd"))
        # Zero bias and QCD together are all colliding bunches; the stitching adds a little statistical noise.
        assert abs(events.rate.sum() / 31e6 - 1) < 0.03


def test_library_and_hard_process_agree_on_the_hard_cross_section(sample):
    """Stitching closes: the share of hard collisions among the inelastic ones is the ratio of cross sections."""
    notes = sample.provenance["generated"]
    ratio = notes["qcd/test"]["cross_section_mb"] / notes["zero_bias/test"]["cross_section_mb"]
    found = sample.provenance["library_hard_fraction"]["test"] * notes["zero_bias/test"]["collisions"]
    expected = ratio * notes["zero_bias/test"]["collisions"]
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_splits_share_no_image(sample):
    digests = [{image.tobytes() for image in events.image} for events in sample.splits.values()]
    assert not digests[0] & digests[1]
    assert not digests[0] & digests[2]
    assert not digests[1] & digests[2]


def test_generator_is_reproducible_on_any_number_of_processes(tmp_path):
    pytest.importorskip("pythia8mc", reason="Pythia 8 is not installed (extra `sim`)")
    from trigger_nn.events.make import make_sample

    text = embedded_sample().with_name("recipe.toml").read_text()
    small = "\n".join(
        f"{line.split('=')[0]}= 12" if line.startswith(("train", "validation", "test")) else line
        for line in text.replace("pileup = 200.0", "pileup = 5.0").splitlines()
    )
    (tmp_path / "small.toml").write_text(small)
    recipe = load_sample_recipe(tmp_path / "small.toml")
    seen = []
    one, two = (
        make_sample(recipe, workers, lambda what, done, total: seen.append((what, done, total))) for workers in (1, 2)
    )
    for split in one.splits:
        for name in ("image", "rate", "jet_pt", "met", "process"):
            assert np.array_equal(getattr(one.splits[split], name), getattr(two.splits[split], name))
    assert ("hh4b crossings, test", 12, 12) in seen
    write_sample(tmp_path / "small.h5", one)
    again = read_sample(tmp_path / "small.h5")
    assert np.array_equal(again.splits["test"].image, one.splits["test"].image)


# --- bad files -------------------------------------------------------------------------------------------------


@pytest.fixture
def damaged(tmp_path):
    path = tmp_path / "events.h5"
    shutil.copy(embedded_sample(), path)
    return path


def _replace(path, name, values):
    with h5py.File(path, "r+") as file:
        del file[name]
        file[name] = values


def test_truncated_events_are_one_sentence(damaged):
    damaged.write_bytes(damaged.read_bytes()[:100_000])
    with pytest.raises(EventsError, match="truncated"):
        read_sample(damaged)


def test_foreign_file(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(EventsError, match="not an events file"):
        read_sample(tmp_path / "other.h5")


def test_nan_is_found(damaged, sample):
    rates = sample.splits["test"].rate.copy()
    rates[17] = np.nan
    _replace(damaged, "test/rate", rates)
    with pytest.raises(EventsError, match="event 17"):
        read_sample(damaged)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("rate", lambda v: -v, "negative"),
        ("rate", lambda v: v[:, None] * [1, 1], "shape"),
        ("process", lambda v: v.astype(np.int8) - 1, "negative"),
        ("process", lambda v: v + 9, "does not list"),
        ("jet_pt", lambda v: v[:, 0], "shape"),
        ("met", lambda v: v.astype("S8"), "holds"),
        ("met", lambda v: 3, "shape"),
    ],
)
def test_wrong_values_are_found(damaged, sample, name, change, says):
    _replace(damaged, f"test/{name}", change(getattr(sample.splits["test"], name)))
    with pytest.raises(EventsError, match=says):
        read_sample(damaged)


@pytest.mark.parametrize(("name", "value"), [("provenance", "no json"), ("bits", "ten"), ("schema", "one")])
def test_wrong_attributes_are_found(damaged, name, value):
    with h5py.File(damaged, "r+") as file:
        file.attrs[name] = value
    with pytest.raises(EventsError, match="damaged"):
        read_sample(damaged)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda image: image[:, :10], "shapes"),
        (lambda image: image.astype(float), "integer counts"),
        (lambda image: image + 1000, "10-bit range"),
        (lambda image: image[:100], "shape"),
    ],
)
def test_wrong_images_are_found(damaged, sample, change, says):
    _replace(damaged, "validation/image", change(sample.splits["validation"].image))
    with pytest.raises(EventsError, match=says):
        read_sample(damaged)

"""Sums in blocks are those of all events at once."""

import numpy as np
import pytest

from trigger_nn.studies.menu import sums
from trigger_nn.studies.menu.densities import densities
from trigger_nn.studies.menu.groups import Group
from trigger_nn.studies.menu.spectrum import population, spectrum

EVENTS = 500


@pytest.fixture(params=["large", "small"])
def block(request, monkeypatch):
    monkeypatch.setattr(sums, "BLOCK", {"large": 1 << 20, "small": 16}[request.param])


@pytest.fixture
def drawn():
    """A group of copies in no order, and its events' scores."""
    random = np.random.default_rng(9)
    source = sums.numbered(random.integers(1000, 1060, EVENTS))
    return Group("toy", np.arange(EVENTS), random.integers(1, 9, EVENTS).astype(np.float32), source), random.integers(
        -20, 20, EVENTS
    )


def by_hand(group, chosen):
    """Weight of every source's chosen events."""
    return [group.weight[(group.source == number) & chosen].sum(dtype=float) for number in range(60)]


def test_sums_are_the_same_in_blocks_of_any_size(block, drawn):
    group, scores = drawn
    places = scores + 20
    assert sums.counted(places, 40).tolist() == np.bincount(places, minlength=40).tolist()
    for power in (1, 2):
        wanted = [(group.weight[places == place] ** power).sum() for place in range(40)]
        assert sums.summed(places, group.weight, 40, power).tolist() == wanted
        assert sums.power_sum(group.weight, power) == (group.weight**power).sum()


def test_every_source_is_whole_in_one_part(block, drawn):
    parts = list(sums.by_source(drawn[0].source))
    assert sorted(np.concatenate(parts).tolist()) == list(range(EVENTS))
    owners = [set(drawn[0].source[part].tolist()) for part in parts]
    assert sum(map(len, owners)) == len(set.union(*owners))


def test_spectra_of_copies_are_the_same_in_blocks_of_any_size(block, drawn):
    group, scores = drawn
    found = spectrum(group, scores)
    whole = by_hand(group, scores > -99)
    for mantissa in range(-21, 20):
        part, sums_above = by_hand(group, scores > mantissa), found.above(mantissa)
        assert sums_above.weight == sum(part)
        assert sums_above.squares == sum(x**2 for x in part)
        assert sums_above.cross == sum(x * w for x, w in zip(part, whole, strict=True))


def test_scatter_and_variances_are_the_same_in_blocks_of_any_size(block, drawn):
    group, scores = drawn
    side = population([group], scores)
    values = side.spectrum.values % 7
    moved = [(group.weight * (scores % 7))[group.source == number].sum(dtype=float) for number in range(60)]
    assert side.scatter(values.astype(float)) == sum(each**2 for each in moved)
    (density,) = densities([group], "toy", scores)
    assert density.variances.tolist() == [sum(x**2 for x in by_hand(group, scores == v)) for v in density.edges[:-1]]


@pytest.mark.parametrize("far", [0, 10**12, -(10**12)])
def test_numbers_of_sources_may_be_anything(far):
    source = np.array([5, 5, far + 7, 5, far + 8])
    found = sums.numbered(source)
    assert found.dtype == np.int32
    assert found.max() <= 4 * len(source)
    assert [[a == b for a in found] for b in found] == [[a == b for a in source] for b in source]
    assert len(sums.numbered(source[:0])) == 0

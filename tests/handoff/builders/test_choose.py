"""Which builder a program gets, what it says of itself, and what it is refused."""

from dataclasses import replace

import numpy as np
import pytest

from tests.handoff.builders.programs import image_program, image_view, program_of, whole
from trigger_nn.errors import EventsError, HandoffError, UnsupportedLayerError
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.units import Units
from trigger_nn.handoff.builders import builder_for, raw_record
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program

UNITS = Units(candidate_bits=9)


def test_what_a_sample_says_of_its_raw_data_is_recorded(sample):
    raw = raw_record(sample.provenance)
    assert raw["towers"] == [100, 72]
    assert raw["units"]["tower_bits"] == 8
    assert raw_record({"converted": "by hand"}) == {}
    with pytest.raises(HandoffError, match=r"can't be read \(towers.eta_bins.*make the sample again"):
        raw_record({"recipe": {"detector": {"towers": {"eta_bins": 0}}, "units": {}}})


@pytest.mark.parametrize(("off", "bits", "lsb"), [("quantization", 18, 0.5 / 1024), ("saturation", 24, 0.5)])
def test_stages_of_the_detector_that_are_off_are_seen_in_the_raw_record(off, bits, lsb):
    units = raw_record({"recipe": {"detector": {"off": [off]}, "units": {}}})["units"]
    assert (units["tower_bits"], units["tower_lsb"]) == (bits, lsb)


def test_finer_counts_make_wider_towers():
    builder = builder_for(image_program(image_view(bits=12), lsb=0.125), towers=(2, 3), units=Units(tower_bits=6))
    assert builder.ports[0].type == whole(8)
    with pytest.raises(HandoffError, match=r"counts in 1 GeV, the towers in 0.5 GeV.*units=Units"):
        builder_for(image_program(image_view(), lsb=1.0), towers=(2, 3))


def test_towers_given_come_before_those_recorded():
    program = image_program(image_view(), raw={"towers": [2, 3]})
    assert builder_for(program).ports[0].shape == (3, 2)
    assert builder_for(program, towers=(4, 6)).ports[0].shape == (6, 4)


def test_facts_of_the_shipped_view(sample):
    program = image_program(dict(sample.column("image").view), 1, raw=raw_record(sample.provenance))
    facts = builder_for(program).facts()
    assert facts["eta_edges"][:3] == [-5.0, -4.5, -4.0]
    assert len(facts["phi_edges_rad"]) == 13
    assert facts["padding"]["phi_bin_of_column"] == [11, *range(12), 0]
    assert facts["pedestals_gev"][0][:2] == [26.5, 30.0]
    assert facts["towers"]["per_cell"] == [5, 6]
    port = facts["interface"]["hadronic_towers"]
    assert (port["words"], port["word_bits"]) == (72, 800)
    assert port["pragmas"][0] == "#pragma HLS ARRAY_RESHAPE variable=hadronic_towers cyclic factor=100 dim=1"


def test_facts_of_candidates():
    view = image_view(source="candidates", channels=["charged"], eta_max=2.4)
    facts = builder_for(image_program(view, 1, lsb=0.25), units=UNITS, candidates=50).facts()
    assert facts["eta_edges_counts"] == [-550, 0, 550]
    assert facts["phi_edges_counts"] == [-720, -240, 240, 720]
    assert facts["sums"] == [{"kinds": ["charged_hadron", "electron", "muon"], "of": "pt"}]
    assert facts["pipeline"]["clocks_per_event"] == 50


def test_without_a_record_of_the_view_nothing_is_built():
    program = image_program(image_view())
    for events in ({}, {"column": {"shape": [2, 3], "quantities": [], "view": {}}}):
        with pytest.raises(HandoffError, match=r"'net' does not record the view.*compile it again"):
            builder_for(replace(program, provenance={"events": events}))
    with pytest.raises(HandoffError, match=r"can't be read \(event_image\.eta_bins"):
        builder_for(_with_view(program, eta_bins="two"))
    damaged = {"column": {"shape": [2, 3], "quantities": [{"name": "et"}], "view": image_view()}}
    with pytest.raises(HandoffError, match="is damaged"):
        builder_for(replace(program, provenance={"events": damaged}))


def _with_view(program, **changes):
    column = program.provenance["events"]["column"]
    return replace(program, provenance={"events": {"column": column | {"view": column["view"] | changes}}})


def test_towers_that_are_not_known_are_asked_for():
    with pytest.raises(HandoffError, match=r"does not record how many there are.*towers=\(rings, columns\)"):
        builder_for(image_program(image_view()))
    with pytest.raises(HandoffError, match=r"2 x 3 cells can't be made of 3 x 3 towers"):
        builder_for(image_program(image_view()), towers=(3, 3))


@pytest.mark.parametrize("pedestals", [[], [[1, 2, 3]]])
def test_pedestals_that_are_not_known_are_asked_for(pedestals):
    with pytest.raises(HandoffError, match="1 x 2 of them are not recorded"):
        builder_for(image_program(image_view(subtract=True, pedestals=pedestals)), towers=(2, 3))
    with pytest.raises(HandoffError, match="a pedestal beyond"):
        builder_for(image_program(image_view(subtract=True, pedestals=[[1, 1 << 31]])), towers=(2, 3))


@pytest.mark.parametrize("shape", [(2, 3), (2, 4, 1), (2, 2, 1), (3, 3, 1), (2, 3, 2)])
def test_an_input_that_is_no_image_of_the_view_is_refused(shape):
    column = Column((2, 3), (Quantity("et", "GeV", whole(10), 0.5),), image_view())
    with pytest.raises(HandoffError, match="phi columns repeated on both sides or not"):
        builder_for(program_of(column, shape, whole(10)), towers=(2, 3))


def test_more_repeated_columns_than_there_are_is_refused():
    with pytest.raises(HandoffError, match="repeats 4 columns"):
        builder_for(image_program(image_view(), 4), towers=(2, 3))


@pytest.mark.parametrize("kind", [whole(9), whole(10, True)])
def test_an_input_that_cannot_hold_the_views_numbers_is_refused(kind):
    with pytest.raises(HandoffError, match=r"can't hold the view's numbers 0\.\.1023"):
        builder_for(image_program(image_view(), kind=kind), towers=(2, 3))


def test_real_numbers_are_refused():
    column = Column((2, 3), (Quantity("et", "GeV", None),), image_view())
    with pytest.raises(HandoffError, match="never quantized"):
        builder_for(program_of(column, (2, 3, 1), whole(10)), towers=(2, 3))


def test_an_image_of_more_cells_than_registers_is_refused():
    view = image_view(eta_bins=100, phi_bins=72)
    with pytest.raises(UnsupportedLayerError, match=r"100 x 72 x 1 = 7200 elements.*fewer and larger bins"):
        builder_for(image_program(view), towers=(100, 72))


def test_candidates_need_units_of_the_view():
    view = image_view(source="candidates", channels=["all"])
    with pytest.raises(HandoffError, match=r"what a count of their angles is worth.*units=Units"):
        builder_for(image_program(view, lsb=0.25))
    with pytest.raises(HandoffError, match=r"counts pT in 0\.5 GeV, its units say 0\.25 GeV"):
        builder_for(image_program(view), units=UNITS)
    with pytest.raises(HandoffError, match="0 candidates can't come in"):
        builder_for(image_program(view, lsb=0.25), units=UNITS, candidates=0)
    with pytest.raises(HandoffError, match="less than a count"):
        builder_for(image_program(view | {"eta_max": 1e-9}, lsb=0.25), units=UNITS)


def other_program(shape=(3,), **view):
    return program_of(Column((3,), (Quantity("it", "1", whole(4)),), view), shape, whole(4))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"kind": "waveform"}, "nothing to build"),
        ({"kind": "missing_momentum"}, "'missing_momentum' makes, which is a trigger algorithm"),
        ({"kind": "jets"}, "'jets' makes, which is a trigger algorithm"),
        ({"kind": "jet_image"}, "'centre', which divides by the jet's pT"),
        ({"kind": "jet_image", "steps": ["flip", "pixelate"]}, "'flip', which needs the whole jet"),
    ],
)
def test_views_that_are_no_firmware_are_refused_with_the_reason(view, words):
    with pytest.raises(UnsupportedLayerError, match=words):
        builder_for(other_program(**view))


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"kind": "jet_image", "steps": ["pixelate"]}, r"the view's image is \(37, 37, 4\)"),
        ({"kind": "constituents", "count": 4}, r"the view's table is \(4, 3\)"),
        ({"kind": "jet_features"}, "0 offsets and 0 shifts, where 16 of each"),
        ({"kind": "jet_features", "offsets": [0] * 16, "shifts": [0] * 16}, "an input of shape"),
    ],
)
def test_inputs_of_another_shape_are_refused(view, words):
    with pytest.raises(HandoffError, match=words):
        builder_for(other_program(**view))


def test_fewer_candidates_than_constituents_are_refused():
    column = Column(
        (4, 1), (Quantity("pt", "GeV", whole(4)),), {"kind": "constituents", "count": 4, "features": ["pt"]}
    )
    with pytest.raises(HandoffError, match=r"takes 4 constituents, 3 come in.*candidates=4"):
        builder_for(program_of(column, (4, 1), whole(4)), candidates=3)


@pytest.mark.parametrize(("offset", "shift"), [(1 << 31, 0), (0, 32), (0, -32)])
def test_offsets_and_shifts_beyond_the_features_are_refused(offset, shift):
    view = {"kind": "jet_features", "offsets": [offset] * 16, "shifts": [shift] * 16}
    column = Column((16,), (Quantity("f", "1", Fixed(True, 10, 3)),), view)
    with pytest.raises(HandoffError, match="beyond 32 bits"):
        builder_for(program_of(column, (16,), Fixed(True, 10, 3)))


def test_a_program_of_two_inputs_is_refused():
    program = image_program(image_view())
    two = Program("two", (*program.inputs, Port("z", (1,), whole(3))), program.operations, ("y",), program.provenance)
    with pytest.raises(HandoffError, match="'two' has 2 inputs"):
        builder_for(two, towers=(2, 3))


def test_raw_data_that_does_not_fit_is_refused():
    builder = builder_for(image_program(image_view()), towers=(2, 3))
    good = {port.name: np.zeros((1, *port.shape), np.int64) for port in builder.ports}
    with pytest.raises(EventsError, match="'hadronic_towers' is missing"):
        builder.build({"electromagnetic_towers": good["electromagnetic_towers"]})
    with pytest.raises(EventsError, match="has shape"):
        builder.build(good | {"hadronic_towers": np.zeros((1, 2, 3), np.int64)})
    for wrong in (-1, 256):
        with pytest.raises(EventsError, match="saturate it first"):
            builder.build(good | {"hadronic_towers": good["hadronic_towers"] + wrong})


@pytest.mark.parametrize("namespace", ["", "1a", "a-b", "a::", "a:b"])
def test_a_namespace_that_is_none_is_refused(namespace):
    with pytest.raises(HandoffError, match="no namespace of C"):
        builder_for(image_program(image_view()), towers=(2, 3)).source(namespace)

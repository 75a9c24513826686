"""C++ of builders equals what made the training data; raw data made of an image builds to that image."""

import json
import re

import numpy as np
import pytest

from tests.handoff.builders.programs import built, image_program, image_view, program_of, run, whole
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.units import Units
from trigger_nn.handoff.builders import builder_for, raw_record
from trigger_nn.handoff.builders.jet_features import JetFeaturesBuilder
from trigger_nn.handoff.builders.source import integer_type
from trigger_nn.handoff.builders.tower_image import TowerImageBuilder
from trigger_nn.handoff.design import Design, Unrolled
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.integers import Integers
from trigger_nn.recipe import HardwareSpec

RAW = {"units": Units(tower_bits=5, candidate_bits=9, phi_steps=100).model_dump(mode="json")}


def tower_case(towers, wrap, kind=None, **view):
    program = image_program(image_view(**view), wrap, kind, raw=RAW)
    return builder_for(program, towers=towers), program.inputs[0]


def candidate_case(count, wrap, **view):
    program = image_program(image_view(source="candidates", **view), wrap, lsb=0.25, raw=RAW)
    return builder_for(program, candidates=count), program.inputs[0]


def jets_case():
    view = image_view(source="jets", channels=["all"], eta_max=2.4, bits=8)
    program = image_program(view, 1, lsb=0.25, raw=RAW)
    return builder_for(program, candidates=6), program.inputs[0]


def features_case(bits, offsets, shifts, kind):
    view = {
        "kind": "jet_features", "constituents": 64, "bits": bits, "reach": 2, "offsets": offsets, "shifts": shifts
    }  # fmt: skip
    program = program_of(Column((16,), (Quantity("f", "1", Fixed(True, bits, 3)),), view), (16,), kind)
    return builder_for(program), program.inputs[0]


def jet_image_case(channels, pixels, **view):
    kind = whole(4)
    shape = (pixels, pixels, len(channels))
    view = {"kind": "jet_image", "steps": ["pixelate"], "channels": channels, "pixels": pixels, "width": 3.2,
            "bits": 4} | view  # fmt: skip
    program = program_of(Column(shape, (Quantity("n", "1", kind),), view), shape, kind, RAW)
    return builder_for(program, candidates=12), program.inputs[0]


def constituents_case(features, kept, count, kind):
    types = {"pt": whole(5), "eta": whole(6, True), "phi": whole(6, True), "type": whole(3), "charge": whole(2, True)}
    numbers = tuple(Quantity(name, "1", types[name]) for name in features)
    view = {"kind": "constituents", "count": kept, "features": features}
    shape = (kept, len(features))
    program = program_of(Column(shape, numbers, view), shape, kind, RAW)
    return builder_for(program, candidates=count), program.inputs[0]


PEDESTALS = [[3, 400], [-5, 0], [7, 60]]
SHIFTS = [8, 5, 12, 13, 13, 14, 4, 5, 4, 1, 4, 4, 6, 0, 31, -3]
OFFSETS = [-187111, 28204, 683567, 752003, 867739, 760835, 5263, 4359, 5263, 741, 5567, 2652, 17718, 9032, 82811, 49]


@pytest.fixture(scope="module")
def shipped(sample):
    program = image_program(
        dict(sample.column("image").view), 1, Fixed(False, 10, 4), raw=raw_record(sample.provenance)
    )
    return builder_for(program), program.inputs[0]


@pytest.fixture(scope="module")
def builders(shipped):
    both = ["electromagnetic", "hadronic"]
    return {
        "shipped": shipped,
        "three_channels": tower_case(
            (8, 6), 2, whole(12, True), channels=["hadronic", "total", "electromagnetic"], bits=9, subtract=True,
            pedestals=PEDESTALS,
        ),
        "one_section": tower_case((2, 3), 0, channels=["hadronic"], bits=3),
        "two_sections": tower_case((4, 9), 3, channels=both, bits=5),
        "one_column": tower_case((6, 4), 1, channels=["total"], eta_bins=3, phi_bins=1, bits=10),
        "candidates": candidate_case(20, 1, channels=["all", "charged", "photon"], eta_bins=7, phi_bins=6, eta_max=2.4),
        "leptons": candidate_case(9, 0, channels=["muon", "electron", "neutral", "charged"], eta_bins=3, eta_max=1.3),
        "jets": jets_case(),
        "features": features_case(10, OFFSETS, SHIFTS, Fixed(True, 10, 3)),
        "left_features": features_case(7, [0, -1, 2**31 - 1, 1 - 2**31] * 4, [-31, -6, 0, 1] * 4, whole(9, True)),
        "jet_image": jet_image_case(["tracks", "neutral_pt", "muons", "track_pt"], 5),
        "pixels": jet_image_case(["track_pt"], 4, width=1.0),
        "constituents": constituents_case(["pt", "eta", "phi"], 4, 10, whole(8, True)),
        "unsorted": constituents_case(["charge", "type", "phi"], 3, 3, Fixed(True, 7, 2)),
    }  # fmt: skip


@pytest.fixture(scope="module")
def compiled(gxx, builders, tmp_path_factory):
    return built(gxx, tmp_path_factory.mktemp("builders"), builders)


NAMES = (
    "shipped", "three_channels", "one_section", "two_sections", "one_column", "candidates", "leptons", "jets",
    "features", "left_features", "jet_image", "pixels", "constituents", "unsorted",
)  # fmt: skip


def corners(port):
    """Zeros, the ends of the type, and one hot element at a time: the first, the last and some between."""
    size = int(np.prod(port.shape))
    hot = np.unique(np.linspace(0, size - 1, 40).astype(int))
    rows = np.zeros((3 + len(hot), size), np.int64)
    rows[1], rows[2] = port.type.maximum, port.type.minimum
    rows[np.arange(3, len(rows)), hot] = port.type.maximum
    return rows.reshape(-1, *port.shape)


def raw_events(builder, rng, count):
    """Random raw data: anything the types hold; then angles nearer to 0, energies smaller; then corners."""
    corner = {port.name: corners(port) for port in builder.ports}
    shortest = min(map(len, corner.values()))
    inputs = {}
    for port in builder.ports:
        reach = (1.0, 1.0, 1.0) if port.type.width == 3 else (1.0, 0.3, 0.05) if port.type.signed else (1.0, 0.1, 0.02)
        ends = [(int(share * port.type.minimum), int(share * port.type.maximum)) for share in reach]
        parts = [rng.integers(low, high, (count, *port.shape), endpoint=True) for low, high in ends]
        inputs[port.name] = np.concatenate([*parts, corner[port.name][:shortest]])
    return inputs


@pytest.mark.parametrize("name", NAMES)
def test_cpp_builds_what_python_builds(name, builders, compiled):
    builder, port = builders[name]
    inputs = raw_events(builder, np.random.default_rng(len(name)), 40 if name == "shipped" else 400)
    wanted = builder.build(inputs)
    assert wanted.shape[1:] == port.shape
    assert np.unique(wanted).size > 3
    assert np.array_equal(run(compiled, name, builder, port, inputs), wanted)


@pytest.mark.parametrize("name", NAMES)
def test_logic_for_rtl_is_what_python_builds(name, builders):
    builder, _ = builders[name]
    assert isinstance(builder, Unrolled) == isinstance(builder, TowerImageBuilder | JetFeaturesBuilder)
    if isinstance(builder, Unrolled):
        raw = raw_events(builder, np.random.default_rng(5), 40)
        values = [raw[port.name] for port in builder.ports]
        assert np.array_equal(builder.logic(Integers(), values), builder.build(raw))


@pytest.mark.parametrize("name", NAMES)
def test_what_raw_data_gives_is_undone_and_built_again(name, builders):
    builder, _ = builders[name]
    made = builder.build(raw_events(builder, np.random.default_rng(5), 50))
    if name == "constituents":
        made = np.where((made[..., :1] == 0), 0, made)  # places without pT hold zeros in real events
    again = builder.undo(made)
    assert {port.name: again[port.name].shape[1:] for port in builder.ports} == {p.name: p.shape for p in builder.ports}
    assert np.array_equal(builder.build(again), made)


def test_real_events_drive_the_shipped_builder(sample, shipped, compiled):
    builder, port = shipped
    events = sample.splits["test"]["image"][:300].astype(np.int64)
    image = np.pad(events, [(0, 0), (0, 0), (1, 1)], mode="wrap")[..., None]
    towers = builder.undo(image)
    assert [towers[p.name].shape for p in builder.ports] == [(300, 72, 100)] * 2
    assert np.array_equal(builder.build(towers), image)
    assert np.array_equal(run(compiled, "shipped", builder, port, towers), image)


def test_every_edge_tower_of_the_shipped_view_lights_its_cell(shipped, compiled):
    builder, port = shipped
    edges = [(phi, ring) for phi in (0, 5, 6, 35, 66, 71) for ring in (0, 4, 5, 50, 94, 95, 99)]
    empty = np.zeros((len(edges), 72, 100), np.int64)
    hot = empty.copy()
    for event, (phi, ring) in enumerate(edges):
        hot[event, phi, ring] = 255
    image = run(compiled, "shipped", builder, port, {"electromagnetic_towers": empty, "hadronic_towers": hot})
    assert [int(np.count_nonzero(one)) for one in image] == [2 if phi < 6 or phi > 65 else 1 for phi, _ in edges]
    pedestals = builder.view.pedestals[0]
    for (phi, ring), one in zip(edges, image, strict=True):
        assert one[ring // 5, phi // 6 + 1, 0] == 255 - pedestals[ring // 5]


def test_a_full_cell_comes_of_enough_towers_or_of_full_ones(builders):
    builder, port = builders["two_sections"]
    full = np.full((1, *port.shape), 31)
    assert np.array_equal(builder.build(builder.undo(full)), full)
    builder, port = builders["three_channels"]  # whose 8 towers of 31 counts can't fill 9 bits
    towers = builder.undo(np.full((1, *port.shape), 511))
    assert {int(values.min()) for values in towers.values()} == {31}


def test_repeated_columns_that_contradict_the_inside_are_not_looked_at(builders):
    builder, port = builders["two_sections"]
    image = np.full((1, *port.shape), 9)
    image[:, :, 3:6] = np.arange(3)[:, None]
    again = builder.build(builder.undo(image))
    assert np.array_equal(again[0, 0, :, 0], [0, 1, 2] * 3)


def test_of_more_bins_than_candidates_the_hardest_are_kept(builders):
    builder, port = builders["jets"]
    image = np.zeros((1, *port.shape), np.int64)
    image[0, 1, 1:4, 0] = 5
    image[0, 0, 1:4, 0] = [7, 0, 9]
    image[0, :, 0], image[0, :, 4] = image[0, :, 3], image[0, :, 1]
    assert np.array_equal(builder.build(builder.undo(image)), image)
    assert np.array_equal(builder.undo(image)["pt"], [[9, 7, 5, 5, 5, 0]])
    seven = image_program(image_view(source="jets", channels=["all"], bits=8), 1, lsb=0.25, raw=RAW)
    assert np.array_equal(builder_for(seven, candidates=2).undo(image)["pt"], [[9, 7]])


def test_phi_far_outside_a_turn_comes_back_into_it(builders, compiled):
    builder, port = builders["candidates"]
    ports = {p.name: p for p in builder.ports}
    low, high = ports["phi"].type.minimum, ports["phi"].type.maximum
    assert (low, high) == (-128, 127)
    phi = np.arange(low, high + 1)
    inputs = {name: np.zeros((len(phi), 20), np.int64) for name in ports}
    inputs["phi"][:, 0], inputs["pt"][:, 0], inputs["kind"][:, 0] = phi, 3, 4
    image = run(compiled, "candidates", builder, port, inputs)
    assert np.array_equal(image, builder.build(inputs))
    columns = (phi + 50) % 100 * 6 // 100 + 1
    assert np.all(image[np.arange(len(phi)), 3, columns, 0] == 3)


def test_the_same_builder_has_the_same_text(builders):
    for builder, _ in builders.values():
        assert builder.source("a") == builder.source("a")
        assert json.loads(json.dumps(builder.facts())) == builder.facts()


def test_code_divides_by_nothing_and_knows_no_floats(builders):
    for builder, _ in builders.values():
        text = builder.source("one::two")
        assert text.startswith("#ifndef ONE_TWO_BUILD_H_\n#define ONE_TWO_BUILD_H_\n")
        code = re.sub(r"//.*", "", text)
        assert not re.search(r"[/%]|float|double|\bdo\b|while", code)
        assert re.findall("#include (.*)", code) == ['"ap_fixed.h"', '"ap_int.h"']


def test_a_design_runs_from_raw_data_to_the_networks_output(builders, sample):
    program = image_program(image_view(bits=6), 1, raw=RAW | {"towers": [4, 6]})
    design = Design(program, HardwareSpec(), builder_for(program))
    assert [port.name for port in design.inputs] == ["electromagnetic_towers", "hadronic_towers"]
    towers = {port.name: np.full((1, *port.shape), 3) for port in design.inputs}
    assert np.array_equal(design.run(towers)["y"], np.full((1, 2, 5, 1), 24))


def test_ports_are_declared_as_their_types(builders):
    assert [(p.name, p.shape, integer_type(p.type)) for p in builders["shipped"][0].ports] == [
        ("electromagnetic_towers", (72, 100), "ap_uint<8>"),
        ("hadronic_towers", (72, 100), "ap_uint<8>"),
    ]
    assert [(p.name, integer_type(p.type)) for p in builders["candidates"][0].ports] == [
        ("pt", "ap_uint<9>"), ("eta", "ap_int<8>"), ("phi", "ap_int<8>"), ("kind", "ap_uint<3>"),
    ]  # fmt: skip
    assert [p.name for p in builders["one_section"][0].ports] == ["hadronic_towers"]
    assert [p.name for p in builders["jets"][0].ports] == ["pt", "eta", "phi"]
    assert [p.name for p in builders["unsorted"][0].ports] == ["pt", "charge", "type", "phi"]

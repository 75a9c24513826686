"""What changed between two programs or two bundles, in exact words and numbers."""

import json
import math
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from trigger_nn.cli import app
from trigger_nn.errors import EventsError, HandoffError, ProgramError, TriggerNNError
from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.events.storage.dataset import Events, Sample, write_sample
from trigger_nn.handoff.bundle import MANIFEST, Bundle
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import HandoffFacts, Origin
from trigger_nn.handoff.make import PROGRAM
from trigger_nn.handoff.manifest import VectorCounts, describe
from trigger_nn.hardware.estimate import estimate
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Dense
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HandoffSpec, HardwareSpec
from trigger_nn.studies.difference import Change, Firing, FiringChange, firing_changes
from trigger_nn.workflow.bundles import Side, changed
from trigger_nn.workflow.origin import saved

IN, OUT = Fixed(True, 6, 4), Fixed(True, 10, 6)
COLUMN = Column((2,), (Quantity("pt", "GeV", Fixed(True, 6, 6), 0.5),), {})


def program(weights=((1, 0), (0, 1)), kind=OUT, port=IN, name="net"):
    """Two scores that are sums of two inputs: by default these themselves."""
    dense = Dense(
        name="score", inputs=("x",), shape=(2,), type=kind, weights=Constant(np.array(weights), Fixed(True, 4, 4)),
        bias=Constant(np.array([0, 0]), OUT), accumulator=Fixed(True, 14, 10), reuse_factor=1,
    )  # fmt: skip
    provenance = {"events": {"view": "it"}, "hardware": HardwareSpec().model_dump()}
    return Program(name, (Port("x", (2,), port),), (dense,), ("score",), provenance)


SWAPPED = program(((0, 1), (1, 0)))

# Quarters, as the input counts, and the Hz of each event.
COUNTS = np.array([[4, 0], [8, 4], [12, 12], [-4, 16], [0, 8]])
RATES = np.array([1.0, 10.0, 100.0, 1000.0, 10000.0], np.float32)


@pytest.fixture
def sample(tmp_path):
    """Events that know their rates in the test split; in the training split one event alone."""

    def events(counts, rates):
        return Events(np.zeros(len(counts), np.uint8), rates, rates, {"it": counts})

    splits = {"train": events(COUNTS[:1], RATES[:1] * 7), "test": events(COUNTS, RATES)}
    path = tmp_path / "events.h5"
    write_sample(path, Sample(("zero_bias",), {"it": COLUMN}, splits, {}))
    return path


@pytest.fixture
def numbers(tmp_path):
    np.save(tmp_path / "events.npy", COUNTS / 4)
    return tmp_path / "events.npy"


def thresholds(*mantissas, rate=100e3):
    return tuple(
        Threshold(name, i, rate, m, 0.5) for i, (name, m) in enumerate(zip(("a", "b"), mantissas, strict=False))
    )


def bundled(network, cuts=(), spec=None, events=12, decide=True, files=None, **told):
    """A bundle as far as `diff` looks at it: program and manifest."""
    hardware = told.pop("hardware", HardwareSpec())
    design = Design(network, hardware, None, cuts if decide else ())
    origin = Origin(told.pop("versions", {"hls4ml": "1.3.0"}), **told)
    facts = HandoffFacts(estimate(network, hardware.clock_period, hardware.part), origin, thresholds=cuts)
    content = {PROGRAM: saved(network), **(files or {})}
    manifest = describe(design, facts, spec or HandoffSpec(), VectorCounts(events=events), content)
    return Bundle.sealed(content | {MANIFEST: manifest.text()})


def side(network, *cuts, **told):
    """As `Side.read` reads it."""
    bundle = bundled(network, *cuts, **told)
    with tempfile.TemporaryDirectory() as folder:
        return Side.read(bundle.write(Path(folder) / "bundle"))


def changes(before, after):
    """All that differs but the files in which it does, and the digests of the bundles."""
    found = changed(before, after, None, "test", ()).changes
    return [
        (c.where, c.what, c.before, c.after)
        for c in found
        if c.what != "files that differ" and (c.where, c.what) != ("bundle", "digest")
    ]


def bare(network):
    return Side(network, None)


# Reading.


def test_programs_folders_and_zips_are_read_alike(tmp_path):
    network = program()
    network.save(tmp_path / "net.h5")
    bundle = bundled(network, thresholds(3, 5))
    bundle.write(tmp_path / "folder")
    (tmp_path / "net.zip").write_bytes(bundle.zip())
    sides = [Side.read(tmp_path / name) for name in ("net.h5", "folder", "net.zip")]
    assert [s.program.digest for s in sides] == [network.digest] * 3
    assert [s.manifest is None for s in sides] == [True, False, False]
    assert sides[1].manifest == sides[2].manifest
    assert [t.mantissa for t in sides[1].manifest.thresholds] == [3, 5]
    for other in sides:
        assert changed(sides[0], other, None, "test", ()).changes == ()


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(ProgramError, match=r"no program at .*none\.h5"):
        Side.read(tmp_path / "none.h5")
    with pytest.raises(HandoffError, match=r"no bundle at .*none\.zip"):
        Side.read(tmp_path / "none.zip")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(HandoffError, match=r"text\.zip is no zip"):
        Side.read(tmp_path / "text.zip")
    (tmp_path / "text.h5").write_text("no program")
    with pytest.raises(ProgramError, match=r"text\.h5"):
        Side.read(tmp_path / "text.h5")
    (tmp_path / "empty").mkdir()
    with pytest.raises(HandoffError, match=PROGRAM):
        Side.read(tmp_path / "empty")
    whole = bundled(program()).files
    for name in (PROGRAM, MANIFEST):
        Bundle.sealed({path: content for path, content in whole.items() if path != name}).write(tmp_path / "part")
        with pytest.raises(HandoffError, match=name):
            Side.read(tmp_path / "part")
    Bundle.sealed(dict(whole) | {MANIFEST: b"{"}).write(tmp_path / "part")
    with pytest.raises(HandoffError, match=r"manifest\.json is damaged"):
        Side.read(tmp_path / "part")


# The network, and what is around it.


def test_equal_sides_do_not_differ(sample):
    for one, two in ((bare(program()), bare(program())), (side(program()), side(program()))):
        result = changed(one, two, sample, "test", (1.0,))
        assert (result.changes, result.before) == ((), result.after)
        assert [(o.differing, o.decisions) for o in result.outputs] == [(0, 0)]
        assert [(f.gained, f.lost) for f in result.firings] == [(0, 0), (0, 0)]


def test_other_weights_and_types():
    assert changes(bare(program()), bare(program(((1, 0), (3, 1))))) == [
        ("score", "weights", "1 of 4 values differ", "by up to 3")
    ]
    wide = Fixed(True, 12, 8, Rounding.RND, Overflow.SAT)
    assert changes(bare(program()), bare(program(kind=wide))) == [
        ("output 0", "port", "score (2,) fixed<10,6>", "score (2,) fixed<12,8,RND,SAT>"),
        ("score", "type", "fixed<10,6>", "fixed<12,8,RND,SAT>"),
    ]


def test_bundles_tell_the_network_and_its_estimate():
    """Of a changed network the estimate is told as well, each figure that differs by itself."""
    before, after = side(program(((1, 0), (0, 1)))), side(program(((3, 5), (7, 3))))
    found = changes(before, after)
    assert found[0] == ("score", "weights", "4 of 4 values differ", "by up to 7")
    old, new = (s.manifest.estimate.model_dump(mode="json") for s in (before, after))
    told = {what: (one, two) for where, what, one, two in found if where == "estimate"}
    assert told == {key: (json.dumps(old[key]), json.dumps(new[key])) for key in old if old[key] != new[key]}
    assert "lut" in told
    assert {where for where, *_ in found} == {"score", "estimate"}


def test_other_clock_part_and_rules():
    spec = HandoffSpec(random_vectors=7)
    before = side(program(), hardware=HardwareSpec(clock_period=5.0))
    after = side(program(), hardware=HardwareSpec(clock_period=2.5, clock_uncertainty=12.5), spec=spec, events=40)
    found = changes(before, after)
    for change in (
        ("hardware", "clock_period", "5.0", "2.5"),
        ("hardware", "clock_uncertainty", "none", "12.5"),
        ("handoff", "random_vectors", "200", "7"),
        ("vectors", "events", "12", "40"),
        ("estimate", "latency_ns", *(json.dumps(s.manifest.estimate.latency_ns) for s in (before, after))),
    ):
        assert change in found
    assert {where for where, *_ in found} == {"hardware", "handoff", "vectors", "estimate"}


def test_nested_tables_are_named_by_their_path():
    spec = HandoffSpec.model_validate({"patterns": {"board": "x7", "input_links": (4, 5)}})
    found = changes(side(program()), side(program(), spec=spec))
    assert found == [("handoff", "patterns.board", "x0", "x7"), ("handoff", "patterns.input_links", "[]", "[4, 5]")]


def test_origin():
    before = side(program(), revision="abc", sample="1" * 64, versions={"hls4ml": "1.3.0", "numpy": "2.0"})
    after = side(
        program(), revision="abd", sample="2" * 64, command="trigger-nn bundle r.toml",
        versions={"hls4ml": "1.4.0", "h5py": "3"},
    )  # fmt: skip
    assert set(changes(before, after)) == {
        ("versions", "hls4ml", "1.3.0", "1.4.0"),
        ("versions", "numpy", "2.0", "none"),
        ("versions", "h5py", "none", "3"),
        ("revision", "revision", "abc", "abd"),
        ("command", "command", "", "trigger-nn bundle r.toml"),
        ("training sample", "digest", "1" * 64, "2" * 64),
    }


def test_other_thresholds():
    before, after = side(program(), thresholds(3, 5)), side(program(), thresholds(3, 8))
    assert changes(before, after) == [("thresholds", "b at 100 kHz.mantissa", "5", "8")]
    assert ("thresholds", "b at 100 kHz.in_firmware", "true", "false") in changes(
        before, side(program(), thresholds(3, 5), decide=False)
    )
    (gone,) = [c for c in changes(before, side(program(), thresholds(3))) if c[1] == "b at 100 kHz"]
    assert (gone[2] != "none", gone[3]) == (True, "none")
    (came,) = [c for c in changes(before, side(program(), thresholds(3, 5, rate=50e3))) if c[1] == "a at 50 kHz"]
    assert (came[2], came[3] != "none") == ("none", True)


def test_a_program_beside_a_bundle_tells_the_network_alone():
    assert changes(bare(program()), side(program(), thresholds(1), revision="abc")) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"files": {"vectors/x.hex": b"00 01\n"}}, {"files": {"vectors/x.hex": b"00 02\n"}}),
        ({"recipe_content": {"training": {"seed": 1}}}, {"recipe_content": {"training": {"seed": 2}}}),
    ],
)
def test_bundles_of_other_bytes_never_pass_as_equal(tmp_path, old, new):
    """`diff` ends with 0 only if the digests agree: of bundles those of the bundles."""
    before, after = (bundled(program(), **told) for told in (old, new))
    assert before.digest != after.digest
    sides = (Side.read(bundle.write(tmp_path / bundle.digest[:8])) for bundle in (before, after))
    assert changed(*sides, None, "test", ()).changes != ()


# Events.


def test_rates_of_a_bundle_s_own_thresholds(sample):
    """Scores are in sixteenths: an input of 4 counts, 1.0, is a score of 16."""
    before, after = side(program(), thresholds(16, 32)), side(SWAPPED, thresholds(16, 48))
    result = changed(before, after, sample, "test", ())
    a, b = result.firings
    # Element 0 was the first input (above 1.0: events 1, 2), and is the second (events 2, 3, 4).
    assert a == FiringChange("a at 100 kHz", 1.0, 1.0, 5, 2, 1, rate_before=110.0, rate_after=11100.0)
    # Element 1 was the second input above 2.0 (events 2, 3), and is the first above 3.0 (none).
    assert b == FiringChange("b at 100 kHz", 2.0, 3.0, 5, 0, 2, rate_before=1100.0, rate_after=0.0)
    (output,) = result.outputs
    assert (output.output, output.events, output.differing, output.largest) == ("score", 5, 8, 5.0)


def test_thresholds_given_as_numbers_count_before_those_of_the_bundles(sample):
    before, after = side(program(), thresholds(16, 32)), side(SWAPPED, thresholds(16, 48))
    result = changed(before, after, sample, "test", (1.0, 2.0))
    assert [(f.threshold_before, f.threshold_after) for f in result.firings] == [(1.0, 1.0), (2.0, 2.0)]
    assert [(f.gained, f.lost) for f in result.firings] == [(2, 1), (0, 1)]
    assert [(f.rate_before, f.rate_after) for f in result.firings] == [(110.0, 11100.0), (1100.0, 100.0)]
    (output,) = result.outputs
    assert output.decisions == 3  # events 1, 3 and 4
    single = changed(before, after, sample, "test", (2.0,))
    assert [(f.threshold_before, f.rate_before) for f in single.firings] == [(2.0, 100.0), (2.0, 1100.0)]


def test_the_split_that_is_asked_for_counts(sample):
    result = changed(bare(program()), bare(SWAPPED), sample, "train", (0.5,))
    assert [(f.events, f.rate_before, f.rate_after) for f in result.firings] == [(1, 7.0, 0.0), (1, 0.0, 7.0)]
    with pytest.raises(EventsError, match="no split 'tets'"):
        changed(bare(program()), bare(program()), sample, "tets", ())
    with pytest.raises(EventsError, match="no split 'validation'"):
        changed(bare(program()), bare(program()), sample, "validation", ())


def test_arrays_have_no_rates(numbers):
    result = changed(side(program(), thresholds(16)), side(SWAPPED, thresholds(16)), numbers, "test", ())
    (one,) = result.firings
    assert (one.gained, one.lost, one.rate_before, one.rate_after) == (2, 1, None, None)


def test_without_thresholds_the_largest_output_decides(numbers):
    result = changed(bare(program()), bare(SWAPPED), numbers, "test", ())
    assert result.firings == ()
    assert result.outputs[0].decisions == 4


@pytest.mark.parametrize("kind", [Fixed(True, 10, 6), Fixed(True, 10, 6, Rounding.RND_CONV, Overflow.SAT)])
@pytest.mark.parametrize("threshold", [1.03125 - 2**-8, 1.03125, -1.03125, 0.96875, 40.0, -40.0, 1e30, -1e30, math.inf])
def test_a_number_between_or_beyond_the_scores_cuts_where_it_lies(sample, kind, threshold):
    """However the output's type rounds and overflows: a score fires if it is above the number."""
    network = program(kind=kind)
    fired = np.greater(COUNTS / 4, threshold)
    result = changed(bare(network), bare(network), sample, "test", (threshold,))
    assert [f.rate_before for f in result.firings] == [RATES[mask].sum() for mask in fired.T]


def test_thresholds_that_do_not_fit_are_refused(sample):
    with pytest.raises(EventsError, match="3 thresholds were given for 2 outputs"):
        changed(bare(program()), bare(program()), sample, "test", (1.0, 2.0, 3.0))
    with pytest.raises(TriggerNNError, match=r"(?i)nan"):
        changed(bare(program()), bare(program()), sample, "test", (math.nan,))


def test_programs_with_other_inputs_are_refused_on_events(numbers, sample):
    other = program(port=Fixed(True, 8, 4))
    for path in (numbers, sample):
        for cuts in ((), (1.0,)):
            with pytest.raises(EventsError, match="different input ports"):
                changed(bare(program()), bare(other), path, "test", cuts)
    assert changes(bare(program()), bare(other)) == [
        ("input 0", "port", "x (2,) fixed<6,4>", "x (2,) fixed<8,4>")
    ]  # without events they are compared


def test_a_renamed_input_and_a_shorter_output(numbers):
    dense = program().operations[0]
    renamed = Program("net", (Port("y", (2,), IN),), (replace(dense, inputs=("y",)),), ("score",))
    assert changed(bare(program()), bare(renamed), numbers, "test", (1.0,)).outputs[0].differing == 0
    short = replace(
        dense, shape=(1,), weights=Constant(np.array([[1], [0]]), Fixed(True, 4, 4)), bias=Constant(np.array([0]), OUT)
    )
    shorter = Program("net", program().inputs, (short,), ("score",))
    result = changed(bare(program()), bare(shorter), numbers, "test", (1.0,))
    assert result.outputs == ()  # not comparable
    assert [(f.name, f.gained, f.lost) for f in result.firings] == [("element 0", 0, 0)]  # what both have


# Firings by themselves.


def firings(*mantissas, names=("a", "b")):
    return [Firing(name, i, m) for i, (name, m) in enumerate(zip(names, mantissas, strict=False))]


def test_firings_are_paired_by_name_not_by_place():
    before = [Firing("a", 0, 16), Firing("gone", 1, 0)]
    after = [Firing("new", 0, 0), Firing("a", 1, 16)]
    (change,) = firing_changes(program(), SWAPPED, {"x": COUNTS}, (before, after), RATES)
    assert change == FiringChange("a", 1.0, 1.0, 5, 0, 0, rate_before=110.0, rate_after=110.0)
    assert firing_changes(program(), SWAPPED, {"x": COUNTS}, ([], after), RATES) == ()
    assert firing_changes(program(), SWAPPED, {"x": COUNTS}, (firings(1), [Firing("b", 0, 1)]), RATES) == ()


def test_a_score_at_its_threshold_does_not_fire():
    (at, below) = (
        firing_changes(program(), program(), {"x": COUNTS}, (firings(m), firings(m)), RATES)[0] for m in (48, 47)
    )
    assert (at.rate_before, below.rate_before) == (0.0, 100.0)


def test_thresholds_are_numbers_of_each_side_s_own_type():
    fine = program(kind=Fixed(True, 12, 6))
    (change,) = firing_changes(program(), fine, {"x": COUNTS}, (firings(16), firings(64)), RATES)
    assert change == FiringChange("a", 1.0, 1.0, 5, 0, 0, rate_before=110.0, rate_after=110.0)


def test_rates_are_summed_exactly():
    """In float64: 2^24 + 1 + 1 in float32 would stay 2^24."""
    rates = np.array([2.0**24, 1, 1, 0, 0], np.float32)
    (change,) = firing_changes(program(), program(), {"x": COUNTS}, (firings(0), firings(0)), rates)
    assert change.rate_before == 2.0**24 + 2


def test_firings_of_other_inputs_are_refused():
    other = program(port=Fixed(True, 8, 4))
    with pytest.raises(EventsError, match="different input ports"):
        firing_changes(program(), other, {"x": COUNTS}, (firings(1), firings(1)))


# The command line.


def diff(*arguments):
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


@pytest.fixture
def folders(tmp_path):
    before, after = tmp_path / "old", tmp_path / "new.zip"
    bundled(program(), thresholds(16, 32)).write(before)
    after.write_bytes(bundled(SWAPPED, thresholds(16, 48), hardware=HardwareSpec(clock_period=2.5)).zip())
    return before, after


def test_diff_prints_json_that_is_the_result(folders, sample):
    done = diff(*folders, "--events", sample, "--json")
    assert done.exit_code == 1, done.output
    found = json.loads(done.stdout, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))
    expected = changed(*map(Side.read, folders), sample, "test", ())
    assert found == json.loads(json.dumps(asdict(expected)))
    assert [f["rate_after"] for f in found["firings"]] == [11100.0, 0.0]
    assert asdict(Change("hardware", "clock_period", "5.0", "2.5")) in found["changes"]


def test_json_is_finite_whatever_the_threshold(folders, sample):
    done = diff(*folders, "--events", sample, "--json", "--threshold", "inf")
    assert done.exit_code == 1, done.output
    json.loads(done.stdout, parse_constant=lambda text: pytest.fail(f"{text} is no JSON"))


def test_diff_prints_tables(folders, sample):
    done = diff(*folders, "--events", sample)
    assert done.exit_code == 1, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "hardware clock_period 5.0 2.5" in lines
    assert "thresholds b at 100 kHz.mantissa 32 48" in lines
    assert "a at 100 kHz 1 1 5 2 1 0.11 11.1" in lines
    assert "b at 100 kHz 2 3 5 0 2 1.1 0" in lines
    assert "output score: 8 values differ on 5 events, by up to 5;" in done.stdout


def test_diff_of_a_bundle_with_itself(folders):
    done = diff(folders[0], folders[0])
    assert (done.exit_code, "no difference" in done.stdout) == (0, True)

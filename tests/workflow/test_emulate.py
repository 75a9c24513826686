"""Emulation of files: whatever the format, block and interruption, the scores are those of all events at once."""

import json
import os
import signal
import subprocess
import sys
import zlib
from dataclasses import replace
from pathlib import Path

import awkward as ak
import h5py
import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest
import uproot
from typer.testing import CliRunner

import trigger_nn
from tests.conftest import GOLDEN
from tests.program.test_storage import program as small
from trigger_nn import Emulator, Program
from trigger_nn.cli import app
from trigger_nn.engines.reference import run_reference
from trigger_nn.errors import EventsError, PrecisionError, TriggerNNError
from trigger_nn.events.storage.dataset import write_sample
from trigger_nn.events.storage.shards import Manifest, describe, read_sample, write_manifest
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.program import Port
from trigger_nn.version import __version__
from trigger_nn.workflow.emulate import block_size, emulate_to_file
from trigger_nn.workflow.fitting import cast
from trigger_nn.workflow.reading import Reading
from trigger_nn.workflow.sources import open_sources
from trigger_nn.workflow.workspace import embedded_sample

PROGRAM = GOLDEN / "event_image_program.h5"
EVENTS = 1000


def two():
    """Two inputs, two outputs of differing type: x (3,) -> s (2,), y (3,) -> d2 (2,)."""
    one = small()
    dense = replace(one.operations[0], name="d2", inputs=("y",), type=Fixed(True, 20, 10))
    ports = (*one.inputs, Port("y", (3,), one.inputs[0].type))
    return replace(one, inputs=ports, operations=(*one.operations, dense), output_names=("s", "d2"))


def numbers(events=EVENTS, seed=1):
    return np.random.default_rng(seed).uniform(-8, 8, (events, 3))


def expected(program, **inputs):
    """All events at once, by output."""
    emulator = Emulator(program, run_reference)
    return {name: emulator.trace_mantissas(emulator.cast(inputs))[name] for name in program.output_names}


def scores(program, paths, **options):
    blocks = list(trigger_nn.emulate(program, paths, **({"engine": "reference"} | options)))
    return {name: np.concatenate([block.scores[name] for block in blocks]) for name in program.output_names}


def write(path, **columns):
    """Columns as a file of the suffix's kind."""
    match path.suffix:
        case ".npy":
            np.save(path, next(iter(columns.values())))
        case ".npz":
            np.savez_compressed(path, **columns)
        case ".h5":
            with h5py.File(path, "w") as file:
                for name, values in columns.items():
                    file[name] = values
        case ".parquet":
            arrays = {n: pa.array(list(v) if v.ndim > 1 else v) for n, v in columns.items()}
            pyarrow.parquet.write_table(pa.table(arrays), path, row_group_size=300)
        case ".root":
            with uproot.recreate(path) as file:
                tree = file.mktree("Events", {n: np.dtype((v.dtype, v.shape[1:])) for n, v in columns.items()})
                for start in range(0, len(next(iter(columns.values()))), 300):
                    tree.extend({n: v[start : start + 300] for n, v in columns.items()})
    return path


def same(found, wanted):
    assert found.keys() == wanted.keys()
    for name, values in wanted.items():
        assert np.array_equal(found[name], values)


FORMATS = ("npy", "npz", "h5", "parquet", "root")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_gives_the_scores_of_all_events_at_once(tmp_path, form):
    x = numbers()
    wanted = expected(small(), x=x)
    path = write(tmp_path / f"events.{form}", x=x)
    same(scores(small(), path, block=77), wanted)
    mantissas = Emulator(small()).cast(x)["x"].astype(np.int8)
    path = write(tmp_path / f"mantissas.{form}", anything=mantissas, **({} if form == "npy" else {"other": x[:, 0]}))
    column = () if form == "npy" else ("anything",)
    same(scores(small(), path, block=333, mantissas=True, columns=column), wanted)


@pytest.mark.parametrize("form", FORMATS[1:])
def test_flat_features_are_stacked_in_the_order_given(tmp_path, form):
    x = numbers()
    path = write(tmp_path / f"events.{form}", pt=x[:, 0], eta=x[:, 1], phi=x[:, 2])
    same(scores(small(), path, columns=["pt", "eta", "phi"], block=300), expected(small(), x=x))
    same(scores(small(), path, columns=["phi", "pt", "pt"], block=300), expected(small(), x=x[:, [2, 0, 0]]))


@pytest.mark.parametrize("form", FORMATS[1:])
def test_several_inputs_and_outputs(tmp_path, form):
    x, y = numbers(), numbers(seed=2)
    wanted = expected(two(), x=x, y=y)
    same(scores(two(), write(tmp_path / f"a.{form}", x=x, y=y), block=99), wanted)
    path = write(tmp_path / f"b.{form}", one=x, other=y)
    same(scores(two(), path, columns=["y=other", "x=one"]), wanted)
    with pytest.raises(EventsError, match=r"several inputs .*x=COLUMN"):
        scores(two(), path, columns=["one", "other"])
    with pytest.raises(EventsError, match=r"nothing called 'x' for input 'x'.*such as: one, other"):
        scores(two(), path)


def test_structured_arrays_fortran_order_and_nested_data_sets(tmp_path):
    x = numbers()
    wanted = expected(small(), x=x)
    fields = np.zeros(EVENTS, [("a", "f8"), ("b", "f8"), ("c", "f8")])
    for i, name in enumerate("abc"):
        fields[name] = x[:, i]
    np.save(tmp_path / "fields.npy", fields)
    same(scores(small(), tmp_path / "fields.npy", columns="abc", block=300), wanted)
    with h5py.File(tmp_path / "fields.h5", "w") as file:
        file["deep/table"], file["deep/x"] = fields, x
    columns = [f"deep/table/{name}" for name in "abc"]
    same(scores(small(), tmp_path / "fields.h5", columns=columns, block=300), wanted)
    same(scores(small(), tmp_path / "fields.h5", columns=["deep/x"]), wanted)
    np.save(tmp_path / "f.npy", np.asfortranarray(x))
    np.savez(tmp_path / "f.npz", x=np.asfortranarray(x))
    for name in ("f.npy", "f.npz"):
        same(scores(small(), tmp_path / name, block=300), wanted)


def test_float32_and_whole_numbers(tmp_path):
    for kind in (np.float16, np.float32, ">f8", np.int64, np.uint8):
        x = np.abs(numbers()).astype(kind)
        same(scores(small(), write(tmp_path / "x.npy", x=x)), expected(small(), x=x))


def test_the_fast_cast_is_the_cast():
    rng = np.random.default_rng(4)
    for number in range(16):  # each compiles code of its own; tests/engines/native/test_ports.py has all modes
        width = int(rng.integers(1, 33))
        integer = int(rng.integers(width - 20, width + 3))
        overflow = [Overflow.WRAP, Overflow.SAT, Overflow.SAT_SYM][number % 3]
        port = Port("x", (9,), Fixed(bool(rng.integers(2)), width, integer, Rounding.TRN, overflow))
        x = rng.normal(0, 2.0 ** rng.integers(-3, 4) * port.type.maximum / 2.0**port.type.fraction, (40, 9))
        x[0] = 0.0, -0.0, 5e-324, -5e-324, 1e-30, -1e-30, port.type.minimum, port.type.maximum, 2.0**40
        x = x.astype(np.float32 if number % 2 else np.float64)[number % 3 == 0 :]
        assert np.array_equal(cast("", port, x, 0), port.cast(x)), port


def test_an_image_may_be_flat(tmp_path):
    program = Program.load(PROGRAM)
    x = np.random.default_rng(1).integers(0, 1024, (50, 280), np.int16)
    path = write(tmp_path / "x.parquet", pixels=x)
    wanted = Emulator(program, run_reference).predict_mantissas({"image": x.reshape(50, 20, 14, 1)})
    same(scores(program, path, mantissas=True), {"output": wanted})


def own_inputs(program):
    from trigger_nn.workflow.inputs import mantissas_at

    return mantissas_at(program, embedded_sample(), "validation")


def test_events_of_this_package_as_file_and_as_folder(tmp_path):
    program = Program.load(PROGRAM)
    wanted = Emulator(program, run_reference).predict_mantissas(own_inputs(program))
    same(scores(program, embedded_sample(), split="validation"), {"output": wanted})
    folder = shards(tmp_path, (slice(0, 700), slice(700, None)))
    blocks = list(trigger_nn.emulate(program, folder, split="validation", block=400))
    assert np.array_equal(np.concatenate([block.scores["output"] for block in blocks]), wanted)
    assert [(b.source.name, b.first, b.first_in_source, len(b)) for b in blocks] == [
        ("0.h5", 0, 0, 400), ("0.h5", 400, 400, 300), ("1.h5", 700, 0, 400), ("1.h5", 1100, 400, 400),
        ("1.h5", 1500, 800, 100),
    ]  # fmt: skip
    with pytest.raises(EventsError, match="no split 'test'"):
        scores(program, folder)


def shards(folder, slices):
    sample = read_sample(embedded_sample())
    events = sample.splits["validation"]
    found = []
    for number, rows in enumerate(slices):
        write_sample(folder / f"{number}.h5", replace(sample, splits={"validation": events.take(rows)}))
        found.append(describe(folder / f"{number}.h5", folder, "validation", "qcd"))
    write_manifest(folder, Manifest("halves", tuple(found), {}))
    return folder


MAPPING = """
format = "{form}"
process = "theirs"
split = "test"
{tree}
[columns.{name}.features]
a = {{ branch = "first", unit = "count", lsb = 1.0, bits = 7 }}
b = {{ branch = "second", unit = "count", lsb = 1.0, bits = 7 }}
c = {{ branch = "third", unit = "count", lsb = 1.0, bits = 7 }}
"""


@pytest.mark.parametrize(("form", "suffix"), [("npy", "npz"), ("hdf5", "h5"), ("parquet", "parquet"), ("root", "root")])
def test_foreign_files_through_a_mapping(tmp_path, form, suffix):
    x = np.random.default_rng(1).uniform(0, 150, (EVENTS, 3))
    path = write(tmp_path / f"theirs.{suffix}", first=x[:, 0], second=x[:, 1], third=x[:, 2])
    tree = 'tree = "Events"' if form == "root" else ""
    (tmp_path / "map.toml").write_text(MAPPING.format(form=form, tree=tree, name="image"))
    counts = np.minimum(np.floor(x), 127).astype(int)
    wanted = {"s": Emulator(small()).predict_mantissas({"x": counts})}
    same(scores(small(), [path], mapping=tmp_path / "map.toml", block=300), wanted)
    (tmp_path / "map.toml").write_text(MAPPING.format(form=form, tree=tree, name="jets"))
    same(scores(small(), [path], mapping=tmp_path / "map.toml", columns=["jets"]), wanted)
    with pytest.raises(EventsError, match="no column 'image'"):
        scores(small(), [path], mapping=tmp_path / "map.toml")
    with pytest.raises(EventsError, match="give one column to input 'x'"):
        scores(small(), [path], mapping=tmp_path / "map.toml", columns=["a", "b"])
    write(path, first=x[:, 0])
    with pytest.raises(EventsError, match=r"no branch 'second'|nothing called 'second'"):
        scores(small(), [path], mapping=tmp_path / "map.toml", columns=["jets"])
    write(path, third=x[:, 0])
    with pytest.raises(EventsError, match=r"nothing called 'first'.*name one that it has in the mapping.*: third"):
        scores(small(), [path], mapping=tmp_path / "map.toml", columns=["jets"])


@pytest.mark.parametrize("threads", [1, 2, None])
def test_both_engines_give_the_same(tmp_path, threads):
    path = write(tmp_path / "x.npz", x=numbers(), y=numbers(seed=2))
    same(scores(two(), path, engine="native", threads=threads, block=300), scores(two(), path, engine="reference"))


def test_files_of_all_formats_in_one_go(tmp_path):
    x = numbers()
    paths = [write(tmp_path / f"{i}.{form}", x=x[200 * i : 200 * (i + 1)]) for i, form in enumerate(FORMATS)]
    same(scores(small(), paths, block=150), expected(small(), x=x))


def test_lists_of_one_length_are_arrays_and_others_are_refused(tmp_path):
    x = numbers(10)
    with uproot.recreate(tmp_path / "lists.root") as file:
        file.mktree("Events", {"x": "var * float64"}).extend({"x": ak.from_iter(x.tolist())})
        file.mktree("Runs", {"n": "int32"}).extend({"n": np.zeros(1, np.int32)})
    with pytest.raises(EventsError, match=r"several trees \(Events, Runs\).*--tree"):
        scores(small(), tmp_path / "lists.root")
    same(scores(small(), tmp_path / "lists.root", tree="Events"), expected(small(), x=x))
    arrow = pa.table({"x": [*x.tolist()[:7], [1.0, 2.0]]})
    pyarrow.parquet.write_table(arrow, tmp_path / "lists.parquet")
    with pytest.raises(EventsError, match=r"list of 3 at event 0 and of 2 at event 7.*--mapping"):
        scores(small(), tmp_path / "lists.parquet")
    with pytest.raises(EventsError, match=r"list of 3 at event 5 and of 2 at event 7"):
        scores(small(), tmp_path / "lists.parquet", block=5)


@pytest.mark.parametrize("form", FORMATS)
def test_what_does_not_fit_is_a_sentence(tmp_path, form):
    path = write(tmp_path / f"x.{form}", x=np.zeros((20, 4)))
    with pytest.raises(EventsError, match=r"'x' has shape \(events, 3\), found \(20, 4\).*reshape"):
        scores(small(), path)
    bad = np.zeros((20, 3))
    bad[13, 1] = np.nan
    with pytest.raises(EventsError, match="'x' is not finite at event 13; remove"):
        scores(small(), write(tmp_path / f"x.{form}", x=bad), block=6)
    bad[13, 1] = 128
    path = write(tmp_path / f"x.{form}", x=bad.astype(np.int16))
    with pytest.raises(EventsError, match=r"mantissas -128..127, but holds 128 at event 13; saturate"):
        scores(small(), path, block=6, mantissas=True)
    path = write(tmp_path / f"x.{form}", x=np.zeros((20, 3)))
    with pytest.raises(EventsError, match="takes integers with --mantissas, found float64"):
        scores(small(), path, mantissas=True)
    with pytest.raises(EventsError, match=f"x.{form} has nothing called 'pt'"):
        scores(small(), path, columns=["pt"])
    with pytest.raises(EventsError, match=r"several inputs|nothing called"):
        scores(two(), path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(EventsError, match=f"x.{form}.*again"):
        scores(small(), path)


def test_other_refusals(tmp_path):
    with pytest.raises(EventsError, match=r"no events file at none\.npy"):
        scores(small(), "none.npy")
    (tmp_path / "x.txt").write_text("1 2 3")
    with pytest.raises(EventsError, match="none of npy, npz, HDF5, parquet and ROOT"):
        scores(small(), tmp_path / "x.txt")
    with pytest.raises(EventsError, match="holds no events"):
        scores(small(), write(tmp_path / "x.npy", x=np.zeros((0, 3))))
    with pytest.raises(EventsError, match="holds no events"):
        scores(small(), [])
    path = write(tmp_path / "x.h5", a=np.zeros(5), b=np.zeros(4), c=np.array([b"x"] * 5))
    with pytest.raises(EventsError, match="'b' has 4 events, 'a' 5"):
        scores(small(), path, columns=["a", "b", "b"])
    with pytest.raises(EventsError, match="real numbers, column 'c' holds"):
        scores(small(), path, columns=["c"])
    with pytest.raises(EventsError, match="no engine 'fast'; choose one of native, reference"):
        scores(small(), write(tmp_path / "x.npy", x=numbers()), engine="fast")
    wide = replace(small().operations[0], type=Fixed(False, 64, 32))
    with pytest.raises(PrecisionError, match="wider than 64-bit integers"):
        scores(replace(small(), operations=(wide,), output_names=("d",)), tmp_path / "x.npy")
    with pytest.raises(EventsError, match="several inputs"):
        scores(two(), embedded_sample())


def test_a_block_is_as_large_as_memory_allows():
    assert block_size(small(), "native") == 65536
    assert block_size(small(), "native", 10) == 10
    large = replace(small(), inputs=(Port("x", (10**6,), Fixed(True, 8, 4)),))
    assert block_size(large, "native") == block_size(large, "native", 10**9) == 4
    with pytest.raises(EventsError, match="at least 1"):
        block_size(small(), "native", 0)


# --- files of scores -----------------------------------------------------------------------------------------------


def emulate(*arguments):
    done = CliRunner().invoke(app, ["emulate", *map(str, arguments)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.stdout


@pytest.fixture
def saved(tmp_path):
    """A program with two inputs and outputs, two files of events, and their scores."""
    two().save(tmp_path / "program.h5")
    x, y = numbers(), numbers(seed=2)
    paths = [
        write(tmp_path / "a.npz", x=x[:600], y=y[:600]),
        write(tmp_path / "b.parquet", x=x[600:], y=y[600:]),
    ]
    return tmp_path / "program.h5", paths, expected(two(), x=x, y=y)


def check_file(path, program, wanted):
    with h5py.File(path) as file:
        same({name: values[()] for name, values in file["scores"].items()}, wanted)
        assert file.attrs["digest"] == program.digest
        assert file.attrs["events"] == EVENTS
        return {name: (values.dtype, dict(values.attrs)) for name, values in file["scores"].items()}, file["sources"][
            ()
        ]


def test_the_file_says_types_program_and_sources(tmp_path, saved):
    program, paths, wanted = saved
    told = json.loads(emulate(program, *paths, "--out", tmp_path / "s.h5", "--block", 250, "--json"))
    assert told["events"] == EVENTS
    assert told["events_per_second"] > 0
    assert [(port["name"], port["type"], port["lsb"]) for port in told["outputs"]] == [
        ("s", "fixed<8,4>", 1 / 16), ("d2", "fixed<20,10>", 1 / 1024),
    ]  # fmt: skip
    columns, sources = check_file(tmp_path / "s.h5", two(), wanted)
    assert columns == {
        "s": (np.int8, {"type": "fixed<8,4>", "lsb": 1 / 16}),
        "d2": (np.int32, {"type": "fixed<20,10>", "lsb": 1 / 1024}),
    }
    rows = [(row["file"].decode(), row["first"], row["events"], row["size"]) for row in sources]
    assert rows == [
        (str(paths[0]), 0, 600, paths[0].stat().st_size),
        (str(paths[1]), 600, 400, paths[1].stat().st_size),
    ]
    with h5py.File(tmp_path / "s.h5") as file:
        assert file.attrs["trigger_nn"] == __version__
        assert file.attrs["program"] == "small"
        assert file["scores/s"].maxshape == (None, 2)
    assert not (tmp_path / "s.h5.part").exists()


def test_npy_is_one_array_as_before(tmp_path, saved):
    small().save(tmp_path / "one.h5")
    x = numbers()
    path = write(tmp_path / "x.npy", x=x)
    said = emulate(tmp_path / "one.h5", path, "--out", tmp_path / "s.npy")
    assert "fixed<8,4> integers of 's'" in said
    assert said.startswith(f"{EVENTS} events, at ")
    found = np.load(tmp_path / "s.npy")
    assert found.dtype == np.int64
    same({"s": found}, expected(small(), x=x))
    program, paths, _ = saved
    with pytest.raises(EventsError, match=r"one array, the program has outputs s, d2; write an HDF5 file"):
        emulate(program, *paths, "--out", tmp_path / "t.npy")
    with pytest.raises(EventsError, match=r"ends with \.h5"):
        emulate(program, *paths, "--out", tmp_path / "t.root")
    assert not list(tmp_path.glob("t.*"))


class Crash(Exception):
    """Whatever ends a run."""


def crashing(after):
    """The reference engine, which ends the run in block `after`."""
    left = [after]

    def engine(program, inputs, keep):
        left[0] -= 1
        if left[0] < 0:
            raise Crash
        return run_reference(program, inputs, keep)

    return engine


def begin(tmp_path, saved, blocks=3, **changes):
    """A run that ends after some blocks of 250 events."""
    reading = Reading(**changes)
    sources = open_sources(two(), tuple(saved[1]), reading)
    with pytest.raises(Crash):
        emulate_to_file(two(), sources, reading, tmp_path / "s.h5", crashing(blocks), 250, lambda *_: None)
    assert not (tmp_path / "s.h5").exists()


@pytest.mark.parametrize("blocks", [0, 1, 3, 4])
def test_a_run_that_ended_goes_on_after_its_last_block(tmp_path, saved, blocks):
    program, paths, wanted = saved
    begin(tmp_path, saved, blocks)
    done = (0, 250, 500, 600, 850)[blocks]
    said = emulate(program, *paths, "--out", tmp_path / "s.h5", "--block", 111)
    assert (f", {done} of them by an interrupted run" in said) == (done > 0)
    check_file(tmp_path / "s.h5", two(), wanted)
    assert not (tmp_path / "s.h5.part").exists()


def test_what_a_kill_leaves_behind_the_last_block_is_cut_off(tmp_path, saved):
    program, paths, wanted = saved
    begin(tmp_path, saved)
    with (tmp_path / "s.h5.part/0.raw").open("ab") as file:
        file.write(b"torn")  # the block after the third, half written
    (tmp_path / "s.h5.part/.progress.json.x.part").write_text("{")
    (tmp_path / "s.h5.part/whole").write_bytes(b"\x89HDF")
    assert "600 of them" in emulate(program, *paths, "--out", tmp_path / "s.h5")
    check_file(tmp_path / "s.h5", two(), wanted)


def test_nothing_is_mixed_with_another_run(tmp_path, saved):
    program, paths, wanted = saved
    out = ("--out", tmp_path / "s.h5")
    begin(tmp_path, saved)
    os.utime(paths[1], ns=(1, 1))
    with pytest.raises(
        EventsError, match=r"s.h5.part .*another file 2 .b.parquet., its modified, .*now 1\).*--restart"
    ):
        emulate(program, *paths, *out)
    begin_again = emulate(program, *paths, *out, "--restart")
    assert "by an interrupted run" not in begin_again
    check_file(tmp_path / "s.h5", two(), wanted)
    (tmp_path / "s.h5").unlink()
    begin(tmp_path, saved)
    with pytest.raises(EventsError, match=r"another number of files \(2, now 1\)"):
        emulate(program, paths[0], *out)
    with pytest.raises(EventsError, match=r"another file 1 \('a.npz', now 'b.parquet'\)"):
        emulate(program, *paths[::-1], *out)
    with pytest.raises(EventsError, match=r"another option columns \(\[\], now \['x=x', 'y=x'\]\)"):
        emulate(program, *paths, *out, "--column", "x=x", "--column", "y=x")
    other = replace(two(), operations=(*two().operations[:-1], replace(two().operations[-1], reuse_factor=3)))
    other.save(tmp_path / "other.h5")
    with pytest.raises(EventsError, match="another digest of the program"):
        emulate(tmp_path / "other.h5", *paths, *out)
    raw = tmp_path / "s.h5.part/1.raw"
    content = bytearray(raw.read_bytes())
    content[100] ^= 1
    raw.write_bytes(content)
    with pytest.raises(EventsError, match=r"1.raw is not what was written.*--restart"):
        emulate(program, *paths, *out)
    raw.write_bytes(content[:100])
    with pytest.raises(EventsError, match=r"1.raw is not what was written.*--restart"):
        emulate(program, *paths, *out)
    (tmp_path / "s.h5.part/progress.json").write_text("{")
    with pytest.raises(EventsError, match=r"damaged.*--restart"):
        emulate(program, *paths, *out)
    assert not (tmp_path / "s.h5").exists()
    emulate(program, *paths, *out, "--restart")
    check_file(tmp_path / "s.h5", two(), wanted)


def test_a_run_that_did_nothing_leaves_nothing(tmp_path, saved):
    program, paths, _ = saved
    begin(tmp_path, saved, blocks=0)
    assert not (tmp_path / "s.h5.part").exists()
    begin(tmp_path, saved, blocks=1)
    part = tmp_path / "s.h5.part"  # as a kill before the first block's end leaves it
    (part / "progress.json").write_text('{"done": 0, "checksums": [0, 0]}')
    (part / "job.json").unlink()  # or one before it was noted what the job is
    emulate(program, *paths, "--out", tmp_path / "s.h5")
    (tmp_path / "s.h5").unlink()
    begin(tmp_path, saved, blocks=1)
    (part / "progress.json").write_text('{"done": 0, "checksums": [0, 0]}')
    write(paths[0], x=numbers(600), y=numbers(600, 2))
    assert "by an interrupted run" not in emulate(program, *paths, "--out", tmp_path / "s.h5")


def test_a_folder_that_is_not_ours_stays(tmp_path, saved):
    program, paths, _ = saved
    (tmp_path / "s.h5.part").mkdir()
    (tmp_path / "s.h5.part/thesis.tex").write_text("years of work")
    for more in ((), ("--restart",)):
        with pytest.raises(EventsError, match="not of an interrupted run"):
            emulate(program, *paths, "--out", tmp_path / "s.h5", *more)
    assert (tmp_path / "s.h5.part/thesis.tex").read_text() == "years of work"


def test_two_processes_do_not_write_the_same_scores(tmp_path, saved):
    program, paths, _ = saved
    code = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, fcntl.LOCK_EX); print(); sys.stdin.read()"
    (tmp_path / "s.h5.part").mkdir()
    command = [sys.executable, "-c", code, tmp_path / "s.h5.part/lock"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        other.stdout.readline()
        for more in ((), ("--restart",)):
            with pytest.raises(EventsError, match="written by another process"):
                emulate(program, *paths, "--out", tmp_path / "s.h5", *more)
        other.stdin.close()
    emulate(program, *paths, "--out", tmp_path / "s.h5")


def test_a_full_disk_is_a_sentence_and_the_run_goes_on(tmp_path, saved, monkeypatch):
    program, paths, wanted = saved
    begin(tmp_path, saved)

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(zlib, "crc32", full)
        with pytest.raises(TriggerNNError, match=r"No space left on device.*repeat the command"):
            emulate(program, *paths, "--out", tmp_path / "s.h5")
    assert "600 of them" in emulate(program, *paths, "--out", tmp_path / "s.h5")
    check_file(tmp_path / "s.h5", two(), wanted)


@pytest.mark.parametrize("which", [0, 1])
def test_a_file_that_changes_meanwhile_is_named(tmp_path, which):
    paths = [write(tmp_path / f"{i}.npy", x=numbers(100)) for i in range(2)]
    blocks = trigger_nn.emulate(small(), paths, block=60)
    next(blocks)
    write(paths[which], x=numbers(101))
    with pytest.raises(EventsError, match=rf"{which}\.npy was changed .*--restart"):
        list(blocks)


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_command_goes_on_where_it_stopped(tmp_path, how):
    events = embedded_sample()
    command = [
        sys.executable, "-m", "trigger_nn", "emulate", PROGRAM, events, "--split", "train", "--block", "100",
        "--engine", "reference", "--out", "s.h5",
    ]  # fmt: skip
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "events emulated" in line and "emulated 0/" not in line:
            assert "/s, " in line
            assert "s left" in line
            break
    process.send_signal(how)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == (130 if how == signal.SIGINT else -how), stderr
    assert "Traceback" not in stderr
    assert [path.name for path in tmp_path.iterdir()] == ["s.h5.part"]
    done = json.loads((tmp_path / "s.h5.part/progress.json").read_text())["done"]
    assert 600 <= done < 6300
    again = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert f"{done} of them by an interrupted run" in again.stdout
    assert f"events emulated {done}/6300" in again.stderr
    program = Program.load(PROGRAM)
    wanted = Emulator(program, run_reference).predict(to_numbers(program))
    with h5py.File(tmp_path / "s.h5") as file:
        found = file["scores/output"]
        assert found.dtype == np.int16
        assert np.array_equal(found[()] * found.attrs["lsb"], wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["s.h5"]


def to_numbers(program):
    from trigger_nn.workflow.inputs import numbers_at

    return numbers_at(program, embedded_sample(), "train")


MEMORY = """
import resource, sys
from pathlib import Path
import numpy as np
from trigger_nn import Program
from trigger_nn.workflow.emulate import emulate_to_file
from trigger_nn.workflow.fitting import cast
from trigger_nn.workflow.reading import Reading
from trigger_nn.workflow.sources import open_sources

def engine(program, inputs, keep):
    return {name: np.zeros((len(inputs["x"]), 2), np.int64) for name in keep}

program, peaks = Program.load(sys.argv[1]), []
for size in ("few", "many"):
    for form in ("npy", "npz", "h5", "parquet", "root"):
        sources = open_sources(program, (Path(f"{size}.{form}"),), Reading())
        emulate_to_file(program, sources, Reading(), Path("s.h5"), engine, 4096, lambda *_: None)
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
print(*peaks)
"""


def test_memory_does_not_grow_with_the_number_of_events(tmp_path):
    small().save(tmp_path / "program.h5")
    for size, events in (("few", 40_000), ("many", 1_500_000)):
        x = numbers(events).astype(np.float32)
        for form in FORMATS:
            write_quickly(tmp_path / f"{size}.{form}", x)
    command = [sys.executable, "-c", MEMORY, "program.h5"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    peaks = list(map(int, done.stdout.split()))
    assert len(peaks) == 10
    assert max(peaks) - peaks[4] < 12_000, peaks  # kB; the files hold 18 MB each, their scores 3 MB


def write_quickly(path, x):
    """Like `write`, by the bulk, into many small row groups, baskets and chunks."""
    if path.suffix == ".parquet":
        table = pa.table({"x": pa.FixedSizeListArray.from_arrays(pa.array(x.ravel()), 3)})
        pyarrow.parquet.write_table(table, path, row_group_size=20_000)
    elif path.suffix == ".root":
        with uproot.recreate(path) as file:
            tree = file.mktree("Events", {"x": np.dtype((x.dtype, 3))})
            for start in range(0, len(x), 20_000):
                tree.extend({"x": x[start : start + 20_000]})
    elif path.suffix == ".h5":
        with h5py.File(path, "w") as file:
            file.create_dataset("x", data=x, chunks=(4096, 3))
    else:
        write(path, x=x)


def test_running_needs_no_heavy_library(tmp_path):
    write(tmp_path / "x.npy", x=numbers(10))
    small().save(tmp_path / "program.h5")
    heavy = ("tensorflow", "hls4ml", "qkeras", "matplotlib", "uproot", "awkward", "pyarrow", "jinja2", "scipy")
    code = (
        "import sys; from trigger_nn.cli import app; app(sys.argv[1:], standalone_mode=False); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    command = [sys.executable, "-c", code, "emulate", "program.h5", "x.npy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert Path(tmp_path / "scores.h5").is_file()

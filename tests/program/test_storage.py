"""Program files: round trip, damage, schema, and a committed file that must keep loading."""

import json
import pickle
import shutil
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import get_args

import h5py
import numpy as np
import pytest

from tests.conftest import GOLDEN
from trigger_nn import Emulator, Program
from trigger_nn.errors import ProgramError
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant, Dense, Lookup, Operation, Softmax, SoftmaxKind
from trigger_nn.program.program import Port

KIND = Fixed(True, 8, 4)


def program():
    rng = np.random.default_rng(3)
    weights = Constant(rng.integers(-8, 8, (3, 2)), Fixed(True, 4, 1))
    bias = Constant(np.array([1, 2]), KIND)
    wide = Fixed(True, 16, 8, Rounding.RND_CONV, Overflow.SAT)
    table = Constant(np.arange(8), Fixed(False, 3, 0))
    node = {"shape": (2,), "type": KIND}
    dense = Dense(name="d", inputs=("x",), **node, weights=weights, bias=bias, accumulator=wide, reuse_factor=2)
    lookup = Lookup(name="l", inputs=("d",), **node, table=table, span=16)
    softmax = Softmax(
        name="s", inputs=("l",), **node, kind=SoftmaxKind.STABLE, exponential=table, inverse=table,
        difference=Fixed(False, 7, 3), accumulator=KIND, sum=KIND,
    )  # fmt: skip
    return Program("small", (Port("x", (3,), KIND),), (dense, lookup, softmax), ("s",), {"recipe": {"a": 1}})


def test_round_trip(tmp_path):
    program().save(tmp_path / "p.h5")
    loaded = Program.load(tmp_path / "p.h5")
    assert loaded == program()
    assert loaded.digest == program().digest
    assert loaded.provenance == {"recipe": {"a": 1}}


def test_any_flipped_byte_is_noticed(tmp_path):
    program().save(tmp_path / "p.h5")
    content = bytearray((tmp_path / "p.h5").read_bytes())
    flipped = np.random.default_rng(2).choice(len(content), 300, replace=False).tolist()
    for place in {0, 20, 60, 300, 511, 512, len(content) - 1, *flipped}:
        content[place] ^= 1 << (place % 8)
        (tmp_path / "bad.h5").write_bytes(content)
        with pytest.raises(ProgramError, match=r"compile|newer"):
            Program.load(tmp_path / "bad.h5")
        content[place] ^= 1 << (place % 8)


def test_one_changed_weight_is_noticed_in_the_first_schema(tmp_path):
    shutil.copy(GOLDEN / "event_image_program.h5", tmp_path / "p.h5")
    with h5py.File(tmp_path / "p.h5", "r+") as file:
        data = file["constants/0"]
        data[(0,) * data.ndim] += 1
    with pytest.raises(ProgramError, match="digest"):
        Program.load(tmp_path / "p.h5")


@pytest.mark.parametrize("keep", [0, 10, 500, 0.5, 0.9])
def test_truncated_file_is_one_sentence(tmp_path, keep):
    path = tmp_path / "p.h5"
    program().save(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content)) if isinstance(keep, float) else keep])
    with pytest.raises(ProgramError, match="compile"):
        Program.load(path)


@pytest.mark.parametrize(
    ("old", "new"), [('"Dense"', '"Nope"'), ('"fixed<', '"<'), ('"inputs"', '"outputs"'), ("{", "[")]
)
def test_altered_structure_is_one_sentence(tmp_path, old, new):
    shutil.copy(GOLDEN / "event_image_program.h5", tmp_path / "p.h5")
    with h5py.File(tmp_path / "p.h5", "r+") as file:
        assert old in file.attrs["program"]
        file.attrs["program"] = file.attrs["program"].replace(old, new, 1)
    with pytest.raises(ProgramError, match="compile it again"):
        Program.load(tmp_path / "p.h5")


def test_newer_schema_is_refused(tmp_path):
    program().save(tmp_path / "p.h5")
    content = (tmp_path / "p.h5").read_bytes()
    (tmp_path / "p.h5").write_bytes(content.replace(b"schema 2\n", b"schema 9\n", 1))
    with pytest.raises(ProgramError, match="newer"):
        Program.load(tmp_path / "p.h5")


def test_a_program_is_a_value_that_can_be_pickled_and_shared():
    copy = pickle.loads(pickle.dumps(program()))
    assert copy == program()
    assert copy.digest == program().digest
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        x = np.arange(12.0).reshape(4, 3) / 4
        elsewhere = list(pool.map(Emulator(program()).predict, [x, x + 1]))
    assert np.array_equal(elsewhere[0], Emulator(program()).predict(x))
    assert np.array_equal(elsewhere[1], Emulator(program()).predict(x + 1))


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(ProgramError, match="no program"):
        Program.load(tmp_path / "none.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    with pytest.raises(ProgramError, match="not a program"):
        Program.load(tmp_path / "other.h5")


def test_committed_program_gives_the_committed_outputs():
    """A program compiled by this version: later ones must load it and compute the same bits."""
    loaded = Program.load(GOLDEN / "event_image_program.h5")
    vectors = np.load(GOLDEN / "event_image_vectors.npz")
    facts = json.loads((GOLDEN / "event_image.json").read_text())
    assert loaded.digest == facts["digest"]
    outputs = Emulator(loaded).predict_mantissas({loaded.inputs[0].name: vectors["inputs"]})
    assert np.array_equal(outputs, vectors["outputs"])


SECOND = sorted((GOLDEN / "second_schema").glob("*.h5"))


@pytest.mark.parametrize("path", SECOND, ids=lambda path: path.stem)
def test_a_program_of_the_second_schema_gives_the_committed_outputs(path):
    program, vectors = Program.load(path), np.load(GOLDEN / "second_schema" / "vectors.npz")
    found = Emulator(program).trace_mantissas({p.name: vectors[f"{path.stem}/in/{p.name}"] for p in program.inputs})
    for name in program.output_names:
        assert np.array_equal(found[name], vectors[f"{path.stem}/out/{name}"])


def test_every_operation_is_in_a_committed_program():
    there = {type(operation) for path in SECOND for operation in Program.load(path).operations}
    assert set(get_args(Operation)) == there

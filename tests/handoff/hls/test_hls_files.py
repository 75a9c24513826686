"""The project built by g++ equals the emulator, whatever is around the network; many designs fit in one program."""

import re
import shutil
import subprocess
from collections import Counter
from dataclasses import dataclass, replace
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT
from tests.frontend.test_compile import INPUT, bits, conv, relu, tagger
from tests.handoff.hls import driver
from tests.handoff.hls.designs import SumsAndDifferences
from trigger_nn.errors import HandoffError
from trigger_nn.files import read_tree
from trigger_nn.frontend.compile import compile_model
from trigger_nn.frontend.graph import project_files
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.hls import hls_files
from trigger_nn.handoff.hls.namespacing import TOKEN
from trigger_nn.recipe import HardwareSpec


def dense(width, name, size=(6, 0)):
    return qkeras.QDense(width, kernel_quantizer=bits(*size), bias_quantizer=bits(8, 2), name=name)


def scores(seed=5):
    """Signed scores, of weights over all of their range."""
    inputs = keras.layers.Input((4,), name="features")
    x = qkeras.QActivation(bits(12, 5), name="out")(dense(3, "d2")(relu("a")(dense(5, "d1")(inputs))))
    model = keras.Model(inputs, x)
    rng = np.random.default_rng(seed)
    model.set_weights([rng.uniform(-1, 1, weight.shape) for weight in model.get_weights()])
    return model


def two_by_two():
    """Two inputs, two outputs, one of them of several axes."""
    keras.utils.set_random_seed(6)
    one, other = keras.layers.Input((5, 2), name="tracks"), keras.layers.Input((3,), name="jet_pt")
    sequence = relu("a1")(qkeras.QConv1D(3, 2, kernel_quantizer=bits(6, 0), bias_quantizer=bits(8, 2), name="c")(one))
    joined = keras.layers.Concatenate(name="cat")([keras.layers.Flatten(name="f")(sequence), other])
    score = dense(2, "score")(joined)
    return keras.Model([one, other], [sequence, score])


def small_image():
    keras.utils.set_random_seed(7)
    x = inputs = keras.layers.Input((6, 4, 2), name="image")
    x = keras.layers.MaxPooling2D(2, name="p")(relu("a1")(conv(3, 3, "c", padding="same")(x)))
    return keras.Model(inputs, dense(3, "d")(keras.layers.Flatten(name="f")(x)))


def tiny_sequence():
    keras.utils.set_random_seed(9)
    inputs = keras.layers.Input((4, 2), name="tracks")
    x = relu("a1")(qkeras.QConv1D(2, 2, kernel_quantizer=bits(4, 0), bias_quantizer=bits(6, 2), name="c")(inputs))
    return keras.Model(inputs, dense(2, "d", (4, 0))(keras.layers.Flatten(name="f")(x)))


@dataclass(frozen=True)
class Written:
    """A design, what hls4ml wrote, its files, and the program that drives it."""

    design: Design
    project: dict
    files: dict
    driver: Path


def made(model, name="net", **hardware):
    spec = HardwareSpec(**hardware)
    compiled = compile_model(model, name, INPUT, Path("unused"), spec)
    return Design(compiled.program, spec), project_files(compiled.graph), compiled.graph


def built(gxx, folder, design, project, standard="c++14"):
    files = hls_files(design, project)
    return Written(design, project, files, driver.driver_of(gxx, folder, design, files, standard))


def check(written, count=200):
    design, inputs = written.design, driver.random_events(written.design.inputs, count)
    expected = design.run(inputs)
    driver.assert_equal(driver.run([written.driver], design.inputs, design.outputs, inputs), expected)
    return expected


@pytest.fixture(scope="module")
def small():
    """Design, project and graph of the small network."""
    return made(scores())


@pytest.fixture(scope="module")
def small_built(gxx, small, tmp_path_factory):
    return built(gxx, tmp_path_factory.mktemp("small"), *small[:2])


@pytest.fixture(scope="module")
def around_the_tagger(gxx, tmp_path_factory):
    """The tagger with softmax, behind a builder and in front of decisions."""
    design, project, _ = made(tagger(), "tagger")
    design = replace(design, builder=SumsAndDifferences())
    middle = int(np.median(design.run(driver.random_events(design.inputs))["probabilities"][:, 2]))
    cuts = ((2, middle), (3, 40000), (4, -1), (1, 10**9))
    cuts = tuple(Threshold("tau", element, 1.0, cut, 0.5) for element, cut in cuts)
    return built(gxx, tmp_path_factory.mktemp("tagger"), replace(design, decisions=cuts), project)


def test_builder_network_and_decisions(around_the_tagger):
    decisions = check(around_the_tagger)["decision"]
    assert 0 < decisions[:, 0].mean() < 1
    assert decisions[:, 2].all()
    assert not decisions[:, 3].any()


def test_network_alone(around_the_tagger):
    design = around_the_tagger.design
    alone = replace(design, builder=None, decisions=())
    inputs = driver.random_events(alone.inputs)
    found = driver.run([around_the_tagger.driver, "network"], alone.inputs, alone.outputs, inputs)
    driver.assert_equal(found, alone.run(inputs))


def test_thresholds_at_signed_scores(gxx, small, tmp_path):
    """A score at its threshold does not fire; negative thresholds, and those beyond all scores, compare as numbers."""
    design, project, _ = small
    inputs = driver.random_events(design.inputs)
    values = design.run(inputs)["out"][:, 1]
    kind = design.outputs[0].type
    cuts = (*sorted(set(values.tolist()))[::7], -1, kind.minimum, kind.minimum - 1, -(2**40), kind.maximum, 2**40)
    design = replace(design, decisions=tuple(Threshold("s", 1, 1.0, cut, 0.5) for cut in cuts))
    decisions = check(built(gxx, tmp_path, design, project))["decision"]
    np.testing.assert_array_equal(decisions, values[:, None] > np.array(cuts))
    assert (np.array(cuts) < 0).sum() > 5


def test_several_ports_for_vivado(gxx, tmp_path):
    design, project, _ = made(two_by_two(), backend="Vivado")
    written = built(gxx, tmp_path, design, project, "c++11")
    assert len(check(written)) == 2
    header = written.files[f"firmware/{design.identity.symbol}.h"].decode()
    assert re.findall(r"typedef \S+ (\w+)_type", header) == ["tracks", "jet_pt", "a1", "score"]


def test_convolutions_in_a_dataflow_with_a_decision(gxx, tmp_path):
    design, project, _ = made(small_image(), parallelization_factor=2)
    design = replace(design, decisions=(Threshold("s", 2, 1.0, 5, 0.5),))
    written = built(gxx, tmp_path, design, project)
    check(written, 60)
    assert "#pragma HLS DATAFLOW" in written.files[f"firmware/{design.identity.symbol}.cpp"].decode()
    assert "DATAFLOW" not in written.files["firmware/network.cpp"].decode()


def test_streams(gxx, tmp_path):
    design, project, _ = made(small_image(), io_type="io_stream")
    written = built(gxx, tmp_path, design, project)
    check(written, 60)
    text = written.files[f"firmware/{design.identity.symbol}.cpp"].decode()
    assert [line.strip() for line in text.splitlines() if "#pragma" in line] == [
        "#pragma HLS INTERFACE axis port=image",
        "#pragma HLS INTERFACE axis port=d",
        "#pragma HLS DATAFLOW",
    ]


@pytest.mark.skipif(find_spec("da4ml") is None, reason="da4ml is not installed (pip install .[da])")
def test_distributed_arithmetic(gxx, tmp_path):
    design, project, _ = made(tiny_sequence(), strategy="distributed_arithmetic")
    check(built(gxx, tmp_path, design, project), 60)


def test_altered_weight_alters_results(gxx, small_built, tmp_path):
    design, path = small_built.design, "firmware/weights/w2.h"
    text = small_built.files[path].decode()
    start = text.index("= {") + 3
    first = text[start : text.index(",", start)]
    altered = text[:start] + str(-float(first)) + text[start + len(first) :]
    shutil.copytree(small_built.driver.parent, tmp_path / "altered")
    files = small_built.files | {path: altered.encode()}
    program = driver.driver_of(gxx, tmp_path / "altered", design, files)
    inputs = driver.random_events(design.inputs)
    found = driver.run([program], design.inputs, design.outputs, inputs)["out"]
    assert np.any(found != design.run(inputs)["out"])
    check(small_built)


@pytest.fixture(scope="module")
def twins(small, tmp_path_factory):
    """Two versions of one model, their files in one folder."""
    folder = tmp_path_factory.mktemp("twins")
    designs = [small[0]]
    driver.write(hls_files(*small[:2]), folder / "first")
    other, project, _ = made(scores(8))
    driver.write(hls_files(other, project), folder / "second")
    assert designs[0].identity.name == other.identity.name
    return folder, (*designs, other)


def check_twins(folder, designs, program):
    inputs = driver.random_events(designs[0].inputs)
    expected = [design.run(inputs) for design in designs]
    assert np.any(expected[0]["out"] != expected[1]["out"])
    for argument, design, one in zip(([], ["other"]), designs, expected, strict=True):
        driver.assert_equal(driver.run([program, *argument], design.inputs, design.outputs, inputs), one)


def both(designs):
    functions = [driver.block_function(design, name) for design, name in zip(designs, ("one", "other"), strict=True)]
    return driver.BODY + "".join(functions) + driver.MAIN % "count > 1 ? other() : one()"


def test_two_designs_in_one_translation_unit(gxx, twins):
    folder, designs = twins
    paths = [
        f"{name}/{path}"
        for name, design in zip(("first", "second"), designs, strict=True)
        for path in (driver.header(design), *driver.sources(design))
    ]
    text = "".join(f'#include "{path}"\n' for path in paths) + both(designs)
    program = driver.compile_cpp(gxx, folder, "unit", text, "first/firmware/ap_types")
    check_twins(folder, designs, program)


def test_two_designs_in_one_program(gxx, twins):
    """Objects built apart, each of all four sources, with all their inline functions and static tables, and linked."""
    folder, designs = twins
    names = ("first", "second")
    text = "".join(f'#include "{n}/{driver.header(d)}"\n' for n, d in zip(names, designs, strict=True)) + both(designs)
    more = [f"{n}/{path}" for n, d in zip(names, designs, strict=True) for path in driver.sources(d)]
    program = driver.compile_cpp(gxx, folder, "linked", text, "second/firmware/ap_types", more)
    check_twins(folder, designs, program)


def test_names_outside_of_namespaces_are_the_top_alone(small):
    """Every declaration of ours but the top is in a namespace of the design's, and every macro has its name."""
    design, project, _ = small
    symbol, macro = design.identity.symbol, design.identity.macro
    for path, content in hls_files(design, project).items():
        if path.startswith("firmware/ap_types/"):
            assert content == project[path]
            continue
        text = content.decode()
        assert all(name.endswith(macro) or name == f"{macro}_H" for name in re.findall(r"# *define +(\w+)", text))
        code = TOKEN.sub(lambda token: token[0] if token.lastgroup == "name" else "", text)
        code = re.sub(r"^[ \t]*#(?:.*\\\n)*.*$", "", code, flags=re.MULTILINE)
        assert set(global_words(code)) <= {f"nn_{symbol}", f"nnet_{symbol}", symbol}, path


def global_words(code):
    """Names of namespaces and functions at the outermost level."""
    depth, statement = 0, ""
    for character in code:
        depth -= character == "}"
        if depth == 0:
            statement += character
        if character in "{;" and depth == 0:
            statement = statement.split("(")[0].rstrip("{; \n")
            if statement.strip():
                yield statement.split()[-1]
            statement = ""
        depth += character == "{"
        statement = "" if character == "}" else statement


def test_weights_are_in_one_place(small):
    design, project, _ = small
    files = hls_files(design, project)
    assert not [path for path in files if path.endswith((".txt", ".tcl", ".sh", ".yml", ".dat"))]
    assert "load_weights" not in files["firmware/network.cpp"].decode()
    assert "__SYNTHESIS__" not in files["firmware/weights/w2.h"].decode()
    folders = Counter(path.split("/")[1] for path in files)
    assert folders["weights"] == 4


def test_same_bytes_again_and_nothing_of_this_machine(small):
    design, project, graph = small
    assert project_files(graph) == project
    files = hls_files(design, project)
    for path, content in files.items():
        assert not re.search(rb"/tmp/|/home/|site-packages|" + re.escape(str(ROOT).encode()), content), path


def test_graph_is_as_before(small, tmp_path, monkeypatch):
    """hls4ml builds the same graph later, with traces, under its own name."""
    graph = small[2]
    monkeypatch.setitem(graph.config.config, "OutputDir", str(tmp_path / "net"))
    monkeypatch.setattr(graph.config, "trace_output", True)
    graph.write()
    first = read_tree(tmp_path / "net" / "firmware")
    config, before = graph.config.config, (dict(graph.config.config), dict(graph.config.writer_config))
    project_files(graph)
    assert graph.config.trace_output
    assert graph.config.config is config
    assert (config, graph.config.writer_config) == before
    graph.write()
    assert read_tree(tmp_path / "net" / "firmware") == first
    assert b"save_layer_output" in first["net.cpp"]
    assert b"load_weights" in first["net.cpp"]


def test_graph_is_as_before_after_a_failure(small, monkeypatch):
    graph = small[2]
    before = graph.config.config, graph.config.writer_config
    monkeypatch.setattr(type(graph), "write", lambda self: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        project_files(graph)
    assert (graph.config.config, graph.config.writer_config) == before
    assert graph.config.get_project_name() == "net"


def test_graph_with_a_namespace_is_refused(small, monkeypatch):
    graph = small[2]
    monkeypatch.setattr(graph.config, "writer_config", {**graph.config.writer_config, "Namespace": "mine"})
    with pytest.raises(HandoffError, match="Namespace in its WriterConfig"):
        project_files(graph)


def test_no_warnings_of_what_we_write(gxx, around_the_tagger):
    """Our own text, the top, is clean C++11; the rest is hls4ml's."""
    folder, symbol = around_the_tagger.driver.parent, around_the_tagger.design.identity.symbol
    command = [gxx, "-std=c++11", "-fsyntax-only", "-Wall", "-Wextra", "-Wno-unknown-pragmas", "-isystem"]
    done = subprocess.run(
        [*command, "firmware/ap_types", f"firmware/{symbol}.cpp"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert not re.findall(rf"{symbol}\.(?:cpp|h):\d+:\d+: warning.*", done.stderr)

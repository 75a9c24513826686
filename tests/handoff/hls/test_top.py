"""Without hls4ml and g++: what is read off a project, what is refused, and what stands in the top."""

import re

import pytest

from tests.handoff.hls.designs import HEADER, KIND, PROJECT, SOURCE, SumsAndDifferences, small_program
from trigger_nn.errors import HandoffError, UnsupportedLayerError
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.hls import hls_files
from trigger_nn.handoff.hls.network import Argument, Layout, as_part, read_network
from trigger_nn.handoff.hls.ports import identifiers, raw_port
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HardwareSpec


def cut(mantissa, element=0):
    return Threshold("signal", element, 1.0, mantissa, 0.5)


def top_of(files, design):
    return files[f"firmware/{design.identity.symbol}.cpp"].decode()


def pragmas(text):
    return [line.strip().removeprefix("#pragma HLS ") for line in text.splitlines() if "#pragma" in line]


def test_network_is_read():
    network = read_network(HEADER, SOURCE)
    assert network.arguments == (
        Argument("given", "input_t", 3, Layout("ARRAY_RESHAPE", "complete dim=0")),
        Argument("layer2_out", "result_t", 3, Layout("ARRAY_PARTITION", "complete dim=0")),
    )
    assert (network.protocol, network.region) == ("ap_vld", "PIPELINE II=4")


@pytest.mark.parametrize(
    ("header", "source", "expected"),
    [
        (HEADER.replace("namespace nn ", "namespace other "), SOURCE, "network.h .* function nn::network expected"),
        (HEADER.replace("void network", "void net"), SOURCE, "network.h .* function nn::network expected"),
        (HEADER.replace("input_t given[3*1]", "input_t *given"), SOURCE, "where 'input_t \\*given' is"),
        (HEADER, SOURCE.replace("insert IO", "insert"), "one block of its ports' pragmas"),
        (HEADER, SOURCE.replace("#pragma HLS PIPELINE II=4", ""), "one of PIPELINE or DATAFLOW"),
        (HEADER, SOURCE.replace("#pragma HLS PIPELINE", "#pragma HLS UNROLL\n#pragma HLS PIPELINE"), "network.cpp"),
        (HEADER, SOURCE.replace("port=given,", "port="), "a protocol for each argument"),
    ],
)
def test_what_hls4ml_does_not_write_is_refused(header, source, expected):
    with pytest.raises(HandoffError, match=expected):
        read_network(header, source)


@pytest.mark.parametrize(
    ("region", "kept"), [("PIPELINE II=4", ["INLINE"]), ("DATAFLOW", ["INLINE off", "PIPELINE II=4"])]
)
def test_network_becomes_a_part_of_the_top(region, kept):
    text = as_part(SOURCE, read_network(HEADER, SOURCE), region)
    assert pragmas(text) == kept
    assert text.splitlines()[:10] == SOURCE.splitlines()[:10]
    rest = "    // hls-fpga-machine-learning insert load"
    assert text[text.index(rest) :] == SOURCE[SOURCE.index(rest) :]


def test_files_and_names():
    design = Design(small_program(), HardwareSpec())
    symbol, macro = design.identity.symbol, design.identity.macro
    files = hls_files(design, PROJECT)
    assert list(files) == sorted(files)
    assert set(files) == {path for path in PROJECT if path.startswith("firmware/")} | {
        f"firmware/{symbol}.h",
        f"firmware/{symbol}.cpp",
    }
    assert files["firmware/ap_types/ap_int.h"] == PROJECT["firmware/ap_types/ap_int.h"]
    # Generated code is where the structs of parameters.h look for it.
    assert files["firmware/nnet_utils/nnet_code_gen.h"].decode() == (
        f"#define MAX_{macro}(a, b) a\nnamespace nnet_{symbol} {{ struct fill; }}\n"
    )
    assert files["firmware/parameters.h"].decode() == (
        f"namespace nn_{symbol} {{ typedef nnet_{symbol}::fill fill; static int m = MAX_{macro}(1, 2); }}\n"
    )
    assert pragmas(top_of(files, design)) == [
        "ARRAY_RESHAPE variable=given complete dim=0",
        "INTERFACE ap_vld port=given",
        "ARRAY_PARTITION variable=out complete dim=0",
        "INTERFACE ap_vld port=out",
        "PIPELINE II=4",
    ]


@pytest.mark.parametrize(
    ("mantissa", "compared"),
    [(5, 5), (-7, -7), (10**6, KIND.maximum), (-(10**6), KIND.minimum - 1)],
)
def test_thresholds_beyond_all_scores(mantissa, compared):
    design = Design(small_program(), HardwareSpec(), None, (cut(mantissa, 2),))
    found = re.search(
        r"bits\[0\] = integers\[2\] > ap_int<9>\((-?\d+)LL\);", top_of(hls_files(design, PROJECT), design)
    )
    assert int(found[1]) == compared


def test_decision_is_a_task_of_its_own_in_a_dataflow():
    project = PROJECT | {"firmware/network.cpp": SOURCE.replace("PIPELINE II=4", "DATAFLOW").encode()}
    design = Design(small_program(), HardwareSpec(), None, (cut(1),))
    found = pragmas(top_of(hls_files(design, project), design))
    assert found[0] == "PIPELINE"
    assert "DATAFLOW" in found
    assert "INLINE" not in found


def test_local_arrays_are_not_called_as_a_port():
    design = Design(small_program(("scores", "scores_")), HardwareSpec(), None, (cut(1),))
    text = top_of(hls_files(design, PROJECT), design)
    assert "::network(scores, scores__);" in text
    assert "::decide(scores__, scores_, decision);" in text


@pytest.mark.parametrize("element", [-1, 3])
def test_decision_on_no_element_is_refused(element):
    with pytest.raises(UnsupportedLayerError, match=f"'signal' is on element {element}, but output 'out' has elements"):
        Design(small_program(), HardwareSpec(), None, (cut(0, element),))


@pytest.mark.parametrize(
    ("design", "project", "expected"),
    [
        (Design(small_program(shape=(4,)), HardwareSpec()), PROJECT, "'given' has 4 elements in the program and 3"),
        (Design(small_program(), HardwareSpec()), {}, "has no firmware/network.h"),
        (
            Design(small_program(), HardwareSpec()),
            {path: content for path, content in PROJECT.items() if "code_gen" not in path},
            "has no firmware/nnet_utils/nnet_code_gen.h",
        ),
        (Design(small_program(), HardwareSpec()), PROJECT | {"firmware/defines.h": b"\xff"}, "defines.h .* is no text"),
        (
            Design(small_program(("jet-pt", "out")), HardwareSpec()),
            PROJECT,
            "'jet-pt' .* rename it, with letters",
        ),
        (Design(small_program(("given", "float")), HardwareSpec()), PROJECT, "'float' can't be the name"),
    ],
)
def test_projects_that_do_not_fit_are_refused(design, project, expected):
    with pytest.raises(HandoffError, match=expected):
        hls_files(design, project)


def test_other_number_of_ports_is_refused():
    program = small_program()
    program = Program("small", (*program.inputs, Port("more", (3,), KIND)), program.operations, ("out",))
    with pytest.raises(HandoffError, match="has 2 arguments, the program 3 ports"):
        hls_files(Design(program, HardwareSpec()), PROJECT)


def test_program_without_a_name_for_cpp_is_refused():
    program = small_program()
    program = Program("2 small", program.inputs, program.operations, ("out",))
    with pytest.raises(HandoffError, match="'2 small' can't name a C\\+\\+ function"):
        hls_files(Design(program, HardwareSpec()), PROJECT)


def ports(*names):
    return [Port(name, (1,), KIND) for name in names]


def test_identifiers():
    assert identifiers(ports("a-b", "jet/pt", "x2")) == ("a_b", "jet_pt", "x2")
    with pytest.raises(HandoffError, match="'a-b' is called a_b in C\\+\\+, as another port is"):
        identifiers(ports("a-b", "a_b"))
    for name in ("2x", "int", "", "new"):
        with pytest.raises(HandoffError, match=f"{name!r} can't be the name of a C\\+\\+ argument"):
            identifiers(ports(name))
    with pytest.raises(HandoffError, match="rename one of the layers"):
        identifiers(ports("decision", "decision"))


def test_raw_ports():
    small = raw_port(Port("p", (4, 5), Fixed(True, 7, 7)), "p")
    assert (small.type, small.size, small.width) == ("ap_int<7>", 20, 7)
    assert small.pragmas == (
        "#pragma HLS ARRAY_RESHAPE variable=p complete dim=0",
        "#pragma HLS INTERFACE ap_vld port=p",
    )
    wide = raw_port(Port("p", (4, 6), Fixed(True, 7, 7)), "p", SumsAndDifferences(words=4, named="p"))
    assert wide.pragmas == (
        "#pragma HLS ARRAY_RESHAPE variable=p cyclic factor=6 dim=1",
        "#pragma HLS INTERFACE ap_memory port=p",
    )
    large = raw_port(Port("p", (72, 60), Fixed(False, 8, 8)), "p")
    assert large.type == "ap_uint<8>"
    assert large.pragmas == (
        "#pragma HLS ARRAY_RESHAPE variable=p cyclic factor=60 dim=1",
        "#pragma HLS INTERFACE ap_memory port=p",
    )


def test_memory_in_front_of_a_builder():
    """It reads a word a clock in a loop, which stays one beside a pipelined network."""
    program, builder = small_program(shape=(16,)), SumsAndDifferences(words=8)
    project = {path: content.replace(b"3", b"16") for path, content in PROJECT.items()}
    design = Design(program, HardwareSpec(), builder, (cut(1),))
    files = hls_files(design, project)
    found = pragmas(top_of(files, design))
    assert found[0] == "PIPELINE"  # of the decision
    assert found[3:6] == [
        "INTERFACE ap_memory port=left_hand",
        "ARRAY_RESHAPE variable=right complete dim=0",
        "INTERFACE ap_vld port=right",
    ]
    assert "DATAFLOW" in found
    assert pragmas(files["firmware/network.cpp"].decode()) == ["INLINE off", "PIPELINE II=4"]


def test_builder_fills_a_local_array():
    builder = SumsAndDifferences()
    program = small_program(shape=(16,))
    project = {path: content.replace(b"3", b"16") for path, content in PROJECT.items()}
    design = Design(program, HardwareSpec(), builder)
    files = hls_files(design, project)
    space = f"nn_{design.identity.symbol}"
    assert files["firmware/builder.h"].decode() == builder.source(space)
    text = top_of(files, design)
    assert f"{space}::build(left_hand, right, built);" in text
    assert f"{space}::network(built, out);" in text
    header = files[f"firmware/{design.identity.symbol}.h"].decode()
    assert header.index("namespace design {") < header.index("left_hand_type") < header.index("namespace network_block")
    assert header.count("typedef") == 5

import pytest

from trigger_nn.handoff.hls.namespacing import defined_macros, renamed

NAMES = {"nnet": "nnet_x", "MAX": "MAX_X", "x1F": "wrong", "e5": "wrong", "R": "wrong"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("namespace nnet { int nnets; }", "namespace nnet_x { int nnets; }"),
        ("MAX(a, MAX_b)", "MAX_X(a, MAX_b)"),
        ("::nnet::dense<nnet::mult>", "::nnet_x::dense<nnet_x::mult>"),
        ("#ifdef MAX\n#undef MAX", "#ifdef MAX_X\n#undef MAX_X"),
        ("#  define MAX nnet", "#  define MAX_X nnet_x"),
        ("    #pragma HLS ALLOCATION function instances=nnet limit=MAX", None),
        ('#include "nnet/MAX.h" // nnet', '#include "nnet/MAX.h" // nnet'),
        ("#include <nnet>\nnnet", "#include <nnet>\nnnet_x"),
        ("// don't nnet\nnnet", "// don't nnet\nnnet_x"),
        ("// to be continued \\\n nnet\nnnet", "// to be continued \\\n nnet\nnnet_x"),
        ('/* "nnet \n */ nnet', '/* "nnet \n */ nnet_x'),
        (r'"nnet \" nnet" nnet', r'"nnet \" nnet" nnet_x'),
        (r"'\'' nnet", r"'\'' nnet_x"),
        ('R"d(nnet ")" nnet)d" nnet', 'R"d(nnet ")" nnet)d" nnet_x'),
        ("0x1F 1e5 .5e5 1'000 nnet", "0x1F 1e5 .5e5 1'000 nnet_x"),
    ],
)
def test_whole_tokens_of_code_are_renamed(source, expected):
    if expected is None:
        expected = source.replace("nnet", "nnet_x").replace("MAX", "MAX_X")
    assert renamed(source, NAMES) == expected


def test_macros_are_found_where_they_are_defined():
    sources = [
        "#ifndef GUARD_H_\n#define GUARD_H_\n  #  define\tMAX(a, b) a\n#endif",
        "// #define NOT_THIS\nint a = define; #ifdef USED_ONLY\n#undef GONE",
        '"#define NOR_THIS"',
    ]
    assert defined_macros(sources) == {"GUARD_H_", "MAX"}

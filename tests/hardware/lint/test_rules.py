"""Every rule: a design that trips it, the same without the fault, and the remedy applied."""

from dataclasses import replace

import numpy as np
import pytest

from tests.hardware.lint.designs import (
    ENTRY,
    INPUT,
    add,
    conv,
    dense,
    design,
    flatten,
    lookup,
    lstm,
    program,
    relu,
    weights,
)
from trigger_nn.hardware.lint import Key, Rule, Severity, StreamFacts, Streams
from trigger_nn.hardware.lint.changes import applied
from trigger_nn.hardware.lint.lint import RULES
from trigger_nn.hardware.lint.memories import memories
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import BitLookup, Constant, Embedding, LayerNormalization, Strategy

CHECKS = dict(RULES)
RESOURCE = {"strategy": Strategy.RESOURCE}
SMALL_PART, OLD_PART = "xczu7ev-ffvc1156-2-e", "xc7vx690tffg1927-2"
SATURATING = Fixed(True, 12, 6, Rounding.RND, Overflow.SAT)


def one(rows, sums, kind=INPUT, **others):
    """A program of one dense layer."""
    return program((rows,), dense("fc", "x", rows, sums, source=kind, **others), kind=kind)


def two(rows, sums):
    """A program of two dense layers, one reading what the other yields."""
    return program((rows,), dense("one", "x", rows, sums), relu("act", "one", (sums,)), dense("fc", "act", sums, rows))


def image(size, channels, filters, **others):
    """A program of one 3x3 convolution whose output has `size`."""
    return program((size[0] + 2, size[1] + 2, channels), conv("conv", "x", size, channels, filters, **others))


def table(entries, kind=ENTRY):
    return program((8,), lookup("sigmoid", "x", (8,), entries, kind))


def by_bits(width):
    """A table addressed by all bits of an input of `width` bits."""
    kind = Fixed(False, width, 2)
    fields = {"name": "lut", "inputs": ("x",), "shape": (4,), "type": INPUT}
    return program((4,), BitLookup(**fields, table=Constant(np.zeros(1 << width, np.int64), INPUT)), kind=kind)


def skip(work):
    """A program that joins an image with what convolutions or a cast make of it."""
    first = relu("first", "x", (6, 6, 4))
    later = conv("later", "first", (6, 6), 4, 4, kernel=1) if work else relu("later", "first", (6, 6, 4))
    return program((6, 6, 4), first, later, add("join", "first", "later", (6, 6, 4), INPUT))


def late_skip():
    """A skip connection around a window of 1x3: the branches differ by two pixels."""
    first, later = relu("first", "x", (1, 9, 2)), conv("later", "first", (1, 9), 2, 2, kernel=1)
    window = replace(later.window, size=(1, 3), padding=(0, 0, 1, 1))
    later = replace(later, weights=weights(1, 3, 2, 2), window=window)
    return program((1, 9, 2), first, later, add("join", "first", "later", (1, 9, 2), INPUT))


def asked(layer, **told):
    return {"layers": {layer: told}}


STREAM = {"io_type": "io_stream"}
FIFOS = (StreamFacts("layer4_cpy1", "join", 40, 40), StreamFacts("layer4_cpy2", "join", 40, 12))

# rule: what trips it, the layer that is blamed, and the same without the fault
CASES = {
    "partition, products, Vivado": (
        Rule.PARTITION, design(one(128, 64), backend="Vivado"), "fc", design(one(64, 64), backend="Vivado")),
    "partition, products": (Rule.PARTITION, design(one(65, 64)), "fc", design(one(64, 64))),
    "partition, gathered pixels": (
        Rule.PARTITION, design(image((20, 20), 4, 2, partitions=1)), "conv",
        design(image((20, 20), 4, 2, partitions=4))),
    "partition, result": (
        Rule.PARTITION, design(program((65, 64), relu("act", "x", (65, 64)))), "act",
        design(program((65, 64), relu("act", "x", (65, 64))), **STREAM)),
    "partition, recurrent": (
        Rule.PARTITION, design(program((5, 40), lstm("lstm", "x", 5, 40, 32))), "lstm",
        design(program((5, 30), lstm("lstm", "x", 5, 30, 32)))),
    "partition, table": (Rule.PARTITION, design(by_bits(13)), "lut", design(by_bits(12))),
    "partition, collected inputs": (
        Rule.PARTITION, design(one(5000, 1, **RESOURCE, reuse_factor=2), **STREAM), "fc",
        design(one(4096, 1, **RESOURCE, reuse_factor=2), **STREAM)),
    "unroll, latency": (
        Rule.UNROLL, design(one(128, 64), backend="Vivado"), "fc", design(one(64, 64), backend="Vivado")),
    "unroll, a reuse factor does not help": (
        Rule.UNROLL, design(one(128, 64, reuse_factor=8), reuse_factor=8), "fc",
        design(one(128, 64, reuse_factor=8, **RESOURCE), reuse_factor=8)),
    "unroll, resource": (
        Rule.UNROLL, design(one(256, 64, **RESOURCE, reuse_factor=2)), "fc",
        design(one(256, 64, **RESOURCE, reuse_factor=4))),
    "unroll, pixels": (
        Rule.UNROLL, design(image((4, 7), 8, 16, partitions=7)), "conv",
        design(image((4, 7), 8, 16, partitions=14))),
    "unroll, streams take one pixel": (
        Rule.UNROLL, design(image((4, 7), 64, 16), **STREAM), "conv", design(image((4, 7), 16, 16), **STREAM)),
    "reshape, input": (
        Rule.RESHAPE, design(program((8193,), relu("act", "x", (8193,))), backend="Vivado"), "x",
        design(program((8192,), relu("act", "x", (8192,))), backend="Vivado")),
    "reshape, weights": (
        Rule.RESHAPE, design(one(256, 64, **RESOURCE), backend="Vivado"), "fc",
        design(one(256, 64, **RESOURCE, reuse_factor=2), backend="Vivado")),
    "stream_width": (
        Rule.STREAM_WIDTH, design(one(600, 4), **STREAM), "x", design(one(600, 4), backend="Vivado", **STREAM)),
    "stream_width, result": (
        Rule.STREAM_WIDTH, design(program((1, 1, 600), relu("act", "x", (1, 1, 600)), kind=Fixed(True, 6, 3)),
                                  **STREAM), "act",
        design(program((1, 1, 512), relu("act", "x", (1, 1, 512)), kind=Fixed(True, 6, 3)), **STREAM)),
    "multipliers": (
        Rule.MULTIPLIERS, design(two(64, 32), part=SMALL_PART), "", design(two(32, 16), part=SMALL_PART)),
    "multipliers, resource": (
        Rule.MULTIPLIERS, design(one(64, 64, **RESOURCE, reuse_factor=2), part=SMALL_PART, strategy="resource",
                                 reuse_factor=2), "",
        design(one(64, 64, **RESOURCE, reuse_factor=4), part=SMALL_PART, strategy="resource", reuse_factor=4)),
    "dsp_width": (
        Rule.DSP_WIDTH, design(one(4, 4, kind=Fixed(True, 28, 8))), "fc", design(one(4, 4, kind=Fixed(True, 27, 8)))),
    "dsp_width, unsigned": (
        Rule.DSP_WIDTH, design(one(4, 4, kind=Fixed(False, 27, 8))), "fc",
        design(one(4, 4, kind=Fixed(False, 26, 8)))),
    "dsp_width, 7 series": (
        Rule.DSP_WIDTH, design(one(4, 4, kind=Fixed(True, 26, 8)), part=OLD_PART), "fc",
        design(one(4, 4, kind=Fixed(True, 25, 8)), part=OLD_PART)),
    "dsp_width, behind a reshape": (
        Rule.DSP_WIDTH,
        design(program((2, 2), relu("act", "x", (2, 2), Fixed(False, 30, 8)),
                       flatten("flat", "act", (2, 2), Fixed(False, 30, 8)),
                       dense("fc", "flat", 4, 4, source=Fixed(False, 30, 8)))), "fc",
        design(program((2, 2), relu("act", "x", (2, 2), Fixed(False, 26, 8)),
                       flatten("flat", "act", (2, 2), Fixed(False, 26, 8)),
                       dense("fc", "flat", 4, 4, source=Fixed(False, 26, 8))))),
    "dsp_width, weights": (
        Rule.DSP_WIDTH, design(one(4, 4, kind=Fixed(True, 20, 8), **RESOURCE, weights=weights(
            4, 4, kind=Fixed(True, 19, 1)))), "fc",
        design(one(4, 4, kind=Fixed(True, 20, 8), **RESOURCE, weights=weights(4, 4, kind=Fixed(True, 18, 1))))),
    "dsp_width, both": (
        Rule.DSP_WIDTH, design(one(4, 4, kind=Fixed(True, 30, 8), **RESOURCE, weights=weights(
            4, 4, kind=Fixed(True, 21, 1)))), "fc",
        design(one(4, 4, kind=Fixed(True, 18, 8), **RESOURCE, weights=weights(4, 4, kind=Fixed(True, 27, 1))))),
    "dsp_sum": (
        Rule.DSP_SUM, design(one(4, 4, accumulator=Fixed(True, 49, 20))), "fc",
        design(one(4, 4, accumulator=Fixed(True, 48, 20)))),
    "memory, tables": (
        Rule.MEMORY, design(program((600,), lookup("sigmoid", "x", (600,), 4096)), part=SMALL_PART), "",
        design(program((60,), lookup("sigmoid", "x", (60,), 4096)), part=SMALL_PART)),
    "memory, weights": (
        Rule.MEMORY, design(one(512, 64, kind=INPUT, **RESOURCE, reuse_factor=8), part=SMALL_PART), "",
        design(one(512, 64, kind=INPUT, **RESOURCE, reuse_factor=32), part=SMALL_PART)),
    "memory, FIFOs": (
        Rule.MEMORY, design(program((100, 100, 80), relu("one", "x", (100, 100, 80)),
                                    relu("two", "one", (100, 100, 80)), relu("three", "two", (100, 100, 80))),
                            part=SMALL_PART, **STREAM), "",
        design(program((100, 100, 8), relu("one", "x", (100, 100, 8)), relu("two", "one", (100, 100, 8))),
               part=SMALL_PART, **STREAM)),
    "table": (Rule.TABLE, design(table(4096)), "sigmoid", design(table(2048))),
    "table, narrow entries": (
        Rule.TABLE, design(table(8192, Fixed(True, 9, 3))), "sigmoid", design(table(4096, Fixed(True, 9, 3)))),
    "table, recurrent": (
        Rule.TABLE, design(program((5, 4), lstm("lstm", "x", 5, 4, 2, entries=4096))), "lstm",
        design(program((5, 4), lstm("lstm", "x", 5, 4, 2)))),
    "adder_tree": (
        Rule.ADDER_TREE, design(one(9, 2, accumulator=SATURATING)), "fc", design(one(9, 2))),
    "adder_tree, rounding alone": (
        Rule.ADDER_TREE, design(one(9, 2, accumulator=Fixed(True, 20, 10, Rounding.RND))), "fc",
        design(one(9, 2, accumulator=SATURATING, weights=weights(9, 2, fill=0)))),
    "adder_tree, one product a cycle": (
        Rule.ADDER_TREE, design(one(9, 2, accumulator=SATURATING, **RESOURCE, reuse_factor=3)), "fc",
        design(one(9, 2, accumulator=SATURATING, **RESOURCE, reuse_factor=9))),
    "reuse_factor, replaced": (
        Rule.REUSE_FACTOR, design(one(12, 4, **RESOURCE, reuse_factor=6), reuse_factor=5), "fc",
        design(one(12, 4, **RESOURCE, reuse_factor=6), reuse_factor=6)),
    "reuse_factor, of the layer": (
        Rule.REUSE_FACTOR, design(one(12, 4, **RESOURCE, reuse_factor=6), **asked("fc", reuse_factor=7)), "fc",
        design(one(12, 4, **RESOURCE, reuse_factor=6), **asked("fc", reuse_factor=6))),
    "reuse_factor, that stops": (
        Rule.REUSE_FACTOR, design(one(12, 4, **RESOURCE, reuse_factor=8), reuse_factor=8), "fc",
        design(one(12, 4, **RESOURCE, reuse_factor=12), reuse_factor=12)),
    "reuse_factor, idle multipliers": (
        Rule.REUSE_FACTOR, design(one(12, 4, reuse_factor=5), reuse_factor=5), "fc",
        design(one(12, 4, reuse_factor=8), reuse_factor=8)),
    "reuse_factor, distributed": (
        Rule.REUSE_FACTOR, design(one(12, 4, strategy=Strategy.DISTRIBUTED), reuse_factor=2), "fc",
        design(one(12, 4, strategy=Strategy.DISTRIBUTED))),
    "reuse_factor, recurrent": (
        Rule.REUSE_FACTOR, design(program((5, 6), lstm("lstm", "x", 5, 6, 4, 4, Strategy.RESOURCE)), reuse_factor=4),
        "lstm", design(program((5, 6), lstm("lstm", "x", 5, 6, 4, 2, Strategy.RESOURCE)), reuse_factor=2)),
    "parallelization": (
        Rule.PARALLELIZATION, design(image((4, 7), 1, 2, partitions=7), parallelization_factor=5), "conv",
        design(image((4, 7), 1, 2, partitions=7), parallelization_factor=4)),
    "strategy": (
        Rule.STRATEGY, design(image((4, 7), 1, 2), strategy="resource_unrolled"), "conv",
        design(image((4, 7), 1, 2))),
    "interval, partitions": (
        Rule.INTERVAL, design(image((4, 7), 1, 2, partitions=7), spacing=25.0), "conv",
        design(image((4, 7), 1, 2, partitions=4), spacing=25.0)),
    "interval, reuse": (
        Rule.INTERVAL, design(one(12, 4, reuse_factor=6), spacing=25.0, reuse_factor=6), "fc",
        design(one(12, 4, reuse_factor=4), spacing=25.0, reuse_factor=4)),
    "interval, both": (
        Rule.INTERVAL, design(image((4, 7), 1, 2, partitions=14, reuse_factor=18), spacing=10.0, reuse_factor=18),
        "conv", design(image((4, 7), 1, 2, partitions=2), spacing=10.0)),
    "interval, stream": (
        Rule.INTERVAL, design(image((4, 7), 1, 2), spacing=265.0, **STREAM), "conv",
        design(image((4, 7), 1, 2), spacing=270.0, **STREAM)),
    "interval, model of the streams": (
        Rule.INTERVAL, design(image((4, 7), 1, 2), spacing=270.0, streams=Streams((), 57, "conv"), **STREAM), "conv",
        design(image((4, 7), 1, 2), spacing=285.0, streams=Streams((), 57, "conv"), **STREAM)),
    "interval, recurrent": (
        Rule.INTERVAL, design(program((5, 4), lstm("lstm", "x", 5, 4, 2)), spacing=20.0), "lstm",
        design(program((5, 4), lstm("lstm", "x", 5, 4, 2)), spacing=25.0)),
    "interval, clock": (
        Rule.INTERVAL, design(one(4, 4), spacing=25.0, clock_period=30.0), "",
        design(one(4, 4), spacing=25.0, clock_period=25.0)),
    "fifo": (Rule.FIFO, design(skip(True), streams=Streams(FIFOS, 40, "join"), **STREAM), "join",
             design(skip(True), streams=Streams(FIFOS[:1], 40, "join"), **STREAM)),
    "fifo, deadlock": (
        Rule.FIFO,
        design(skip(True), streams=Streams((StreamFacts("f", "join", 40, 12, True),), 40, "join"), **STREAM), "join",
        design(skip(True), streams=Streams((), 40, "join"), **STREAM)),
    "branches": (Rule.BRANCHES, design(late_skip(), **STREAM), "join", design(skip(True), **STREAM)),
    "overflow, accumulator": (
        Rule.OVERFLOW, design(one(4, 4, accumulator=Fixed(True, 12, 1))), "fc", design(one(4, 4))),
    "overflow, result": (
        Rule.OVERFLOW, design(one(4, 4, type=Fixed(True, 12, 1))), "fc",
        design(one(4, 4, type=Fixed(True, 12, 1, overflow=Overflow.SAT)))),
    "name": (Rule.NAME, design(program((4,), dense("fc-1", "x", 4, 4))), "fc-1", design(one(4, 4))),
    "name, port": (
        Rule.NAME, design(program((4,), dense("fc", "2x", 4, 4), name="2x")), "2x", design(one(4, 4))),
    "extra": (
        Rule.EXTRA, design(one(4, 4, strategy=Strategy.DISTRIBUTED), da4ml=False), "fc",
        design(one(4, 4, strategy=Strategy.DISTRIBUTED))),
}  # fmt: skip
ALL = pytest.mark.parametrize(("rule", "faulty", "layer", "mended"), CASES.values(), ids=CASES)
WITHOUT_SETTING = {"partition, table", "partition, collected inputs", "memory, FIFOs", "branches"}


def test_every_rule_has_a_case():
    assert {rule for rule, *_ in CASES.values()} == set(Rule) == set(CHECKS)


@ALL
def test_the_fault_is_found_and_explained(rule, faulty, layer, mended):
    found = list(CHECKS[rule](faulty))
    assert {finding.layer for finding in found} == {layer}
    for finding in found:
        assert finding.rule is rule
        assert finding.what
        assert finding.limit.unit
        assert len(finding.source) > 20
        assert finding.remedy


@ALL
def test_the_same_design_without_the_fault_passes(rule, faulty, layer, mended):
    assert list(CHECKS[rule](mended)) == []


@pytest.mark.parametrize("case", [name for name in CASES if name not in WITHOUT_SETTING])
def test_the_remedy_mends_it(case):
    rule, faulty, layer, _ = CASES[case]
    for finding in CHECKS[rule](faulty):
        assert finding.changes
        after = list(CHECKS[rule](applied(faulty, finding.changes)))
        assert (finding.layer, finding.what) not in [(one.layer, one.what) for one in after]
        assert not [one for one in after if one.layer == layer] or rule is Rule.PARTITION


@pytest.mark.parametrize("case", sorted(WITHOUT_SETTING))
def test_where_no_setting_helps_the_sentence_says_what_would(case):
    rule, faulty, _, _ = CASES[case]
    for finding in CHECKS[rule](faulty):
        assert not finding.changes
        assert any(word in finding.remedy for word in ("smaller", "bits", "depth", "FIFO"))


SMALLEST = {
    "partition, products": [(Key.STRATEGY, "resource"), (Key.REUSE_FACTOR, 5)],  # of 65 rows, 4160 products
    "partition, gathered pixels": [
        (Key.PARALLELIZATION_FACTOR, 50)
    ],  # 80 would do for 36 inputs a pixel, not for 72 products
    "unroll, latency": [(Key.STRATEGY, "resource"), (Key.REUSE_FACTOR, 2)],
    "unroll, resource": [(Key.REUSE_FACTOR, 4)],
    "unroll, pixels": [(Key.PARALLELIZATION_FACTOR, 2)],
    "unroll, streams take one pixel": [(Key.STRATEGY, "resource"), (Key.REUSE_FACTOR, 3)],  # 9216 / 3 = 3072
    "reshape, weights": [(Key.REUSE_FACTOR, 4)],  # 2 would do for the word, but not for its loop of 8192 products
    "stream_width": [(Key.INPUT, "fixed<6,3>")],  # 4096 / 600
    "dsp_width": [(Key.INPUT, "fixed<27,8>")],
    "dsp_width, behind a reshape": [(Key.RESULT, "ufixed<26,8>")],  # of the layer before the reshape
    "dsp_width, both": [(Key.INPUT, "fixed<27,8>"), (Key.WEIGHTS, "fixed<18,1>")],
    "dsp_width, weights": [(Key.WEIGHTS, "fixed<18,1>")],
    "table": [(Key.TABLE_SIZE, 2048)],
    "adder_tree": [(Key.ACCUMULATOR, "fixed<13,3>")],  # 9 * 3 * 128 = 3456 in steps of 2^-10
    "reuse_factor, replaced": [(Key.REUSE_FACTOR, 4)],  # as near as 6, and smaller
    "interval, partitions": [(Key.PARALLELIZATION_FACTOR, 7)],  # 28 / 7 = 4 cycles of 5
    "interval, reuse": [(Key.REUSE_FACTOR, 4)],
    "interval, both": [(Key.REUSE_FACTOR, 1), (Key.PARALLELIZATION_FACTOR, 14)],
    "interval, stream": [(Key.SPACING, 530.0)],  # 54 pixels with the rim: 270 ns
    "interval, model of the streams": [(Key.SPACING, 540.0)],  # 57 cycles: 285 ns
    "interval, recurrent": [(Key.SPACING, 40.0)],
    "fifo": [(Key.FIFO_DEPTH, 40)],
    "overflow, accumulator": [(Key.ACCUMULATOR, "fixed<13,2>")],
    "name": [(Key.NAME, "fc_1")],
    "name, port": [(Key.NAME, "layer_2x")],
}


@pytest.mark.parametrize("case", SMALLEST)
def test_the_remedy_is_the_smallest(case):
    rule, faulty, _, _ = CASES[case]
    finding = next(iter(CHECKS[rule](faulty)))
    assert [(change.key, change.value) for change in finding.changes] == SMALLEST[case]


@pytest.mark.parametrize("rule", [Rule.PARTITION, Rule.UNROLL, Rule.RESHAPE])
def test_limits_of_vivado_are_warnings_for_vitis(rule):
    made = one(512, 64, **RESOURCE, reuse_factor=2) if rule is not Rule.PARTITION else one(128, 64)
    severities = [next(CHECKS[rule](design(made, backend=backend))).severity for backend in ("Vivado", "Vitis")]
    assert severities == [Severity.ERROR, Severity.WARNING]


def test_cycles_of_a_static_recurrent_layer_are_said_to_be_the_least():
    rule, faulty, *_ = CASES["interval, recurrent"]
    (finding,) = CHECKS[rule](faulty)
    assert finding.what.startswith(
        "it takes at least 5 cycles (25 ns) an event, more for the latency of each time step"
    )
    (other,) = CHECKS[rule](CASES["interval, reuse"][1])
    assert "time step" not in other.what


@pytest.mark.parametrize(("io_type", "copies"), [("io_parallel", 3), ("io_stream", 1)])
def test_a_vector_is_normalised_with_one_look_up_and_an_index_embedded_with_one(io_type, copies):
    """Five of them: in io_parallel at once, two readers a memory; in io_stream one after the other."""
    table, kind = Constant(np.ones(1024, int), ENTRY), Fixed(True, 12, 4)
    norm = LayerNormalization(
        name="norm", inputs=("x",), shape=(5, 8), type=kind, scale=weights(8), bias=weights(8), accumulator=kind,
        table=table, range_power=0,
    )  # fmt: skip
    (found,) = memories(design(program((5, 8), norm), io_type=io_type))
    assert (found.words, found.width, found.copies) == (1024, ENTRY.width, copies)
    embedding = Embedding(name="e", inputs=("x",), shape=(5, 8), type=kind, table=weights(16, 8))
    (found,) = memories(design(program((5,), embedding, kind=Fixed(False, 4, 4)), io_type=io_type))
    assert (found.words, found.width, found.copies) == (16, 8 * embedding.table.type.width, copies)

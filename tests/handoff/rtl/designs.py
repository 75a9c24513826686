"""A small network behind the builder of jet features, with two decisions: its bundle, and parts that are varied."""

from dataclasses import replace

import numpy as np

from tests.handoff.vectors.designs import SCORE, dense
from trigger_nn.events.quantities import Column, Quantity, to_json
from trigger_nn.handoff.builders import builder_for
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import HandoffFacts, Origin
from trigger_nn.handoff.make import make_bundle
from trigger_nn.handoff.manifest import weights_digest
from trigger_nn.hardware.estimate import estimate
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Cast, Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.recipe import HandoffSpec, HardwareSpec
from trigger_nn.version import __version__
from trigger_nn.workflow.origin import saved

FEATURES = Fixed(True, 8, 3)
VIEW = {
    "kind": "jet_features", "constituents": 64, "bits": 8, "reach": 2,
    "offsets": [-187111, 28204, 683567, 741, *[9032] * 12], "shifts": [8, 5, 12, 0, -3, *[4] * 11],
}  # fmt: skip
DECISIONS = (Threshold("hh4b", 0, 1e5, 37, 0.5), Threshold("tau", 1, 1e5, -20, 0.5))

# hls4ml's project as far as the bundle reads it; that the C++ does what the program says is tested in other rooms.
HEADER = "namespace nn {\nvoid network(\n    input_t x[16],\n    result_t score[2]\n);\n}\n"
SOURCE = """namespace nn {
void network(
    input_t x[16],
    result_t score[2]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=x complete dim=0
    #pragma HLS ARRAY_PARTITION variable=score complete dim=0
    #pragma HLS INTERFACE ap_vld port=x,score
    #pragma HLS PIPELINE II=1

    // hls-fpga-machine-learning insert load weights
}
}
"""
PROJECT = {
    "firmware/network.h": HEADER.encode(),
    "firmware/network.cpp": SOURCE.encode(),
    "firmware/nnet_utils/nnet_code_gen.h": b"namespace nnet { template <class T> struct fill; }\n",
}


def network():
    """Sixteen features, a layer of four that saturate, two scores."""
    weights = np.random.default_rng(5).integers(-15, 16, (16, 4))
    hidden = dense("hidden", "x", weights, Fixed(True, 18, 12))
    relu = Relu(name="relu", inputs=("hidden",), shape=(4,), type=Fixed(False, 6, 6, Rounding.RND_CONV, Overflow.SAT))
    sums = dense("sums", "relu", [[12, -31], [-9, 4], [17, 3], [-5, 11]], Fixed(True, 18, 12))
    score = Cast(name="score", inputs=("sums",), shape=(2,), type=SCORE)
    column = Column((16,), (Quantity("f", "1", FEATURES),), VIEW)
    events = {"events": {"view": "features", "column": to_json(column)}}
    return check(Program("tiny", (Port("x", (16,), FEATURES),), (hidden, relu, sums, score), ("score",), events))


def design(built=True, decisions=DECISIONS, **hardware):
    """The network, with its builder unless not `built`."""
    program = network()
    return Design(program, HardwareSpec(**hardware), builder_for(program) if built else None, decisions)


def events(count=25):
    """Features as the network takes them."""
    return {"x": np.random.default_rng(2).integers(FEATURES.minimum, FEATURES.maximum + 1, (count, 16))}


def bundle(one, **spec):
    """The bundle of a design; `spec` beside what the design says."""
    spec = HandoffSpec(builder=one.builder is not None, random_vectors=40, **spec)
    facts = HandoffFacts(
        estimate=estimate(one.program, one.hardware.clock_period, one.hardware.part),
        origin=Origin({"trigger_nn": __version__, "hls4ml": "1.3.0"}, weights=weights_digest(one.program)),
        thresholds=one.decisions,
    )
    return make_bundle(one, PROJECT, events(), saved(one.program), facts, spec)


def renamed(one, **changes):
    """The design with its program changed."""
    return replace(one, program=replace(one.program, **changes))

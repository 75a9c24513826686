"""Small designs: two inputs, a saturating layer, two outputs, thresholds; and one with a builder in front."""

import numpy as np

from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Cast, Constant, Dense, Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check
from trigger_nn.recipe import HardwareSpec

WEIGHT = Fixed(True, 6, 3)
SUM = Fixed(True, 16, 10)
RELU = Fixed(False, 5, 3, Rounding.RND, Overflow.SAT)
SCORE = Fixed(True, 11, 6, Rounding.TRN, Overflow.SAT)
DECISIONS = (Threshold("hh4b", 0, 1e5, 37, 0.5), Threshold("tau", 1, 1e5, -20, 0.5))


def constant(rows, kind=WEIGHT):
    return Constant(np.array(rows, np.int64), kind)


def dense(name, source, rows, kind=SUM):
    rows = np.array(rows)
    zeros = constant([0] * rows.shape[1])
    return Dense(
        name=name, inputs=(source,), shape=(rows.shape[1],), type=kind, weights=constant(rows), bias=zeros,
        accumulator=kind, reuse_factor=1,
    )  # fmt: skip


def network(width=7, name="tiny"):
    kind = Fixed(True, width, 4)
    hidden = dense("hidden", "x", [[9, -7, 3], [-11, 5, 8], [2, 13, -6], [7, 7, 7]])
    relu = Relu(name="relu", inputs=("hidden",), shape=(3,), type=RELU)
    sums = dense("sums", "relu", [[12, -31], [-9, 4], [17, 3]], Fixed(True, 18, 12))
    score = Cast(name="score", inputs=("sums",), shape=(2,), type=SCORE)
    return check(Program(name, (Port("x", (4,), kind),), (hidden, relu, sums, score), ("score", "relu")))


class Doubler:
    """A builder: twice the raw integers, kept within the network's range."""

    kind = "doubler"
    ports = (Port("towers", (2, 2), Fixed(False, 6, 6)),)

    def build(self, inputs):
        return np.minimum(2 * np.asarray(inputs["towers"]).reshape(-1, 4) - 20, 63)

    def undo(self, mantissas):
        return {"towers": ((mantissas + 20) // 2).reshape(-1, 2, 2)}

    def source(self, namespace):
        return ""

    def facts(self):
        return {"kind": "doubler"}


def design(builder=None, decisions=DECISIONS):
    return Design(network(), HardwareSpec(), builder, decisions)


def real(count=30):
    return {"x": np.random.default_rng(1).integers(-64, 64, (count, 4))}

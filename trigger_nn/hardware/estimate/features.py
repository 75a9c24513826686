"""The form of the model: which linear features of the counted work make LUTs, flip-flops and depth of the RTL.

    depth = delay * time + sharing * shared            (the longest way, and what of it shares, from the replay)
    stages = `stages_of` depth                         (stage: `rtl.stage_delay` of the clock period)
    LUT = sum over LUT_FEATURES of constant * count
    FF = sum over FF_FEATURES of constant * count

A pipeline of n stages is cut at 1/n, 2/n ... of the time from input to output; every bit that is alive at a cut takes
a flip-flop, and so does every bit of the outputs. Sums inside adder trees are alive as often as operands are not
shared, which `lonely` (by `digits.unshared`) measures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor

from trigger_nn.hardware.estimate import delays
from trigger_nn.hardware.estimate.ledger import BINS
from trigger_nn.hardware.estimate.work import Work

# By each feature its constant as the structure of the device has it: an adder takes a LUT a bit, a comparison of two
# values another for its choice; additions of known numbers go into the logic around them (AMD UG574: a LUT has six
# inputs, or five and two outputs). Where measured networks tell features apart, they outweigh it.
LUT_FEATURES = {
    "adders": 0.0, "adder_bits": 0.4, "lonely_bits": 0.6, "constant_bits": 0.1, "sum_bits": 1.0, "clip_bits": 0.6,
    "select_bits": 1.0, "round_bits": 0.2, "table_luts": 1.0, "product_bits": 0.0, "dsp": 0.0,
}  # fmt: skip
FF_FEATURES = {"cut_values": 1.0, "cut_sums": 0.4, "cut_lonely_sums": 0.6, "output_bits": 1.0, "stages": 0.0}
SMEAR = 0.4  # of a stage, either way
DEPTH_FEATURES = {"time": 1.0, "shared": 0.4}
SPREAD = 0.1  # by which adders on the longest way outlast the average of all; where the error in cycles is least


@dataclass(frozen=True)
class Features:
    """Of a whole design (see `Replay`): its work, the longest way through it, the bits of its output ports.

    `values` and `trees` are bits alive in each of BINS equal parts of that way, of values and inside adder trees.
    """

    work: Work
    time: float
    shared: float
    values: tuple[float, ...]
    trees: tuple[float, ...]
    outputs: int


def lut_features(work: Work) -> tuple[float, ...]:
    """In the order of LUT_FEATURES; of one layer or of a whole design."""
    return tuple(float(getattr(work, name)) for name in LUT_FEATURES)


def ff_features(
    work: Work, values: Sequence[float], trees: Sequence[float], outputs: int, stages: int
) -> tuple[float, ...]:
    """In the order of FF_FEATURES; of one layer (with the output bits that it has) or of a whole design."""
    held, inner = (sum(_around(alive, cut, stages) for cut in range(1, stages)) for alive in (values, trees))
    lonely = work.lonely_bits / work.adder_bits if work.adder_bits else 1.0
    return (float(held), float(inner), float(inner * lonely), float(outputs), float(stages))


def _around(alive: Sequence[float], cut: int, stages: int) -> float:
    """Mean bits alive near a cut: the solver's own times differ from ours by a part of a stage."""
    low, high = (round((cut + side) * BINS / stages) for side in (-SMEAR, SMEAR))
    near = alive[max(low, 0) : max(high, low + 1)]
    return sum(near) / len(near)


def depth_features(features: Features) -> tuple[float, ...]:
    """In the order of DEPTH_FEATURES."""
    return (features.time, features.shared)


def stages_of(depth: float, stage: float, hop: float) -> int:
    """Pipeline stages of logic that takes `depth`, each of at most `stage`; at least one, that of the outputs.

    An operation goes into one stage or the next: a stage holds as many of `hop` as fit whole, or a single longer one.
    With a `hop` of 0 operations are cut anywhere, as a tool that moves registers into them does.
    """
    held = max(floor(stage / hop + 1e-9), 1) * hop if hop else stage
    return max(ceil(depth / held - 1e-9), 1)


def hop_of(work: Work) -> float:
    """Delay of a typical operation on the way: an adder as wide as those of `work` are on the average."""
    width = work.adder_bits / work.adders if work.adders else 1.0
    return float(delays.adder(width)) + SPREAD

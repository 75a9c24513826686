"""What rule4ml can be told of a network: sizes of dense layers, their activations, one width for the whole network."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, assert_never

import numpy as np

from trigger_nn.hardware.calibration.networks import Network
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Dense, Lookup, Operation, Relu

Reading = Literal["weights", "widest"]
READINGS: tuple[Reading, ...] = ("weights", "widest")
NARROWEST, WIDEST = 2, 16  # bits: ends of the precisions that rule4ml 0.2.0 itself starts from (README and defaults)
CLOCK = 10.0  # ns: all that rule4ml 0.2.0 knows (README, "Limitations")

LEAST_INPUTS = 16  # of the networks in rule4ml's first data set (its data_gen/nn_gen.py, GeneratorSettings)
PRUNED = 0.25  # share of weights that are 0 from which a network counts as pruned


@dataclass(frozen=True)
class Layer:
    """A dense layer with bias and what follows it: "relu", "sigmoid" or "linear"."""

    neurons: int
    activation: str


@dataclass(frozen=True)
class Description:
    """A network of `inputs` values and dense layers, as one that rule4ml takes; `program` is its program's digest.

    `bits` are two readings of its one width, as hls4ml gives a whole model one `ap_fixed<width, integer>`: that of the
    weights, which sets the size of the multipliers, and the widest of weights, inputs and activations, which loses
    nothing. The split into integer and fraction is no input of rule4ml's networks. `zeros` is the share of weights
    that are 0 and `clock_period` (ns) that of the measurement: neither can be told to rule4ml.
    """

    program: str
    inputs: int
    layers: tuple[Layer, ...]
    bits: dict[Reading, int]
    zeros: float
    clock_period: float

    @property
    def is_usual(self) -> bool:
        """Whether rule4ml has seen the like: inputs as in its first data set, and few weights that are 0."""
        return self.inputs >= LEAST_INPUTS and self.zeros < PRUNED


@dataclass(frozen=True)
class Outside:
    """A network, by its program's digest, that rule4ml has no words for, and why."""

    program: str
    reason: str


def describe(network: Network) -> Description | Outside:
    """A network of `calibration.networks` in rule4ml's words, or why there are none; takes no tool."""
    program = network.program
    foreign = [type(op).__name__ for op in program.operations if not isinstance(op, Dense | Relu | Lookup)]
    if foreign:
        return Outside(program.digest, "convolutions, pooling" if "Conv2D" in foreign else ", ".join(sorted(foreign)))
    layers = _layers(program.operations)
    if layers is None:
        return Outside(program.digest, "a table that is no sigmoid")
    bits = _bits(program.inputs[0].type, program.operations)
    if any(not NARROWEST <= width <= WIDEST for width in bits.values()):
        return Outside(program.digest, f"widths outside {NARROWEST} to {WIDEST} bits")
    inputs, zeros = int(np.prod(program.inputs[0].shape)), _zeros(program.operations)
    return Description(program.digest, inputs, layers, bits, zeros, network.clock_period)


def _layers(operations: Sequence[Operation]) -> tuple[Layer, ...] | None:
    layers: list[Layer] = []
    for op in operations:
        if isinstance(op, Dense):
            layers.append(Layer(op.shape[0], "linear"))
        elif isinstance(op, Relu):
            layers[-1] = Layer(layers[-1].neurons, "relu")
        elif op.name == "sigmoid":  # the one table that `calibration.networks` draws
            layers[-1] = Layer(layers[-1].neurons, "sigmoid")
        else:
            return None
    return tuple(layers)


def _bits(given: Fixed, operations: Sequence[Operation]) -> dict[Reading, int]:
    weights = [op.weights.type for op in operations if isinstance(op, Dense)]
    values = [op.type for op in operations if isinstance(op, Relu)]
    return {reading: max(kind.width for kind in _read(reading, weights, [given, *values])) for reading in READINGS}


def _read(reading: Reading, weights: list[Fixed], values: list[Fixed]) -> list[Fixed]:
    match reading:
        case "weights":
            return weights
        case "widest":
            return weights + values
        case _:
            assert_never(reading)


def _zeros(operations: Sequence[Operation]) -> float:
    weights = np.concatenate([op.weights.mantissa.ravel() for op in operations if isinstance(op, Dense)])
    return float(np.mean(weights == 0))

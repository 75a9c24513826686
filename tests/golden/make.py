"""How the programs in `second_schema/` were made: `python -m tests.golden.make FOLDER`.

They are there to be loaded by every later version, so they are never made again; a new schema gets a folder of its own.
Each kind of operation appears in at least one, with random events over its ports and what came out of it.
"""

import sys
from pathlib import Path
from typing import get_args

import numpy as np

from tests.frontend.coverage_models import LAYERS, SEQUENCE, VECTOR, graph_of
from trigger_nn import Emulator
from trigger_nn.frontend.legacy import keras, qkeras
from trigger_nn.frontend.lowering import lower
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Einsum, Operation, TernaryStep
from trigger_nn.program.program import Port, Program

L = keras.layers
EVENTS = 8


def steps(kind):
    """A batch normalisation merged with a binary or ternary activation."""
    quantized = {"kernel_quantizer": "quantized_bits(4,1,alpha=1)", "bias_quantizer": "quantized_bits(4,1,alpha=1)"}
    return [qkeras.QDense(3, **quantized), L.BatchNormalization(), qkeras.QActivation(kind, name="it")]


MORE = {
    "Softmax": lambda: (VECTOR, L.Activation("softmax", name="it")),
    "HardSigmoid": lambda: (VECTOR, L.Activation("hard_sigmoid", name="it")),
    "BinaryStep": lambda: (VECTOR, qkeras.QActivation("binary(alpha=1)", name="it")),
    "BinaryThreshold": lambda: (VECTOR, steps("binary(alpha=1)")),
    "TernaryThreshold": lambda: (VECTOR, steps("ternary(alpha=1,threshold=0.5)")),
    "Cast": lambda: (VECTOR, qkeras.QActivation("quantized_bits(4,1,alpha=1)", name="it")),
    "Bidirectional": lambda: (SEQUENCE, L.Bidirectional(L.GRU(3), name="it")),
}


def einsum():
    """Nothing in Keras 2 leads to it."""
    kind, wide = Fixed(True, 6, 3), Fixed(True, 14, 8)
    operation = Einsum(
        name="it", inputs=("a", "b"), shape=(2, 2), type=wide, equation="ab,cb->ac", orders=((0, 1), (0, 1)),
        sizes=(1, 2, 2, 3), accumulator=wide, inner_shape=(2, 2), result_order=(0, 1),
    )  # fmt: skip
    return Program("einsum", (Port("a", (2, 3), kind), Port("b", (2, 3), kind)), (operation,), ("it",))


def ternary_step():
    """hls4ml makes it in no network that compiles without a batch normalisation."""
    kind, two = Fixed(True, 6, 3), Fixed(True, 2, 2)
    operation = TernaryStep(name="it", inputs=("x",), shape=(4,), type=two, doubled=kind)
    return Program("ternarystep", (Port("x", (4,), kind),), (operation,), ("it",))


def main(folder):
    """Write programs and vectors, each kind of operation in as few programs as come up first."""
    left, vectors, rng = {kind.__name__ for kind in get_args(Operation)}, {}, np.random.default_rng(1)
    for name, make in (LAYERS | MORE).items():
        try:
            program = lower(graph_of(*make()), name.lower())
        except Exception as error:  # not every layer converts
            print(name, "left out:", error)
            continue
        kinds = {type(operation).__name__ for operation in program.operations}
        if kinds & left:
            left -= kinds
            keep(program, folder, vectors, rng)
    for program in (einsum(), ternary_step()):
        keep(program, folder, vectors, rng)
    np.savez_compressed(folder / "vectors.npz", **vectors)
    print("without a program:", sorted(left - {"Einsum", "TernaryStep"}))


def keep(program, folder, vectors, rng):
    """One program, its events, its outputs."""
    program.save(folder / f"{program.name}.h5")
    inputs = {
        port.name: rng.integers(port.type.minimum, port.type.maximum, (EVENTS, *port.shape), endpoint=True)
        for port in program.inputs
    }
    vectors |= {f"{program.name}/in/{name}": values for name, values in inputs.items()}
    found = Emulator(program).trace_mantissas(inputs)
    vectors |= {f"{program.name}/out/{name}": found[name] for name in program.output_names}


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Layers on sequences: recurrent, embedding, time-distributed, layer normalisation; and a model in a model."""

from typing import Any

from tests.proof.sketch import Sketch, Tensor


def recurrent(sketch: Sketch, x: Tensor) -> Tensor:
    """LSTM, GRU, and both directions; QKeras 0.9.0 can't make its own beside TensorFlow 2.21."""
    cell = sketch.pick("LSTM", "GRU")
    if sketch.chance(0.02):
        cell = "SimpleRNN"  # hls4ml 1.3.0 writes no C++ for it
    if cell == "LSTM":
        x = sketch.add("Activation", {"activation": sketch.pick("relu", "linear")}, x)  # whose type can be set
    args: dict[str, Any] = {"units": sketch.upto(1, 3), "return_sequences": sketch.chance(0.4)}
    args |= {"activation": sketch.pick("tanh", "tanh", "relu", "sigmoid")}
    if cell != "SimpleRNN":
        args |= {"recurrent_activation": sketch.pick("sigmoid", "sigmoid", "tanh")}
        if sketch.chance(0.02):
            args |= {"recurrent_activation": "hard_sigmoid"}  # does not compile in hls4ml 1.3.0
    if cell == "GRU":
        args |= {"reset_after": sketch.chance(0.9)}
    if sketch.chance(0.3 if sketch.io_type == "io_parallel" else 0.01) and cell != "SimpleRNN":
        # hls4ml 1.3.0 joins whatever it is told.
        merge = "concat" if sketch.chance(0.95) else sketch.pick("sum", "mul", "ave")
        return sketch.add("Bidirectional", {"layer": {"kind": cell, "args": args}, "merge_mode": merge}, x)
    return sketch.add(cell, args, x)


def embedding(sketch: Sketch, x: Tensor) -> Tensor:
    """Embedding, on an input of its own: its indices must be in the table."""
    vocabulary = sketch.upto(2, 12)
    indices = sketch.input((sketch.upto(1, 5),), f"uint<{vocabulary.bit_length()}>", "index", vocabulary)
    return sketch.add("Embedding", {"input_dim": vocabulary, "output_dim": sketch.upto(1, 4)}, indices)


def timedistributed(sketch: Sketch, x: Tensor) -> Tensor:
    """TimeDistributed around a dense, convolution, normalisation or activation layer."""
    x = sketch.add("Activation", {"activation": sketch.pick("relu", "linear")}, x)  # whose type can be set
    if x.rank == 2:
        inner = sketch.pick(
            {"kind": "Dense", "args": {"units": sketch.upto(1, 4)}},
            {"kind": "Activation", "args": {"activation": sketch.pick("relu", "tanh")}},
            {"kind": "BatchNormalization", "args": {}},
        )
    else:
        inner = {"kind": "Conv1D", "args": {"filters": sketch.upto(1, 3), "kernel_size": sketch.upto(1, 2)}}
    return sketch.add("TimeDistributed", {"layer": inner}, x)


def layernorm(sketch: Sketch, x: Tensor) -> Tensor:
    """Layer normalisation over the last of two axes."""
    return sketch.add("LayerNormalization", {"epsilon": sketch.pick(1e-3, 1e-2, 1e-5)}, x)


def nested(sketch: Sketch, x: Tensor) -> Tensor:
    """A model in a model."""
    units = [sketch.upto(1, 4) for _ in range(sketch.upto(1, 2))]
    return sketch.add("Nested", {"shape": list(x.shape), "units": units}, x)

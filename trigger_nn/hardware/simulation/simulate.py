"""Inputs, cycle by cycle -> outputs, cycle by cycle."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.simulation.buses import from_words, to_words
from trigger_nn.hardware.simulation.model import SECONDS, Cycles, Model, built


@dataclass(frozen=True)
class Simulated:
    """What a block gave. Row k is what rising edge k samples, as row k of the inputs is: event k is row k + latency.

    `outputs` are mantissas (cycles, *shape) by port, valid or not; `out_valid` is bool (cycles), of a combinational
    block what went in. `build_seconds` and `run_seconds` are wall-clock times, `verilator` is its version.
    """

    outputs: Mapping[str, np.ndarray]
    out_valid: np.ndarray
    build_seconds: float
    run_seconds: float
    verilator: str


def simulate(
    rtl: Rtl,
    inputs: Mapping[str, np.ndarray],
    valid: np.ndarray | None = None,
    reset: np.ndarray | None = None,
    drain: int | None = None,
    seconds: float = SECONDS,
    seed: int = 1,
) -> Simulated:
    """Build `rtl` with Verilator and drive it: a cycle of reset, the inputs at every clock, `drain` idle cycles.

    Args:
        rtl: a Verilog block.
        inputs: mantissas (cycles, *shape) by port.
        valid: in_valid, bool (cycles); all valid if not given.
        reset: rst, bool (cycles), beside the first reset; none if not given.
        drain: cycles after the inputs, of zeros that are not valid; the block's latency if not given.
        seconds: wall-clock time that all may take.
        seed: of the registers' random state after power-up.

    Raises:
        EventsError: inputs don't fit the ports, or `valid` or `reset` the inputs.
        ToolNotFound, ToolFailed: as `model.built`.
    """
    words = to_words(rtl.inputs, inputs)
    in_valid, rst = _signal(words, valid, True, "valid"), _signal(words, reset, False, "reset")
    with built(rtl, seconds) as model:
        cycles = drive(model, words, in_valid, rst, rtl.latency if drain is None else drain, seed)
        return Simulated(
            from_words(rtl.outputs, cycles.words), cycles.out_valid, model.seconds, cycles.seconds, model.version
        )


def drive(model: Model, words: np.ndarray, valid: np.ndarray, reset: np.ndarray, drain: int, seed: int = 1) -> Cycles:
    """Run rows of words after a cycle of reset and before `drain` idle ones; that first cycle is left out again."""
    idle = np.zeros(drain, bool)
    cycles = model.run(
        np.concatenate([words[:1], words, np.zeros((drain, words.shape[1]), np.int64)]),
        np.concatenate([[False], valid, idle]),
        np.concatenate([[True], reset, idle]),
        seed,
    )
    return Cycles(cycles.words[1:], cycles.out_valid[1:], cycles.seconds)


def _signal(words: np.ndarray, signal: np.ndarray | None, default: bool, name: str) -> np.ndarray:
    if not len(words):
        raise EventsError("There are no events to simulate; give at least one.")
    if signal is None:
        return np.full(len(words), default)
    if np.shape(signal) != (len(words),):
        raise EventsError(
            f"{name!r} has shape {np.shape(signal)} for {len(words)} cycles of inputs; give one bit for each."
        )
    return np.asarray(signal, bool)

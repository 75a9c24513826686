"""How long logic takes, in the unit of alkaid's model of delay (about a nanosecond; `trace/passes/surrogate.py`).

An adder takes a start and a little for each bit that the carry runs through, a multiplexer half a unit, a table by its
address bits; wires, sign tests against 0 and additions of known numbers, which their users absorb, take none.
"""

import numpy as np

START, CARRY, CHOICE = 1.09375, 0.025390625, 0.5
ADDRESS = 6  # bits that one LUT takes


def adder(width: np.ndarray | float) -> np.ndarray:
    """An adder of `width` bits."""
    return np.asarray(START + CARRY * np.maximum(np.asarray(width) - 1, 0))


def multiplier(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """A product of variables of these widths, as an array of adders."""
    narrow, wide = np.minimum(left, right), np.maximum(left, right)
    return np.asarray(START + CARRY * np.minimum(narrow * (wide - 1), wide * (narrow - 1)))


def table(address: np.ndarray) -> np.ndarray:
    """A table with `address` bits of address."""
    beyond = np.maximum(address - ADDRESS, 0)
    small = 0.075 + 0.2 * np.minimum(beyond, 3) + 0.8 * np.maximum(beyond - 3, 0)
    return np.asarray(np.where(beyond > ADDRESS, 0.5 * beyond, small))


def tree(times: np.ndarray, counts: np.ndarray, step: np.ndarray | float) -> np.ndarray:
    """When sums over the last axis of `times` are there, each an adder tree whose levels take `step`.

    `counts` (in, out) says how often each operand enters each sum. Those that come first are added first, so that a
    sum of n operands at time t is there at t + step * ceil(log2(n)).
    """
    latest = times.max(axis=-1, keepdims=True)
    weight = np.exp2((times - latest) / step) @ counts
    levels = np.ceil(np.log2(np.maximum(weight, 1)) - 1e-9)
    return np.asarray(latest + step * levels)

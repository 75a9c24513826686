"""LSTM and GRU, step by step and unit by unit, in plain Python. Weights are lists of rows (in, out)."""

from fractions import Fraction

from tests.oracle import dense, fit


def lstm(sequence, cell, kind):
    """States after each step, in the order of the steps taken; `cell` holds weights, types and functions."""
    units = len(cell["recurrent"])
    state, memory, states = [Fraction(0)] * units, [Fraction(0)] * units, []
    for features in sequence:
        sums = weighted(features, state, cell)
        state = []
        for u in range(units):
            opened, forgotten, fresh, shown = (
                fit(sums[0][g * units + u] + sums[1][g * units + u], cell["accumulator"]) for g in range(4)
            )
            fresh = cell["candidate"](fresh) * cell["gate"](opened)
            memory[u] = fit(fresh + memory[u] * cell["gate"](forgotten), kind)
            state.append(fit(cell["gate"](shown) * cell["candidate"](memory[u]), kind))
        states.append(state)
    return states


def gru(sequence, cell, kind):
    """States after each step, in the order of the steps taken."""
    units, accumulator = len(cell["recurrent"]), cell["accumulator"]
    state, states = [Fraction(0)] * units, []
    for features in sequence:
        x, h = weighted(features, state, cell)
        before, state = state, []
        for u in range(units):
            update = cell["gate"](fit(x[u] + h[u], accumulator))
            reset = cell["gate"](fit(x[units + u] + h[units + u], accumulator))
            kept = fit(reset * h[2 * units + u], accumulator)
            fresh = cell["candidate"](fit(x[2 * units + u] + kept, accumulator))
            state.append(fit(fresh * (1 - update) + before[u] * update, kind))
        states.append(state)
    return states


def weighted(features, state, cell):
    """The sums of the features and those of the state, for all gates."""
    accumulator = cell["accumulator"]
    return (
        dense(features, cell["kernel"], cell["bias"], accumulator, accumulator),
        dense(state, cell["recurrent"], cell["recurrent_bias"], accumulator, accumulator),
    )

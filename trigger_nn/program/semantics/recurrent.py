"""Networks that keep a state from step to step (nnet_recurrent.h), unrolled over the steps.

The static and the other form of the C++, its parallel and its streaming loops give the same bits.
"""

from typing import assert_never

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.activations import ActivationOperation
from trigger_nn.program.operations.recurrent import Gru, Lstm, RecurrentOperation
from trigger_nn.program.semantics import activations, products
from trigger_nn.program.semantics.domain import Domain, Operand, V


def apply(operation: RecurrentOperation, domain: Domain[V], operands: list[Operand[V]]) -> V:
    """The states after all steps, (steps, units), or after the last one, (units,)."""
    steps = operands[0].shape[0]
    sums = products.apply(operation.kernel, domain, operands[:1])
    state = memory = domain.constant(np.zeros(operation.shape[-1], np.int64))
    states: list[V] = []
    for step in reversed(range(steps)) if operation.backward else range(steps):
        given = _row(domain, sums, step, _gates(operation))
        match operation:
            case Lstm():
                state, memory = lstm_step(operation, domain, given, state, memory)
            case Gru():
                state = gru_step(operation, domain, given, state)
            case _:
                assert_never(operation)
        states.append(state)
    if len(operation.shape) == 1:
        return state
    in_place = states[::-1] if operation.backward else states
    return domain.concatenate([domain.gather(s, np.arange(operation.shape[-1])[None], 0) for s in in_place], 1)


def shape(operation: RecurrentOperation, shapes: list[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape of the result; () when the input does not fit."""
    given, units = shapes[0], operation.recurrent.weights.mantissa.shape[0]
    features, gates = operation.kernel.weights.mantissa.shape
    if len(given) != 2 or given[1] != features or gates != _gates(operation) or operation.shape[-1:] != (units,):
        return ()
    return (given[0], units) if len(operation.shape) == 2 else (units,)


def lstm_step(operation: Lstm, domain: Domain[V], given: V, state: V, memory: V) -> tuple[V, V]:
    """State and memory after one step, from the weighted features of that step, `given`, and what was before."""
    accumulator, units = operation.accumulator, operation.shape[-1]
    recurrent = _recurrent(operation, domain, state)
    sums = domain.cast(domain.add(given, recurrent), accumulator.fraction, accumulator)
    opened = [_activated(operation.gate, domain, _part(domain, sums, i, units), accumulator) for i in (0, 1, 3)]
    candidate = _activated(operation.candidate, domain, _part(domain, sums, 2, units), accumulator)
    fraction = accumulator.fraction
    kept = domain.multiply(memory, opened[1])
    fresh = domain.multiply(candidate, opened[0])
    memory = _added(domain, fresh, 2 * fraction, kept, operation.type.fraction + fraction, operation.type)
    shown = _activated(operation.output, domain, memory, operation.type)
    return domain.cast(domain.multiply(opened[2], shown), 2 * fraction, operation.type), memory


def gru_step(operation: Gru, domain: Domain[V], given: V, state: V) -> V:
    """The state after one step, from the weighted features of that step, `given`, and the state before."""
    accumulator, units = operation.accumulator, operation.shape[-1]
    fraction = accumulator.fraction
    recurrent = _recurrent(operation, domain, state)
    sums = [domain.add(_part(domain, given, i, units), _part(domain, recurrent, i, units)) for i in (0, 1)]
    update, reset = (
        _activated(operation.gate, domain, domain.cast(s, fraction, accumulator), accumulator) for s in sums
    )
    remembered = domain.multiply(reset, _part(domain, recurrent, 2, units))
    remembered = domain.cast(remembered, 2 * fraction, accumulator)
    total = domain.cast(domain.add(_part(domain, given, 2, units), remembered), fraction, accumulator)
    candidate = _activated(operation.candidate, domain, total, accumulator)
    rest = max(fraction, 0)  # 1 - update is exact in the C++, also where the accumulator counts in twos or fours
    opposite = domain.subtract(domain.constant(np.array([1 << rest])), domain.shift(update, rest - fraction))
    fresh, kept = domain.multiply(candidate, opposite), domain.multiply(state, update)
    return _added(domain, fresh, fraction + rest, kept, operation.type.fraction + fraction, operation.type)


def _gates(operation: RecurrentOperation) -> int:
    """How many sums a step needs."""
    return operation.shape[-1] * (4 if isinstance(operation, Lstm) else 3)


def _recurrent(operation: RecurrentOperation, domain: Domain[V], state: V) -> V:
    """The weighted state."""
    return products.apply(operation.recurrent, domain, [Operand(state, operation.type, operation.shape[-1:])])


def _activated(activation: ActivationOperation, domain: Domain[V], x: V, source: Fixed) -> V:
    """An activation of `x`, of type `source`."""
    return activations.apply(activation, domain, [Operand(x, source, activation.shape)])


def _added(domain: Domain[V], left: V, left_fraction: int, right: V, right_fraction: int, target: Fixed) -> V:
    """Exact sum of two values of different fractions, cast to `target`."""
    fraction = max(left_fraction, right_fraction)
    total = domain.add(domain.shift(left, fraction - left_fraction), domain.shift(right, fraction - right_fraction))
    return domain.cast(total, fraction, target)


def _row(domain: Domain[V], value: V, row: int, length: int) -> V:
    """Row `row` of a matrix with rows of `length`."""
    return domain.gather(value, np.arange(length) + row * length, 0)


def _part(domain: Domain[V], value: V, number: int, units: int) -> V:
    """The sums of gate `number`."""
    return domain.gather(value, np.arange(units) + number * units, 0)

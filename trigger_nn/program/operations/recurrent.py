"""Networks that keep a state from step to step: LSTM and GRU."""

from dataclasses import dataclass

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.activations import ActivationOperation
from trigger_nn.program.operations.base import Node
from trigger_nn.program.operations.products import Dense


@dataclass(frozen=True, kw_only=True)
class RecurrentNode(Node):
    """Runs over the steps of a sequence (steps, features), from a state of zeros.

    The result has the shape (steps, units), the state after each step, or (units,), the last one. The state is kept in
    `type`; all else is cast to `accumulator`. `kernel` takes the features of all steps, (steps, features), and
    `recurrent` the state, (units,), to the sums of all gates, both of type `accumulator`. `gate` is hls4ml's
    recurrent activation and `candidate` its activation. `backward` runs from the last step to the first, each step's
    state staying in its step's place. `static` says that the firmware has one cell which it uses at every step, instead
    of one cell a step; no bit depends on it.
    """

    kernel: Dense
    recurrent: Dense
    gate: ActivationOperation
    candidate: ActivationOperation
    accumulator: Fixed
    backward: bool = False
    static: bool = True


@dataclass(frozen=True, kw_only=True)
class Lstm(RecurrentNode):
    """Long short-term memory; the gates are in Keras's order: input, forget, candidate, output.

    The cell's memory is kept in `type` as well; `output` is the activation applied to it.
    """

    output: ActivationOperation


@dataclass(frozen=True, kw_only=True)
class Gru(RecurrentNode):
    """Gated recurrent unit; the gates are in Keras's order: update, reset, candidate.

    The reset gate is applied after the product with the recurrent weights (Keras's `reset_after=True`).
    """


RecurrentOperation = Lstm | Gru

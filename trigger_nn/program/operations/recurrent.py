"""Networks that keep a state from step to step."""

from dataclasses import dataclass

from trigger_nn.program.operations.base import Node


@dataclass(frozen=True, kw_only=True)
class RecurrentNode(Node):
    """Runs over the steps of a sequence."""


RecurrentOperation = RecurrentNode

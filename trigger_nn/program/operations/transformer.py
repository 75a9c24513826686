"""Layers of transformers: Einstein sums, embedding, layer normalisation."""

from dataclasses import dataclass

from trigger_nn.program.operations.base import Node


@dataclass(frozen=True, kw_only=True)
class TransformerNode(Node):
    """A layer of transformers."""


TransformerOperation = TransformerNode

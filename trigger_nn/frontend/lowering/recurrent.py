"""Recurrent layers."""

from trigger_nn.frontend.lowering.reading import Handler

HANDLERS: dict[str, Handler] = {}

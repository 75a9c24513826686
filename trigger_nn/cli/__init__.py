"""The command line: one module a verb or a family of them, which alone print; `verbs` brings them together."""

from trigger_nn.cli.verbs import app, command, main

__all__ = ["app", "command", "main"]

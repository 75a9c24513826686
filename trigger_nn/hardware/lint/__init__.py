"""The feasibility linter: what a vendor's tool would refuse or do badly, found before anyone waits for it."""

from trigger_nn.hardware.lint.context import StreamFacts, Streams
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity
from trigger_nn.hardware.lint.lint import lint

__all__ = ["Change", "Finding", "Key", "Limit", "Rule", "Severity", "StreamFacts", "Streams", "lint"]

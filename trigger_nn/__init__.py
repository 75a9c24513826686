"""Compiler and bit-exact emulator for neural networks in the Level-1 trigger of a collider experiment.

Names that need TensorFlow or hls4ml are imported when they are first used, so that loading and running a compiled
program needs numpy and h5py alone.
"""

from typing import TYPE_CHECKING, Any

from trigger_nn.engines.emulator import Emulator
from trigger_nn.errors import TriggerNNError
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program
from trigger_nn.version import __version__

if TYPE_CHECKING:
    from trigger_nn.api import (
        bundle,
        certify,
        compile,
        diverge,
        estimate,
        lint,
        load_model,
        lower,
        network_inputs,
        read_events,
        rtl,
        study,
        verify,
    )
    from trigger_nn.workflow.emulate import emulate

_LAZY = (
    "bundle", "certify", "compile", "diverge", "estimate", "lint", "load_model", "lower", "network_inputs",
    "read_events", "rtl", "study", "verify",
)  # fmt: skip

__all__ = [
    "Emulator", "Fixed", "Program", "TriggerNNError", "__version__",
    "bundle", "certify", "compile", "diverge", "emulate", "estimate", "lint", "load_model", "lower", "network_inputs",
    "read_events", "rtl", "study", "verify",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Import a public function of `trigger_nn.api` on first use."""
    if name == "emulate":  # not by way of the api, whose rooms need more than emulation does
        from trigger_nn.workflow.emulate import emulate

        return emulate
    if name in _LAZY:
        from trigger_nn import api

        return getattr(api, name)
    raise AttributeError(f"module 'trigger_nn' has no attribute {name!r}")

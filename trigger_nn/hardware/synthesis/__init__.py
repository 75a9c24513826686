"""Synthesis without a vendor's tools: Yosys counts cells for UltraScale+, nextpnr places on an ECP5."""

from trigger_nn.hardware.synthesis.place import place
from trigger_nn.hardware.synthesis.synthesise import synthesise
from trigger_nn.hardware.synthesis.tool import Limits
from trigger_nn.hardware.synthesis.values import (
    CAVEAT,
    CAVEAT_PLACEMENT,
    LimitReached,
    Options,
    Placement,
    Stage,
    Synthesis,
    SynthesisError,
)

__all__ = [
    "CAVEAT",
    "CAVEAT_PLACEMENT",
    "LimitReached",
    "Limits",
    "Options",
    "Placement",
    "Stage",
    "Synthesis",
    "SynthesisError",
    "place",
    "synthesise",
]

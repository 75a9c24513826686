"""What a program costs on an FPGA and how long it takes, before any synthesis: values with intervals.

The program's meaning is replayed over a domain that counts hardware (`costs`, `replay`, `work`) and turned into LUTs,
flip-flops and delay by constants (`constants`) that `fit` finds from measured designs (`measured`, `features`). `rtl`
estimates our own RTL, `choice`, `hls`, `multipliers` and `streams` what hls4ml's C++ becomes; `making` puts it
together, `user` learns from reports of the vendor's tools. docs/estimates.md says what the figures rest on.
"""

from trigger_nn.hardware.estimate.choice import Choice
from trigger_nn.hardware.estimate.making import estimate
from trigger_nn.hardware.estimate.values import Accuracy, Estimate, Figure, LayerEstimate

__all__ = ["Accuracy", "Choice", "Estimate", "Figure", "LayerEstimate", "estimate"]

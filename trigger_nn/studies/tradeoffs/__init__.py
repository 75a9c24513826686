"""One network built in many ways: strategy, reuse factor, clock and precision against latency and resources.

`designs` says which ways hls4ml can take, `scan` estimates each of them, `decisions` what a coarser precision costs in
physics, `pareto` which of them nothing beats; `files` writes the table as CSV and JSON.
"""

from trigger_nn.studies.tradeoffs.scan import trade_offs
from trigger_nn.studies.tradeoffs.values import Axes, LeftOut, Point, Precision, PrecisionCost, TradeOffs

__all__ = ["Axes", "LeftOut", "Point", "Precision", "PrecisionCost", "TradeOffs", "trade_offs"]

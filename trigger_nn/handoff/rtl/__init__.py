"""The design as RTL, with a bench on the bundle's own vectors and a synthesis script: the folder `rtl/`."""

from trigger_nn.handoff.rtl.block import block_of
from trigger_nn.handoff.rtl.files import ROOT, rtl_files

__all__ = ["ROOT", "block_of", "rtl_files"]

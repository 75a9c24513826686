"""Scripts that take the bundle through AMD's HLS tools, of several generations."""

from trigger_nn.handoff.scripts.files import clock_uncertainty, may_hang, script_files

__all__ = ["clock_uncertainty", "may_hang", "script_files"]

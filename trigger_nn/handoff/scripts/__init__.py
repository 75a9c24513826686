"""Scripts that take the bundle through AMD's HLS tools, of several generations."""

from trigger_nn.handoff.scripts.files import script_files

__all__ = ["script_files"]

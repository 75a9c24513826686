"""The HLS project of a bundle: hls4ml's network in namespaces of its own, and the top function around it."""

from trigger_nn.handoff.hls.project import hls_files

__all__ = ["hls_files"]

"""What stands at the block's edge: every port, bit, unit and clock cycle, as JSON, Markdown and a drawing."""

from trigger_nn.handoff.interface.description import Interface, read_interface
from trigger_nn.handoff.interface.files import describe_interface, interface_files

__all__ = ["Interface", "describe_interface", "interface_files", "read_interface"]

"""What stands in front of the network: raw data in, the network's input out, in Python and in synthesizable C++."""

from trigger_nn.handoff.builders.choose import builder_for
from trigger_nn.handoff.builders.record import raw_record

__all__ = ["builder_for", "raw_record"]

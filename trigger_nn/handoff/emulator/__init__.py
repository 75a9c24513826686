"""The network as C++17 that needs nothing but its standard library, for experiments' simulation software.

`tracing` replays the program's meaning and keeps its array operations; `words` finds an integer type for each;
`body`, `arithmetic` and `sums` write their loops, with `tables` for what is constant; `assemble` puts them together,
`decisions` writes thresholds, and `files` renders the templates around them.
"""

from trigger_nn.handoff.emulator.files import emulator_files

__all__ = ["emulator_files"]

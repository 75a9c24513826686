"""hls4ml ModelGraph -> Program, layer by layer; one module a family of layers, as in `program.operations`.

What the generated C++ would do is read off the graph, never assumed. Constants are parsed from the very text that
hls4ml writes into the project, and cast as the C++ casts them.
"""

from trigger_nn.frontend.lowering.walk import lower

__all__ = ["lower"]

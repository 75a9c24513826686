"""Test vectors of a design: cases, expected outputs, the files that hold them, and comparison with what was captured.

`cases`, `driving`, `top_bits` and `make` choose the events; `bits`, `hexadecimal`, `decimal_text`, `memory`, `emp` are
the formats, each with its writer and reader; `choice`, `pace`, `layout` and `patterns` put events on links; `files` is
the folder; `captured` and `compare` compare.
"""

from trigger_nn.handoff.vectors.files import vector_files, vectors_in
from trigger_nn.handoff.vectors.make import make_vectors
from trigger_nn.handoff.vectors.values import BlockVectors, Group, Vectors

__all__ = ["BlockVectors", "Group", "Vectors", "make_vectors", "vector_files", "vectors_in"]

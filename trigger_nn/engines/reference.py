"""The reference engine: `program.semantics` over integers, in blocks of events. Slow enough to be evident."""

from collections.abc import Mapping

import numpy as np

from trigger_nn.program.integers import Integers
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import run

BLOCK = 256  # events; keeps the patches of a convolution in a few MB


def run_reference(program: Program, inputs: Mapping[str, np.ndarray], keep: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Tensors named in `keep`, as mantissas of shape (events, ...), given mantissas of every input port."""
    events = len(next(iter(inputs.values())))
    if not events:
        return {name: np.zeros((0, *program.shape_of(name)), np.int64) for name in keep}
    blocks: dict[str, list[np.ndarray]] = {name: [] for name in keep}
    for start in range(0, events, BLOCK):
        tensors = run(program, Integers(), {name: x[start : start + BLOCK] for name, x in inputs.items()})
        for name in blocks:
            blocks[name].append(tensors[name])
    return {name: np.concatenate(parts) for name, parts in blocks.items()}

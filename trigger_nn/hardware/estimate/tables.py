"""What a table costs as logic: 6-input LUTs."""

import numpy as np

from trigger_nn.hardware.estimate.widths import bits

INPUTS = 6  # of a LUT


def table_luts(entries: np.ndarray, first: int = 0) -> int:
    """LUTs of a table as logic; `first` is the address of its first entry, and only `entries` are ever read.

    A table of at most 64 addresses takes one LUT for each output bit that is not constant. A larger one is cut into
    blocks of 64: every distinct block of a bit that is not constant is a LUT, and its complement the same one; a
    multiplexer of four, which fits one LUT, joins four neighbours that differ, and so on upwards.
    """
    before = first % (1 << INPUTS)
    padded = np.pad(entries, (before, -(before + len(entries)) % (1 << INPUTS)), mode="edge").astype(np.int64)
    width = int(bits(padded.min(), padded.max()))
    return sum(_bit((padded >> bit) & 1) for bit in range(width))


def _bit(values: np.ndarray) -> int:
    blocks, nodes = np.unique(values.reshape(-1, 1 << INPUTS), axis=0, return_inverse=True)
    luts = len({min(block.tobytes(), (1 - block).tobytes()) for block in blocks if block.any() and not block.all()})
    nodes = nodes.ravel()
    while len(nodes) > 1:
        fours = np.pad(nodes, (0, -len(nodes) % 4), mode="edge").reshape(-1, 4)
        groups, nodes = np.unique(fours, axis=0, return_inverse=True)
        nodes = nodes.ravel()
        luts += int(np.sum(np.any(groups != groups[:, :1], axis=1)))
    return luts

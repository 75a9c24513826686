"""The latency of a block, measured: from its valid bits, and from its outputs without them."""

import numpy as np

SPARE = 8  # cycles beyond twice the stated latency at which an answer is still looked for


def longest(latency: int) -> int:
    """The longest latency that is looked for in a block which states `latency`."""
    return 2 * latency + SPARE


def latencies_of_valid(in_valid: np.ndarray, out_valid: np.ndarray) -> tuple[int, ...]:
    """Every shift at which out_valid (cycles + longest) is in_valid (cycles), and low before and after."""
    cycles, spare = len(in_valid), len(out_valid) - len(in_valid)
    total = int(in_valid.sum())
    return tuple(
        shift
        for shift in range(spare + 1)
        if np.array_equal(out_valid[shift : shift + cycles], in_valid) and int(out_valid.sum()) == total
    )


def latencies_of_data(expected: np.ndarray, found: np.ndarray) -> tuple[int, ...]:
    """Every shift at which most events' outputs are as expected; none if no event's ever are.

    `expected` is (events, words) of events at every clock, `found` (events + longest, words). A block that is right
    has all events right at its latency; where outputs repeat from event to event, other shifts fit as well.
    """
    events, spare = len(expected), len(found) - len(expected)
    equal = [int((found[shift : shift + events] == expected).all(axis=1).sum()) for shift in range(spare + 1)]
    most = max(equal)
    return tuple(shift for shift, count in enumerate(equal) if most and count == most)

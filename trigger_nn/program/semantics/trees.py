"""The order in which hls4ml's balanced trees combine values (nnet::reduce in nnet_common.h)."""

from collections.abc import Callable

from trigger_nn.program.semantics.domain import V


def tree(combine: Callable[[V, V], V], values: list[V]) -> V:
    """One value from several; the left branch has the largest power of two below their number."""
    if len(values) == 1:
        return values[0]
    left = 1 << ((len(values) - 1).bit_length() - 1)
    return combine(tree(combine, values[:left]), tree(combine, values[left:]))

"""Hypothesis strategies for types, values and programs."""

import numpy as np
from hypothesis import strategies as st

from trigger_nn.program.fixed import Fixed, Overflow, Rounding
from trigger_nn.program.operations import Constant


@st.composite
def fixed_types(draw, max_width=64, plain=False):
    """Any type: negative integer and fraction widths among them."""
    width = draw(st.integers(1, max_width))
    rounding = Rounding.TRN if plain else draw(st.sampled_from(Rounding))
    overflow = Overflow.WRAP if plain else draw(st.sampled_from(Overflow))
    return Fixed(draw(st.booleans()), width, draw(st.integers(-8, width + 8)), rounding, overflow)


@st.composite
def mantissas(draw, kind, shape, edges=True):
    """Mantissas of a type, the ends of its range likely."""
    size = int(np.prod(shape))
    one = st.integers(kind.minimum, kind.maximum)
    one = st.one_of(one, st.sampled_from([kind.minimum, kind.maximum, max(kind.minimum, -1), 0])) if edges else one
    values = draw(st.lists(one, min_size=size, max_size=size))
    return np.array(values, dtype=object if kind.width > 62 else np.int64).reshape(shape)


@st.composite
def constants(draw, shape, max_width=8):
    """Weights of a small type."""
    kind = draw(fixed_types(max_width, plain=True))
    return Constant(draw(mantissas(kind, shape)).astype(np.int64), kind)

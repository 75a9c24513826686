"""What each layer's type can hold, what is proven of its values, and what events showed."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ldexp

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.passes.intervals import Interval
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Program

QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True)
class Observed:
    """What a layer yielded for events: how many values, the share that is 0, and of all others the absolute value.

    quantiles: of those absolute values at `QUANTILES`, numbers; none if all are 0.
    """

    values: int
    zeros: float
    quantiles: tuple[float, ...]


@dataclass(frozen=True)
class LayerRange:
    """One tensor, an input or a layer's result.

    kind: what makes it, `input` or the operation's name. bounds: the smallest and largest mantissa, proven for every
    event that the inputs' types allow. zeros: low bits of all its values that are 0, proven. observed: of given events.
    """

    layer: str
    kind: str
    type: Fixed
    bounds: tuple[int, int]
    zeros: int
    observed: Observed | None = None

    @property
    def lsb(self) -> float:
        """What the type's least significant bit is worth."""
        return ldexp(1.0, -self.type.fraction)

    @property
    def top(self) -> float:
        """The power of two below which absolute values of the type stay (or which they just reach, if negative)."""
        return ldexp(1.0, self.type.integer - self.type.signed)

    @property
    def low(self) -> float:
        """The smallest value that is proven to be possible, a number."""
        return ldexp(float(self.bounds[0]), -self.type.fraction)

    @property
    def high(self) -> float:
        """The largest."""
        return ldexp(float(self.bounds[1]), -self.type.fraction)

    @property
    def largest(self) -> float:
        """The largest absolute value."""
        return max(abs(self.low), abs(self.high))

    @property
    def headroom(self) -> int:
        """Bits at the top of the type, its sign aside, that no event can use."""
        low, high = self.bounds
        return self.type.width - self.type.signed - max(high.bit_length(), (~low).bit_length() if low < 0 else 0)


def layer_ranges(program: Program, observed: Mapping[str, np.ndarray] | None = None) -> tuple[LayerRange, ...]:
    """Inputs and layers of `program` in order, with proven ranges and, where `observed` has them, observed ones.

    Args:
        program: of which every input takes every value of its type.
        observed: numbers by tensor, (events, *shape), as `Emulator.trace` returns them; may lack some.

    Raises:
        EventsError: `observed` has a tensor that the program has not.
    """
    proven, kinds = prove_ranges(program), _kinds(program)
    unknown = sorted(set(observed or {}) - set(kinds))
    if unknown:
        raise EventsError(f"Program {program.name!r} has no tensor {unknown[0]!r}; it has {', '.join(kinds)}.")
    return tuple(
        _range(name, kind, program.type_of(name), proven[name], (observed or {}).get(name))
        for name, kind in kinds.items()
    )


def _kinds(program: Program) -> dict[str, str]:
    return {port.name: "input" for port in program.inputs} | {op.name: type(op).__name__ for op in program.operations}


def _range(name: str, kind: str, held: Fixed, proven: Interval, values: np.ndarray | None) -> LayerRange:
    seen = None if values is None else _observed(values)
    return LayerRange(name, kind, held, proven.bounds, min(proven.zeros, held.width), seen)


def _observed(values: np.ndarray) -> Observed:
    sizes = np.abs(np.asarray(values, np.float64)).ravel()
    some = sizes[sizes > 0]
    zeros = 1 - some.size / sizes.size if sizes.size else 0.0
    return Observed(sizes.size, zeros, tuple(np.quantile(some, QUANTILES).tolist()) if some.size else ())

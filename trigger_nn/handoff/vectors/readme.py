"""The page in the folder of vectors: what each file is, which events there are, what the corner cases reached."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.engines.emulator import Emulator
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.vectors.layout import Layout
from trigger_nn.handoff.vectors.top_bits import bits_used, with_accumulators
from trigger_nn.handoff.vectors.values import BlockVectors, Vectors
from trigger_nn.passes.ranges import prove_ranges
from trigger_nn.program.fixed import Fixed, Overflow
from trigger_nn.program.program import Program
from trigger_nn.rendering import templates


@dataclass(frozen=True)
class Reached:
    """The mantissas of a layer that the vectors reach, and the ends that were proven for any event.

    `at_ends`: events with an element at the type's lowest and highest, of a type that saturates.
    `unused`: top bits of the type that no vector needs; `idle`: those of them that no event can need.
    """

    layer: str
    type: Fixed
    low: int
    high: int
    proven: tuple[int, int]
    at_ends: tuple[int, int] | None

    @property
    def unused(self) -> int:
        """Top bits of the type that no value needs, that of the sign among them if no value is negative."""
        return self.type.width - bits_used(self.low, self.high)

    @property
    def idle(self) -> int:
        """Top bits that no value needs that was proven possible."""
        return self.type.width - bits_used(*self.proven)

    @property
    def missed(self) -> int:
        """Top bits that an event might need, and no vector does."""
        return self.unused - self.idle


def reached_by(design: Design, vectors: BlockVectors) -> tuple[Reached, ...]:
    """What every layer of the network, and every accumulator of another type, reaches on the network's inputs."""
    program = with_accumulators(design.program)
    traced, proven = Emulator(program).trace_mantissas(vectors.inputs), prove_ranges(program)
    return tuple(
        _reached(traced, program, operation.name, proven[operation.name].bounds) for operation in program.operations
    )


def readme_text(design: Design, vectors: Vectors, layout: Layout) -> bytes:
    """The page, in Markdown."""
    page = (
        templates("trigger_nn.handoff.vectors", indented=False)
        .get_template("README.md.j2")
        .render(design=design, vectors=vectors, layout=layout, reached=reached_by(design, vectors.innermost))
    )
    return page.encode()


def _reached(traced: Mapping[str, np.ndarray], program: Program, name: str, proven: tuple[int, int]) -> Reached:
    kind, values = program.type_of(name), traced[name].reshape(len(traced[name]), -1)
    lowest, highest = values.min(axis=1), values.max(axis=1)
    ends = (int(np.sum(lowest == kind.lowest)), int(np.sum(highest == kind.maximum)))
    saturates = kind.overflow is not Overflow.WRAP
    return Reached(name, kind, int(lowest.min()), int(highest.max()), proven, ends if saturates else None)

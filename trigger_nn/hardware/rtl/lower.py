"""Program -> RTL: its meaning replayed over symbols, with what stands in front of it and what decides behind it."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from trigger_nn.errors import RecipeError, UnsupportedLayerError
from trigger_nn.hardware.rtl.block import Language, Rtl
from trigger_nn.hardware.rtl.names import identifier, named
from trigger_nn.program import semantics
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.program import Port, Program
from trigger_nn.program.semantics.domain import Domain, V
from trigger_nn.version import __version__

SHARE = 0.73  # of a clock period that logic may take; hls4ml tells Vitis to keep 27 % for uncertainty
ADDER = 1.1  # least delay of one adder in alkaid's unit: a stage can't be shorter
SLOWEST = 1e6  # ns
DECISION = "decision"


class Front(Protocol):
    """What makes the network's input of raw data."""

    @property
    def ports(self) -> tuple[Port, ...]:
        """What comes in."""

    def logic(self, domain: Domain[V], raw: Sequence[V]) -> V:
        """The network's input from the `ports`' values, over any domain."""


@dataclass(frozen=True)
class Cut:
    """A bit that is set where `element` of the first output is above `mantissa`."""

    element: int
    mantissa: int


def stage_delay(clock_period: float, uncertainty: float | None = None) -> float:
    """Delay (alkaid's unit, taken for ns) that one pipeline stage may have at `clock_period` ns.

    `uncertainty` is the share of the period (%) that is kept for what is not logic.

    Raises:
        RecipeError: no such clock, or not even one adder fits.
    """
    if not 0 < clock_period <= SLOWEST:
        raise RecipeError(
            f"A clock of {clock_period:g} ns can't be; give one above 0 and up to {SLOWEST:g}, such as 5."
        )
    usable = clock_period * (SHARE if uncertainty is None else 1 - uncertainty / 100)
    if usable < ADDER:
        least = ADDER * clock_period / usable
        kept = f", of which {uncertainty:g} % are kept free" if uncertainty is not None else ""
        raise RecipeError(
            f"A clock of {clock_period:g} ns{kept} leaves no time for an adder; choose {least:.2f} ns or more."
        )
    return usable


def rtl(
    program: Program,
    clock_period: float,
    *,
    name: str = "",
    uncertainty: float | None = None,
    language: Language = "verilog",
    combinational: bool = False,
    front: Front | None = None,
    cuts: Sequence[Cut] = (),
) -> Rtl:
    """`program` as RTL for a clock of `clock_period` ns: [front ->] network [-> decision], an event every cycle.

    Raises:
        ToolNotFound: alkaid is not installed.
        UnsupportedLayerError: values of more than 52 bits.
        RecipeError: the clock is too fast for one adder.
    """
    from trigger_nn.hardware.rtl import alkaid
    from trigger_nn.hardware.rtl.top import top

    name, taken = identifier(name or program.name), front.ports if front else program.inputs
    decided = (Port(DECISION, (len(cuts),), Fixed(False, 1, 1)),) if cuts else ()
    ports = named((*taken, *program.outputs, *decided))
    inputs, outputs = ports[: len(taken)], ports[len(taken) :]
    stage = None if combinational else stage_delay(clock_period, uncertainty)
    with deep():
        given, found = replayed(program, front, cuts)
        core = alkaid.written(name, list(given), list(found), language, stage)
    summary = f"program {program.digest[:12]}, for {clock_period:g} ns; written by trigger_nn {__version__}"
    suffix = "v" if language == "verilog" else "vhd"
    files: Mapping[str, bytes] = {
        **(core.files if core.needed else {}),
        f"{name}.{suffix}": top(name, language, core, inputs, outputs, summary).encode(),
    }
    return Rtl(
        name, language, inputs, outputs, core.latency, clock_period, core.depth, core.stage, files,
        {"trigger_nn": __version__, **alkaid.versions()}, core.licence, core.longest,
    )  # fmt: skip


def replayed(program: Program, front: Front | None = None, cuts: Sequence[Cut] = ()) -> tuple[np.ndarray, np.ndarray]:
    """Symbols of all inputs, and of all outputs of the block, one after the other."""
    from trigger_nn.hardware.rtl.domain import Symbols

    domain = Symbols()
    given = {port.name: _symbols(port) for port in (front.ports if front else program.inputs)}
    raw = {program.inputs[0].name: front.logic(domain, list(given.values()))} if front else given
    results = _run(program, domain, raw)
    found = [results[output] for output in program.output_names]
    bits = [_decision(domain, found[0], cut) for cut in cuts]
    return _flat(list(given.values())), _flat([*found, *bits])


def _run(program: Program, domain: Domain[V], tensors: Mapping[str, V]) -> dict[str, V]:
    """`semantics.run`, with the layer's name on whatever is refused."""
    results = dict(tensors)
    for operation in program.operations:
        try:
            values = [results[name] for name in operation.inputs]
            results[operation.name] = semantics.apply(operation, domain, program, values)
        except UnsupportedLayerError as error:
            raise UnsupportedLayerError(f"Layer {operation.name!r} of program {program.name!r}: {error}") from None
    return results


def _flat(values: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([value.ravel() for value in values])


def _symbols(port: Port) -> np.ndarray:
    from trigger_nn.hardware.rtl import alkaid

    return alkaid.symbols(port.type.signed, port.type.width, int(np.prod(port.shape))).reshape(1, *port.shape)


def _decision(domain: Domain[V], scores: V, cut: Cut) -> V:
    """1 where the score is above the cut."""
    score = domain.gather(scores, np.array([cut.element]), 0)
    one, zero = (domain.constant(np.array([number])) for number in (1, 0))
    return domain.select(score, np.array([cut.mantissa + 1]), one, zero)


@contextmanager
def deep() -> Iterator[None]:
    """Alkaid walks the logic by recursion, as deep as the longest chain of operations."""
    kept = sys.getrecursionlimit()
    sys.setrecursionlimit(max(kept, 100_000))
    try:
        yield
    finally:
        sys.setrecursionlimit(kept)

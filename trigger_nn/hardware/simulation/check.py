"""Whether a block is cycle by cycle what the emulator says, at the latency that it states."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.hardware.simulation.buses import to_words
from trigger_nn.hardware.simulation.differences import Outcome, judge
from trigger_nn.hardware.simulation.latency import latencies_of_data, latencies_of_valid, longest
from trigger_nn.hardware.simulation.model import SECONDS, Cycles, Model, built
from trigger_nn.hardware.simulation.runs import Run, back_to_back, scattered, through_reset
from trigger_nn.hardware.simulation.simulate import drive

Outputs = Mapping[str, np.ndarray]
Expected = Outputs | Callable[[Mapping[str, np.ndarray]], Outputs]


@dataclass(frozen=True)
class Check:
    """The verdict on `block` (of `digest`), driven with `events` events in several runs, `cycles` clock cycles in all.

    `latency` is the stated one, in clock cycles. `valid_latencies` fit the valid bits (0 where there are none, in a
    combinational block), `data_latencies` fit the outputs of events at every clock without a look at the valid bits;
    more than one where outputs repeat. Times are wall-clock seconds.
    """

    block: str
    digest: str
    events: int
    cycles: int
    latency: int
    valid_latencies: tuple[int, ...]
    data_latencies: tuple[int, ...]
    outcomes: tuple[Outcome, ...]
    build_seconds: float
    run_seconds: float
    verilator: str

    @property
    def agrees(self) -> bool:
        """Whether every bit of every answer is as expected in all runs, at the stated latency by both measures."""
        measured = (self.valid_latencies, self.data_latencies)
        return all(self.latency in found for found in measured) and all(outcome.agrees for outcome in self.outcomes)

    @property
    def cycles_per_second(self) -> float:
        """Speed of the simulation, building left out."""
        return self.cycles / self.run_seconds

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be said, the summary first."""
        verdict = "is bit for bit as expected" if self.agrees else "is NOT as expected"
        return (
            f"Block {self.block} {verdict}: {self.events} events, {self.cycles} clock cycles with Verilator "
            f"{self.verilator}, built in {self.build_seconds:.1f} s, run at {self.cycles_per_second:,.0f} cycles/s.",
            f"The stated latency in clock cycles is {self.latency}; measured "
            + (f"from the valid bits: {_cycles(self.valid_latencies)}, " if self.latency else "")
            + f"from the data: {_cycles(self.data_latencies)}.",
            *(outcome.sentence for outcome in self.outcomes),
        )


def check(
    rtl: Rtl,
    expected: Expected,
    inputs: Mapping[str, np.ndarray],
    seconds: float = SECONDS,
    seed: int = 1,
) -> Check:
    """Simulate `rtl` cycle by cycle with Verilator and hold every output against `expected`.

    First all events back to back, one every clock. Then each once more between other neighbours, with random gaps that
    hold random bits. Then, if there are registers, a reset while events are under way, whose answers must stay away.

    Args:
        rtl: a Verilog block, pipelined or combinational.
        expected: mantissas (events, *shape) by output port, or what makes them from the inputs (an emulator).
        inputs: mantissas (events, *shape) by input port.
        seconds: wall-clock time that all may take.
        seed: of the second run's order and gaps, and of the registers' state after power-up.

    Raises:
        EventsError: inputs or expected outputs don't fit the ports, or there are no events.
        ToolNotFound, ToolFailed: as `model.built`.
    """
    given, wanted = _vectors(rtl, expected, inputs)
    with built(rtl, seconds) as model:
        return _checked(model, given, wanted, seed)


def check_built(model: Model, expected: Expected, inputs: Mapping[str, np.ndarray], seed: int = 1) -> Check:
    """As `check`, of a block that `model.built` has built, so that several sets of events need one build."""
    return _checked(model, *_vectors(model.rtl, expected, inputs), seed)


def _vectors(rtl: Rtl, expected: Expected, inputs: Mapping[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Words of inputs and of expected outputs, (events, words)."""
    given = to_words(rtl.inputs, inputs)
    if not len(given):
        raise EventsError(f"There are no events to check block {rtl.name} with; give at least one.")
    wanted = to_words(rtl.outputs, expected(inputs) if callable(expected) else expected, "expected output")
    if len(wanted) != len(given):
        raise EventsError(
            f"{len(wanted)} expected outputs for {len(given)} events of block {rtl.name}; give one for each."
        )
    return given, wanted


def _checked(model: Model, given: np.ndarray, wanted: np.ndarray, seed: int) -> Check:
    runs = _runs(model.rtl, given, seed)
    done = [_driven(model, run, seed) for run in runs]
    return _verdict(model, list(zip(runs, done, strict=True)), wanted)


def _runs(rtl: Rtl, words: np.ndarray, seed: int) -> list[Run]:
    runs = [back_to_back(words), scattered(words, rtl.inputs, np.random.default_rng(seed))]
    return [*runs, through_reset(words, rtl.latency)] if rtl.latency else runs


def _driven(model: Model, run: Run, seed: int) -> Cycles:
    return drive(model, run.words, run.valid, run.reset, longest(model.rtl.latency), seed)


def _verdict(model: Model, done: list[tuple[Run, Cycles]], wanted: np.ndarray) -> Check:
    rtl, (_, in_order), (run, among_others) = model.rtl, *done[:2]
    return Check(
        block=rtl.name, digest=rtl.digest, events=len(wanted), cycles=sum(len(cycles.words) for _, cycles in done),
        latency=rtl.latency,
        valid_latencies=latencies_of_valid(run.valid, among_others.out_valid),
        data_latencies=latencies_of_data(wanted, in_order.words),
        outcomes=tuple(judge(run, cycles, wanted, rtl.outputs, rtl.latency) for run, cycles in done),
        build_seconds=model.seconds, run_seconds=sum(cycles.seconds for _, cycles in done), verilator=model.version,
    )  # fmt: skip


def _cycles(latencies: tuple[int, ...]) -> str:
    if not latencies:
        return "none fits"
    return " or ".join(map(str, latencies)) + (" (outputs repeat)" if len(latencies) > 1 else "")

"""The graph of actors and FIFOs that hls4ml 1.3.0 makes of a Program in io_stream."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import prod

from trigger_nn.errors import RecipeError, UnsupportedLayerError
from trigger_nn.hardware.streaming.clock import Clock, Rate
from trigger_nn.hardware.streaming.moves import copies
from trigger_nn.hardware.streaming.rates import phases
from trigger_nn.hardware.streaming.tokens import Access, Actor, Edge, Phase, TokenGraph
from trigger_nn.hardware.streaming.windows import Setting
from trigger_nn.program.operations import Cast, Operation, Reshape
from trigger_nn.program.program import Program
from trigger_nn.recipe import HardwareSpec

REPACK, MOVED, VIEW = "repack_", "/moved", "/input"  # names that hls4ml, or the lowering, gives to what it inserts
OUTSIDE = ""


def token_graph(program: Program, hardware: HardwareSpec, rates: Mapping[str, Rate] | None = None) -> TokenGraph:
    """Actors of `program`, compiled for io_stream with `hardware`; `rates` of layers whose loops a report knows.

    FIFOs bear the name of the layer that writes them, copies that of hls4ml's clone and `_cpy1`, `_cpy2`.

    Raises:
        RecipeError: the program was not compiled for io_stream, or a rate is given for no layer of it.
        UnsupportedLayerError: a layer that is not modelled, or that would wait for packs that never come.
    """
    if hardware.io_type != "io_stream":
        raise RecipeError(
            f"Program {program.name!r} was compiled for {hardware.io_type}, which has no FIFOs; compile it with "
            "hardware.io_type = 'io_stream'."
        )
    network = _Network(program, hardware, rates or {})
    unknown = sorted(set(network.rates) - set(network.layers))
    if unknown:
        raise RecipeError(
            f"A rate is given for {unknown[0]!r}, which is no layer of {program.name!r}; its layers: "
            f"{', '.join(network.layers)}."
        )
    return _checked(_Wiring(network).graph())


@dataclass(frozen=True)
class _Tap:
    """Where a stream comes from: an actor's port, values in a pack, bits of each, packs, hls4ml's default depth."""

    fifo: str
    actor: str
    pack: int
    bits: int
    packs: int
    depth: int | None

    def edge(self, consumer: str) -> Edge:
        depth = self.depth if consumer else None
        return Edge(self.fifo, self.actor, consumer, self.pack * self.bits, self.packs, depth)


@dataclass(frozen=True)
class _Network:
    """The Program as hls4ml's C++ has it: which operations are calls, and who reads each tensor."""

    program: Program
    hardware: HardwareSpec
    rates: Mapping[str, Rate]

    @cached_property
    def layers(self) -> dict[str, Operation]:
        """The operations that are calls; a Repack and the cast that follows are one."""
        operations = self.program.operations
        moved = {op.name.removesuffix(MOVED): op for op in operations if op.name.endswith(MOVED)}
        made = [
            replace(moved[op.name], name=op.name, type=op.type) if op.name in moved else op
            for op in operations
            if not op.name.endswith(MOVED)
        ]
        return {op.name: op for op in made if not self.is_view(op)}

    def is_view(self, operation: Operation) -> bool:
        """Whether the stream goes on as it is: InplaceStreamFlatten, and shapes on which hls4ml's layers disagree."""
        return isinstance(operation, Reshape) and not operation.name.startswith(REPACK)

    @cached_property
    def views(self) -> dict[str, str]:
        """What each view is a view of."""
        return {op.name: op.inputs[0] for op in self.program.operations if self.is_view(op)}

    @cached_property
    def readers(self) -> dict[str, list[tuple[str, int]]]:
        """Who reads each tensor, as (layer or view, which of its inputs); the outside comes first (CloneOutput)."""
        readers: dict[str, list[tuple[str, int]]] = {}
        for name in self.program.output_names:
            readers.setdefault(name, []).append((OUTSIDE, 0))
        order = [op.name for op in self.program.operations]
        inputs = {name: op.inputs for name, op in self.layers.items()} | {v: (s,) for v, s in self.views.items()}
        for name in (name for name in order if name in inputs):
            for port, source in enumerate(inputs[name]):
                readers.setdefault(source, []).append((name, port))
        return readers

    def is_clone(self, operation: Operation) -> bool:
        """Whether it is a copy of a stream which the Program keeps because it casts, or hands out an input."""
        return isinstance(operation, Cast) and operation.name == f"clone_{operation.inputs[0]}"

    def setting(self, name: str) -> Setting:
        """What decides the rate of layer `name`."""
        asked = self.hardware.layers.get(name)
        reuse = (asked and asked.reuse_factor) or self.hardware.reuse_factor
        return Setting(Clock.of(self.hardware), reuse, self.hardware.backend == "Vitis", self.rates.get(name))


@dataclass
class _Wiring:
    """The graph as it grows along the program: `arriving` is what each input of a layer will read."""

    network: _Network
    actors: list[Actor] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    arriving: dict[tuple[str, int], _Tap] = field(default_factory=dict)

    def graph(self) -> TokenGraph:
        """All inputs and layers, connected."""
        for port in self.network.program.inputs:
            tap = _Tap(port.name, port.name, port.shape[-1], port.type.width, prod(port.shape[:-1]), None)
            self.actors.append(_source(tap))
            self._deliver(port.name, [tap])
        for operation in self.network.layers.values():
            self._call(operation)
        return TokenGraph(tuple(self.actors), tuple(self.edges))

    def _call(self, operation: Operation) -> None:
        """One layer, and what it writes to those that read it."""
        given = [self.arriving[operation.name, port] for port in range(len(operation.inputs))]
        if self.network.is_clone(operation):
            count = len(self.network.readers.get(operation.name, []))
            self._deliver(operation.name, self._clone(given[0], operation.name, count, operation.type.width))
            return
        self.edges += [tap.edge(operation.name) for tap in given]
        self.actors.append(_actor(self.network, operation, given))
        self._deliver(operation.name, [_result(operation)])

    def _deliver(self, tensor: str, taps: list[_Tap]) -> None:
        """Lead `tensor` to its readers, by a clone where there are more of them than streams."""
        readers = self.network.readers.get(tensor, [])
        if len(readers) > len(taps):
            taps = self._clone(taps[0], f"clone_{tensor}", len(readers), taps[0].bits)
        for (reader, port), tap in zip(readers, taps, strict=True):
            if reader in self.network.views:
                self._deliver(reader, [tap])
            elif reader == OUTSIDE:
                self.edges.append(tap.edge(OUTSIDE))
            else:
                self.arriving[reader, port] = tap

    def _clone(self, tap: _Tap, name: str, count: int, bits: int) -> list[_Tap]:
        """An actor that copies a stream."""
        made = [
            replace(tap, fifo=f"{name}_cpy{number}", actor=name, bits=bits, depth=tap.packs)
            for number in range(1, count + 1)
        ]
        self.edges.append(tap.edge(name))
        self.actors.append(Actor(name, "Clone", copies(tap.packs, count), (tap.fifo,), _names(made)))
        return made


def _source(tap: _Tap) -> Actor:
    """The sender at an input port: a pack a cycle."""
    return Actor(tap.actor, "input", (Phase(tap.packs, 1, 1, (), (Access(),)),), (), (tap.fifo,))


def _actor(network: _Network, operation: Operation, given: list[_Tap]) -> Actor:
    shapes = tuple(network.program.shape_of(source) for source in operation.inputs)
    steps = phases(operation, shapes, tuple(tap.packs for tap in given), network.setting(operation.name))
    return Actor(operation.name, type(operation).__name__, steps, _names(given), (operation.name,))


def _result(operation: Operation) -> _Tap:
    """Depth as StreamVariableConverter (fpga_types.py) has it: all packs of an event."""
    packs = prod(operation.shape[:-1])
    return _Tap(operation.name, operation.name, operation.shape[-1], operation.type.width, packs, packs)


def _names(taps: list[_Tap]) -> tuple[str, ...]:
    return tuple(tap.fifo for tap in taps)


def _checked(graph: TokenGraph) -> TokenGraph:
    """Refuse layers whose C++ reads more or fewer packs than come."""
    edges = {edge.name: edge for edge in graph.edges}
    for actor in graph.actors:
        script = graph.scripts[actor.name]
        for fifo, packs in zip(actor.inputs + actor.outputs, (*script.reads, *script.writes), strict=True):
            if len(packs) != edges[fifo].tokens:
                raise UnsupportedLayerError(
                    f"Layer {actor.name!r} moves {len(packs)} packs through FIFO {fifo!r}, which holds "
                    f"{edges[fifo].tokens} an event, so that the C++ would wait for ever; give its inputs one shape."
                )
    return graph

"""Logic depth of each pipeline stage: the longest path over a netlist, between one rank of registers and the next.

Rank 0 are the input ports; a register's rank is one more than the highest among those that it depends on. A path
belongs to the stage in which it ends. The unit is a level: a look-up table (with the MUXF behind it), a whole carry
chain, a DSP slice without registers. Of two paths of equal levels the one with more CARRY4 counts as the deeper.
"""

from collections.abc import Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter

from trigger_nn.hardware.synthesis.netlist import ONE, Cell, Netlist
from trigger_nn.hardware.synthesis.values import Stage, SynthesisError

# A path's cost is one number, so that the longest path is an ordinary one: levels, then CARRY4, then tables.
FIELD = 1 << 20
TABLE = FIELD * FIELD + 1
CHAIN = FIELD * FIELD + FIELD  # enters a carry chain
LINK = FIELD  # goes on to its next CARRY4
SLICE = FIELD * FIELD
FREE = 0

Arcs = Mapping[int, tuple[tuple[int, int], ...]]  # net -> (net before it, cost of the way)


def stages(netlist: Netlist) -> tuple[tuple[Stage, ...], bool]:
    """Every stage from the input ports to the outputs, and whether a register depends on itself.

    With such a feedback ranks mean nothing: there is one stage then, for the deepest logic anywhere.

    Raises:
        SynthesisError: logic without a register in it feeds itself.
    """
    registers = [(cell, delay) for cell in netlist.cells if (delay := registers_in(cell))]
    arcs = {net: before for cell in netlist.cells if not registers_in(cell) for net, before in _arcs(cell)}
    costs = _costs(arcs)
    try:
        ranks = _ranks(arcs, registers)
    except CycleError:
        return (_stage(sum(delay for _, delay in registers), _deepest(costs, costs)),), True
    return _by_rank(netlist, registers, costs, ranks), False


def registers_in(cell: Cell) -> int:
    """Clock cycles from a cell's data input to its output; 0 if it is logic.

    A DSP slice and a block RAM hold those that their parameters switch on (AMD UG579, UG573).
    """
    one = cell.parameters.get
    match cell.kind:
        case "SRL16E" | "SRLC32E":
            return _address(cell) + 1
        case "DSP48E2":
            return max(one("AREG", 0), one("BREG", 0)) + one("MREG", 0) + one("PREG", 0)
        case "RAMB18E2" | "RAMB36E2":
            return 1 + one("DOA_REG", 0)
        case kind:
            return int(kind.startswith("FD"))


def _address(cell: Cell) -> int:
    """Which bit of a shift register is read; the last, if that changes while it runs."""
    bits = [net for pin, nets in sorted(cell.inputs.items()) if pin.startswith("A") for net in nets]
    if any(net >= 0 for net in bits):
        return int(2 ** len(bits)) - 1
    return sum(1 << i for i, net in enumerate(bits) if net == ONE)


def _arcs(cell: Cell) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """Each output net of a cell of logic with the nets that it depends on."""
    if cell.kind == "CARRY4":
        yield from _carry(cell)
        return
    cost = TABLE if cell.kind.startswith(("LUT", "INV")) else FREE if cell.kind.startswith("MUXF") else SLICE
    before = tuple((net, cost) for net in cell.reads)
    yield from ((net, before) for nets in cell.outputs.values() for net in nets)


def _carry(cell: Cell) -> Iterator[tuple[int, tuple[tuple[int, int], ...]]]:
    """CARRY4 bit by bit: O[i] depends on S[0..i] and DI[0..i-1], CO[i] on DI[i] too (AMD UG953)."""
    select, data = cell.inputs["S"], cell.inputs["DI"]
    carry = ((cell.inputs["CI"][0], LINK), (cell.inputs["CYINIT"][0], CHAIN))
    for i in range(4):
        lower = (*select[: i + 1], *data[:i])
        before = [*carry, *((net, CHAIN) for net in lower)]
        yield cell.outputs["O"][i], tuple(arc for arc in before if arc[0] >= 0)
        yield cell.outputs["CO"][i], tuple(arc for arc in [*before, (data[i], CHAIN)] if arc[0] >= 0)


def _costs(arcs: Arcs) -> dict[int, int]:
    """The longest way to each net from any register or port."""
    costs: dict[int, int] = {}
    try:
        for net in TopologicalSorter({net: {n for n, _ in before} for net, before in arcs.items()}).static_order():
            costs[net] = max((costs[n] + cost for n, cost in arcs.get(net, ())), default=0)
    except CycleError as error:
        raise SynthesisError(
            f"{len(error.args[1]) - 1} cells of logic feed themselves without a register between; a pipeline has no "
            f"such loop: look for a signal that is assigned from itself."
        ) from None
    return costs


def _ranks(arcs: Arcs, registers: Iterable[tuple[Cell, int]]) -> dict[int, int]:
    """The rank of each net: that of the registers which drive it, through logic or at once."""
    steps = {net: [(n, 0) for n, _ in before] for net, before in arcs.items()}
    for cell, delay in registers:
        steps |= {net: [(n, delay) for n in cell.reads] for nets in cell.outputs.values() for net in nets}
    ranks: dict[int, int] = {}
    for net in TopologicalSorter({net: {n for n, _ in before} for net, before in steps.items()}).static_order():
        ranks[net] = max((ranks[n] + delay for n, delay in steps.get(net, ())), default=0)
    return ranks


def _by_rank(
    netlist: Netlist, registers: Iterable[tuple[Cell, int]], costs: Mapping[int, int], ranks: Mapping[int, int]
) -> tuple[Stage, ...]:
    deepest: dict[int, int] = {}
    held: dict[int, int] = {}
    for cell, delay in registers:
        first = 1 + max((ranks.get(net, 0) for net in cell.reads), default=0)
        deepest[first] = max(deepest.get(first, 0), _deepest(cell.reads, costs))
        for rank in range(first, first + delay):
            held[rank] = held.get(rank, 0) + cell.kind.startswith("FD")
    for net in netlist.outputs:
        if costs.get(net, 0):
            last = 1 + ranks.get(net, 0)
            deepest[last] = max(deepest.get(last, 0), costs[net])
    return tuple(_stage(held.get(i, 0), deepest.get(i, 0)) for i in range(1, max({*deepest, *held}, default=0) + 1))


def _deepest(nets: Iterable[int], costs: Mapping[int, int]) -> int:
    return max((costs.get(net, 0) for net in nets), default=0)


def _stage(registers: int, cost: int) -> Stage:
    above, luts = divmod(cost, FIELD)
    levels, carry4 = divmod(above, FIELD)
    return Stage(registers, levels, luts, carry4)

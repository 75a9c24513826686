"""The one importer of alkaid: symbolic integers, sums of products by distributed arithmetic, Verilog and VHDL.

alkaid (LGPL-3, once da4ml) keeps for each symbol its range and step as float64, and works out adders by shared
subexpressions (arXiv:2507.04535). Integers up to 2^52 are exact in that; what is wider is refused.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn import toolchain
from trigger_nn.errors import ToolNotFound, UnsupportedLayerError

try:
    import alkaid.codegen.rtl as _rtl
    from alkaid.cmvm import QInterval, cmvm_solve
    from alkaid.codegen.rtl.verilog.fsm import fsm_logic_gen as _verilog
    from alkaid.codegen.rtl.vhdl.fsm import fsm_logic_gen as _vhdl
    from alkaid.trace import FVArray, trace
    from alkaid.trace.fixed_variable import FVariable
    from alkaid.trace.passes import add_surrogate, optimize
    from alkaid.trace.passes.order import canonical_sort, topo_bandwidth_sort
    from alkaid.trace.pipeline import to_pipeline
except ImportError:
    raise ToolNotFound("RTL is written by alkaid, which is not installed; pip install 'trigger_nn[rtl]'.") from None

Symbol = Any  # alkaid's FVariable; the package has no types for it
EXACT = 52  # bits of a float64 that hold any integer
WEIGHT = 24  # bits of a float32, as which alkaid takes weights and tables
HARDWARE = (1, 1, -1)  # alkaid's HWConfig: carries counted bit by bit


def symbols(signed: bool, width: int, count: int) -> np.ndarray:
    """`count` inputs, each any integer of a type."""
    kinds = (np.full(count, number) for number in (int(signed), width - signed, 0))
    return np.asarray(FVArray.from_kif(*kinds, HARDWARE))


def constant(number: int) -> Symbol:
    """The symbol of a known integer."""
    within(number, number, 1)
    return FVariable.from_const(float(number), FVArray.from_kif(*(np.ones(1, int),) * 3, HARDWARE).hwconf)


def known(symbol: Symbol) -> bool:
    """Whether it is a constant."""
    return bool(symbol.low == symbol.high)


def bounds(symbol: Symbol) -> tuple[int, int]:
    """The smallest and largest integer that it can be."""
    return int(symbol.low), int(symbol.high)


def within(low: float, high: float, step: float) -> None:
    """Refuse what float64 can't hold exactly.

    Raises:
        UnsupportedLayerError: more than 52 bits.
    """
    if max(abs(low), abs(high)) / step >= 2.0**EXACT or max(abs(low), abs(high)) >= 2.0**EXACT:
        raise UnsupportedLayerError(
            f"A value can be {max(abs(low), abs(high)):.3g}, more than the {EXACT} bits that alkaid's ranges hold "
            "exactly; narrow the layer's types, or take the HLS project."
        )


def wrapped(symbol: Symbol, signed: bool, width: int, drop: int = 0) -> Symbol:
    """Bits [drop + width - 1 : drop] of `symbol`, read as an integer: floor, then modulo 2^width."""
    return symbol.quantize(int(signed), width - signed + drop, -drop) * 2.0**-drop


def negative(symbol: Symbol) -> Symbol:
    """1 below zero, 0 elsewhere."""
    return symbol.is_negative()


def chosen(key: Symbol, yes: Symbol, no: Symbol) -> Symbol:
    """`yes` where `key` is below zero, `no` elsewhere."""
    low, high = bounds(key)
    if low >= 0 or high < 0:
        return no if low >= 0 else yes
    return key.msb_mux(yes, no)


def larger(left: Symbol, right: Symbol) -> Symbol:
    """The larger of two."""
    return left.max_of(right)


def looked_up(index: Symbol, table: np.ndarray) -> Symbol:
    """table[index]; the index is in range."""
    low, high = bounds(index)
    step = int(index.step)
    part = table[low : high + 1 : step]
    if len(part) == 1:
        return constant(int(part[0]))
    if int(np.abs(part).max()).bit_length() > WEIGHT:
        lower = part & ((1 << WEIGHT - 2) - 1)
        upper = (part - lower) >> WEIGHT - 2
        return index.lookup(upper.astype(np.float64)) * 2.0 ** (WEIGHT - 2) + index.lookup(lower.astype(np.float64))
    return index.lookup(part.astype(np.float64))


class Solver:
    """Sums of products with constants; the same matrix over inputs of the same ranges is solved once."""

    def __init__(self) -> None:
        """Nothing solved yet."""
        self._solved: dict[tuple[Any, ...], tuple[Any, Any]] = {}

    def __call__(self, vector: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """`vector` (in,) times `matrix` (in, out) of weights of at most 24 bits."""
        ranges = [QInterval(float(v.low), float(v.high), float(v.step)) for v in vector]
        times = [float(v.latency) for v in vector]
        key = (matrix.tobytes(), matrix.shape, tuple(ranges), tuple(times))
        if key not in self._solved:
            kernel = np.ascontiguousarray(matrix.astype(np.float32))
            self._solved[key] = cmvm_solve(kernel, qintervals=ranges, latencies=times)
        first, second = self._solved[key]
        return np.asarray(second(first(vector, quantize=False), quantize=False), object)


@dataclass(frozen=True)
class Place:
    """A value in the core's bus: whether it is signed, its bits, and how many zeros belong below them."""

    signed: bool
    width: int
    zeros: int


@dataclass(frozen=True)
class Core:
    """The network alone as alkaid writes it: sources, and where each value lies in its two buses.

    Module `name` has ports model_inp and model_out, and clk where `latency` is not 0. `inputs` and `outputs` are
    the elements in order, `constants` the outputs that no input changes; `depth`, `stage`, `longest` as in `Rtl`.
    """

    name: str
    latency: int
    depth: float
    stage: float
    longest: float
    inputs: tuple[Place, ...]
    outputs: tuple[Place, ...]
    constants: tuple[int | None, ...]
    files: Mapping[str, bytes]
    licence: bytes

    @property
    def needed(self) -> bool:
        """Whether any output depends on any input."""
        return any(constant is None for constant in self.constants)


def traced(inputs: Sequence[Symbol], outputs: Sequence[Symbol]) -> Any:
    """Alkaid's operations from `inputs` to `outputs`, simplified, each with the time at which it is there.

    As `alkaid.trace.trace` does, without its count of the LUTs of each table, which takes most of the time.
    """
    raw = trace(list(inputs), list(outputs), optimize=False)
    simple = add_surrogate(optimize(raw, keep_dead_inputs=True, surrogate=False), _skip_op8_cost=True)
    return topo_bandwidth_sort(canonical_sort(simple))


def staged(logic: Any, stage: float) -> tuple[Any, int, float]:
    """`logic` with operations timed by pipeline stages, how many these are, and the delay of the longest.

    Each operation goes into the stage of its inputs while the stage's delay allows, else into the next, so that no
    stage takes more than `stage`, or than the longest single operation. alkaid cuts where the times are whole numbers.
    """
    places: list[int] = []
    delays: list[float] = []
    for op in logic.ops:
        ends = [logic.ops[source].latency for source in op.input_ids]
        own = op.latency - max(ends, default=0.0)
        place = max((places[source] for source in op.input_ids), default=0)
        before = max((delays[source] for source in op.input_ids if places[source] == place), default=0.0)
        late = before > 0 and before + own > stage
        places.append(place + late)
        delays.append(own if late else before + own)
    count, longest = max(places, default=0) + 1, max(delays, default=0.0)
    times = [place + delay / (longest or 1.0) for place, delay in zip(places, delays, strict=True)]
    last = max(times, default=0.0)
    ops = [
        op._replace(latency=float(count) if time == last else time) for op, time in zip(logic.ops, times, strict=True)
    ]
    return logic._replace(ops=ops), count, longest


def written(name: str, inputs: Sequence[Symbol], outputs: Sequence[Symbol], language: str, stage: float | None) -> Core:
    """The logic from `inputs` to `outputs`; pipelined with `stage` of delay between registers, or combinational."""
    logic = canonical_sort(traced(inputs, outputs))
    depth = max((float(op.latency) for op in logic.ops), default=0.0)
    timed, count, longest = (logic, 1, depth) if stage is None else staged(logic, stage)
    machine = to_pipeline(timed, n_stages=count, verbose=False, reg_inp=False, reg_out=stage is not None)
    texts = (_verilog if language == "verilog" else _vhdl)(machine, f"{name}_core")
    suffix = "v" if language == "verilog" else "vhd"
    source = Path(_rtl.__file__).parent / language / "source"
    parts = {f"{path.stem}.{suffix}": path.read_text() for path in sorted(source.glob(f"*.{suffix}"))}
    renamed = _namespaced(parts | {f"{key}.{suffix}": text for key, text in texts.items()}, name)
    licence = (Path(_rtl.__file__).parents[2] / "LICENSE").read_bytes()
    constants = tuple(int(symbol.low) if known(symbol) else None for symbol in outputs)
    return Core(
        f"{name}_core",
        0 if stage is None else count,
        depth,
        stage or 0.0,
        longest,
        tuple(_place(q) for q in logic.inp_kifs.T),
        tuple(_place(q) for q in logic.out_kifs.T),
        constants,
        {path: text.encode() for path, text in renamed.items()},
        licence,
    )


def versions() -> dict[str, str]:
    """What wrote the RTL."""
    return {"alkaid": toolchain.installed("alkaid")}


def _place(kif: np.ndarray) -> Place:
    signed, integers, fraction = (int(number) for number in kif)
    width = max(signed + integers + fraction, 0)
    return Place(bool(signed), width, -fraction if width else 0)


def _namespaced(texts: Mapping[str, str], name: str) -> dict[str, str]:
    """Every module under a name of this block, so that two blocks live in one design."""
    found = (
        re.findall(r"^\s*(?:module|entity)\s+(\w+)", text, re.MULTILINE | re.IGNORECASE) for text in texts.values()
    )
    ours = f"{name}_core"  # and what alkaid derives of it, the tables
    own = {m: m if m == ours or m.startswith(f"{ours}_") else f"{name}_{m}" for modules in found for m in modules}
    pattern = re.compile(r"\b(" + "|".join(map(re.escape, sorted(own, key=len, reverse=True))) + r")\b")

    def swapped(text: str) -> str:
        return pattern.sub(lambda match: own[match[0]], text)

    return {swapped(Path(path).stem) + Path(path).suffix: swapped(text) for path, text in texts.items()}

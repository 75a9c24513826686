"""What was measured: plain rows, as they are written to results.json. Times are in seconds, memory in bytes."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Rate:
    """One contender on one network: the best mean time of a call that scores `events` events."""

    network: str
    contender: str
    threads: int
    events: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Events a second."""
        return self.events / self.seconds


@dataclass(frozen=True)
class Limit:
    """float32 multiply-adds a second of a large matrix product, measured in turns with the network's contenders."""

    network: str
    threads: int
    per_second: float


@dataclass(frozen=True)
class Facts:
    """A network. `absent` says for each contender that is missing why; `exact` how many events were compared,
    `by_reference` which operations the native engine leaves to the reference engine.
    """

    name: str
    title: str
    weights: str
    input_type: str
    multiply_adds: int
    zero_share: float
    exact: int
    by_reference: list[str]
    absent: Mapping[str, str]


@dataclass(frozen=True)
class Start:
    """From nothing to a score of one event: medians.

    In a fresh process: `imports` of the package, `load` of the file, `first` score (code is generated), `second`
    score, and the `whole` process from outside. In a process that has scored another network: `inside`, load and first
    score; `again`, the same for a program whose code is there. `call` and `call_99` are the median and the 99 %
    quantile of one-event calls of an emulator that is warm.
    """

    network: str
    imports: float
    load: float
    first: float
    second: float
    whole: float
    inside: float
    again: float
    call: float
    call_99: float


@dataclass(frozen=True)
class Memory:
    """Peak resident memory of a process that scores `events` events at once; `before` the call, `peak` after it."""

    network: str
    events: int
    before: int
    peak: int
    given: int
    scores: int


@dataclass(frozen=True)
class Size:
    """A network of one family at one size."""

    family: str
    title: str
    multiply_adds: int
    threads: int
    per_second: float
    code_seconds: float


@dataclass(frozen=True)
class Part:
    """What one part of the code takes for a block of `events` events, run by itself again and again on one thread.

    `does`: read, pack for, compute or write. `layer` is whose result it makes, or a step towards; `adds` is the
    instruction that adds up its sums of products, '' if it has none; `stores` is how many values of which type.
    """

    network: str
    events: int
    does: str
    layer: str
    adds: str
    stores: str
    nanoseconds: float


@dataclass(frozen=True)
class WayFacts:
    """One way to score a network, on one thread: best seconds of a call for `events` events.

    In a fresh process: `imports` of its libraries, then seconds from the program to the `first` score; `megabytes` that
    `packages` take on disk. None where a package is missing.
    """

    name: str
    events: int
    seconds: float | None
    imports: float | None
    first: float | None
    megabytes: float | None
    packages: str

    @property
    def per_second(self) -> float | None:
        """Events a second."""
        return self.events / self.seconds if self.seconds else None


@dataclass
class Results:
    """Everything, in the order in which it was measured."""

    machine: Mapping[str, object]
    method: Mapping[str, str]
    networks: list[Facts] = field(default_factory=list)
    rates: list[Rate] = field(default_factory=list)
    limits: list[Limit] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    batches: list[Rate] = field(default_factory=list)
    threads: list[Rate] = field(default_factory=list)
    memory: list[Memory] = field(default_factory=list)
    sizes: list[Size] = field(default_factory=list)
    profile: list[Part] = field(default_factory=list)

    def rate(self, network: str, contender: str, threads: int) -> Rate | None:
        """The row, if there is one."""
        wanted = (network, contender, threads)
        return next((row for row in self.rates if (row.network, row.contender, row.threads) == wanted), None)

    def share(self, rate: Rate) -> float:
        """Multiply-adds a second of a network as a share of the matrix product's on as many threads."""
        products = next(row.multiply_adds for row in self.networks if row.name == rate.network)
        limit = next(row for row in self.limits if (row.network, row.threads) == (rate.network, rate.threads))
        return rate.per_second * products / limit.per_second

    def save(self, path: Path) -> None:
        """Write as JSON; rates with their events a second."""
        content = asdict(self)
        for key in ("rates", "batches", "threads"):
            for row in content[key]:
                row["events_per_second"] = row["events"] / row["seconds"]
        path.write_text(json.dumps(content, indent=1) + "\n")

    @classmethod
    def load(cls, path: Path) -> "Results":
        """Read what `save` wrote."""
        content = json.loads(path.read_text())
        rows = {key: [_row(kind, row) for row in content.get(key, ())] for key, kind in ROWS.items()}
        return cls(content["machine"], content["method"], **rows)


ROWS: Mapping[str, type[Any]] = {
    "networks": Facts, "rates": Rate, "limits": Limit, "starts": Start, "batches": Rate, "threads": Rate,
    "memory": Memory, "sizes": Size, "profile": Part,
}  # fmt: skip


def _row(kind: type[Any], row: Mapping[str, Any]) -> Any:
    """A row without what `save` added."""
    return kind(**{one.name: row[one.name] for one in fields(kind)})

"""What the linter says: a finding, the limit it breaks, and the change that mends it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How bad a finding is."""

    ERROR = "error"  # the tool refuses, or the design can't work
    WARNING = "warning"  # it costs time, resources or accuracy
    NOTE = "note"


class Rule(StrEnum):
    """What is checked; one module of `rules` each."""

    PARTITION = "partition"
    UNROLL = "unroll"
    RESHAPE = "reshape"
    STREAM_WIDTH = "stream_width"
    MULTIPLIERS = "multipliers"
    MEMORY = "memory"
    TABLE = "table"
    ADDER_TREE = "adder_tree"
    DSP_WIDTH = "dsp_width"
    DSP_SUM = "dsp_sum"
    REUSE_FACTOR = "reuse_factor"
    PARALLELIZATION = "parallelization"
    STRATEGY = "strategy"
    INTERVAL = "interval"
    FIFO = "fifo"
    BRANCHES = "branches"
    OVERFLOW = "overflow"
    NAME = "name"
    EXTRA = "extra"


class Key(StrEnum):
    """What a change sets: keys of a recipe's [hardware] or [hardware.layers.<layer>], and a few beyond it."""

    REUSE_FACTOR = "reuse_factor"
    PARALLELIZATION_FACTOR = "parallelization_factor"
    STRATEGY = "strategy"
    TABLE_SIZE = "table_size"
    IO_TYPE = "io_type"
    INPUT = "input type"  # of a port, given to the compiler
    RESULT = "precision.result"
    ACCUMULATOR = "precision.accum"
    WEIGHTS = "precision.weight"
    SPACING = "event spacing"  # ns, the trigger's, not the recipe's
    FIFO_DEPTH = "FIFO depth"  # of the stream that the change names in place of a layer
    NAME = "name"  # in the model
    INSTALL = "install"  # on the machine


@dataclass(frozen=True)
class Change:
    """`key` of `layer` becomes `value`; an empty layer stands for the whole design."""

    layer: str
    key: Key
    value: int | float | str

    def __str__(self) -> str:
        """Render as the line of a recipe where it is one."""
        value = f'"{self.value}"' if isinstance(self.value, str) else f"{self.value:g}"
        match self.key:
            case Key.INSTALL:
                return f"pip install {value}"
            case Key.SPACING:
                return f"an event spacing of {value} ns"
            case Key.FIFO_DEPTH | Key.NAME | Key.INPUT:
                return f"{self.key} of {self.layer!r} = {value}"
            case _:
                return f"hardware.layers.{self.layer}.{self.key} = {value}" if self.layer else f"{self.key} = {value}"


@dataclass(frozen=True)
class Limit:
    """A number that must not be passed, its unit, and who says so."""

    number: float
    unit: str
    source: str


@dataclass(frozen=True)
class Finding:
    """One thing to mend.

    `layer` is empty for the whole design. `what` says with numbers what is wrong. `remedy` says what is the smallest
    change that passes this rule; `changes` are that change, empty where a setting can't mend it. `brings` names what
    other errors and warnings the changes would bring, as rule and layer.
    """

    rule: Rule
    severity: Severity
    layer: str
    what: str
    limit: Limit
    remedy: str
    changes: tuple[Change, ...] = ()
    brings: tuple[tuple[Rule, str], ...] = ()

    @property
    def source(self) -> str:
        """Who sets the limit: a document, a header of hls4ml, or a thread."""
        return self.limit.source


def proposed(changes: tuple[Change, ...], why: str = "") -> str:
    """The changes as a sentence's part, and what is to be said of them."""
    return " and ".join(map(str, changes)) + (f"; {why}" if why else "")

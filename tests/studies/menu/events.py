"""Small studies drawn by hypothesis, and what plain loops make of them."""

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st

from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.program.fixed import Fixed
from trigger_nn.studies.menu.values import Scored

KIND = Fixed.parse("fixed<4,2,RND_CONV,SAT>")
PROCESSES = ("hh", "zero_bias", "qcd", "other")
BACKGROUNDS = ("zero_bias", "qcd")
PT = Column((2,), (Quantity("pt", "GeV", Fixed.parse("ufixed<8,8>"), 0.5),), {})
HT = Column((), (Quantity("ht", "GeV", Fixed.parse("ufixed<8,8>"), 2.0, offset=1.0),), {})
PILEUP = Column((), (Quantity("collisions", "1", Fixed.parse("ufixed<8,8>")),), {})


def scored_of(rows, outputs=("hh",), kind=KIND, copies=False):
    """Rows of (process number, score or scores, rate, weight, source)."""
    process, scores, rate, weight, source = zip(*rows, strict=True)
    count = len(rows)
    random = np.random.default_rng(count)
    columns = {
        "jet_pt": np.sort(random.integers(0, 256, (count, 2)), axis=1)[:, ::-1].astype(np.uint16),
        "ht": random.integers(0, 256, count).astype(np.uint16),
        "pileup": random.integers(0, 8, count).astype(np.uint8),
    }
    return Scored(
        PROCESSES, np.array(process, np.uint8), np.array(rate, np.float32), np.array(weight, np.float32),
        np.array(scores, np.int16).reshape(count, -1), outputs, kind, columns,
        {"jet_pt": PT, "ht": HT, "pileup": PILEUP}, np.array(source, np.int64) if copies else None,
    )  # fmt: skip


@st.composite
def studies(draw, copies=None, outputs=1):
    """A signal, two backgrounds and a process that is neither, with at least one event each; weights are whole."""
    scores = st.lists(st.integers(KIND.minimum, KIND.maximum), min_size=outputs, max_size=outputs)
    rows = draw(
        st.lists(
            st.tuples(st.sampled_from(range(4)), scores, st.integers(1, 9), st.integers(1, 3), st.integers(0, 2)),
            min_size=8,
            max_size=30,
        )
    )
    rows += [(number, draw(scores), 2, 1, 7) for number in range(4)]
    return scored_of(rows, tuple("abcdefgh"[:outputs]), copies=draw(st.booleans()) if copies is None else copies)


@dataclass(frozen=True)
class Event:
    """One event in plain Python."""

    process: str
    score: int
    rate: float
    weight: float
    source: int
    place: int


def plain(scored, output=0):
    """All events, for loops."""
    sources = range(len(scored)) if scored.source is None else scored.source
    return [
        Event(scored.processes[p], int(s), float(r), float(w), (int(p), int(c)), i)
        for i, (p, s, r, w, c) in enumerate(
            zip(scored.process, scored.scores[:, output], scored.rate, scored.weight, sources, strict=True)
        )
    ]


def background(events):
    return [event for event in events if event.process in BACKGROUNDS]


def rate_above(events, mantissa):
    """Hz of the background above a threshold."""
    return sum(event.rate for event in background(events) if event.score > mantissa)


def clusters(events, weight):
    """Weight of each simulated event with all of its copies."""
    sums = {}
    for event in events:
        sums[event.source] = sums.get(event.source, 0.0) + weight(event)
    return sums

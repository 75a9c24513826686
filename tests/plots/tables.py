"""Tables as studies return them, realistic and at the edges of what can be."""

from dataclasses import replace
from itertools import pairwise

import numpy as np

from trigger_nn.events.quantities import Column, Quantity
from trigger_nn.program.fixed import Fixed
from trigger_nn.studies.certificate.values import Certificate, Flips, Need, Onset, Residuals, Side
from trigger_nn.studies.classes import ClassComparison, Classifier, ClassRow
from trigger_nn.studies.comparison import Row, SignalComparison
from trigger_nn.studies.menu.values import (
    ClassStudy,
    Density,
    Overlap,
    PileUp,
    PileUpRow,
    Rate,
    RateCurve,
    Roc,
    SeedRow,
    Threshold,
    TurnOn,
    WorkingRow,
)  # fmt: skip
from trigger_nn.studies.rates import Curve, Efficiency, WorkingPoint
from trigger_nn.studies.scans.values import Effect, Objective, Scan, Trial

LONG = "a_process_with_a_name_that_nobody_would_give_but_that_a_file_can_have_(pT_above_20_GeV)"
TYPE = Fixed(True, 12, 5)
LSB = 2.0**-TYPE.fraction
CROSSINGS = 31e6  # Hz


def share(value, width=0.01):
    return Efficiency(value, max(value - width, 0.0), min(value + width, 1.0))


def rate(value, relative=0.1):
    return Rate(value, value * (1 - relative), value * (1 + relative), int(1 / relative**2), 1 / relative**2)


def curve(signal="hh4b", top=900, seed=0):
    """Falling rates and efficiencies whose last thresholds nothing passes."""
    thresholds = np.arange(-400, top, 8)
    place = (thresholds + 400) / 1300
    rates = CROSSINGS * np.exp(-13 * place**0.8)
    rates[-8:] = 0
    passing = rates / CROSSINGS * 2e6
    error = np.where(rates > 0, 1 / np.sqrt(np.maximum(passing, 1)), 0)
    kept = 1 / (1 + np.exp(9 * (place - 0.62 - 0.05 * seed)))
    return RateCurve(
        signal, LSB, thresholds, rates, rates * (1 - error), np.where(rates > 0, rates * (1 + error), 30.0),
        kept, np.maximum(kept - 0.012, 0), np.minimum(kept + 0.012, 1), passing >= 10,
    )  # fmt: skip


def row(target, signal="hh4b", resolved=True, seed=0):
    """The working point that `curve` has at `target` Hz."""
    line = curve(signal, seed=seed)
    i = int(np.flatnonzero(line.rate <= target)[0])
    found = Rate(float(line.rate[i]), float(line.low[i]), float(line.high[i]), 100, 100.0)
    threshold = Threshold(int(line.thresholds[i]), LSB, (int(line.thresholds[i]), int(line.thresholds[i]) + 3), found,
                          2, 5e3, 0)  # fmt: skip
    kept = share(float(line.efficiency[i]))
    return WorkingRow(signal, "network", target, threshold, kept, (kept.value - 0.03, kept.value + 0.02), resolved)


def rows(signal="hh4b", seed=0):
    return [row(150.0, signal, False, seed), *(row(khz * 1e3, signal, True, seed) for khz in (50.0, 100.0, 300.0))]


def nowhere(line):
    """The curve of a sample without background."""
    none = np.zeros(len(line.thresholds))
    return replace(line, rate=none, low=none, high=none, resolved=none > 0)


def roc(signal="hh4b", background="background", power=4.0):
    kept = np.linspace(0, 1, 300)
    mistag = np.where(kept < 0.05, 0, kept**power)
    return Roc(signal, background, kept, mistag, share(power / (power + 1), 0.003), (5000, 200000))


def turn_on(target=1e5, process="hh4b", shift=0.0):
    edges = np.array([0, 20, 40, 60, 80, 100, 150, 200, 300, 500.0])
    middle = (edges[1:] + edges[:-1]) / 2
    values = 0.97 / (1 + np.exp((110 + shift - middle) / 18))
    events = (40, 400, 900, 1500, 1300, 1100, 500, 120, 0)
    bins = tuple(share(float(v), 0.5 / np.sqrt(n)) if n else None for v, n in zip(values, events, strict=True))
    return TurnOn("hh4b", "network", process, target, "offline HT", "GeV", edges, bins, events)


def pileup(target=1e5, scale=1.0):
    edges = (100, 140, 160, 180, 200, 220, 240, float("inf"))
    table = tuple(
        PileUpRow(
            low, high, rate(3e6), None if i == 6 else share(scale * (0 if i == 0 else 1e-3 * 2**i), 4e-4),
            None if i == 5 else share(0.62 - 0.03 * i, 0.02),
        )
        for i, (low, high) in enumerate(pairwise(edges))
    )  # fmt: skip
    return PileUp("hh4b", target, "pileup", table)


def overlap():
    seeds = tuple(
        SeedRow(name, rate(total), rate(pure), {"hh4b": share(kept)})
        for name, total, pure, kept in (
            ("HT > 450 GeV", 9.2e4, 5.1e4, 0.41),
            ("four jets of 70, 55, 40, 40 GeV and HT > 320 GeV", 6.1e4, 2.0e4, 0.55),
            ("single jet > 180 GeV", 4.4e4, 1.9e4, 0.22),
            ("nothing passes", 0.0, 0.0, 0.0),
        )
    )
    return Overlap(
        "hh4b", 1e5, rate(1.5e5), rate(2.2e5), rate(7e4), rate(3e4), seeds, share(0.63), share(0.81), rate(1e5),
        share(0.7),
    )  # fmt: skip


def uneven_overlap():
    """A menu whose rates are decades apart."""
    table = overlap()
    large = replace(table.seeds[0], name="low threshold", rate=rate(4e6), pure=rate(3.8e6))
    return replace(table, seeds=(large, *table.seeds), before=rate(4.1e6), after=rate(4.15e6), pure=rate(5e4))


def densities(output="hh4b", processes=("QCD", "zero bias", "hh4b", "tt")):
    edges = np.linspace(-512, 1024, 49)
    middle = (edges[1:] + edges[:-1]) / 2
    found = []
    for i, process in enumerate(processes):
        counts = 4000 * np.exp(-0.5 * ((middle + 300 - 220 * i) / (90 + 40 * i)) ** 2)
        counts = np.where(counts < 0.5, 0, counts)
        found.append(Density(output, process, edges, counts, counts))
    return found


def classes(names=("g", "q", "W", "Z", "t")):
    number = len(names)
    confusion = np.full((number, number), 120) + np.eye(number, dtype=int) * 1500
    rocs = tuple(roc(name, "all others", 3.0 + i) for i, name in enumerate(names))
    return ClassStudy(tuple(names), int(confusion.sum()), share(0.75), rocs, confusion, share(0.01), 0.75)


def flip(first, second, basis, target, kind, gained, lost, output="hh4b", events=100000):
    ppm = [(1e6 * n / events, 1e6 * max(n - n**0.5, 0) / events, 1e6 * (n + n**0.5 + 1.8 * (n == 0)) / events)
           for n in (gained, lost)]  # fmt: skip
    hz = [tuple(30 * value for value in one) for one in ppm] if kind == "background" else [None, None]
    change = (0.01 * (gained - lost), 0.01 * (gained - lost) - 0.1, 0.01 * (gained - lost) + 0.1)
    return Flips(output, first, second, basis, target, kind, events, gained, lost, *ppm, *hz, change, 3e6 / events)


def residuals(output="hh4b"):
    edges = np.linspace(-24.5, 24.5, 50)
    counts = np.round(3e4 * np.exp(-0.5 * (edges[:-1] / 6) ** 2)).astype(int)
    exact = np.zeros(49, int)
    exact[24] = 100000
    return [
        Residuals(output, "float Keras", edges, counts, 23.4, 6.1, share(0.07)),
        Residuals(output, "QKeras", edges, exact, 0.0, 0.0, Efficiency(1.0, 0.99998, 1.0)),
    ]


def onsets():
    layers = ("input", "conv1", "pool1", "conv2", "pool2", "dense1", "output")
    return [
        Onset("hh4b", "float Keras", basis, target, 200, 731, dict(zip(layers, numbers, strict=True)))
        for basis, target, numbers in (
            ("same rate", 5e4, (0, 61, 0, 90, 4, 40, 5)),
            ("same rate", 1e5, (0, 31, 9, 110, 0, 40, 10)),
            ("same threshold", 1e5, (0, 31, 9, 110, 0, 40, 10)),
        )
    ] + [Onset("hh4b", "QKeras", "same rate", 1e5, 0, 0, {})]


def certificate(targets=(5e4, 1e5, 3e5)):
    flips = []
    for first, second, scale in (("float Keras", "QKeras", 300), ("QKeras", "emulator", 0)):
        for basis in ("same rate", "same threshold"):
            for i, target in enumerate(targets):
                flips.append(flip(first, second, basis, target, "background", scale * (i + 1), 2 * scale * (i + 1)))
                flips.append(flip(first, second, basis, target, "hh4b", 4 * scale, 7 * scale))
    need = Need("hh4b", 1e5, 0.01, 100000, 800.0, 1.2e6, 3e6, 5e5, 2.4, 6.0)
    sides = tuple(Side(name, name) for name in ("float Keras", "QKeras", "emulator"))
    return Certificate("event_image", "0" * 64, 100000, sides, {}, tuple(flips), tuple(onsets()), tuple(residuals()),
                       (need,))  # fmt: skip


def class_certificate(names=("g", "q", "W", "Z", "t")):
    flips = [
        flip(first, second, "largest output", 0.0, kind, gained, gained // 2, output=name)
        for first, second, gained in (("float Keras", "QKeras", 900), ("QKeras", "emulator", 0))
        for name in names
        for kind in (name, "other classes")
    ]
    return replace(certificate(), flips=tuple(flips))


OBJECTIVES = (
    Objective("efficiency", "", "larger"), Objective("latency_ns", "ns", "smaller"), Objective("lut", "", "smaller"),
)  # fmt: skip


def trial(number, bits, filters, state="done"):
    kept = 0.66 - 0.8 / bits**1.6 - 0.5 / filters
    metrics = {
        "efficiency": kept, "efficiency_low": kept - 0.012, "efficiency_high": kept + 0.012,
        "float_efficiency": 0.68 - 0.5 / filters, "latency_ns": 300.0 + 12 * filters + 5 * bits,
        "cycles": 60.0 + filters, "interval": 8.0, "lut": 900.0 * bits * filters**0.8, "ff": 500.0 * bits * filters,
        "dsp": 0.0, "bram": 0.0, "weights": 100.0 * filters, "weight_bits": 100.0 * filters * bits,
    }  # fmt: skip
    parameters = {"network.weights.bits": bits, "network.filters": filters, "network.activation": "relu" * (bits % 2)}
    done = state == "done"
    return Trial(
        number, state, parameters, metrics if done else {}, (30, 20), (0.2, 0.21), 61.0,
        f"trials/{number:04}/recipe.toml", "0" * 64 if done else "", front=done and number % 3 == 0,
    )  # fmt: skip


def scan(effects=True):
    trials = [trial(i, bits, filters) for i, (bits, filters) in
              enumerate((b, f) for b in (2, 3, 4, 6, 8) for f in (2, 4, 8, 16))]  # fmt: skip
    trials.append(trial(len(trials), 4, 4, "failed"))
    found = [
        Effect(name, (value, value - 0.01, value + 0.01), (0.58 - value, 0.58 - value - 0.014, 0.58 - value + 0.014))
        for name, value in (("bending", 0.61), ("smearing", 0.585), ("out-of-time pile-up", 0.64), ("noise", 0.575))
    ]
    keys = ("network.weights.bits", "network.filters", "network.activation")
    return Scan(
        "bits and filters", OBJECTIVES, keys, tuple(trials), "hh4b", 1e5, 12000, tuple(found if effects else ())
    )


RATE = "training.rate"


def at_values(values):
    """A scan over one parameter."""
    trials = (replace(trial(i, 4 + i % 3, 4), parameters={RATE: value}) for i, value in enumerate(values))
    return replace(scan(), keys=(RATE,), trials=tuple(trials))


def comparison(names=("float", "QKeras", "emulator", "cuts, tuned", "hottest cell")):
    """What a run's own comparison returns."""
    rows, curves = [], {}
    for i, name in enumerate(names):
        for target in (5e4, 1e5, 3e5):
            point = WorkingPoint(1.0, target, 4 if target < 1e5 else 200, 4.0 if target < 1e5 else 180.0)
            rows.append(Row(name, target, point, share(0.5 + 0.05 * np.log10(target / 1e4) - 0.06 * max(i - 2, 0))))
        kept = np.linspace(0, 1, 200)
        curves[name] = Curve(31e6 * kept ** (5 - max(i - 2, 0)), kept)
    return SignalComparison("hh4b", tuple(rows), curves, (), {}, rows[0])


def class_comparison(names=("g", "q", "W", "Z", "t")):
    confusion = classes(names).confusion
    networks = []
    for k, network in enumerate(("float", "QKeras", "emulator")):
        kept = np.linspace(0, 1, 200)
        curves = {name: (kept ** (3 + i + 0.1 * k), kept) for i, name in enumerate(names)}
        rows = tuple(ClassRow(name, 0.9 + 0.01 * i, share(0.8)) for i, name in enumerate(names))
        networks.append(Classifier(network, share(0.75), 0.93, rows, confusion, curves))
    return ClassComparison(tuple(names), tuple(networks), ())


ENERGY = Column((18, 20), (Quantity("et", "GeV", Fixed(False, 10, 10), 0.5),), {"kind": "event_image"})
NUMBERS = Column((8,), tuple(Quantity(f"jet {i} pT", "GeV", Fixed(False, 12, 12), 0.25) for i in range(8)), {})


def images(processes=("QCD", "hh4b", "tt")):
    """Counts of transverse energy, one event a process."""
    events = np.random.default_rng(5)
    return {name: np.floor(events.exponential(2.0 + 4 * i, (18, 20)) ** 2).clip(0, 1023) for i, name in
            enumerate(processes)}  # fmt: skip


def first(line):
    """A curve of one threshold."""
    cut = {name: value[:1] for name, value in vars(line).items() if isinstance(value, np.ndarray)}
    return replace(line, **cut)


def without_events(curve):
    return replace(curve, bins=(None,) * len(curve.bins), events=(0,) * len(curve.events))


def without_background(table):
    return replace(table, rows=tuple(replace(row, fired=None) for row in table.rows))

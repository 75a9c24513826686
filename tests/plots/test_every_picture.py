"""What holds for every figure: it is a PNG, always the same, hides nothing, can be read, and has units."""

from dataclasses import replace
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest

import trigger_nn
from tests.plots import looking, tables
from trigger_nn.events.storage.shards import one_event
from trigger_nn.hardware.estimate import Accuracy, Estimate, LayerEstimate
from trigger_nn.hardware.parts import device_of
from trigger_nn.plots import certificate, events, figures, layers, menu, scans
from trigger_nn.program.fixed import Fixed
from trigger_nn.studies.layers import LayerRange, Observed
from trigger_nn.studies.menu.values import Outside

SAMPLES = Path(trigger_nn.__file__).parent / "events" / "sample"
EVENTS = np.random.default_rng(2).normal(0, 2, 4000)
EMULATED = np.floor(EVENTS / tables.LSB) * tables.LSB


def ranges(observed=True):
    seen = Observed(100, 0.3, (0.01, 0.1, 0.5, 1.0, 2.0, 5.0, 9.0)) if observed else None
    return [
        LayerRange("image", "input", Fixed(False, 10, 4), (0, 1023), 0, seen),
        LayerRange("conv1", "Conv2D", Fixed(True, 19, 8), (-176849, 156710), 2, seen),
        LayerRange("dead", "Relu", Fixed(False, 8, 4), (0, 0), 8, replace(seen, quantiles=()) if seen else None),
        LayerRange(tables.LONG, "Cast", Fixed(True, 24, 30), (-(2**23), 2**23 - 1), 0),
    ]


def estimate(dsp=12):
    named = [LayerEstimate(f"layer_{i}", "Dense", 3 + i, 1, 900 * i, 20000 * i, dsp * i, 0) for i in range(7)]
    accuracy = Accuracy("measured", (0.7, 1.4), (0.6, 1.5), (1, 1), (1, 1), (-2, 5))
    return Estimate(device_of("xcvu13p-flga2577-2-e"), 2.5, tuple(named), accuracy=accuracy)


def cases():
    curve, curves = tables.curve(), [tables.curve(), tables.curve("hh2b2tau", seed=-2)]
    yield "rate curve", menu.rate_curve, (curve, tables.rows())
    yield "rate curve of no background", menu.rate_curve, (tables.nowhere(curve), [])
    yield "rate curve of a long name", menu.rate_curve, (tables.curve(tables.LONG), tables.rows(tables.LONG))
    yield "rate curve of one threshold", menu.rate_curve, (tables.first(curve), [])
    yield "efficiency", menu.efficiency_against_rate, (curves, [*tables.rows(), *tables.rows("hh2b2tau", -2)])
    yield "efficiency of no background", menu.efficiency_against_rate, ([tables.nowhere(curve)], [])
    names = ("QCD", "zero bias", tables.LONG)
    yield "roc", menu.roc_curves, ([tables.roc(background=name, power=4.0 + i) for i, name in enumerate(names)], True)
    yield "roc of classes", menu.roc_curves, (tables.classes().rocs, False)
    yield "roc of nothing", menu.roc_curves, ([], True)
    yield "turn-on", menu.turn_on, ([tables.turn_on(), tables.turn_on(3e5, shift=-20.0), tables.turn_on(5e4)],)
    yield "one turn-on", menu.turn_on, ([tables.turn_on()],)
    beyond = replace(tables.turn_on(), below=Outside(3, tables.share(0.0)), above=Outside(9, tables.share(1.0)))
    yield "turn-on with events beyond", menu.turn_on, ([beyond, tables.turn_on(3e5)],)
    yield "turn-on without events", menu.turn_on, ([tables.without_events(tables.turn_on(process=tables.LONG))],)
    yield "pile-up", menu.pileup, ([tables.pileup(), tables.pileup(3e5, 3)],)
    yield "pile-up without background", menu.pileup, ([tables.without_background(tables.pileup())],)
    yield "overlap", menu.overlap, (tables.overlap(),)
    yield "overlap with uneven rates", menu.overlap, (tables.uneven_overlap(),)
    yield "overlap with an empty menu", menu.overlap, (replace(tables.overlap(), seeds=()),)
    yield "densities", menu.densities, (tables.densities(), "hh4b", tables.LSB)
    yield "densities of nothing", menu.densities, (tables.densities(), "another", tables.LSB)
    yield "confusion of many", menu.confusion_matrix, (tables.classes(),)
    yield "confusion of two", menu.confusion_matrix, (tables.classes(("signal", "background")),)
    yield "confusion of long names", menu.confusion_matrix, (tables.classes((tables.LONG, "quark", "Z")),)
    yield "residuals", certificate.residuals, (tables.residuals(),)
    yield "no residuals", certificate.residuals, ([],)
    yield "flips", certificate.flips, (tables.certificate(),)
    yield "flips at one rate", certificate.flips, (tables.certificate((1e5,)),)
    yield "flips of classes", certificate.flips, (tables.class_certificate(),)
    yield "no flips compared", certificate.flips, (replace(tables.certificate(), flips=()),)
    yield "onsets", certificate.onsets, (tables.onsets(),)
    yield "no onsets", certificate.onsets, (tables.onsets()[-1:],)
    yield "scores", certificate.scores, (EVENTS, EMULATED, tables.LSB, ("float Keras", "emulator"))
    yield "equal scores", certificate.scores, (EMULATED, EMULATED, tables.LSB, ("QKeras", "emulator"))
    yield "scores of one event", certificate.scores, (EVENTS[:1], EMULATED[:1], tables.LSB, ("float Keras", "emulator"))
    yield "scores of no event", certificate.scores, (EVENTS[:0], EMULATED[:0], tables.LSB, ("float Keras", "emulator"))
    scan = tables.scan()
    yield "pareto", scans.pareto, (scan, "lut", "efficiency")
    yield "pareto in time", scans.pareto, (scan, "latency_ns", "efficiency")
    yield "pareto of DSPs", scans.pareto, (scan, "dsp", "efficiency")
    yield "pareto of one", scans.pareto, (replace(scan, trials=scan.trials[:1]), "lut", "efficiency")
    yield "pareto of none", scans.pareto, (replace(scan, trials=scan.trials[-1:]), "lut", "efficiency")
    yield "effects", scans.effects, (scan,)
    yield "no effects", scans.effects, (tables.scan(effects=False),)
    yield "dependence on bits", scans.dependence, (scan, "network.weights.bits")
    near = (0.001, 0.0011, 0.00112, 0.0013, 0.004, 0.0041, 0.0099, 0.01)
    yield "dependence on real numbers", scans.dependence, (tables.at_values(near), tables.RATE)
    yield "dependence on few real numbers", scans.dependence, (tables.at_values((0.3123456789, 0.312345)), tables.RATE)
    yield "dependence on many counts", scans.dependence, (tables.at_values(range(100, 1900, 87)), tables.RATE)
    yield "dependence on one number", scans.dependence, (tables.at_values((0.25,)), tables.RATE)
    yield "dependence on words", scans.dependence, (scan, "network.activation")
    yield "dependence of none", scans.dependence, (replace(scan, trials=()), "network.weights.bits")
    yield "layer types", layers.layer_types, (ranges(),)
    yield "layer types alone", layers.layer_types, (ranges(observed=False),)
    yield "no layer types", layers.layer_types, ([],)
    yield "layer costs", layers.layer_costs, (estimate(),)
    yield "layer costs without DSPs", layers.layer_costs, (estimate(0),)
    yield "run: rates", figures.rate_curves, (tables.comparison(), [5e4, 1e5])
    yield "run: rates of others", figures.rate_curves, (tables.comparison(("mine", tables.LONG)), [])
    yield "run: efficiencies", figures.efficiencies, (tables.comparison(),)
    yield "run: images", figures.event_images, (tables.images(), tables.ENERGY)
    yield "run: one image", figures.event_images, (tables.images(("QCD",)), tables.ENERGY)
    counts = {"QCD": np.arange(800).reshape(100, 8), "hh4b": np.zeros((50, 8), int)}
    yield "run: features", figures.feature_distributions, (counts, tables.NUMBERS)
    yield "run: classes", figures.class_curves, (tables.class_comparison(),)
    for name in ("event_images", "jets"):
        yield f"event of {name}", events.event_picture, (one_event(SAMPLES / f"{name}.h5", "test", 3, ""),)
    yield "run: losses", figures.training_losses, ({"float": [0.5, 0.4], "QKeras": [0.6, 0.5, 0.45]},)
    yield "run: loss of one epoch", figures.training_losses, ({"float": [0.5]},)


CASES = {name: (draw, args) for name, draw, args in cases()}
UNITLESS = (
    "efficiency", "share", "events", "LUTs", "flip-flops", "DSP slices", "accuracy", "epoch", "validation loss",
    "taken for", "mistag", "collisions", "rate of the trigger", "network.", "training.",
)  # fmt: skip


@pytest.fixture(params=CASES.values(), ids=CASES, scope="module")
def case(request):
    return request.param


@pytest.fixture(scope="module")
def figure(case):
    return looking.figure_of(case[0], *case[1])


def test_it_is_a_picture_always_the_same_and_nothing_global_changes(case):
    draw, args = case
    before = dict(mpl.rcParams)
    png = draw(*args)
    assert dict(mpl.rcParams) == before
    assert png == draw(*args)
    image = looking.pixels(png)
    assert min(image.shape[:2]) > 150
    assert np.ptp(image[..., :3]) == 1  # from black to white
    assert max(image.shape[:2]) < 2500


def test_no_words_lie_on_each_other_or_leave_the_figure(figure):
    assert looking.hidden(figure) == []


def test_no_key_lies_on_data(figure):
    assert looking.keys_on_data(figure) == []


def test_all_letters_can_be_read_in_print(figure):
    assert looking.smallest(figure) >= 5.5


def test_axes_carry_units(figure):
    bare = [
        text
        for text in looking.labels(figure)
        if not (text.rstrip().endswith(")") or " (" in text or text.startswith(UNITLESS) or text == r"$\eta$")
    ]
    assert bare == []

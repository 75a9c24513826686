"""Small designs of every kind, and what is said of them; no training, no TensorFlow."""

from dataclasses import dataclass, replace

import numpy as np

from tests.conftest import GOLDEN
from trigger_nn.handoff.design import Design, Threshold
from trigger_nn.handoff.facts import ElementMeaning, HandoffFacts, Origin, Performance, PortMeaning
from trigger_nn.hardware.estimate import estimate
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Concatenate
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HardwareSpec

BYTE = Fixed(False, 8, 8)
THRESHOLDS = (Threshold("hh4b", 0, 100e3, 37, 0.61), Threshold("vbf_inv", 1, 100e3, -12, 0.33))


@dataclass(frozen=True)
class Towers:
    """A builder that adds pairs of towers."""

    kind: str = "event_image"
    ports: tuple[Port, ...] = (Port("em", (280,), BYTE, True), Port("had", (280,), BYTE, True))

    def build(self, inputs):
        return (inputs["em"] + inputs["had"]).reshape(-1, 20, 14, 1)

    def undo(self, mantissas):
        flat = mantissas.reshape(len(mantissas), -1)
        return {"em": flat - flat // 2, "had": flat // 2}

    def source(self, namespace):
        return f"namespace {namespace} {{}}"

    def facts(self):
        return {"kind": self.kind, "eta_edges": (-5.0, 0.0, 5.0), "wrap": 1}


def image():
    return Program.load(GOLDEN / "event_image_program.h5")


def several():
    """Two inputs, two outputs; one of them signed with integer bits outside its width."""
    ports = (Port("raw.features", (3,), Fixed(True, 13, 4)), Port("counts", (2, 2), Fixed(False, 5, 5), True))
    twice = ("raw.features", "raw.features")
    first = Concatenate(name="joined", inputs=twice, shape=(6,), type=Fixed(True, 13, 4), axis=0)
    second = Concatenate(name="doubled", inputs=("counts", "counts"), shape=(4, 2), type=Fixed(False, 5, 5), axis=0)
    return Program("several", ports, (first, second), ("joined", "doubled"))


def design(program=None, builder=None, decisions=(), **hardware):
    return Design(program or image(), HardwareSpec(**hardware), builder, decisions)


def meanings():
    return {
        "image": PortMeaning(
            "et of cells, saturating", (ElementMeaning("et", "GeV", 0.5, 0.25),), {"wrap": 1, "eta_edges": [-5.0, 5.0]}
        ),
        "output": PortMeaning("one score a signal", tuple(ElementMeaning(t.signal, "1", 2.0**-6) for t in THRESHOLDS)),
    }


def facts(one, **changes):
    made = HandoffFacts(
        estimate=estimate(one.program, one.hardware.clock_period, one.hardware.part),
        origin=Origin(
            versions={"trigger_nn": "0.1.0", "hls4ml": "1.3.0"},
            weights="1" * 64,
            recipe="2" * 64,
            sample="3" * 64,
            revision="abc1234",
            command="trigger-nn run models/event_image/recipe.toml",
            recipe_content={"name": "event_image", "network": {"dense": [32]}},
        ),
        meanings=meanings() if one.program.name == "event_image" else {},
        thresholds=(*THRESHOLDS, Threshold("hh4b", 0, 50e3, 61, 0.52)) if one.program.name == "event_image" else (),
        performance=(
            Performance("efficiency for hh4b at 100 kHz", 0.62, 0.615, 0.61, 20000),
            Performance("AUC", None, None, 0.91, 20000),
        ),
        limits=("Trained on simulated events only.",),
    )
    return replace(made, **changes)


def random_mantissas(port, events, seed=1):
    kind = port.type
    return np.random.default_rng(seed).integers(kind.minimum, kind.maximum + 1, (events, *port.shape))


ALL = {
    "image": lambda: design(),
    "vivado": lambda: design(backend="Vivado"),
    "decision": lambda: design(decisions=THRESHOLDS),
    "builder": lambda: design(builder=Towers(), decisions=THRESHOLDS),
    "several": lambda: design(several()),
    "stream": lambda: design(io_type="io_stream"),
    "vivado stream": lambda: design(several(), io_type="io_stream", backend="Vivado"),
}

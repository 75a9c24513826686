"""Every kind of processor: run where this one can, generated where it can't."""

import numpy as np
import pytest

from tests.conftest import GOLDEN
from tests.engines.native.agreement import agrees
from trigger_nn import Program
from trigger_nn.engines.native.code.assemble import assemble
from trigger_nn.engines.native.engine import NativeEngine
from trigger_nn.engines.native.machine import assembly, runnable
from trigger_nn.engines.native.stages import traced
from trigger_nn.engines.native.target import TARGETS
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Constant, Dense

PATHS = sorted((GOLDEN / "second_schema").glob("*.h5"))  # every operation, see test_operations.py
NAMES = ("conv1d", "maxpooling1d", "softmax", "einsumdense", "leakyrelu", "layernormalization", "lstm")


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize("target", runnable()[1:], ids=lambda target: target.name)
def test_targets_that_this_processor_can_run_agree(target, path):
    """The first target is what test_operations.py runs, all layers kept; random programs do so on any target."""
    agrees(Program.load(path), events=131, engine=NativeEngine(1, target), layers=False)


def dense(width):
    """A dense layer of weights and inputs of `width` bits, and what is made of it for any target."""
    from tests.engines.native.agreement import program_of

    kind, wide = Fixed(True, width, width), Fixed(True, 60, 60)
    weights = Constant(np.arange(-16, 16).reshape(8, 4) * ((1 << (width - 1)) // 16) | 1, kind)
    bias = Constant(np.arange(4), kind)
    layer = Dense(
        name="y", inputs=("x",), shape=(4,), type=wide, weights=weights, bias=bias, accumulator=wide, reuse_factor=1
    )
    return program_of(layer, port=(8,), kind=kind)


@pytest.mark.parametrize("width", [6, 8, 12, 16, 24, 28])
@pytest.mark.parametrize("target", runnable(), ids=lambda target: target.name)
def test_sums_of_every_width(target, width):
    agrees(dense(width), engine=NativeEngine(1, target))


@pytest.mark.parametrize(("width", "instruction"), [(6, "fmla"), (12, "mla"), (16, "fmla"), (28, "mul")])
def test_code_for_arm_is_made_anywhere(width, instruction):
    text = assembly(text_of(dense(width), TARGETS["aarch64"]), TARGETS["aarch64"])
    assert f"\t{instruction}\t" in text
    assert "\tldr\tq" in text or "\tldp\tq" in text or "\tld1" in text


@pytest.mark.parametrize("target", TARGETS.values(), ids=lambda target: target.name)
def test_code_for_every_target_is_made_anywhere(target):
    for name in NAMES:
        program = Program.load(GOLDEN / "second_schema" / f"{name}.h5")
        assert "drive:" in assembly(text_of(program, target), target)


def text_of(program, target):
    """LLVM's text of a program that has machine code throughout."""
    trace = traced(program)
    assert not trace.left
    return assemble({name: trace.tensors[name].node for name in program.output_names}, target).text

"""Program -> array operations on integers, down to each output port; a layer without them is refused by name."""

from trigger_nn.engines.native.stages import MOST_STEPS
from trigger_nn.engines.native.steps.folds import Unbounded
from trigger_nn.engines.native.steps.making import Traced
from trigger_nn.engines.native.steps.nodes import Node, ordered
from trigger_nn.engines.native.steps.simplify import simplified
from trigger_nn.engines.native.steps.trace import Tracer
from trigger_nn.errors import UnsupportedLayerError
from trigger_nn.handoff.emulator.words import TooWide, choose_words
from trigger_nn.passes.intervals import full_range
from trigger_nn.program.operations import Operation
from trigger_nn.program.program import Program
from trigger_nn.program.semantics import apply


def traced_outputs(program: Program) -> tuple[dict[str, Node], dict[str, Node]]:
    """Nodes of the input ports and of the output ports, by name; the ports take every value of their types.

    Raises:
        UnsupportedLayerError: an operation needs more than 128 bits, or too many steps.
    """
    tracer = Tracer()
    given = {
        port.name: tracer.given(port.name, port.shape, full_range(port.type, port.shape)) for port in program.inputs
    }
    tensors = dict(given)
    for operation in program.operations:
        tensors[operation.name] = _traced(operation, tracer, program, tensors)
    made = simplified([tensors[name].node for name in program.output_names])
    inputs = {name: traced.node for name, traced in given.items()}
    return inputs, dict(zip(program.output_names, made, strict=True))


def _traced(operation: Operation, tracer: Tracer, program: Program, tensors: dict[str, Traced]) -> Traced:
    values = [tensors[name] for name in operation.inputs]
    known = {value.node for value in values}
    try:
        result = apply(operation, tracer, program, values)
        choose_words([result.node], known)
    except (TooWide, Unbounded) as reason:
        raise _refused(operation, program, str(reason)) from None
    steps = len(ordered([result.node], known))
    if steps > MOST_STEPS:
        raise _refused(operation, program, f"it takes {steps} steps")
    return result


def _refused(operation: Operation, program: Program, reason: str) -> UnsupportedLayerError:
    return UnsupportedLayerError(
        f"Layer {operation.name!r} ({type(operation).__name__}) of program {program.name!r} can't be written as C++ "
        f"integers: {reason}; give it narrower types and compile again, or use the Program with trigger_nn's Emulator."
    )

"""Factors wider than a DSP slice multiplies."""

from collections.abc import Iterator

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.dsp import Slice, factor_bits, signed_bits, slice_of, slices_a_product
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed
from trigger_nn.hardware.lint.products import Products, once_a_layer
from trigger_nn.hardware.lint.search import Changes, first_that_passes, of_layer
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Reshape
from trigger_nn.program.operations.recurrent import RecurrentNode


def check(context: Context) -> Findings:
    """Yield a warning for every kernel whose products take several DSP slices each."""
    kind = slice_of(context.device)
    yield from (_finding(one, kind, context) for one in once_a_layer(context) if _is_too_wide(one, kind))


def _is_too_wide(products: Products, kind: Slice) -> bool:
    return products.multiplications > 0 and slices_a_product(products, kind) > 1


def _finding(products: Products, kind: Slice, context: Context) -> Finding:
    limit = Limit(kind.short, f"bits of the narrower factor, {kind.long} of the wider", kind.source)
    inputs, weights, each = signed_bits(products.source), factor_bits(products), slices_a_product(products, kind)
    what = f"a product of {inputs} x {weights} bits (two's complement) takes {each} {kind.name}"
    changes = _changes(products, kind, context)
    return Finding(Rule.DSP_WIDTH, Severity.WARNING, products.layer, what, limit, _remedy(changes), changes)


def _remedy(changes: Changes) -> str:
    return proposed(changes, "drops low bits") if changes else "narrower inputs and weights"


def _changes(products: Products, kind: Slice, context: Context) -> Changes:
    """Fewest low bits dropped, from the input or the weights."""

    def passes(after: Context) -> bool:
        return not any(_is_too_wide(one, kind) for one in of_layer(after, products.layer))

    return first_that_passes(context, _options(products, kind, context), passes)


def _options(products: Products, kind: Slice, context: Context) -> Iterator[Changes]:
    """The input into one port of the multiplier and the weights into the other; first what drops fewer bits."""
    inputs, weights = signed_bits(products.source), factor_bits(products)
    ports = ((kind.long, kind.short), (kind.short, kind.long))
    dropped = sorted(((max(inputs - one, 0), max(weights - other, 0)) for one, other in ports), key=sum)
    source = _producer(products, context)
    for of_input, of_weights in dropped:
        yield (
            *_narrowing(source, context.type_key(source), products.source, of_input),
            *_narrowing(stem(products.layer), Key.WEIGHTS, products.weights.type, of_weights),
        )


def _narrowing(name: str, key: Key, kind: Fixed, dropped: int) -> Changes:
    return (Change(name, key, str(narrowed(kind, dropped))),) if 0 < dropped < kind.width else ()


def narrowed(kind: Fixed, dropped: int) -> Fixed:
    """`kind` without its lowest bits."""
    return Fixed(kind.signed, kind.width - dropped, kind.integer, kind.rounding, kind.overflow)


def _producer(products: Products, context: Context) -> str:
    """The tensor whose type the products see: a state's own layer, and behind Reshapes what they rename."""
    operation = context.program.operation(products.layer)
    if isinstance(operation, RecurrentNode) and products.node is operation.recurrent:
        return stem(products.layer)
    name = operation.inputs[0]
    by_name = {one.name: one for one in context.program.operations}
    while isinstance(by_name.get(name), Reshape):
        name = by_name[name].inputs[0]
    return stem(name)

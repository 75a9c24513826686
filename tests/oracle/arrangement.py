"""Moving values: nested lists in, nested lists out, element by element."""

from fractions import Fraction
from itertools import product

from tests.oracle import fit


def element(nested, place):
    """The element at a tuple of indices."""
    for index in place:
        nested = nested[index]
    return nested


def build(shape, value):
    """Nested lists of `shape` with value(place) at each place."""
    if not shape:
        return value(())
    return [build(shape[1:], lambda rest, i=i: value((i, *rest))) for i in range(shape[0])]


def shape_of(nested):
    """The lengths of nested lists, outermost first."""
    return (len(nested), *shape_of(nested[0])) if isinstance(nested, list) else ()


def rearrange(x, permutation, repeats, padding, kind):
    """Where each element of the result comes from, found by walking back: cropped or padded, repeated, permuted."""
    old = [shape_of(x)[axis] for axis in permutation]
    new = [n * r + sum(p) for n, r, p in zip(old, repeats, padding, strict=True)]

    def value(place):
        source = [(i - before) // r for i, (before, _), r in zip(place, padding, repeats, strict=True)]
        inside = all(0 <= s < n for s, n in zip(source, old, strict=True))
        back = [0] * len(permutation)
        for axis, s in zip(permutation, source, strict=True):
            back[axis] = s
        return fit(element(x, back) if inside else Fraction(0), kind)

    return build(new, value)


def reshape(x, shape):
    """The same values in row order."""
    flat = [element(x, place) for place in product(*map(range, shape_of(x)))]
    return build(shape, lambda place: flat[position(place, shape)])


def position(place, shape):
    """How many elements come before `place` in row order."""
    count = 0
    for index, size in zip(place, shape, strict=True):
        count = count * size + index
    return count


def concatenate(parts, axis, kind):
    """Parts joined along `axis`."""
    if axis == 0:
        return [cast(item, kind) for part in parts for item in part]
    return [concatenate(rows, axis - 1, kind) for rows in zip(*parts, strict=True)]


def cast(nested, kind):
    """Every element cast."""
    return [cast(item, kind) for item in nested] if isinstance(nested, list) else fit(nested, kind)

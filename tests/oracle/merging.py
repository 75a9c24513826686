"""Two tensors into one: flat lists of Fractions."""

from fractions import Fraction

from tests.oracle import fit


def merge(kind, a, b, types, result):
    """Element by element, the shorter list from its start again; `types` are those of a and b."""
    length = max(len(a), len(b))
    return [fit(one(kind, a[i % len(a)], b[i % len(b)], types), result) for i in range(length)]


def one(kind, a, b, types):
    """Two elements, exactly."""
    if kind == "add":
        return a + b
    if kind == "subtract":
        return a - b
    if kind == "multiply":
        return a * b
    if kind == "average":
        return (a + b) / 2
    first, second = pattern(a, *types, left=True), pattern(b, *types[::-1], left=False)
    if kind == "maximum":
        return a if first > second else b
    return a if first < second else b


def pattern(x, kind, other_kind, left):
    """What the C++ compares: the value, or what its bits mean without a sign where its rules are those of C."""
    mine, others = aligned(kind, other_kind, left), aligned(other_kind, kind, not left)
    if kind.signed and not other_kind.signed and max(mine, others) >= 32 and others >= mine and x < 0:
        return x + Fraction(2) ** 2000  # beyond every value of the other
    return x


def aligned(kind, other, left):
    """The width of a type given as many bits behind the point as the other has; a left side gains one more."""
    missing = (other.width - other.integer) - (kind.width - kind.integer)
    return kind.width + missing + left if missing > 0 else kind.width


def dot(a, b, accumulator, result):
    """Products cast, sums cast in order."""
    total = Fraction(0)
    for x, y in zip(a, b, strict=True):
        total = fit(total + fit(x * y, accumulator), accumulator)
    return fit(total, result)

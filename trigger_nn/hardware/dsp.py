"""DSP slices: what one multiplies and adds, and how many a wider product takes; lint and estimate share this rule."""

from dataclasses import dataclass

from trigger_nn.hardware.parts import Device
from trigger_nn.program.fixed import Fixed

VERSAL = ("xcvc", "xcve", "xcvh", "xcvm", "xcvp", "xcvr", "xcv80")


@dataclass(frozen=True)
class Slice:
    """A DSP slice: the two's complement factors of its multiplier, and its adder, in bits."""

    name: str
    long: int
    short: int
    adder: int
    source: str


DSP48E1 = Slice("DSP48E1", 25, 18, 48, "AMD UG479 (7 series), chapter 1: a 25 x 18 multiplier, a 48-bit adder")
DSP48E2 = Slice("DSP48E2", 27, 18, 48, "AMD UG579 (UltraScale), chapter 1: a 27 x 18 multiplier, a 48-bit adder")
DSP58 = Slice("DSP58", 27, 24, 58, "AMD AM004 (Versal), DSP58 architecture: a 27 x 24 multiplier, a 58-bit adder")


def slice_of(device: Device) -> Slice:
    """The kind of DSP slice that a device has."""
    if device.name.startswith("xc7"):
        return DSP48E1
    return DSP58 if device.name.startswith(VERSAL) else DSP48E2


def slices(one: int, other: int, kind: Slice) -> int:
    """DSP slices for a product of two's complement factors of so many bits.

    A factor is cut into pieces that fit: the top one signed, those below it unsigned, with a zero for a sign bit.
    """
    straight = _pieces(one, kind.long) * _pieces(other, kind.short)
    return min(straight, _pieces(one, kind.short) * _pieces(other, kind.long))


def _pieces(bits: int, most: int) -> int:
    return 1 if bits <= most else 1 + -(-(bits - most) // (most - 1))


def signed_bits(kind: Fixed) -> int:
    """Bits of a value in two's complement."""
    return kind.width + (not kind.signed)

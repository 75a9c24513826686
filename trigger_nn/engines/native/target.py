"""Processors that code is generated for: how wide their vectors are, and which integer dot products they have."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Target:
    """A kind of processor.

    `vector` bytes make one register, which is also how many events are computed together: a value of 8 bits fills one
    register, one of 16 bits two, one of 32 bits four. `dot8`: products of four pairs of bytes added to 32 bits in one
    instruction (VNNI); `tiles`: the same for a matrix of them (AMX). `x86` has packs with saturation and products of
    two pairs of 16 bits; `packs_u16` those from 32 to unsigned 16 bits (SSE4.1); `gather` reads a table at many places.
    """

    name: str
    triple: str
    cpu: str
    features: str
    vector: int
    x86: bool = True
    packs_u16: bool = True
    dot8: str = ""
    dot16: str = ""
    gather: bool = False
    tiles: bool = False

    @property
    def lanes(self) -> int:
        """32-bit values in a register."""
        return self.vector // 4


_LINUX = "x86_64-unknown-linux-gnu"
_V3 = "+avx2,+fma,+bmi,+bmi2,+f16c,+lzcnt,+movbe,+popcnt"
_V4 = f"{_V3},+avx512f,+avx512bw,+avx512cd,+avx512dq,+avx512vl,-prefer-256-bit"

TARGETS = {
    target.name: target
    for target in (
        Target("x86-64", _LINUX, "x86-64", "", 16, packs_u16=False),
        Target("avx2", _LINUX, "x86-64-v3", _V3, 32, gather=True),
        Target("avx-vnni", _LINUX, "x86-64-v3", f"{_V3},+avxvnni", 32, dot8="avx512.vpdpbusd.256",
               dot16="avx512.vpdpwssd.256", gather=True),
        Target("avx512", _LINUX, "x86-64-v4", _V4, 64, gather=True),
        Target("avx512-vnni", _LINUX, "x86-64-v4", f"{_V4},+avx512vnni", 64, dot8="avx512.vpdpbusd.512",
               dot16="avx512.vpdpwssd.512", gather=True),
        Target("amx", _LINUX, "x86-64-v4", f"{_V4},+avx512vnni,+amx-tile,+amx-int8", 64, dot8="avx512.vpdpbusd.512",
               dot16="avx512.vpdpwssd.512", gather=True, tiles=True),
        Target("aarch64", "aarch64-unknown-linux-gnu", "generic", "+neon", 16, x86=False, packs_u16=False),
    )
}  # fmt: skip

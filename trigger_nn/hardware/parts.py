"""AMD devices that a trigger board carries, and what they hold (AMD product tables DS890, DS891, DS180, DS962/DS965).

A part number is device-package-speed grade, such as xcvu13p-flga2577-2-e. Virtex UltraScale+ and KU15P were checked
against a public table of the dies that devices are made of: VU7P and VU9P are two and three of VU3P's, VU13P is four
alike, VU35P and VU37P are one of 439,680 LUTs and one or two of 432,000; KU115 is two of 331,680.
"""

import re
from dataclasses import dataclass

from trigger_nn.errors import RecipeError


@dataclass(frozen=True)
class Device:
    """What one device holds: look-up tables, flip-flops, DSP slices, 36-kbit block RAMs, 288-kbit UltraRAMs.

    `slrs` is the number of super logic regions, the dies that the device is made of. Few wires cross between them, so
    that a network is best kept within one.
    """

    name: str
    lut: int
    ff: int
    dsp: int
    bram: int
    uram: int = 0
    slrs: int = 1

    def of_slr(self, resource: str) -> float:
        """What one super logic region holds of 'lut', 'ff', 'dsp', 'bram' or 'uram': the mean, exact where alike."""
        return float(getattr(self, resource) / self.slrs)


DEVICES = (
    Device("xcvu13p", 1_728_000, 3_456_000, 12_288, 2_688, 1_280, 4),
    Device("xcvu11p", 1_296_000, 2_592_000, 9_216, 2_016, 960, 3),
    Device("xcvu9p", 1_182_240, 2_364_480, 6_840, 2_160, 960, 3),
    Device("xcvu7p", 788_160, 1_576_320, 4_560, 1_440, 640, 2),
    Device("xcvu3p", 394_080, 788_160, 2_280, 720, 320),
    Device("xcvu37p", 1_303_680, 2_607_360, 9_024, 2_016, 960, 3),
    Device("xcvu35p", 871_680, 1_743_360, 5_952, 1_344, 640, 2),
    Device("xcku15p", 522_720, 1_045_440, 1_968, 984, 128),
    Device("xcku115", 663_360, 1_326_720, 5_520, 2_160, 0, 2),
    Device("xcku040", 242_400, 484_800, 1_920, 600),
    Device("xczu7ev", 230_400, 460_800, 1_728, 312, 96),
    Device("xc7vx690t", 433_200, 866_400, 3_600, 1_470),
    Device("xcu250", 1_728_000, 3_456_000, 12_288, 2_688, 1_280, 4),  # a VU13P
    Device("xcu50", 871_680, 1_743_360, 5_952, 1_344, 640, 2),  # a VU35P
)


@dataclass(frozen=True)
class Board:
    """A trigger's processing board, the device that computes on it, and where that is written."""

    name: str
    device: str
    source: str


BOARDS = (
    Board("CTP7", "xc7vx690t", "indico.cern.ch/event/489996 (contribution 2213214), 357738 (848770)"),
    Board("MP7", "xc7vx690t", "indico.cern.ch/event/489996 (contribution 2213214), 357738 (848770)"),
)


def device_of(part: str) -> Device:
    """The device of a part number.

    Raises:
        RecipeError: the device is not in the table.
    """
    for device in DEVICES:
        rest = part.removeprefix(device.name)
        # UltraScale parts go on with a dash, 7-series parts with the package: xc7vx690tffg1927-2.
        if rest != part and re.fullmatch(r"(-?[a-z]{3,4}\d+)?-[123][A-Za-z]{0,2}(-[eil])?", rest):
            return device
    known = ", ".join(device.name for device in DEVICES)
    raise RecipeError(
        f"unknown part {part!r}; write device-package-speed, such as 'xcvu13p-flga2577-2-e', of one of: {known}"
    )

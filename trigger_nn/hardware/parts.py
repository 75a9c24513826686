"""AMD devices that a trigger board carries, and what they hold (AMD product tables DS890, DS891, DS180, DS962/DS965).

A part number is device-package-speed grade, such as xcvu13p-flga2577-2-e.
"""

import re
from dataclasses import dataclass

from trigger_nn.errors import RecipeError


@dataclass(frozen=True)
class Device:
    """What one device holds: look-up tables, flip-flops, DSP slices, 36-kbit block RAMs."""

    name: str
    lut: int
    ff: int
    dsp: int
    bram: int


DEVICES = (
    Device("xcvu13p", 1_728_000, 3_456_000, 12_288, 2_688),
    Device("xcvu9p", 1_182_240, 2_364_480, 6_840, 2_160),
    Device("xcvu7p", 788_160, 1_576_320, 4_560, 1_440),
    Device("xcku15p", 522_720, 1_045_440, 1_968, 984),
    Device("xcku115", 663_360, 1_326_720, 5_520, 2_160),
    Device("xcku040", 242_400, 484_800, 1_920, 600),
    Device("xczu7ev", 230_400, 460_800, 1_728, 312),
    Device("xc7vx690t", 433_200, 866_400, 3_600, 1_470),
    Device("xcu250", 1_728_000, 3_456_000, 12_288, 2_688),
    Device("xcu50", 872_000, 1_743_000, 5_952, 1_344),
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

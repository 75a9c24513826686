"""What one count is worth, for towers and for candidates."""

import math
from typing import Annotated

from pydantic import Field

from trigger_nn.recipe import Part, PositiveFloat

REACH = 5.5  # largest |eta| that is ever counted
Bits = Annotated[int, Field(ge=1, le=24)]


class Units(Part):
    """What one count is worth, for towers and for candidates."""

    tower_lsb: PositiveFloat = 0.5  # GeV
    tower_bits: Bits = 8
    candidate_lsb: PositiveFloat = 0.25  # GeV
    candidate_bits: Bits = 14
    phi_steps: Annotated[int, Field(ge=8, le=65536)] = 1440  # in a turn; a step in eta is as large

    @property
    def angle(self) -> float:
        """One count of eta or phi (rad)."""
        return 2 * math.pi / self.phi_steps

    @property
    def angle_bits(self) -> int:
        """Width of a signed eta or phi anywhere in the detector."""
        return 1 + math.ceil(math.log2(max(self.phi_steps / 2, REACH / self.angle)))

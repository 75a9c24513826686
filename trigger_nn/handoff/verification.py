"""What a verification of a bundle found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it holds (None: could not be looked at here), and what was found."""

    name: str
    holds: bool | None
    found: str


@dataclass(frozen=True)
class Verification:
    """Everything that was looked at in the bundle of this digest."""

    digest: str
    checks: tuple[Check, ...]

    @property
    def holds(self) -> bool:
        """Whether nothing was found wrong."""
        return all(check.holds is not False for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        """What does not hold."""
        return tuple(check for check in self.checks if check.holds is False)

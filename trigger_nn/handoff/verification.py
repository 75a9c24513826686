"""What a verification of a bundle found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: whether it holds (None: could not be looked at here), and what was found.

    `needed`: whoever relies on the bundle needs this to have been looked at.
    """

    name: str
    holds: bool | None
    found: str
    needed: bool = True


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
    def complete(self) -> bool:
        """Whether all that is needed was looked at, and holds."""
        return self.holds and not self.unchecked

    @property
    def unchecked(self) -> tuple[Check, ...]:
        """What is needed, but could not be looked at here."""
        return tuple(check for check in self.checks if check.holds is None and check.needed)

    @property
    def failures(self) -> tuple[Check, ...]:
        """What does not hold."""
        return tuple(check for check in self.checks if check.holds is False)

"""What a bundle must be to come into a store."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.bundle import MANIFEST, SUMS, Bundle, sums
from trigger_nn.handoff.store.names import named
from trigger_nn.handoff.verification import Verification


@dataclass(frozen=True)
class Admitted:
    """Names of the checks that were made and hold, and of those that could not be made."""

    checks: tuple[str, ...]
    unchecked: tuple[str, ...]


def identified(bundle: Bundle) -> str:
    """The name of a bundle, from its manifest.

    Raises:
        HandoffError: files were altered since the bundle was made, or it has no manifest with a name.
    """
    if bundle.files.get(SUMS) != sums(bundle.files):
        raise HandoffError(f"The bundle's files are not those that its {SUMS} lists; make the bundle again.")
    try:
        name = json.loads(bundle.files[MANIFEST])["name"]
    except (KeyError, ValueError, TypeError):
        raise HandoffError(f"The bundle's {MANIFEST} is missing or gives no name; make the bundle again.") from None
    return named(str(name))


def admitted(bundle: Bundle, verify: Callable[[Bundle], Verification]) -> Admitted:
    """Verify `bundle`.

    Raises:
        HandoffError: something does not hold, or was not looked at, or it was another bundle that was looked at.
    """
    found = verify(bundle)
    if found.holds and found.unchecked:
        told = "; ".join(f"{check.name} ({check.found})" for check in found.unchecked)
        raise HandoffError(f"The bundle is not published, as its verification is not complete: {told}.")
    if found.failures:
        told = "; ".join(f"{check.name} ({check.found})" for check in found.failures)
        raise HandoffError(f"The bundle is not published, as it fails its verification: {told}. Make it again.")
    made = tuple(check.name for check in found.checks if check.holds)
    if found.digest != bundle.digest or not made:
        raise HandoffError("The bundle is not published, as nothing of it was verified; verify this very bundle.")
    return Admitted(made, tuple(check.name for check in found.checks if check.holds is None))

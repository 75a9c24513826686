"""How much of the device a design takes when it must take an event every bunch crossing."""

from typing import Literal

from trigger_nn.handoff.interface.description import Sharing
from trigger_nn.hardware.estimate import Estimate

HARDLY, WHOLE = 60.0, 100.0  # %; a design that fills more than the first is hard to place and route
NAMES: dict[str, Literal["LUT", "FF", "DSP", "BRAM36"]] = {"lut": "LUT", "ff": "FF", "dsp": "DSP", "bram": "BRAM36"}


def sharing_of(estimate: Estimate) -> Sharing:
    """What one instance, and all that are needed, take of the resource of which they take the greatest share."""
    scarcest = max(NAMES, key=estimate.share)
    one = 100.0 * estimate.share(scarcest)
    every = one * estimate.instances
    return Sharing(
        kind="estimate",
        resource=NAMES[scarcest],
        instances=estimate.instances,
        one_percent=one,
        all_percent=every,
        at_least=bool(estimate.unmodelled),
        verdict="does not fit" if every > WHOLE else "hardly fits" if every > HARDLY else "",
    )


def told(sharing: Sharing) -> str:
    """The same in words: `11 instances take an event every bunch crossing: 11 x 8.1 % = 89 % of the part's LUT`."""
    count, least = sharing.instances, "at least " if sharing.at_least else ""
    who = "1 instance takes" if count == 1 else f"{count} instances take"
    product = "" if count == 1 else f"{count} x {_percent(sharing.one_percent)} = "
    share = f"{product}{least}{_percent(sharing.all_percent)} of the part's {sharing.resource}"
    return f"{who} an event every bunch crossing: {share}{', which ' if sharing.verdict else ''}{sharing.verdict}"


def _percent(value: float) -> str:
    return f"{value:.1f} %" if value < 10 else f"{value:.0f} %"

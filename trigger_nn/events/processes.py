"""Physics processes as lists of Pythia 8 settings (https://pythia.org/latest-manual/).

A process is a value: its name labels events on disk, its settings are recorded with them.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Process:
    """One Pythia process; `weighted` says that its events carry weights that matter."""

    name: str
    settings: tuple[str, ...]
    description: str
    weighted: bool = False


INELASTIC = Process(
    "inelastic",
    ("SoftQCD:inelastic = on",),
    "inelastic proton-proton collisions: pile-up",
)


def qcd(minimum_pt_hat: float) -> Process:
    """Hard QCD 2->2 above `minimum_pt_hat` (GeV), biased towards high pT so that the steep tail is populated.

    The selection bias (pT/pTref)^4 is undone by the event weight, so weighted distributions are the physical ones.
    """
    return Process(
        "qcd",
        (
            "HardQCD:all = on",
            f"PhaseSpace:pTHatMin = {minimum_pt_hat:g}",
            "PhaseSpace:bias2Selection = on",
            "PhaseSpace:bias2SelectionPow = 4",
            f"PhaseSpace:bias2SelectionRef = {minimum_pt_hat:g}",
        ),
        f"QCD jets with pTHat > {minimum_pt_hat:g} GeV, weighted",
        weighted=True,
    )


def resonant_hh4b(mass: float) -> Process:
    """A narrow scalar of `mass` (GeV) from gluon fusion, decaying to two Higgs bosons, each to two b quarks."""
    return Process(
        "hh4b",
        (
            "Higgs:useBSM = on",
            "HiggsBSM:gg2H2 = on",
            f"35:m0 = {mass:g}",
            "35:mWidth = 0.1",
            "35:doForceWidth = on",
            f"35:mMin = {mass - 5:g}",
            f"35:mMax = {mass + 5:g}",
            "35:onMode = off",
            "35:onIfMatch = 25 25",
            "25:m0 = 125",
            "25:onMode = off",
            "25:onIfMatch = 5 -5",
        ),
        f"X({mass:g} GeV) -> HH -> 4 b",
    )


VBF_INVISIBLE = Process(
    "vbf_inv",
    (
        "HiggsSM:ff2Hff(t:ZZ) = on",
        "HiggsSM:ff2Hff(t:WW) = on",
        "25:m0 = 125",
        "25:onMode = off",
        "25:onIfMatch = 23 23",
        "23:onMode = off",
        "23:onIfAny = 12 14 16",
    ),
    "vector-boson fusion H -> invisible (Z Z* -> 4 neutrinos)",
)

"""Physics processes as lists of Pythia 8 settings (https://pythia.org/latest-manual/).

A process is a value: its name labels events on disk, its settings are recorded with them. `CATALOGUE` holds those that
trigger studies ask for; any other list of settings is a process too.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from trigger_nn.errors import RecipeError

LIGHTEST_NEUTRALINO = 1000022  # also our stand-in for what a Higgs boson decays to unseen
_INVISIBLE_HIGGS = (
    "25:m0 = 125",
    "25:onMode = off",
    f"25:addChannel = 1 1.0 100 {LIGHTEST_NEUTRALINO} {LIGHTEST_NEUTRALINO}",
    f"{LIGHTEST_NEUTRALINO}:m0 = 10",
    f"{LIGHTEST_NEUTRALINO}:mayDecay = off",
)
_HADRONIC_W = ("24:onMode = off", "24:onIfAny = 1 2 3 4 5")
_HADRONIC_Z = ("23:onMode = off", "23:onIfAny = 1 2 3 4 5")
_PURE_Z = "WeakZ0:gmZmode = 2"


@dataclass(frozen=True)
class Process:
    """One Pythia process. `weighted`: its events carry weights that matter. `slha`: text of an SLHA file, or empty."""

    name: str
    settings: tuple[str, ...]
    description: str
    weighted: bool = False
    slha: str = ""


INELASTIC = Process(
    "inelastic",
    ("SoftQCD:inelastic = on",),
    "inelastic proton-proton collisions: pile-up, minimum bias",
)


def qcd(minimum_pt_hat: float, maximum_pt_hat: float = 0.0, weighted: bool = True) -> Process:
    """Hard QCD 2->2 with pTHat (GeV) above the minimum, and below the maximum unless that is 0.

    `weighted` events are biased towards high pT, so that the steep tail is populated: the bias (pT / minimum)^4 is
    undone by the event weight, so that weighted distributions are the physical ones. Without, one pTHat bin.
    """
    bias = (
        "PhaseSpace:bias2Selection = on",
        "PhaseSpace:bias2SelectionPow = 4",
        f"PhaseSpace:bias2SelectionRef = {minimum_pt_hat:g}",
    )
    top = f" to {maximum_pt_hat:g}" if maximum_pt_hat else ""
    return Process(
        "qcd",
        ("HardQCD:all = on", *_pt_hat(minimum_pt_hat, maximum_pt_hat), *(bias if weighted else ())),
        f"QCD jets with pTHat > {minimum_pt_hat:g}{top} GeV{', weighted' if weighted else ''}",
        weighted,
    )


def ttbar() -> Process:
    """Top-quark pairs, all decays."""
    return Process("ttbar", ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on"), "top-quark pairs")


def resonant_hh4b(mass: float = 300.0) -> Process:
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


def vbf_invisible() -> Process:
    """Vector-boson fusion, the Higgs boson decaying to two unseen particles."""
    hard = ("HiggsSM:ff2Hff(t:ZZ) = on", "HiggsSM:ff2Hff(t:WW) = on")
    return Process("vbf_inv", (*hard, *_INVISIBLE_HIGGS), "vector-boson fusion H -> invisible")


def tth_invisible() -> Process:
    """A Higgs boson with a top-quark pair, decaying to two unseen particles."""
    hard = ("HiggsSM:gg2Httbar = on", "HiggsSM:qqbar2Httbar = on")
    return Process("tth_inv", (*hard, *_INVISIBLE_HIGGS), "ttH, H -> invisible")


def zh_invisible() -> Process:
    """A Higgs boson with a Z boson, decaying to two unseen particles; the Z to anything but neutrinos."""
    visible = ("23:onMode = on", "23:offIfAny = 12 14 16")
    return Process("zh_inv", ("HiggsSM:ffbar2HZ = on", *visible, *_INVISIBLE_HIGGS), "ZH, H -> invisible")


def boosted_top(minimum_pt_hat: float = 1000.0, maximum_pt_hat: float = 1100.0) -> Process:
    """Top-quark pairs of high pT, both decaying to quarks."""
    hard = ("Top:gg2ttbar = on", "Top:qqbar2ttbar = on")
    return _boosted("top_jets", hard + _HADRONIC_W, minimum_pt_hat, maximum_pt_hat, "tt, both hadronic")


def boosted_w(minimum_pt_hat: float = 1000.0, maximum_pt_hat: float = 1100.0) -> Process:
    """Pairs of W bosons of high pT, both decaying to quarks."""
    hard = ("WeakDoubleBoson:ffbar2WW = on", *_HADRONIC_W)
    return _boosted("w_jets", hard, minimum_pt_hat, maximum_pt_hat, "WW, both hadronic")


def boosted_z(minimum_pt_hat: float = 1000.0, maximum_pt_hat: float = 1100.0) -> Process:
    """Pairs of Z bosons of high pT, both decaying to quarks."""
    hard = ("WeakDoubleBoson:ffbar2gmZgmZ = on", _PURE_Z, *_HADRONIC_Z)
    return _boosted("z_jets", hard, minimum_pt_hat, maximum_pt_hat, "ZZ, both hadronic")


def quark_jets(minimum_pt_hat: float = 1000.0, maximum_pt_hat: float = 1100.0) -> Process:
    """Pairs of light quarks of high pT."""
    hard = ("HardQCD:qq2qq = on", "HardQCD:gg2qqbar = on", "HardQCD:qqbar2qqbarNew = on")
    return _boosted("quark_jets", hard, minimum_pt_hat, maximum_pt_hat, "pairs of light quarks")


def gluon_jets(minimum_pt_hat: float = 1000.0, maximum_pt_hat: float = 1100.0) -> Process:
    """Pairs of gluons of high pT."""
    hard = ("HardQCD:gg2gg = on", "HardQCD:qqbar2gg = on")
    return _boosted("gluon_jets", hard, minimum_pt_hat, maximum_pt_hat, "pairs of gluons")


def zprime_tt(mass: float = 2000.0) -> Process:
    """A Z' boson of `mass` (GeV) decaying to top quarks, without interference."""
    return Process(
        "zprime_tt",
        (
            "NewGaugeBoson:ffbar2gmZZprime = on", "Zprime:gmZmode = 3", f"32:m0 = {mass:g}",
            f"PhaseSpace:mHatMin = {mass / 2:g}", "32:onMode = off", "32:onIfAny = 6",
        ),
        f"Z'({mass:g} GeV) -> tt",
    )  # fmt: skip


def gluino_pair(mass: float = 2000.0, neutralino_mass: float = 100.0) -> Process:
    """Pairs of gluinos, each decaying to two light quarks and a neutralino (masses in GeV)."""
    return Process(
        "gluinos",
        ("SUSY:gg2gluinogluino = on", "SUSY:qqbar2gluinogluino = on"),
        f"gluino pairs, {mass:g} GeV, each -> q q neutralino ({neutralino_mass:g} GeV)",
        slha=_gluino_slha(mass, neutralino_mass),
    )


def z_ee() -> Process:
    """Z bosons decaying to electrons, 60 to 120 GeV."""
    return _drell_yan("z_ee", 11, "Z -> ee")


def z_tautau() -> Process:
    """Z bosons decaying to tau leptons, 60 to 120 GeV."""
    return _drell_yan("z_tautau", 15, "Z -> tau tau")


def w_enu() -> Process:
    """W bosons decaying to an electron and a neutrino."""
    return Process("w_enu", ("WeakSingleBoson:ffbar2W = on", "24:onMode = off", "24:onIfAny = 11"), "W -> e nu")


def prompt_photons(minimum_pt_hat: float = 30.0) -> Process:
    """Prompt photons with pTHat (GeV) above the minimum."""
    return Process(
        "photons", ("PromptPhoton:all = on", *_pt_hat(minimum_pt_hat, 0.0)), f"photons, pTHat > {minimum_pt_hat:g} GeV"
    )


def inelastic() -> Process:
    """One inelastic collision: with pile-up 0, minimum bias."""
    return INELASTIC


CATALOGUE: Mapping[str, Callable[..., Process]] = MappingProxyType(
    {
        make.__name__: make
        for make in (
            inelastic, qcd, ttbar, resonant_hh4b, vbf_invisible, tth_invisible, zh_invisible, boosted_top, boosted_w,
            boosted_z, quark_jets, gluon_jets, zprime_tt, gluino_pair, z_ee, z_tautau, w_enu, prompt_photons,
        )
    }
)  # fmt: skip
ZERO_BIAS: Literal["zero_bias"] = "zero_bias"  # crossings with pile-up alone: no process of its own


def catalogued(kind: str, parameters: Mapping[str, float | bool]) -> Process:
    """The process `kind` of the catalogue, with `parameters`.

    Raises:
        RecipeError: an unknown kind, or a parameter that it does not have or that is missing.
    """
    if kind not in CATALOGUE:
        raise RecipeError(
            f"there is no process {kind!r}; known: {', '.join((ZERO_BIAS, *CATALOGUE))}, or give settings"
        )
    known = inspect.signature(CATALOGUE[kind]).parameters
    wrong = [name for name in parameters if name not in known]
    if wrong:
        raise RecipeError(f"process {kind!r} has no parameter {wrong[0]!r}; it has: {', '.join(known) or 'none'}")
    missing = [n for n, p in known.items() if p.default is p.empty and n not in parameters]
    if missing:
        raise RecipeError(f"process {kind!r} needs the parameter {missing[0]!r}; add it")
    return CATALOGUE[kind](**parameters)


def _pt_hat(minimum: float, maximum: float) -> tuple[str, ...]:
    low = f"PhaseSpace:pTHatMin = {minimum:g}"
    return (low, f"PhaseSpace:pTHatMax = {maximum:g}") if maximum else (low,)


def _boosted(name: str, settings: tuple[str, ...], minimum: float, maximum: float, what: str) -> Process:
    return Process(name, (*settings, *_pt_hat(minimum, maximum)), f"{what}, pTHat {minimum:g} to {maximum:g} GeV")


def _drell_yan(name: str, lepton: int, what: str) -> Process:
    return Process(
        name,
        (
            "WeakSingleBoson:ffbar2gmZ = on", _PURE_Z, "23:onMode = off", f"23:onIfAny = {lepton}",
            "PhaseSpace:mHatMin = 60", "PhaseSpace:mHatMax = 120",
        ),
        what,
    )  # fmt: skip


def _gluino_slha(mass: float, neutralino: float) -> str:
    """A simplified model (SLHA, hep-ph/0311123): all other superpartners out of reach."""
    out_of_reach = [1000001, 1000002, 1000003, 1000004, 1000005, 1000006]
    out_of_reach += [2000001, 2000002, 2000003, 2000004, 2000005, 2000006]
    masses = [f"  {code}  1.0E+05" for code in out_of_reach]
    decays = [f"  0.25  3  {quark}  -{quark}  {LIGHTEST_NEUTRALINO}" for quark in (1, 2, 3, 4)]
    # Pythia wants mixings, though only masses matter here: the lightest neutralino a pure bino, no mixing elsewhere.
    mixings = [_identity("NMIX", 4), _identity("UMIX", 2), _identity("VMIX", 2)]
    mixings += [_identity(f"{name}MIX", 2) for name in ("STOP", "SBOT", "STAU")]
    heavy = [f"  {code}  1.0E+05" for code in (1000023, 1000025, 1000035, 1000024, 1000037, *range(1000011, 1000017))]
    heavy += [f"  {code}  1.0E+05" for code in (2000011, 2000013, 2000015, 35, 36, 37)]
    lines = (
        "BLOCK MODSEL", "  1  0", *mixings, "BLOCK ALPHA", "  -0.1", "BLOCK MINPAR", "  3  10.0",
        "BLOCK HMIX Q= 1.0E+03", "  1  1.0E+03", "  2  10.0",
        "BLOCK MASS", "  25  125.0", f"  {LIGHTEST_NEUTRALINO}  {neutralino:.6E}", f"  1000021  {mass:.6E}", *masses,
        *heavy, "DECAY  1000021  1.0", *decays, f"DECAY  {LIGHTEST_NEUTRALINO}  0.0", "",
    )  # fmt: skip
    return "\n".join(lines)


def _identity(name: str, size: int) -> str:
    rows = [f"  {i}  {j}  {float(i == j)}" for i in range(1, size + 1) for j in range(1, size + 1)]
    return "\n".join((f"BLOCK {name}", *rows))

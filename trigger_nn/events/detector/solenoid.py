"""The solenoid: where charged particles meet the calorimeter, in the barrel or in the endcap."""

import numpy as np

from trigger_nn.events.detector.parameters import DetectorSpec


def at_calorimeter(
    pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, charge: np.ndarray, spec: DetectorSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Pseudorapidity and azimuth (rad) at the calorimeter's face; pT in GeV, charge in e. Infinite eta: never there.

    A particle of pT and charge q turns on a circle of radius R = pT / (0.3 |q| B) metres. After an arc s its distance
    from the beam is 2 R sin(s / 2R), its azimuth has changed by s / 2R, and z = s sinh(eta). It meets the barrel if the
    circle reaches it before the arc has led to the endcap; else the endcap, after however many turns.
    """
    if not spec.has("bending"):
        return eta, phi
    radius, length = spec.solenoid.radius, spec.solenoid.half_length
    half = 0.3 * spec.solenoid.field * np.abs(charge) / (2 * pt)  # 1 / 2R
    curved = half * radius > 1e-9
    safe = np.where(curved, half, 1.0)
    slope = np.sinh(eta)
    to_barrel = np.where(curved, np.arcsin(np.minimum(safe * radius, 1.0)) / safe, radius)
    barrel = (half * radius < 1) & (to_barrel * np.abs(slope) <= length)
    arc = np.where(barrel, to_barrel, length / np.maximum(np.abs(slope), 1e-9))
    swing = np.where(curved, half * arc, 0.0)
    distance = np.where(curved, np.abs(np.sin(swing)) / safe, arc)
    z = arc * slope
    there = np.arcsinh(z / np.maximum(distance, 1e-9))
    behind = np.sin(swing) < 0  # beyond half a turn the particle comes back on the other side
    turned = phi - np.sign(charge) * swing + np.pi * behind
    never = ~barrel & (np.abs(slope) < 1e-6)
    return np.where(never, np.inf, there), turned

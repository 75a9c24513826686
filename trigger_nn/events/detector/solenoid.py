"""The solenoid: where charged particles meet the calorimeter, and which never do."""

import numpy as np

from trigger_nn.events.detector.parameters import DetectorSpec


def at_calorimeter(
    pt: np.ndarray, eta: np.ndarray, phi: np.ndarray, charge: np.ndarray, spec: DetectorSpec
) -> tuple[np.ndarray, np.ndarray]:
    """Azimuth (rad) at the calorimeter's face, and whether the particle gets there; pT in GeV, charge in e.

    A particle of pT and charge q turns on a circle of radius pT / (0.3 |q| B) metres; at transverse distance r its
    azimuth has changed by asin(r / (2 radius)). Beyond the barrel the lever arm is that to the endcap's face.
    """
    if not spec.has("bending"):
        return phi, np.ones(len(phi), bool)
    solenoid = spec.solenoid
    slope = np.maximum(np.abs(np.sinh(eta)), 1e-6)
    distance = np.minimum(solenoid.radius, solenoid.half_length / slope)
    sine = 0.3 * solenoid.field * distance * charge / (2 * pt)
    reaches = np.abs(sine) < 1
    return phi - np.arcsin(np.where(reaches, sine, 0.0)), reaches

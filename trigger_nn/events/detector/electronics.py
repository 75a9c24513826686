"""The front end: energies become integers, once; and the pulses that the integers are read from.

Behind this module everything is integer arithmetic that firmware could do.
"""

import math
from dataclasses import dataclass

import numpy as np

from trigger_nn.events.detector.grid import SECTIONS, TowerGrid
from trigger_nn.events.detector.parameters import DetectorSpec, PulseSpec
from trigger_nn.events.quantities import Quantity
from trigger_nn.events.units import Units
from trigger_nn.program.fixed import Fixed

FINER = 1024  # quantization off: as many counts for one
WIDE = 24  # saturation off: bits


def tower_quantity(spec: DetectorSpec, units: Units) -> Quantity:
    """What a count of a tower's section means, with stages switched off or not."""
    finer = 1 if spec.has("quantization") else FINER
    width = units.tower_bits + round(math.log2(finer))
    width = width if spec.has("saturation") else max(width, WIDE)
    return Quantity("et", "GeV", Fixed(False, width, width), units.tower_lsb / finer)


def candidate_units(spec: DetectorSpec, units: Units) -> Units:
    """Units of candidates, with stages switched off or not."""
    bits = units.candidate_bits if spec.has("saturation") else WIDE
    return units.model_copy(update={"candidate_bits": bits})


def digitise(energy: np.ndarray, spec: DetectorSpec, units: Units) -> np.ndarray:
    """Channel energies (n, channels) in GeV -> tower counts (n, 2, eta, phi): suppressed, truncated, saturated."""
    if spec.has("zero_suppression"):
        energy = np.where(energy < spec.zero_suppression, 0.0, energy)
    grid = spec.towers.grid()
    return tower_quantity(spec, units).quantize(energy).reshape(-1, SECTIONS, grid.eta_bins, grid.phi_bins)


@dataclass(frozen=True)
class Pulses:
    """Samples of the hottest tower of each crossing, and the energy (GeV) that it had in time.

    samples: ADC counts (n, samples), int64. energy: (n,).
    """

    samples: np.ndarray
    energy: np.ndarray


def pulse_shape(time: np.ndarray, shaping: float) -> np.ndarray:
    """A CR-RC^2 shaper's answer to a step of charge, 1 at its peak at `shaping`; times in ns, 0 before the pulse."""
    ratio = np.maximum(time, 0.0) / shaping
    return ratio**2 * np.exp(2 * (1 - ratio))


def waveforms(around: np.ndarray, offsets: tuple[int, ...], grid: TowerGrid, spec: PulseSpec, seed: int) -> Pulses:
    """ADC samples of the tower with most energy in time: pulses of all crossings at `offsets`, noise, pedestal.

    Args:
        around: channel energies (GeV) of the crossings at `offsets`, (n, offsets, channels).
        offsets: bunch crossings, 0 among them.
        grid: the towers.
        spec: pulse, converter and noise.
        seed: of the noise.
    """
    towers = around.reshape(*around.shape[:2], SECTIONS, grid.towers).sum(axis=2)
    in_time = towers[:, offsets.index(0)]
    hottest = in_time.argmax(axis=1)
    energy = towers[np.arange(len(towers)), :, hottest]  # (n, offsets)
    samples = np.arange(spec.samples) - spec.presamples
    times = (samples[None, :] - np.array(offsets)[:, None]) * spec.crossing + spec.shaping
    analogue = energy @ pulse_shape(times, spec.shaping) / spec.lsb
    noise = np.random.default_rng(seed).normal(0.0, spec.noise, analogue.shape)
    counts = np.floor(analogue + noise + spec.pedestal)
    return Pulses(np.clip(counts, 0, 2**spec.bits - 1).astype(np.int64), in_time.max(axis=1))


def pulse_offsets(spec: PulseSpec) -> tuple[int, ...]:
    """Crossings whose pulses reach the samples: from well before the first one to where the last one begins to rise."""
    tail, rise = math.ceil(5 * spec.shaping / spec.crossing), math.ceil(spec.shaping / spec.crossing)
    return tuple(range(-spec.presamples - tail, spec.samples - spec.presamples + rise))

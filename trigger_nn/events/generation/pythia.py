"""Particles from Pythia 8: the only module that imports `pythia8mc` (GPL-2+, optional extra `sim`).

Particles come as flat arrays with offsets, one row a final-state particle; there is no Python loop over them.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from trigger_nn.errors import ToolNotFound, TriggerNNError
from trigger_nn.events.generation.particles import Particles
from trigger_nn.events.generation.processes import Process

BATCH = 250
_MULTIPARTON = "MultipartonInteractions:initFile"


class Generator:
    """One seeded Pythia instance for one process; the same seed gives the same events, whatever the batch size."""

    def __init__(
        self, process: Process, centre_of_mass_energy: float, seed: int, multiparton: Path | None = None
    ) -> None:
        """Initialise Pythia at `centre_of_mass_energy` (GeV). `seed` must lie in 1 to 900,000,000 (Pythia's range).

        `multiparton` is a file of `write_multiparton`, which saves seconds; other events come out with it than without.

        Raises:
            TriggerNNError: Pythia refuses a setting or their combination.
        """
        self._pythia = _new_pythia()
        beams = (f"Beams:eCM = {centre_of_mass_energy:g}", "Random:setSeed = on", f"Random:seed = {seed}")
        reuse = (f"{_MULTIPARTON} = {multiparton}", "MultipartonInteractions:reuseInit = 2") if multiparton else ()
        for setting in ("Print:quiet = on", "SLHA:verbose = 0", *beams, *reuse, *process.settings):
            if not self._pythia.readString(setting, False):
                raise TriggerNNError(
                    f"Pythia does not know the setting {setting!r} of process {process.name!r}; correct it."
                )
        if not self._initialised(process):
            raise TriggerNNError(
                f"Pythia could not initialise process {process.name!r}; check: {'; '.join(process.settings)}."
            )
        self._charges: dict[int, float] = {}

    def _initialised(self, process: Process) -> bool:
        if not process.slha:
            return bool(self._pythia.init())
        with tempfile.NamedTemporaryFile("w", suffix=".slha") as file:
            file.write(process.slha)
            file.flush()
            self._pythia.readString(f"SLHA:file = {file.name}")
            return bool(self._pythia.init())

    def batches(self, events: int) -> Iterator[Particles]:
        """Yield `events` collisions in batches."""
        done = 0
        while done < events:
            batch = self._pythia.nextBatch(min(BATCH, events - done))
            done += len(batch)
            yield self._final_state(batch)

    @property
    def cross_section_mb(self) -> float:
        """Cross section in mb that the generated events estimate; its precision grows with their number."""
        return float(self._pythia.infoPython().sigmaGen())

    @property
    def cross_section_error_mb(self) -> float:
        """Statistical error of `cross_section_mb`."""
        return float(self._pythia.infoPython().sigmaErr())

    @property
    def version(self) -> str:
        """Pythia's version, such as 8.317."""
        return f"{self._pythia.parm('Pythia:versionNumber'):.3f}"

    def _final_state(self, batch: Any) -> Particles:
        layout = batch.layout
        particles = layout.content("prt")
        offsets = np.asarray(particles.offsets.data)
        record = particles.content
        momentum = record.content("p")
        px, py, pz = (np.asarray(momentum.content(name).data) for name in ("px", "py", "pz"))
        keep = np.asarray(record.content("status").data) > 0
        counts = np.concatenate([[0], np.cumsum(keep)])[offsets]
        px, py, pz = px[keep], py[keep], pz[keep]
        pt = np.maximum(np.hypot(px, py), 1e-9)
        pdg_id = np.asarray(record.content("id").data)[keep]
        info = layout.content("info")
        weights = info.content("weights")
        return Particles(
            offsets=counts,
            pt=pt,
            eta=np.arcsinh(pz / pt),
            phi=np.arctan2(py, px),
            pdg_id=pdg_id,
            charge=self._charge(pdg_id),
            pt_hat=np.sqrt(np.asarray(info.content("pT2Hat").data)),
            weight=np.asarray(weights.content.data)[np.asarray(weights.offsets.data)[:-1]],
        )

    def _charge(self, pdg_id: np.ndarray) -> np.ndarray:
        kinds, where = np.unique(pdg_id, return_inverse=True)
        for kind in kinds.tolist():
            if kind not in self._charges:
                self._charges[kind] = self._pythia.particleData.charge(kind)
        return np.array([self._charges[kind] for kind in kinds.tolist()])[where]


def write_multiparton(path: Path, process: Process, centre_of_mass_energy: float) -> None:
    """Write Pythia's tables of multiparton interactions for a soft process: 4 s once, instead of for every file.

    They are made from a seed of their own, so that they are the same whoever makes them first.
    """
    reuse = ("MultipartonInteractions:reuseInit = 1", f"{_MULTIPARTON} = {path}")
    Generator(Process(process.name, (*process.settings, *reuse), process.description), centre_of_mass_energy, 1)


def _new_pythia() -> Any:
    try:
        import pythia8mc
    except ImportError as error:
        raise ToolNotFound(
            "Making events needs Pythia 8, which is not installed; run: pip install 'trigger_nn[sim]'."
        ) from error
    return pythia8mc.Pythia("", False)

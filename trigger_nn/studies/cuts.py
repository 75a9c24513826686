"""The trigger a human would write: at least four jets, and much summed or much missing transverse momentum.

It becomes a score, so that it is compared with networks on the same terms: the largest factor by which both
thresholds could be raised with the event still passing.
"""

from dataclasses import dataclass

import numpy as np

from trigger_nn.events.storage.dataset import Events, Sample
from trigger_nn.studies.rates import working_point

TIE = 1e-9


@dataclass(frozen=True)
class CutTrigger:
    """At least `jets` jets, and (summed jet momentum > `sum` GeV or missing momentum > `missing` GeV)."""

    jets: int = 4
    sum: float = 400.0
    missing: float = 200.0

    def score(self, events: Events, lsb: float) -> np.ndarray:
        """An event passes when its score is above 1; 0 where there are too few jets. `lsb` in GeV a count."""
        total = events["jet_pt"].sum(axis=1, dtype=np.int64) * lsb
        largest = np.maximum(total / self.sum, events["met"] * lsb / self.missing)
        return np.where((events["jet_pt"] > 0).sum(axis=1) >= self.jets, largest, 0.0)


def tune(sample: Sample, split: str, signal: str, backgrounds: tuple[str, ...], rate: float) -> CutTrigger:
    """Thresholds that keep most of `signal` at `rate` (Hz) on `split`: ratio of the two scanned, both scaled to it."""
    events = sample.splits[split]
    background, wanted = sample.select(split, *backgrounds), sample.select(split, signal)
    best, choice = -1.0, CutTrigger()
    for missing in np.geomspace(60, 2000, 40):
        trial = CutTrigger(missing=float(missing))
        score = trial.score(events, sample.lsb("jet_pt"))
        point = working_point(score[background], events.rate[background], rate)
        if point.threshold <= 0:  # fewer crossings have enough jets than the rate allows: any threshold will do
            continue
        kept = float((score[wanted] > point.threshold).mean())
        if kept > best:
            best = kept
            scale = point.threshold * (1 + TIE)  # an event at the threshold must fail after rounding as well
            choice = CutTrigger(sum=trial.sum * scale, missing=trial.missing * scale)
    return choice

"""From blocks of their branches to our counts, with every value that does not fit named by branch and event."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger_nn.errors import EventsError
from trigger_nn.events.foreign.mapping import UNITS, ColumnSpec, FeatureSpec, ForeignMapping, ImageSpec, column_of
from trigger_nn.events.foreign.readers import Block, Lists, Values
from trigger_nn.events.quantities import Quantity
from trigger_nn.events.storage.dataset import Events, narrowed


@dataclass(frozen=True)
class Conversion:
    """One block on its way to `Events`; `first` is the number of its first event in the file."""

    path: Path
    first: int
    block: Block
    saturated: Counter[str]

    def events(self, mapping: ForeignMapping) -> Events:
        """The block in our counts; `saturated` is counted up."""
        length = len(next(iter(self.block.values())))
        columns = {name: narrowed(self._fill(name, spec), column_of(spec)) for name, spec in mapping.columns.items()}
        weight = np.ones(length)
        if mapping.weight:
            weight = self._number(mapping.weight.branch, mapping.weight.single)
        return Events(np.zeros(length, np.uint8), np.zeros(length, "f4"), weight.astype("f4"), columns)

    def _fill(self, name: str, spec: ColumnSpec) -> np.ndarray:
        """Counts of one column, int64."""
        column = column_of(spec)
        if spec.image:
            return self._quantized(f"{name}.et", self._image(spec.image), column.quantities[0])
        if spec.count:
            values = self._hardest(spec, spec.count)
        elif spec.shape:
            values = [self._array(f, spec.shape) for f in spec.features.values()]
        else:
            values = [UNITS[f.unit].convert(self._number(f.branch, f.single, f.index)) for f in spec.features.values()]
        counts = [self._quantized(f"{name}.{q.name}", v, q) for v, q in zip(values, column.quantities, strict=True)]
        return counts[0] if len(counts) == 1 else np.stack(counts, axis=-1)

    def _quantized(self, name: str, values: np.ndarray, quantity: Quantity) -> np.ndarray:
        self.saturated[name] += int(np.count_nonzero(quantity.saturates(values)))
        return quantity.quantize(values)

    def _number(self, branch: str, single: bool, index: int | None = None) -> np.ndarray:
        """One number an event, in the file's unit."""
        values = self._indexed(branch, index)
        if single:
            lists = self._lists(branch, values)
            wrong = np.diff(lists.offsets) != 1
            if np.any(wrong):
                raise self._error(
                    branch, f"holds not exactly one number at event {self._event(wrong)}", "drop `single`"
                )
            values = lists.flat
        if isinstance(values, Lists) or values.ndim != 1:
            raise self._error(
                branch, "holds a list for every event where one number is wanted",
                "give the column a `count`, or the feature an `index`, or `single = true` for lists of one",
            )  # fmt: skip
        return self._finite(branch, values, np.arange(len(values)))

    def _array(self, feature: FeatureSpec, shape: tuple[int, ...]) -> np.ndarray:
        values = self._indexed(feature.branch, feature.index)
        if isinstance(values, Lists) or values.shape[1:] != shape:
            found = "lists" if isinstance(values, Lists) else f"shape {values.shape[1:]}"
            raise self._error(feature.branch, f"holds {found} for every event, not shape {shape}", "correct `shape`")
        return UNITS[feature.unit].convert(self._finite(feature.branch, values, np.arange(len(values))))

    def _indexed(self, branch: str, index: int | None) -> Values:
        values = self.block[branch]
        if index is None:
            return values
        array = values.flat if isinstance(values, Lists) else values
        if array.ndim < 2 or index >= array.shape[-1]:
            raise self._error(branch, f"has no place {index} on a last axis", "correct or drop `index`")
        return Lists(values.offsets, array[..., index]) if isinstance(values, Lists) else array[..., index]

    def _lists(self, branch: str, values: Values) -> Lists:
        """A list of numbers an event, finite; tables (events, length) are such lists."""
        if isinstance(values, np.ndarray) and values.ndim == 2:
            values = Lists(np.arange(len(values) + 1) * values.shape[1], values.reshape(-1))
        if not isinstance(values, Lists) or values.flat.ndim != 1:
            found = "one number" if isinstance(values, np.ndarray) and values.ndim == 1 else "an array"
            raise self._error(
                branch, f"holds {found} for every event where a list is wanted",
                "name a branch of lists, or drop `count` or `single`",
            )  # fmt: skip
        self._finite(branch, values.flat, values.event())
        return values

    def _hardest(self, spec: ColumnSpec, count: int) -> list[np.ndarray]:
        """Each feature of the `count` hardest objects in our units, (events, count)."""
        names = [f.branch for f in spec.features.values()]
        lists = self._same_lengths([(f.branch, self._indexed(f.branch, f.index)) for f in spec.features.values()])
        values = [UNITS[f.unit].convert(o.flat) for f, o in zip(spec.features.values(), lists, strict=True)]
        event = lists[0].event()
        order = np.lexsort((-values[0], event))  # stable: of equals the first stays first
        place = np.arange(len(order)) - lists[0].offsets[:-1][event]  # sorted by event, so the old numbers hold
        keep = place < count
        tables = [np.zeros((len(lists[0]), count)) for _ in names]
        for table, v in zip(tables, values, strict=True):
            table[event[keep], place[keep]] = v[order][keep]
        return tables

    def _image(self, image: ImageSpec) -> np.ndarray:
        """Sums of transverse energy in GeV, (events, eta_bins, phi_bins)."""
        eta, phi, et = self._same_lengths([(b, self.block[b]) for b in (image.eta, image.phi, image.et)])
        inside = np.abs(eta.flat) < image.eta_max
        row = np.floor((eta.flat[inside] + image.eta_max) * (image.eta_bins / (2 * image.eta_max))).astype(np.int64)
        column = np.floor((phi.flat[inside] + np.pi) * (image.phi_bins / (2 * np.pi))).astype(np.int64) % image.phi_bins
        row = np.minimum(row, image.eta_bins - 1)  # eta just below eta_max may round up
        cell = (et.event()[inside] * image.eta_bins + row) * image.phi_bins + column
        shape = (len(et), image.eta_bins, image.phi_bins)
        deposits = UNITS[image.unit].convert(et.flat[inside])
        return np.bincount(cell, deposits, minlength=int(np.prod(shape))).reshape(shape)

    def _same_lengths(self, branches: list[tuple[str, Values]]) -> list[Lists]:
        lists = [self._lists(branch, values) for branch, values in branches]
        for (branch, _), other in zip(branches, lists, strict=True):
            differs = other.offsets != lists[0].offsets
            if np.any(differs):
                event = self._event(differs) - 1
                raise self._error(
                    branch, f"and {branches[0][0]!r} hold lists of differing length at event {event}",
                    "name branches of the same objects",
                )  # fmt: skip
        return lists

    def _finite(self, branch: str, values: np.ndarray, event: np.ndarray) -> np.ndarray:
        wrong = ~np.isfinite(values)
        if np.any(wrong):
            number = self.first + int(event[np.argwhere(wrong)[0][0]])
            raise self._error(branch, f"is not finite at event {number}", "remove or mend that event")
        return values

    def _event(self, wrong: np.ndarray) -> int:
        return self.first + int(np.argmax(wrong))

    def _error(self, branch: str, what: str, remedy: str) -> EventsError:
        return EventsError(f"{self.path}: branch {branch!r} {what}; {remedy}.")

"""The log of a name: its records in order, and the one way to add to it."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store import records
from trigger_nn.handoff.store.names import is_name
from trigger_nn.handoff.store.place import Place
from trigger_nn.handoff.store.records import Record, Stamp

FOLDER = "records"
DIGITS = 8
PAUSES = (0.01, 0.05, 0.2, 1.0, 3.0)  # seconds between looks for a record that is there and not yet visible


@dataclass(frozen=True)
class Log:
    """All records of one name, the first first; each was made in knowledge of all before it."""

    name: str
    records: tuple[Record, ...] = ()
    seal: str = ""  # of the last record

    @property
    def next_stamp(self) -> Stamp:
        """For a record that follows these."""
        return records.stamp_now(len(self.records) + 1, self.seal)


def names(place: Place) -> tuple[str, ...]:
    """Names that have a log."""
    return tuple(name for name in place.names(FOLDER) if is_name(name))


def key(name: str, sequence: int) -> str:
    """Where a record is."""
    return f"{FOLDER}/{name}/{sequence:0{DIGITS}}.json"


def read_log(place: Place, name: str) -> Log:
    """The log of `name`; empty if there is none.

    Raises:
        HandoffError: a record is missing, damaged, or does not follow the one before it.
    """
    listed = [entry.removesuffix(".json") for entry in place.names(f"{FOLDER}/{name}") if entry.endswith(".json")]
    log = extended(place, Log(name))
    if len(log.records) < max((int(number) for number in listed if number.isdecimal()), default=0):
        missing = f"{place.address}/{key(name, len(log.records) + 1)}"
        raise HandoffError(f"{missing} is missing, though later ones are there; restore it from a copy of the store.")
    return log


def extended(place: Place, log: Log) -> Log:
    """`log` with what was added to it since it was read. By number: a listing may lack what is being made.

    Raises:
        HandoffError: a record is damaged, or does not follow the one before it.
    """
    while True:
        where = key(log.name, len(log.records) + 1)
        content = place.read(where)
        if content is None:
            return log
        log = _followed(log, content, f"{place.address}/{where}")


def append(place: Place, name: str, draft: Callable[[Log], Record | None]) -> Log:
    """Add the record that `draft` makes of the log as it is at that moment, or none if it makes none.

    When another writer is faster, `draft` is asked again, with what that one did. It raises to refuse.

    Raises:
        HandoffError: the log is damaged, or the place can't be written.
    """
    log, pauses = read_log(place, name), iter(PAUSES)
    while (record := draft(log)) is not None:
        where = key(name, record.stamp.sequence)
        content = records.written(record)
        if place.create(where, content):
            return _followed(log, content, where)
        before, log = log, extended(place, log)
        if len(log.records) > len(before.records):
            pauses = iter(PAUSES)
            continue
        if (pause := next(pauses, None)) is None:
            raise HandoffError(f"{place.address}/{where} can neither be made nor read; look into that folder.")
        time.sleep(pause)  # a server may refuse a name some time before it shows who has it
    return log


def _followed(log: Log, content: bytes, where: str) -> Log:
    record, seal = records.read(content, where)
    stamp = record.stamp
    if (record.name, stamp.sequence, stamp.previous) != (log.name, len(log.records) + 1, log.seal):
        raise HandoffError(
            f"{where} does not follow the record before it: one of them was replaced or altered; restore them from "
            "a copy of the store."
        )
    return Log(log.name, (*log.records, record), seal)

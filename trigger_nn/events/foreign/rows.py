"""How many events a foreign file holds, and in which tree, from its header alone."""

from pathlib import Path

from trigger_nn.errors import EventsError
from trigger_nn.events.foreign.readers import as_events_error, library, opened


def rows_of(path: Path, kind: str, tree: str | None = None) -> int:
    """Number of events in a ROOT tree or a parquet file; no event is read.

    Raises:
        EventsError, ToolNotFound: as `readers.opened`.
    """
    with opened(path, kind, tree):  # what can be wrong with the file is said there
        pass
    if kind == "parquet":
        return int(library("pyarrow.parquet").read_metadata(path).num_rows)
    with as_events_error(path, kind), library("uproot").open(path) as file:
        return int(file[tree or ""].num_entries)


def only_tree(path: Path) -> str:
    """Name of the one tree of a ROOT file.

    Raises:
        EventsError: it is no ROOT file, or has no tree, or several.
        ToolNotFound: uproot is not installed.
    """
    with as_events_error(path, "root"), library("uproot").open(path) as file:
        kinds = file.classnames().items()
        trees = sorted({name.split(";")[0] for name, kind in kinds if "TTree" in kind or "RNTuple" in kind})
    if len(trees) != 1:
        found = f"has several trees ({', '.join(trees)})" if trees else "has no tree"
        raise EventsError(f"{path} {found}; name the one that holds the events with --tree, or give another file.")
    return trees[0]

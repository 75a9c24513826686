"""The place that an address names."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from trigger_nn.handoff.store.folder import Folder
from trigger_nn.handoff.store.place import Place


def place_at(address: str | Path) -> Place:
    """The place of that path or URL; nothing is looked at yet.

    Raises:
        ToolNotFound: the URL needs fsspec, or a package of its protocol, that is not installed.
        HandoffError: fsspec does not know the protocol.
    """
    text = str(address)
    if "://" not in text:
        return Folder(Path(text))
    if text.startswith("file://"):  # our own way of making files promises more than fsspec's
        return Folder(Path(unquote(urlsplit(text).path)))
    from trigger_nn.handoff.store.remote import remote_at

    return remote_at(text)

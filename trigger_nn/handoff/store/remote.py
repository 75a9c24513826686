"""A store's place behind a URL: the only module that imports `fsspec` (optional extra `store`)."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from trigger_nn.errors import HandoffError, ToolNotFound
from trigger_nn.handoff.store.place import MARKER, unfinished

try:
    import fsspec
except ImportError as error:
    raise ToolNotFound(f"A store behind a URL needs fsspec ({error}); run: pip install 'trigger_nn[store]'.") from None

# Protocols whose backends can create a whole object if, and only if, there is none: the server decides, in one step.
CONDITIONAL = {"memory", "s3", "s3a", "gs", "gcs", "abfs", "abfss", "az"}
PAUSE = 2.0  # seconds, longer than another writer takes between looking and writing


@dataclass(frozen=True)
class Remote:
    """A folder of an fsspec file system; see `Place` for what the functions promise.

    Where the server can create a file exclusively (S3, Google, Azure, memory; it is tried, not believed), the promise
    of `create` is kept in full. Elsewhere (SFTP, WebDAV, XRootD, an S3 server without conditional writes) it is weaker:
    look, write, wait `pause` seconds, and look whether it is still ours. Then of two writers at once one wins, and the
    other is told, if writing takes no longer than the pause. If it takes longer, a record may be replaced unseen by its
    writer; the record after it shows that to every reader, as each holds the digest of the one before it.
    """

    filesystem: fsspec.AbstractFileSystem
    root: str
    address: str
    pause: float = PAUSE

    def read(self, key: str) -> bytes | None:
        """The bytes of a file; None if there is none."""
        with self._told("read", key):
            self.filesystem.invalidate_cache()  # some backends look a file up in what they listed before
            try:
                return bytes(self.filesystem.cat_file(self._path(key)))
            except (FileNotFoundError, IsADirectoryError):
                return None

    def names(self, folder: str) -> tuple[str, ...]:
        """Names directly in `folder`, sorted."""
        path = self._path(folder)
        with self._told("read", folder):
            self.filesystem.invalidate_cache()  # other writers may have been there since
            try:
                found = self.filesystem.ls(path, detail=False)
            except FileNotFoundError:
                return ()
        inside = (entry.rstrip("/") for entry in found)  # some servers list the folder itself too
        return tuple(sorted({entry.rsplit("/", 1)[-1] for entry in inside if entry != path.rstrip("/")}))

    def create(self, key: str, content: bytes) -> bool:
        """Make a file unless there is one: whether `key` now holds just `content`."""
        with self._told("written", key):
            if self._may_be_conditional and (key == MARKER or self._conditional):
                self._write_if_none(key, content)
            elif self.read(key) is None:
                self._write(key, content)
                time.sleep(self.pause)
        return self.read(key) == content  # also where the server did write, and its answer was lost

    @property
    def _may_be_conditional(self) -> bool:
        known = self.filesystem.protocol
        return bool(CONDITIONAL & ({known} if isinstance(known, str) else set(known)))

    @cached_property
    def _conditional(self) -> bool:
        """Whether the server refuses to create what exists; asked with a file whose content would stay the same."""
        content = self.read(MARKER)
        return content is not None and not self._write_if_none(MARKER, content)

    def _write_if_none(self, key: str, content: bytes) -> bool:
        """Create a file, by the server's own exclusive creation; whether it said so."""
        try:
            self.filesystem.pipe_file(self._path(key), content, mode="create")
        except FileExistsError:
            return False
        except OSError as error:  # to one of two writers at the same instant S3 says ConditionalRequestConflict
            if self.read(key) is None and "Conflict" not in str(error):
                raise
            return False
        return True

    def _write(self, key: str, content: bytes) -> None:
        """Write under a name of its own, then rename, so that nothing half-written bears the final name."""
        path, temporary = self._path(key), self._path(unfinished(key))
        self.filesystem.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
        self.filesystem.pipe_file(temporary, content)
        try:
            self.filesystem.mv(temporary, path)
        except OSError:  # some servers refuse to rename onto a file: then another writer was first
            self.filesystem.rm_file(temporary)
            if self.read(key) is None:
                raise

    def _path(self, key: str) -> str:
        return f"{self.root}/{key}" if key else self.root

    @contextlib.contextmanager
    def _told(self, done: str, key: str) -> Iterator[None]:
        """What goes wrong, as a sentence. Each backend has its own kinds of errors, not all of them OSErrors."""
        try:
            yield
        except HandoffError:
            raise
        except Exception as error:
            reason = f"{type(error).__name__}: {error}".rstrip(": ")
            raise HandoffError(
                f"{self.address}/{key} could not be {done} ({reason}); mend that, then repeat."
            ) from error


def remote_at(url: str) -> Remote:
    """The place of that URL; credentials and options are fsspec's own, from its configuration.

    Raises:
        ToolNotFound: the protocol needs a package that is not installed.
        HandoffError: fsspec does not know the protocol.
    """
    try:
        filesystem, root = fsspec.core.url_to_fs(url)
    except ImportError as error:
        raise ToolNotFound(f"The store {url} can't be reached ({error}); install that package with pip.") from None
    except ValueError as error:
        raise HandoffError(
            f"The store {url} can't be reached ({error}); give a folder, or a URL fsspec knows."
        ) from None
    return Remote(filesystem, root.rstrip("/"), url.rstrip("/"))

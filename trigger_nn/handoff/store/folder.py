"""A store's place in a local or mounted folder."""

import contextlib
import errno
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.store.place import unfinished

NO_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK}


@dataclass(frozen=True)
class Folder:
    """A folder; see `Place` for what the functions promise.

    A file is written under a name of its own, then linked to its final name: `link` is atomic, fails if the name
    is taken, and does so between the machines that mount an NFS too. The second name is removed last.
    """

    path: Path

    @property
    def address(self) -> str:
        """How a person names this place."""
        return str(self.path)

    def read(self, key: str) -> bytes | None:
        """The bytes of a file; None if there is none."""
        try:
            return (self.path / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise _refused("read", self.path / key, error) from None

    def names(self, folder: str) -> tuple[str, ...]:
        """Names directly in `folder`, sorted."""
        try:
            return tuple(sorted(os.listdir(self.path / folder)))  # noqa: PTH208 (names, not paths)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise _refused("read", self.path / folder, error) from None

    def create(self, key: str, content: bytes) -> bool:
        """Make a file unless there is one: whether `key` now holds just `content`."""
        path = self.path / key
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with _written_beside(path, content) as temporary, contextlib.suppress(FileExistsError):
                _link(temporary, path)
        except OSError as error:
            raise _refused("written", path, error) from None
        return self.read(key) == content  # an NFS server may make the link and lose its own answer


@contextlib.contextmanager
def _written_beside(path: Path, content: bytes) -> Iterator[Path]:
    """A new file of that content in the same folder, on the disk; removed at the end."""
    temporary = path.with_name(unfinished(path.name))
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def _link(temporary: Path, path: Path) -> None:
    """Give the file its final name, and have that on the disk too."""
    try:
        path.hardlink_to(temporary)
    except OSError as error:
        if error.errno in NO_LINKS:
            raise HandoffError(
                f"The file system of {path.parent} makes no hard links ({error.strerror}), without which two writers "
                "can't be told apart; put the store on another one, or reach it by a URL (s3://, root://)."
            ) from None
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _refused(done: str, path: Path, error: OSError) -> HandoffError:
    reason = error.strerror or str(error)
    return HandoffError(f"{path} could not be {done} ({reason}); mend that, then repeat.")

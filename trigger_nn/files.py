"""Writing files and folders so that nothing half-written ever bears the final name."""

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from trigger_nn.errors import TriggerNNError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it takes that name at once, on any failure it is removed.

    Raises:
        TriggerNNError: the file system refuses (full disk, no permission).
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
    except OSError as error:
        raise _refused(path, error) from None
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o644)
        temporary.replace(path)
    except OSError as error:
        raise _refused(path, error) from None
    finally:
        temporary.unlink(missing_ok=True)


def write_tree(folder: Path, files: Mapping[str, bytes], marker: str) -> None:
    """Write `files` (relative path -> content, one of them `marker`) as `folder`, in one rename.

    What was there is replaced if it holds `marker` too, so that only a folder written by this function ever is.

    Raises:
        TriggerNNError: the folder holds other files, or the file system refuses; what was there is then still there.
    """
    if folder.exists() and not (folder / marker).is_file() and any(folder.iterdir()):
        raise TriggerNNError(
            f"{folder} holds files but no {marker}, so it is not ours to replace; choose another folder."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}.", suffix=".part"))
    except OSError as error:
        raise _refused(folder, error) from None
    try:
        _fill(temporary / "new", files)
        if folder.exists():
            folder.replace(temporary / "old")
        (temporary / "new").replace(folder)
    except OSError as error:
        raise _refused(folder, error) from None
    finally:  # on any failure, an interrupt among them
        if not folder.exists() and (temporary / "old").exists():
            (temporary / "old").replace(folder)
        shutil.rmtree(temporary, ignore_errors=True)


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o755 if name.endswith(".sh") else 0o644)


def read_tree(folder: Path) -> dict[str, bytes]:
    """All files below `folder`, by relative path with forward slashes, sorted."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def check_readable(path: Path) -> None:
    """Nothing, if this user may read what is at `path`, or nothing is.

    Libraries tell a file that may not be read from a damaged one in many ways, or not at all.

    Raises:
        TriggerNNError: there is something, which may not be read.
    """
    if path.exists() and not os.access(path, os.R_OK):
        raise TriggerNNError(f"{path} may not be read by you; ask its owner for permission, or copy it from elsewhere.")


def sha256(content: bytes) -> str:
    """SHA-256 of `content`, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def _refused(path: Path, error: OSError) -> TriggerNNError:
    reason = error.strerror or str(error)
    return TriggerNNError(f"{path} could not be written ({reason}); free space or choose another place, then repeat.")

"""The bundle as a value: files by relative path, a digest, a folder or a zip.

`SHA256SUMS` lists every other file, as `sha256sum -c` reads it, and its own SHA-256 is the bundle's digest: whoever
knows that knows every byte, without any tool of ours.
"""

import io
import json
import lzma
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from trigger_nn.errors import HandoffError
from trigger_nn.files import read_tree, sha256, write_tree

SUMS = "SHA256SUMS"
MANIFEST = "manifest.json"
EPOCH = (1980, 1, 1, 0, 0, 0)  # the only date in the archive, and the earliest that a zip can hold
DAMAGE = (
    OSError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, RuntimeError, NotImplementedError, ValueError, EOFError,
)  # fmt: skip  # what reading a damaged archive raises
MADE_LATER = "build/"  # what make leaves in a folder; no part of the bundle


@dataclass(frozen=True)
class Bundle:
    """Files by relative path, `SHA256SUMS` among them."""

    files: Mapping[str, bytes]

    @classmethod
    def sealed(cls, files: Mapping[str, bytes]) -> "Bundle":
        """`files` with the list of their digests."""
        return cls({**files, SUMS: sums(files)})

    @classmethod
    def read(cls, path: Path) -> "Bundle":
        """A bundle from a folder or a zip, as it is there: nothing is verified.

        Raises:
            HandoffError: there is no such folder or zip, or it can't be read.
        """
        if not path.exists():
            raise HandoffError(f"There is no bundle at {path}; give the folder or zip of one.")
        if path.is_dir():
            return cls({name: content for name, content in read_tree(path).items() if not _made_later(name)})
        try:
            return cls.unzipped(path.read_bytes(), str(path))
        except OSError as error:
            raise HandoffError(f"{path} can't be read ({error.strerror or error}); fetch it again.") from None

    @classmethod
    def unzipped(cls, content: bytes, where: str) -> "Bundle":
        """A bundle from the bytes of its zip, which came from `where`.

        Raises:
            HandoffError: it is no zip, a damaged one, or holds what no bundle does.
        """
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                names = _safe(archive.namelist(), where)
                return cls({name.partition("/")[2]: archive.read(name) for name in names})
        except DAMAGE as error:
            raise HandoffError(f"{where} is no zip that can be read ({error}); fetch it again.") from None

    @property
    def digest(self) -> str:
        """SHA-256 of `SHA256SUMS`, which pins every file."""
        return sha256(self.files[SUMS])

    def write(self, folder: Path) -> Path:
        """Write the bundle as `folder`, in one rename, and return it. What already is this bundle is left alone.

        Raises:
            TriggerNNError: `folder` holds something else, or more than a bundle (what `make` built, notes), or the
                file system refuses.
        """
        if (folder / SUMS).is_file():
            if Bundle.read(folder).files == self.files:
                return folder
            own = {path for path, _ in listed((folder / SUMS).read_bytes())} | {SUMS}
            more = sorted(set(read_tree(folder)) - own)
            if more:
                raise HandoffError(
                    f"{folder} holds another bundle, or a damaged one, and {more[0]}, which would be lost; move the "
                    "folder away, then repeat."
                )
        write_tree(folder, self.files, marker=SUMS)
        return folder

    @property
    def label(self) -> str:
        """`NAME-DIGEST8`: what its folder, its zip and the folder in the zip are called."""
        try:
            name = json.loads(self.files[MANIFEST])["name"]
        except (KeyError, TypeError, ValueError):
            name = None
        plain = isinstance(name, str) and re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII)
        return f"{name if plain else 'bundle'}-{self.digest[:8]}"

    def zip(self) -> bytes:
        """The bundle as a zip archive, in one folder, whose bytes depend on the files alone.

        Stored, not deflated: the bytes that a compressor makes differ between builds of zlib.
        """
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
            for path in sorted(self.files):
                entry = zipfile.ZipInfo(f"{self.label}/{path}", EPOCH)
                entry.create_system = 3  # Unix, whatever machine this is
                entry.external_attr = (0o755 if path.endswith(".sh") else 0o644) << 16
                archive.writestr(entry, self.files[path])
        return buffer.getvalue()


def sums(files: Mapping[str, bytes]) -> bytes:
    """`SHA256SUMS` of `files`, itself apart: a line each, sorted by path."""
    return "".join(f"{sha256(files[path])}  {path}\n" for path in sorted(files) if path != SUMS).encode()


def listed(content: bytes) -> Iterator[tuple[str, str]]:
    """Path and digest of each line of `SHA256SUMS`; of a line that is none its text alone, which no file is called."""
    for line in content.decode(errors="replace").splitlines():
        digest, _, path = line.partition("  ")
        yield path or line, digest


def _safe(names: list[str], path: str) -> list[str]:
    """The names of files, if unpacking them can't overwrite anything outside the folder or each other."""
    names = [name for name in names if not name.endswith("/")]  # folders, which other packers list
    twice = {name for name, count in Counter(names).items() if count > 1}
    if len({name.partition("/")[0] for name in names}) != 1:
        raise HandoffError(f"{path} does not hold one folder, as the zip of a bundle does; give a bundle's.")
    for name in names:
        parts = name.split("/")
        if name.startswith("/") or "\\" in name or ".." in parts or "" in parts or len(parts) < 2 or name in twice:
            raise HandoffError(f"{path} holds {name!r}, which no bundle does; fetch it again from whom you trust.")
    return sorted(names)


def _made_later(name: str) -> bool:
    """Whether it is no part of a bundle: what make, an editor or a desktop left in the folder."""
    parts = name.split("/")
    return any(p.startswith(".") or p.endswith("~") for p in parts) or any(p + "/" == MADE_LATER for p in parts[:-1])

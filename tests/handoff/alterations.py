"""Single bytes altered all over a bundle: does verification see each, and `make check` what is its business?

python -m tests.handoff.alterations BUNDLE --count 1000 [--make]
"""

import argparse
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.handoff.conftest import make
from trigger_nn.handoff.bundle import MADE_LATER, Bundle
from trigger_nn.handoff.verify import digest_check


@dataclass(frozen=True)
class Alteration:
    """Byte `place` of file `path` becomes `value`."""

    path: str
    place: int
    value: int

    def applied(self, content: bytes) -> bytes:
        return content[: self.place] + bytes([self.value]) + content[self.place + 1 :]


def alterations(bundle: Bundle, count: int, seed: int = 1) -> list[Alteration]:
    """`count` of them: every file in turn, at random places, to random other values."""
    rng = np.random.default_rng(seed)
    paths = sorted(path for path, content in bundle.files.items() if content)
    found = []
    for number in range(count):
        path = paths[number % len(paths)]
        place = int(rng.integers(len(bundle.files[path])))
        value = (bundle.files[path][place] + int(rng.integers(1, 256))) % 256
        found.append(Alteration(path, place, value))
    return found


def missed_by_verify(bundle: Bundle, altered: list[Alteration]) -> list[Alteration]:
    """Those whose bundle still passes the check of digests, which `trigger-nn verify` begins with."""
    return [
        one
        for one in altered
        if digest_check(Bundle({**bundle.files, one.path: one.applied(bundle.files[one.path])})).holds is not False
    ]


def missed_by_make(folder: Path, altered: list[Alteration]) -> list[Alteration]:
    """Those with which `make check` still ends with code 0 in `folder`, a bundle that is put right again after each."""
    missed = []
    for one in altered:
        path = folder / one.path
        content = path.read_bytes()
        path.write_bytes(one.applied(content))
        try:
            if make(folder).returncode == 0:
                missed.append(one)
        finally:
            path.write_bytes(content)
    return missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--make", action="store_true", help="also run `make check` with each (BUNDLE is a folder)")
    arguments = parser.parse_args()
    bundle = Bundle.read(arguments.bundle)
    assert not any(path.startswith(MADE_LATER) for path in bundle.files)
    altered = alterations(bundle, arguments.count)
    missed = missed_by_verify(bundle, altered)
    folders = Counter(one.path.split("/")[0] for one in altered)
    print(f"{len(altered)} alterations of {len({one.path for one in altered})} files: {dict(folders)}")
    print(f"verify: {len(missed)} missed")
    if arguments.make:
        passed = missed_by_make(arguments.bundle, altered)
        print(f"make check: {len(passed)} missed: {[one.path for one in passed]}")
        missed += passed
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()

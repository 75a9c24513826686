"""A picture of a page, to look at: `python -m tests.plots.page.shoot PAGE.html OUT.png [WIDTH]`.

OUT.pdf instead writes the page as it is printed.
"""

import sys
from pathlib import Path

from tests.browser import chromium, opened, watched


def shoot(page: Path, out: Path, width: int = 1200) -> None:
    """The whole page, `width` CSS pixels wide, as PNG; or on A4 as PDF."""
    with opened() as browser, watched(browser, page, width) as seen:
        if out.suffix == ".pdf":
            seen.page.pdf(path=out, format="A4", print_background=True)
        else:
            seen.page.screenshot(path=out, full_page=True)


def main() -> None:
    """Read the command line."""
    if len(sys.argv) not in (3, 4):
        sys.exit("usage: python -m tests.plots.page.shoot PAGE.html OUT.png [WIDTH]")
    if chromium() is None:
        sys.exit("There is no Chromium on the PATH or in .venv/browser; run: make .venv/browser-ready")
    shoot(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) == 4 else 1200)


if __name__ == "__main__":
    main()

"""A headless Chromium, driven with Playwright: the machine's own, or the one that `fetch_browser.py` brought."""

import math
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
FETCHED = Path(__file__).parent.parent / ".venv" / "browser"
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
)
LIMIT = 5_000_000  # bytes of a page
WIDTHS = (1200, 390)  # CSS pixels: a screen, a phone
# Of each table: its heads, and after each click on them which way it sorts, how many heads say that they do, the
# numbers of the column from above, and whether all rows are still there. In the page, as a click from here is slow.
SORTED = """() => Array.from(document.querySelectorAll("main table"), (table) => {
  const texts = () => Array.from(table.tBodies[0].rows, (row) => row.textContent).sort().join("\\n");
  const before = texts();
  const heads = Array.from(table.tHead.rows[0].cells);
  const sorts = heads.flatMap((head) => [1, 2].map(() => {
    head.querySelector("button").click();
    const values = Array.from(table.tBodies[0].rows, (row) => row.cells[head.cellIndex].dataset.number ?? "NaN");
    const marked = heads.filter((each) => each.getAttribute("aria-sort") !== "none").length;
    return [head.getAttribute("aria-sort"), marked, values, texts() === before];
  }));
  return [heads.length, sorts];
})"""
ACROSS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PICTURES = "Array.from(document.images, (image) => image.naturalWidth && image.checkVisibility() && image.clientWidth)"


@dataclass(frozen=True)
class Chromium:
    """An executable, and what its environment needs beside ours."""

    path: Path
    environment: Mapping[str, str]


def in_folder(folder: Path) -> Chromium:
    """What `fetch_browser.py` put into `folder`, with the libraries and the font that come with it."""
    needed = {"LD_LIBRARY_PATH": str(folder / "lib"), "FONTCONFIG_PATH": str(folder)}
    return Chromium(folder / "chromium", needed)


def runs(browser: Chromium) -> bool:
    """Whether it is there and starts."""
    if not browser.path.is_file():
        return False
    environment = {**os.environ, **browser.environment}
    return (
        subprocess.run([browser.path, "--version"], env=environment, capture_output=True, check=False).returncode == 0
    )


def chromium() -> Chromium | None:
    """The Chromium of this machine, else the fetched one, else None."""
    for name in NAMES:
        if path := shutil.which(name):
            return Chromium(Path(path), {})
    fetched = in_folder(FETCHED)
    return fetched if runs(fetched) else None


@contextmanager
def opened() -> Iterator[Browser]:
    """A Chromium with a profile of its own, which is removed with it. One at a time in a process.

    Without one the test is skipped, but fails where CI is set.
    """
    found = chromium()
    if found is None:
        told = "there is no Chromium on the PATH or in .venv/browser; run: make .venv/browser-ready"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(told)
    environment = {**os.environ, **found.environment}
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=found.path, args=list(FLAGS), env=environment)
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Watched:
    """A page, what its console and its script complained of, and all that it asked for but itself."""

    page: Page
    errors: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@contextmanager
def watched(browser: Browser, path: Path, width: int = WIDTHS[0]) -> Iterator[Watched]:
    """The file at `path` in a window of `width` CSS pixels without a network, its pictures decoded."""
    context = browser.new_context(viewport={"width": width, "height": 900}, offline=True)
    seen = Watched(context.new_page())
    own = path.resolve().as_uri()
    seen.page.on("console", lambda said: seen.errors.append(said.text) if said.type in ("error", "warning") else None)
    seen.page.on("pageerror", lambda error: seen.errors.append(str(error)))
    seen.page.on("request", lambda asked: seen.requests.append(asked.url))
    seen.page.goto(own)
    seen.page.evaluate("Promise.all(Array.from(document.images, (image) => image.decode()))")
    seen.requests[:] = [url for url in seen.requests if url != own and not url.startswith("data:")]
    try:
        yield seen
    finally:
        context.close()


def check_page(path: Path) -> None:
    """Open a page as people do: nothing is loaded or complained of, all is seen, every column can be sorted."""
    assert path.stat().st_size < LIMIT
    with opened() as browser:
        for width in WIDTHS:
            with watched(browser, path, width) as seen:
                assert seen.page.evaluate(ACROSS) == 0, f"{path.name} is wider than {width} pixels"
                assert all(seen.page.evaluate(PICTURES)), f"a figure is not seen at {width} pixels"
                if width == WIDTHS[0]:
                    check_sorting(seen.page)
                assert not seen.errors, seen.errors
                assert not seen.requests, seen.requests


def check_sorting(page: Page) -> None:
    """Click every head of every table twice: numbers rise, then fall, and no row is lost."""
    for place, (heads, sorts) in enumerate(page.evaluate(SORTED), 1):
        assert len(sorts) == 2 * heads
        for click, (direction, marked, values, same) in enumerate(sorts):
            where = f"table {place}, column {click // 2 + 1}, {direction}"
            assert direction == ("descending" if click % 2 else "ascending"), where
            assert marked == 1, f"{where}: other heads are marked too"
            found = [value for value in map(float, values) if not math.isnan(value)]
            assert found == sorted(found, reverse=click % 2 == 1), where
            assert same, f"{where}: rows are lost"


def column(table: Locator, place: int) -> list[str]:
    """What is read in a column, from above."""
    return table.evaluate("(table, i) => Array.from(table.tBodies[0].rows, (row) => row.cells[i].innerText)", place)

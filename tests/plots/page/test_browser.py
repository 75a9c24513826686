"""A page opened in a headless Chromium."""

import re

import pytest

from tests.browser import ACROSS, column, opened, watched
from tests.plots.page.pages import full
from trigger_nn.plots.page.html import render_html
from trigger_nn.plots.page.values import Cell, Page, Section, Table

RISING = ["-inf", "-1.5", "2.5", "9", "10", "70", "1,000", "inf"]


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    made = tmp_path_factory.mktemp("page") / "report.html"
    made.write_text(render_html(full()), encoding="utf-8")
    return made


@pytest.fixture(scope="module")
def browser():
    with opened() as found:
        yield found


@pytest.fixture(scope="module")
def page(browser, path):
    with watched(browser, path) as seen:
        yield seen.page


@pytest.fixture
def table(page):
    page.reload()
    return page.locator("#table-1 table")


def click(table, head):
    table.get_by_role("button", name=head, exact=True).click()


def test_numbers_sort_as_numbers_and_what_is_missing_stays_last(table):
    click(table, "value")
    assert column(table, 1) == [*RISING, "", "nan"]
    click(table, "value")
    assert column(table, 1) == [*reversed(RISING), "", "nan"]
    click(table, "value")
    assert column(table, 1) == [*RISING, "", "nan"]


def test_texts_sort_with_their_numbers_and_equal_rows_keep_their_order(table):
    click(table, "name")
    assert column(table, 0) == [f"row {i}" for i in range(9, 19)]
    click(table, "name")
    click(table, "letter")
    assert column(table, 0) == [f"row {i}" for i in (18, 16, 14, 12, 10, 17, 15, 13, 11, 9)]


def test_a_head_is_reached_and_pressed_by_keyboard(table, page):
    page.locator("#table-1 .scroll").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert column(table, 1)[0] == "-inf"
    page.keyboard.press("Space")
    assert column(table, 1)[0] == "inf"
    assert table.locator("th").nth(1).get_attribute("aria-sort") == "descending"


def test_tables_sort_apart_from_each_other(table, page):
    before = column(page.locator("#table-2 table"), 1)
    click(table, "value")
    assert column(page.locator("#table-2 table"), 1) == before
    assert page.locator('#table-2 th[aria-sort="none"]').count() == 12


def luminance(colour):
    """Relative luminance of `rgb(r, g, b)`, as WCAG 2 defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


GROUNDS = """(element) => {
  while (getComputedStyle(element).backgroundColor === "rgba(0, 0, 0, 0)") element = element.parentElement;
  return getComputedStyle(element).backgroundColor;
}"""


@pytest.mark.parametrize(
    "what",
    ["h1", ".subtitle", ".facts span", "nav a", "main p", ".warning", "figcaption", "td", "th button", "dt", "dd"],
)  # fmt: skip
def test_text_stands_out_from_its_ground(page, what):
    element = page.locator(what).first
    text = luminance(element.evaluate("(element) => getComputedStyle(element).color"))
    ground = luminance(element.evaluate(GROUNDS))
    assert (max(text, ground) + 0.05) / (min(text, ground) + 0.05) >= 4.5


def test_print_shows_all_rows_and_fits_the_sheet(browser, path):
    with watched(browser, path, width=688) as seen:  # A4 less margins of 14 mm, at 96 pixels an inch
        seen.page.emulate_media(media="print")
        scroll = seen.page.locator("#table-2 .scroll")
        assert scroll.evaluate("(box) => getComputedStyle(box).overflow") == "visible"
        assert scroll.evaluate("(box) => box.scrollHeight - box.clientHeight") == 0
        assert seen.page.locator("#table-1 table").evaluate("(t) => t.offsetWidth") <= 688
        seen.page.emulate_media(media="screen")
        assert scroll.evaluate("(box) => box.scrollHeight - box.clientHeight") > 0
        assert seen.page.evaluate(ACROSS) == 0


def shares(columns, rows=6):
    """As a turn-on at many rates has: a share and its interval, again and again."""
    heads = ("offline_ht from (GeV)", "to (GeV)", "events", *["at 100 kHz", "68 % interval"] * columns)
    pair = (Cell("0.00034", 0.00034), Cell("0.00012 to 0.00871", 0.00012))
    return Table(heads, ((Cell("1,200", 1200),) * 3 + pair * columns,) * rows, "Shares.")


def trials(columns=24, rows=6):
    """As a scan of many parameters has."""
    heads = ("trial", *(f"convolutions.{i}.weights.fraction_bits" for i in range(columns - 2)), "recipe")
    cells = (*(Cell("1,234", 1234) for _ in heads[1:]), Cell("trials/0001/recipe.toml"))
    return Table(heads, (cells,) * rows, "Trials.")


WIDER = "(boxes) => boxes.map((box) => box.scrollWidth - box.clientWidth)"


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    made = tmp_path_factory.mktemp("tables") / "report.html"
    wide = Section("Wide", (shares(5), shares(3), trials()))
    made.write_text(render_html(Page("wide", "", (), (wide,), {})), encoding="utf-8")
    return made


def test_a_turn_on_at_five_rates_is_not_cut_and_what_is_wider_says_so(browser, tables):
    with watched(browser, tables) as seen:
        assert seen.page.locator(".scroll").evaluate_all(WIDER)[:2] == [0, 0]
        shadows = seen.page.locator(".scroll").first.evaluate("(box) => getComputedStyle(box).backgroundAttachment")
        assert shadows == "local, local, scroll, scroll"
        assert seen.page.evaluate(ACROSS) == 0


@pytest.mark.parametrize(("place", "width"), [(0, 1017), (1, 688), (2, 1017)])  # a crowded one lies across the sheet
def test_wide_tables_are_whole_in_print(browser, tables, place, width):
    with watched(browser, tables, width) as seen:
        seen.page.emulate_media(media="print")
        assert seen.page.locator("table").nth(place).evaluate("(table) => table.offsetWidth") <= width


def test_long_names_break_after_their_dots_and_are_read_as_they_are(browser, tables):
    with watched(browser, tables) as seen:
        head = seen.page.locator("#table-3 th").nth(1)
        assert head.locator("wbr").count() == 4
        assert head.evaluate("(head) => head.textContent") == "convolutions.0.weights.fraction_bits"

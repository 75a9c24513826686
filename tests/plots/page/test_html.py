"""The HTML of a page, as text."""

import re
from dataclasses import replace

import pytest

from tests.plots.page.pages import PROMISE, full
from trigger_nn.plots.page.html import render_html


@pytest.fixture(scope="module")
def html():
    return render_html(full())


def test_nothing_is_loaded_from_elsewhere(html):
    sources = re.findall(r'src="([^"]*)"', html)
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    assert set(re.findall(r'href="([^"#:]*)[^"]*"', html)) == {"", "data", "../bundle%20%231/manifest.json"}
    assert not re.search(r"https?://|@import|url\(", html)


def test_text_is_never_markup(html):
    assert PROMISE not in html
    assert html.count("&lt;script&gt;alert") == 3  # in a paragraph, and in two captions


def test_backticks_are_code(html):
    assert "<code>some</code>" in html


def test_figures_and_tables_are_numbered_over_the_page(html):
    assert re.findall(r"<b>(Figure \d+)\.</b>", html) == ["Figure 1", "Figure 2", "Figure 3"]
    assert re.findall(r"<b>(Table \d+)\.</b>", html) == ["Table 1", "Table 2", "Table 3"]


def test_only_long_pages_have_a_table_of_contents(html):
    page = full()
    assert re.findall(r'<li><a href="#section-\d">(.*)</a>', html) == [s.title for s in page.sections]
    assert "<nav" not in render_html(replace(page, sections=page.sections[:3]))


def test_warnings_and_provenance_are_there(html):
    assert '<p class="warning"><strong>Warning.</strong> Mind the gap.</p>' in html
    assert html.index("<dt>program</dt>") > html.index("</main>")
    assert html.count("ab" * 32) == 1


def test_columns_of_numbers_are_told_from_texts(html):
    heads = re.findall(r'<th scope="col" aria-sort="none"( class="number")?><button type="button">(\w+)<', html)
    assert heads[:3] == [("", "name"), (' class="number"', "value"), ("", "letter")]


def test_same_page_same_bytes(html):
    assert render_html(full()) == html


def test_a_page_of_nothing_is_a_page():
    page = replace(full(), subtitle="", facts=(), sections=(), provenance={})
    text = render_html(page)
    assert "<h1>event_image</h1>" in text
    assert "Provenance" not in text

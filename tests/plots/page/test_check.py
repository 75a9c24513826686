"""What `check_page` finds, and pictures of a page; each opens a Chromium of its own."""

import pytest

from tests.browser import check_page
from tests.plots.page.pages import full
from tests.plots.page.shoot import shoot
from trigger_nn.plots.page.html import render_html


@pytest.fixture
def path(tmp_path):
    made = tmp_path / "report.html"
    made.write_text(render_html(full()), encoding="utf-8")
    return made


def spoil(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_a_page_with_all_that_a_page_can_hold_is_sound(path):
    check_page(path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("</main>", "<div style='width: 1300px'>wide</div></main>"),
        ("</main>", "<script>undefined.value</script></main>"),
        ("</main>", "<img src='missing.png' alt=''></main>"),
        ("display: block; max-width: 100%;", "display: none;"),
        ("const value = Number(number);", "const value = number;"),  # numbers as texts
    ],
)
def test_a_page_with_a_fault_is_not(path, old, new):
    spoil(path, old, new)
    with pytest.raises(Exception, match=r"wider|seen|column|undefined|decode"):
        check_page(path)


def test_a_picture_of_the_page_can_be_taken(path, tmp_path):
    shoot(path, tmp_path / "page.png", 600)
    head = (tmp_path / "page.png").read_bytes()[:24]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(head[16:20]) == 600
    shoot(path, tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_a_chromium_pages_are_skipped_but_fail_on_ci(path, tmp_path, monkeypatch, ci, outcome):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr("tests.browser.FETCHED", tmp_path)
    with pytest.raises(outcome, match="no Chromium on the PATH"):
        check_page(path)

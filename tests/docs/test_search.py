"""The manual as it is opened from disk, without a network: every page is whole, and can be searched."""

from tests.browser import opened, watched


def test_pages_open_from_disk_and_are_searched(manual):
    with opened() as browser:
        for file in sorted(manual.glob("*.html")):
            if file.stem == "404":
                continue
            with watched(browser, file) as seen:
                assert not seen.errors, (file.name, seen.errors)
                assert all(url.startswith(manual.as_uri()) for url in seen.requests), seen.requests
        with watched(browser, manual / "index.html") as seen:
            seen.page.click(".md-search__input")
            seen.page.keyboard.type("plateau")
            found = seen.page.locator(".md-search-result__link[href*='physicist.html']")
            found.first.wait_for(state="attached", timeout=10_000)
            assert not seen.errors, seen.errors

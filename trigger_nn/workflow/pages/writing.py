"""A page on disk: HTML for people, the same as JSON for programs."""

from pathlib import Path

from trigger_nn.files import replacing
from trigger_nn.plots.page.html import render_html
from trigger_nn.plots.page.json import render_json
from trigger_nn.plots.page.values import Page


def write_page(page: Page, folder: Path, name: str = "report") -> Path:
    """Write `folder`/`name`.html, whose path is returned, and `name`.json, each whole or not at all.

    Raises:
        TriggerNNError: the file system refuses.
    """
    html = folder / f"{name}.html"
    for path, text in ((html, render_html(page)), (html.with_suffix(".json"), render_json(page))):
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    return html

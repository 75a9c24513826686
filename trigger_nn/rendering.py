"""The templates of generated files: one way to read them, in which a missing value is an error."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jinja2 import Environment


def templates(
    package: str, *, indented: bool = True, escaped: bool = False, **filters: Callable[..., Any]
) -> "Environment":
    """The folder `templates` of `package`, with `filters` by name.

    `indented`: blanks in front of a block's tag are the template's own, not the file's. `escaped`: for XML.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined  # reading and comparing do without

    environment = Environment(
        loader=PackageLoader(package, "templates"), undefined=StrictUndefined,
        keep_trailing_newline=True, trim_blocks=True, lstrip_blocks=indented, autoescape=escaped,
    )  # fmt: skip
    environment.filters.update(filters)
    return environment

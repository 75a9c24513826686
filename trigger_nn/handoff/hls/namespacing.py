"""Namespaces and macros of one design's C++ get its symbol, so that any number of designs live in one program.

The text is read as a compiler's preprocessor would cut it: comments, string and character literals, and the paths of
`#include` stay as they are; a name is renamed where it stands as a whole token.
"""

import re
from collections.abc import Iterable, Mapping

# Longest first at each place: what is passed over, then numbers (their letters are no names), then names.
TOKEN = re.compile(
    r"""
    (?P<comment> //(?:\\.|[^\\\n])* | /\*.*?\*/ )
  | (?P<include> ^[ \t]*\#[ \t]*include\b[^\n]* )
  | (?P<literal> R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)" | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' )
  | (?P<number> \.?\d(?:[eEpP][+-]|'\w|[\w.])* )
  | (?P<define> (?<=\#)[ \t]*define[ \t]+ )
  | (?P<name> [A-Za-z_]\w* )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)


def defined_macros(sources: Iterable[str]) -> frozenset[str]:
    """Every name that C++ `sources` #define, include guards among them."""
    return frozenset(name for source in sources for name in _defined(source))


def _defined(source: str) -> Iterable[str]:
    after_define = False
    for token in TOKEN.finditer(source):
        if after_define and token.lastgroup == "name":
            yield token["name"]
        after_define = token.lastgroup == "define"


def renamed(source: str, names: Mapping[str, str]) -> str:
    """C++ `source` with every token that is a key of `names` replaced by its value."""

    def replace(token: re.Match[str]) -> str:
        name: str | None = token["name"]
        return token[0] if name is None else names.get(name, name)

    return TOKEN.sub(replace, source)

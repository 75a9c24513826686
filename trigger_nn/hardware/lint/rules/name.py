"""Names that the generated C++ can't bear."""

import re

from trigger_nn.hardware.lint.context import Context, Findings, stem
from trigger_nn.hardware.lint.findings import Change, Finding, Key, Limit, Rule, Severity, proposed

SOURCE = (
    "hls4ml 1.3.0 writes layers' names into C++ as they are (typedef ... <layer>_accum_t in defines.h, arguments of "
    "the top function)"
)
IDENTIFIER = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def check(context: Context) -> Findings:
    """Yield an error for every input or layer whose name is no identifier of C++."""
    names = [port.name for port in context.program.inputs] + [stem(op.name) for op in context.first_steps()]
    for name in dict.fromkeys(names):
        if not IDENTIFIER.fullmatch(name):
            what = f"{name!r} is no identifier of C++, and the project does not compile"
            changes = (Change(name, Key.NAME, _legal(name, names)),)
            limit = Limit(0, "characters other than letters, digits and _", SOURCE)
            yield Finding(Rule.NAME, Severity.ERROR, name, what, limit, proposed(changes), changes)


def _legal(name: str, others: list[str]) -> str:
    """The nearest identifier that no other layer has."""
    legal = re.sub(r"\W", "_", name, flags=re.ASCII)
    legal = legal if IDENTIFIER.fullmatch(legal) else f"layer_{legal}"
    while legal in others:
        legal += "_"
    return legal

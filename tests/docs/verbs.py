"""docs/commands.md from the command line itself: python -m tests.docs.verbs."""

import textwrap
from collections.abc import Iterator

import click
import typer

from tests.conftest import ROOT
from trigger_nn.cli import app

PAGE = ROOT / "docs" / "commands.md"
HEAD = """\
# Commands

Every verb and all of its options, as `trigger-nn VERB --help` has them; this page is written by a program, from the
command line. `--quiet` and `--no-color` may stand before or behind the verb, and `--install-completion` sets up the
shell's completion.

{codes}
"""


def page() -> str:
    """The whole page."""
    group = typer.main.get_command(app)
    codes = textwrap.fill(" ".join((group.epilog or "").split()), 120)
    sections = [_section(name, verb) for name, verb in _verbs(group)]
    return "\n".join([HEAD.format(codes=codes), *sections])


def _verbs(group: click.Group, before: str = "") -> Iterator[tuple[str, click.Command]]:
    """Those of a group and of the groups in it, with their full names."""
    for name, verb in sorted(group.commands.items()):
        if hasattr(verb, "commands"):
            yield from _verbs(verb, f"{before}{name} ")
        else:
            yield before + name, verb


def _section(name: str, verb: click.Command) -> str:
    help_text = "\n".join(line.strip() for line in (verb.help or "").splitlines()).strip()
    arguments = [one for one in verb.params if one.param_type_name == "argument"]
    options = [one for one in verb.params if one.param_type_name == "option" and not one.hidden and one.name != "help"]
    usage = " ".join(["trigger-nn", name, *map(_usage, arguments)])
    rows = [_row(f"`{_name(one)}`".replace("|", "\\|"), one) for one in arguments]
    rows += [_row(_spelt(one), one) for one in options]
    table = ["| argument, option | what |", "|---|---|", *rows] if rows else []
    return "\n".join([f"## {name}", "", f"`{usage}`", "", help_text, "", *table, ""])


def _name(one: click.Parameter) -> str:
    return str(one.metavar or one.name).upper().strip("{}")


def _usage(one: click.Parameter) -> str:
    shown = _name(one) + ("..." if one.nargs == -1 else "")
    return shown if one.required else f"[{shown}]"


def _spelt(one: click.Parameter) -> str:
    names = ", ".join(f"`{name}`" for name in [*one.opts, *one.secondary_opts])
    told = "repeat" in (one.help or "") or "again" in (one.help or "")
    return names + (" (repeat)" if one.multiple and not told else "")


def _row(names: str, one: click.Parameter) -> str:
    default = one.default
    shown = f"; default `{default}`" if default not in (None, False, True, "", (), []) and one.required is False else ""
    text = " ".join((one.help or "").split()).replace("|", "\\|")
    return f"| {names} | {text}{shown} |"


if __name__ == "__main__":
    PAGE.write_text(page())

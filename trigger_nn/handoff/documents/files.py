"""A design and what is known of it -> `README.md` (the guide), `CARD.md`, `LICENCES.md`, `LICENSE`."""

import json
from importlib import resources

from pydantic import JsonValue

from trigger_nn.handoff.design import Design
from trigger_nn.handoff.documents.contents import contents
from trigger_nn.handoff.facts import HandoffFacts
from trigger_nn.handoff.interface.handshake import handshake_of
from trigger_nn.handoff.interface.ports import plain_json
from trigger_nn.handoff.interface.sharing import sharing_of, told
from trigger_nn.handoff.manifest import RtlEntry
from trigger_nn.handoff.rtl.files import LANGUAGES, LICENCE, primitives
from trigger_nn.handoff.scripts import may_hang
from trigger_nn.rendering import templates

TEMPLATES = {"README.md": "README.md.j2", "CARD.md": "CARD.md.j2", "LICENCES.md": "LICENCES.md.j2"}
APACHE = "LICENSE"  # the text of the Apache licence, which must go with what is under it


def document_files(design: Design, facts: HandoffFacts, events: int, rtl: RtlEntry | None = None) -> dict[str, bytes]:
    """The documents by their paths in the bundle; `events` are the block's test vectors, `rtl` is told of if there.

    Raises:
        HandoffError: the recipe holds a value that JSON can't.
    """
    environment = templates(
        "trigger_nn.handoff.documents", cell=_cell, figure=lambda value: "-" if value is None else f"{value:.4g}"
    )
    values = {
        "design": design,
        "facts": facts,
        "events": events,
        "contents": contents(design, rtl),
        "rtl": rtl,
        "rtl_language": LANGUAGES[rtl.language] if rtl else "",
        "rtl_licence": LICENCE,
        "primitives": primitives(rtl.sources) if rtl else (),
        "handshake": handshake_of(design),
        "sharing": told(sharing_of(facts.estimate)),
        "may_hang": may_hang(design),
        "losses": tuple(design.program.provenance.get("losses", ())),
        "arithmetic": uses_distributed_arithmetic(design),
        "recipe": json.dumps(plain_json(facts.origin.recipe_content), indent=2, sort_keys=True),
    }
    texts = {path: environment.get_template(name).render(values) for path, name in TEMPLATES.items()}
    return {path: text.encode() for path, text in texts.items()} | {APACHE: _apache()}


def uses_distributed_arithmetic(design: Design) -> bool:
    """Whether da4ml may have generated code of the design."""
    strategies = (design.hardware.strategy, *(layer.strategy for layer in design.hardware.layers.values()))
    return "distributed_arithmetic" in strategies


def _apache() -> bytes:
    return (resources.files("trigger_nn.handoff.documents") / "templates" / APACHE).read_bytes()


def _cell(value: JsonValue) -> str:
    """Text that stays in its cell of a table."""
    return str(value).replace("|", "\\|").replace("\n", " ")

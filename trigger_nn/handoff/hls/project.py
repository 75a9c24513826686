"""hls4ml's project -> the files of a bundle's `hls/` folder."""

import re
from collections.abc import Mapping

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design, Identity
from trigger_nn.handoff.hls.namespacing import defined_macros, renamed
from trigger_nn.handoff.hls.network import GENERATED, HEADER, LIBRARY, SOURCE, SPACE, as_part, read_network
from trigger_nn.handoff.hls.top import region_of, top_files

FIRMWARE, AMD = "firmware/", "firmware/ap_types/"


def hls_files(design: Design, project: Mapping[str, bytes]) -> dict[str, bytes]:
    """The HLS project of `design`, by path relative to the bundle's `hls/` folder.

    `project` is what `frontend.graph.project_files` wrote of the program's graph. The network is in namespace
    `nn_<symbol>`, hls4ml's library in `nnet_<symbol>`, macros end in `_<SYMBOL>`; AMD's headers are as they were.

    Raises:
        HandoffError: `project` is damaged, not as hls4ml 1.3.0 writes it, or of another program.
    """
    amd = {path: content for path, content in project.items() if path.startswith(AMD)}
    ours = {path: _text(path, content) for path, content in project.items() if path.startswith(FIRMWARE)}
    ours = {path: text for path, text in ours.items() if path not in amd}
    _check(design, ours)
    network = read_network(ours[HEADER], ours[SOURCE])
    tops = top_files(design, network)
    part = as_part(ours[SOURCE], network, region_of(design, network))
    own = _in_namespaces(design.identity, {**ours, SOURCE: part})
    own |= {FIRMWARE + name: text for name, text in tops.items()}
    return dict(sorted((amd | {path: text.encode() for path, text in own.items()}).items()))


def _text(path: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise HandoffError(f"{path} of the HLS project is no text; make the project again.") from None


def _check(design: Design, sources: Mapping[str, str]) -> None:
    """Refuse a project that lacks its network, and names that are none in C++."""
    missing = [path for path in (HEADER, SOURCE, GENERATED) if path not in sources]
    if missing:
        raise HandoffError(
            f"The HLS project has no {missing[0]}; make it with trigger_nn.frontend.graph.project_files."
        )
    if not re.fullmatch(r"[A-Za-z]\w*", design.identity.symbol, re.ASCII):
        raise HandoffError(
            f"The program's name {design.program.name!r} can't name a C++ function; compile it under another name."
        )
    names = [part.name for part in (*design.program.inputs, *design.program.operations)]
    for name in names:
        if re.search(r"\W", name, re.ASCII):
            raise HandoffError(
                f"Layer {name!r} gives its name to variables and types in hls4ml's C++, where it can't stand; rename "
                "it, with letters, digits and _ alone."
            )


def _in_namespaces(identity: Identity, sources: Mapping[str, str]) -> dict[str, str]:
    """`sources` with every namespace and macro of theirs named after the design.

    hls4ml puts the code that it generates for single layers into the model's namespace, where the structs that use it
    look for it in the library's: there it goes.
    """
    names = {macro: f"{macro}_{identity.macro}" for macro in defined_macros(sources.values())}
    names |= {space: f"{space}_{identity.symbol}" for space in (SPACE, LIBRARY)}
    generated = names | {SPACE: names[LIBRARY]}
    return {path: renamed(text, generated if path == GENERATED else names) for path, text in sources.items()}

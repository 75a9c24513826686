"""Depths of FIFOs in the HLS project: hls4ml keeps them in pragmas of its top function.

The layout is that of hls4ml 1.3.0's `writer/vivado_writer.py`: a stream, its pragma, a call for each layer with the
layer's name behind it; where the file has another, nothing is guessed.
"""

import re
from collections.abc import Iterator, Mapping

from trigger_nn.errors import HandoffError

SOURCE = "firmware/network.cpp"

_PRAGMA = re.compile(r"^(?P<pragma>[ \t]*#pragma HLS STREAM variable=(?P<name>\w+) depth=)(?P<depth>\d+)", re.MULTILINE)
_CALL = re.compile(r"^[ \t]*nnet::\w+<.*>\((?P<arguments>[^()]*)\); // (?P<layer>\S+)$", re.MULTILINE)


def depths_of(project: Mapping[str, bytes]) -> dict[str, int]:
    """The depth of each FIFO in the project, by the name that the token model gives it.

    `project` is what `frontend.graph.project_files` wrote.

    Raises:
        HandoffError: it is not laid out as hls4ml 1.3.0 does it, or not of io_stream.
    """
    source = _source(project)
    found = {match["name"]: int(match["depth"]) for match in _PRAGMA.finditer(source)}
    return {fifo: found[stream] for fifo, stream in _streams(source).items()}


def with_depths(project: Mapping[str, bytes], depths: Mapping[str, int]) -> dict[str, bytes]:
    """`project` with other depths (packs) of the FIFOs that `depths` names as the token model does.

    Raises:
        HandoffError: a FIFO that the project does not have, a depth below 1, or a layout that is not hls4ml 1.3.0's.
    """
    source = _source(project)
    streams = _streams(source)
    unknown = sorted(set(depths) - set(streams))
    if unknown:
        raise HandoffError(
            f"{SOURCE} of the HLS project has no FIFO {unknown[0]!r}; make the project of the same program. Its FIFOs: "
            f"{', '.join(streams) or 'none'}."
        )
    empty = [fifo for fifo, depth in depths.items() if depth < 1]
    if empty:
        raise HandoffError(f"FIFO {empty[0]!r} can't have depth {depths[empty[0]]}; give it 1 or more.")
    wanted = {streams[fifo]: depth for fifo, depth in depths.items()}
    changed = _PRAGMA.sub(lambda m: f"{m['pragma']}{wanted.get(m['name'], m['depth'])}", source)
    return {**project, SOURCE: changed.encode()}


def _source(project: Mapping[str, bytes]) -> str:
    if SOURCE not in project:
        raise HandoffError(f"The HLS project has no {SOURCE}; make it with trigger_nn.frontend.graph.project_files.")
    source = project[SOURCE].decode()
    if "#pragma HLS DATAFLOW" not in source or "hls::stream<" not in source:
        raise HandoffError(f"{SOURCE} of the HLS project has no streams; compile with hardware.io_type = 'io_stream'.")
    return source


def _streams(source: str) -> dict[str, str]:
    """The variable of each FIFO: a stream belongs to the layer whose call is the first to name it, which writes it."""
    declared = {match["name"] for match in _PRAGMA.finditer(source)}
    streams: dict[str, str] = {}
    for layer, arguments in _calls(source):
        for variable in arguments:
            if variable in declared and variable not in streams.values():
                copy = re.search(r"_cpy\d+$", variable)
                streams[layer + (copy[0] if copy else "")] = variable
    if len(streams) != len(declared):
        raise HandoffError(
            f"{SOURCE} of the HLS project is not as hls4ml 1.3.0 writes it: {len(declared)} streams, of which its "
            f"calls write {len(streams)}; make it with trigger_nn.frontend.graph.project_files and hls4ml 1.3.0."
        )
    return streams


def _calls(source: str) -> Iterator[tuple[str, list[str]]]:
    for match in _CALL.finditer(source):
        yield match["layer"], [argument.strip() for argument in match["arguments"].split(",")]

"""The folder `vectors/`: written from vectors, and read back."""

import json
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.vectors.bits import identifier
from trigger_nn.handoff.vectors.decimal_text import dat_text
from trigger_nn.handoff.vectors.hexadecimal import hex_text, read_hex
from trigger_nn.handoff.vectors.memory import mem_text
from trigger_nn.handoff.vectors.pace import interval_of
from trigger_nn.handoff.vectors.patterns import layout_of, pattern_files
from trigger_nn.handoff.vectors.readme import readme_text
from trigger_nn.handoff.vectors.values import BlockVectors, Group, Vectors
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HandoffSpec

ROOT = "vectors"
EVENTS = f"{ROOT}/events.json"
LAYOUT = f"{ROOT}/patterns/layout.json"
DIRECTIONS = {"inputs": "in", "expected": "out"}

Ports = tuple[tuple[Port, ...], tuple[Port, ...]]


def vector_files(design: Design, vectors: Vectors, spec: HandoffSpec | None = None) -> dict[str, bytes]:
    """The files by path from the bundle's root; same arguments, same bytes.

    Raises:
        HandoffError: the links that `spec` names are too few for the ports.
        RecipeError: the design's clock period is too short to estimate how often it takes an event.
    """
    spec = spec or HandoffSpec()
    layout = layout_of(design.inputs, design.outputs, spec.patterns, vectors.design, interval_of(design))
    files = {
        "events.json": _events_text(vectors),
        "dat/tb_input_features.dat": dat_text(design.inputs, vectors.design.inputs),
        "dat/tb_output_predictions.dat": dat_text(design.outputs, vectors.design.expected),
        "README.md": readme_text(design, vectors, layout),
    }
    for block, values, ports in _blocks(design, vectors):
        files |= _block_files(block, values, ports)
    files |= {f"patterns/{name}": content for name, content in pattern_files(layout, vectors.design).items()}
    for port in layer_ports(design.program, vectors.layers):
        files[f"layers/{identifier(port.name)}.hex"] = hex_text(port, vectors.layers[port.name])
    return {f"{ROOT}/{path}": content for path, content in sorted(files.items())}


def vectors_in(design: Design, files: Mapping[str, bytes], spec: HandoffSpec | None = None) -> Vectors:
    """The vectors that a bundle's files hold, read from `events.json` and the `.hex` files.

    Raises:
        HandoffError: a file is missing, or is not as `vector_files` writes it.
    """
    spec = spec or HandoffSpec()
    stored = _stored_events(files)
    whole = _read_block("design", files, (design.inputs, design.outputs), stored["groups"])
    network = None
    if design.builder:
        ports = (design.program.inputs, design.program.outputs)
        network = _read_block("network", files, ports, stored["network_groups"] or ())
    names = [operation.name for operation in design.program.operations] if spec.layers else []
    layers = {
        port.name: read_port(files, f"{ROOT}/layers/{identifier(port.name)}.hex", port)
        for port in layer_ports(design.program, names)
    }
    vectors = Vectors(whole, network, layers)
    if (stored["events"], stored["network_events"]) != (whole.events, network.events if network else None):
        raise HandoffError(f"{EVENTS} says how many events there are, but the vectors hold others; make them again.")
    return vectors


def read_port(files: Mapping[str, bytes], path: str, port: Port) -> np.ndarray:
    """Mantissas of a port, (events, *shape), from the `.hex` file at `path`; HandoffError if there is none."""
    return read_hex(text_of(files, path), port, path)


def text_of(files: Mapping[str, bytes], path: str) -> str:
    """The text of a bundle's file.

    Raises:
        HandoffError: there is no such file, or it is no text.
    """
    if path not in files:
        raise HandoffError(f"The bundle has no {path}; take it as it was made.")
    try:
        return files[path].decode("ascii")
    except UnicodeDecodeError:
        raise HandoffError(f"{path} is no plain text; take the bundle as it was made.") from None


def layer_ports(program: Program, names: Sequence[str] | Mapping[str, np.ndarray]) -> tuple[Port, ...]:
    """Layers of these names, as ports, in the program's order."""
    return tuple(Port(op.name, op.shape, op.type) for op in program.operations if op.name in names)


def _blocks(design: Design, vectors: Vectors) -> list[tuple[str, BlockVectors, Ports]]:
    blocks = [("design", vectors.design, (design.inputs, design.outputs))]
    if vectors.network:
        blocks.append(("network", vectors.network, (design.program.inputs, design.program.outputs)))
    return blocks


def _block_files(block: str, vectors: BlockVectors, ports: Ports) -> dict[str, bytes]:
    files = {}
    for (folder, direction), values, side in zip(
        DIRECTIONS.items(), (vectors.inputs, vectors.expected), ports, strict=True
    ):
        for port in side:
            files[f"{block}/{folder}/{port.name}.hex"] = hex_text(port, values[port.name])
            files[f"mem/{block}_{direction}_{identifier(port.name)}.mem"] = mem_text(port, values[port.name])
    return files


def _events_text(vectors: Vectors) -> bytes:
    network = vectors.network
    content = {
        "events": vectors.design.events,
        "network_events": network.events if network else None,
        "groups": [vars(group) for group in vectors.design.groups],
        "network_groups": [vars(group) for group in network.groups] if network else None,
    }
    return (json.dumps(content, indent=1) + "\n").encode()


def _stored_events(files: Mapping[str, bytes]) -> dict[str, Any]:
    try:
        stored = json.loads(text_of(files, EVENTS))
        for key in ("events", "network_events", "groups", "network_groups"):
            stored[key]
    except (ValueError, KeyError, TypeError) as error:
        raise HandoffError(f"{EVENTS} can't be read ({error}); take the bundle as it was made.") from None
    return dict(stored)


def _read_block(
    block: str, files: Mapping[str, bytes], ports: Ports, groups: Sequence[Mapping[str, Any]]
) -> BlockVectors:
    inputs, expected = (
        {p.name: read_port(files, f"{ROOT}/{block}/{folder}/{p.name}.hex", p) for p in side}
        for folder, side in zip(DIRECTIONS, ports, strict=True)
    )
    counts = {len(values) for values in (*inputs.values(), *expected.values())}
    if len(counts) != 1:
        raise HandoffError(f"The files in {ROOT}/{block} have different numbers of events ({sorted(counts)}).")
    try:
        named = tuple(Group(str(g["name"]), int(g["first"]), int(g["count"])) for g in groups)
    except (KeyError, TypeError, ValueError) as error:
        raise HandoffError(f"{EVENTS} names groups wrongly ({error!r}); take the bundle as it was made.") from None
    if [group.first for group in named] != [0, *accumulate(group.count for group in named)][:-1] or counts != {
        sum(group.count for group in named)
    }:
        raise HandoffError(f"The groups in {EVENTS} are not those of the events in {ROOT}/{block}; make them again.")
    return BlockVectors(inputs, expected, named)

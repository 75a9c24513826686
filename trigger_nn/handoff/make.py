"""A design and what is known of it -> the bundle that a firmware engineer receives."""

import tempfile
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from trigger_nn.errors import EventsError, HandoffError, UnsupportedLayerError
from trigger_nn.handoff.bench import BENCH_FILES, bench_files
from trigger_nn.handoff.bundle import MANIFEST, Bundle
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.documents import document_files
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.handoff.facts import HandoffFacts
from trigger_nn.handoff.hls import hls_files
from trigger_nn.handoff.interface import interface_files
from trigger_nn.handoff.manifest import RtlEntry, VectorCounts, describe
from trigger_nn.handoff.rtl import block_of, rtl_files
from trigger_nn.handoff.scripts import script_files
from trigger_nn.handoff.vectors import Vectors, make_vectors, vector_files
from trigger_nn.hardware.rtl.block import Rtl
from trigger_nn.program.program import Program
from trigger_nn.recipe import HandoffSpec

PROGRAM = "emulator/program.h5"
RTL_TOOL = "alkaid"  # what writes the RTL, among the manifest's versions


def make_bundle(
    design: Design,
    project: Mapping[str, bytes],
    events: Mapping[str, np.ndarray],
    program_file: bytes,
    facts: HandoffFacts,
    spec: HandoffSpec | None = None,
) -> Bundle:
    """Assemble the bundle; same arguments, same bytes.

    Args:
        design: what the firmware must do.
        project: hls4ml's HLS project, by relative path (`frontend.graph.project_files`).
        events: real events that become test vectors, mantissas by input port of the network, (events, *shape).
        program_file: the program as saved, so that the bundle can be emulated again.
        facts: what is said of the design.
        spec: what else the bundle holds.

    Raises:
        EventsError: no event to make vectors of, or events that do not fit the ports.
        HandoffError: links that are too few for the ports, or a project that is not as hls4ml 1.3.0 writes it.
        UnsupportedLayerError, ToolNotFound: RTL is asked for and can't be had, see `rtl.block_of`.
    """
    spec = spec or HandoffSpec()
    if not all(len(values) for values in events.values()) or not events:
        raise EventsError("A bundle without real events can't be checked on any; give at least one event.")
    block = block_of(design, spec.rtl) if spec.rtl else None
    vectors = make_vectors(design, events, spec)
    counts = VectorCounts(events=vectors.design.events, network_events=network_events(vectors))
    emulator, facts = _emulator(design, counts, _with_versions(facts, block))
    files = {f"hls/{path}": content for path, content in hls_files(design, project).items()}
    files |= {f"emulator/{path}": content for path, content in emulator.items()}
    files[PROGRAM] = program_file
    files |= rtl_files(design, block, counts.events) if block else {}
    entry = RtlEntry.of(block) if block else None
    files |= papers(design, facts, counts.events, entry)
    files |= derived_files(design, vectors, spec, files)
    files[MANIFEST] = describe(design, facts, spec, counts, files, entry).text()
    return Bundle.sealed(files)


def program_in(bundle: Bundle) -> Program:
    """The program that a bundle carries.

    Raises:
        HandoffError: it is missing. ProgramError: it is damaged.
    """
    if PROGRAM not in bundle.files:
        raise HandoffError(f"{PROGRAM} is missing, so this is no bundle, or a damaged one; fetch it again.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "program.h5"
        path.write_bytes(bundle.files[PROGRAM])
        return Program.load(path)


def derived_files(design: Design, vectors: Vectors, spec: HandoffSpec, others: Collection[str]) -> dict[str, bytes]:
    """Vectors, bench and scripts: what the design, the vectors and the paths of all `others` decide."""
    events, network = vectors.design.events, network_events(vectors)
    made = {**vector_files(design, vectors, spec), **script_files(design, events)}
    listed = len({*others, *made, MANIFEST}) + BENCH_FILES
    return made | bench_files(design, events, network, listed, "emulator/Makefile" in others)


def papers(design: Design, facts: HandoffFacts, events: int, rtl: RtlEntry | None = None) -> dict[str, bytes]:
    """What people and programs read of the design: interface, guide, card, licences."""
    return {**interface_files(design, facts), **document_files(design, facts, events, rtl)}


def is_derived(path: str) -> bool:
    """Whether `derived_files` makes it."""
    return path == "Makefile" or path.startswith(("vectors/", "bench/", "scripts/"))


def network_events(vectors: Vectors) -> int | None:
    """Events of the network alone, where it has vectors of its own."""
    return vectors.network.events if vectors.network else None


def emulator_sources(design: Design, counts: VectorCounts) -> dict[str, bytes]:
    """The C++ emulator, without the program.

    Raises:
        UnsupportedLayerError: a value does not fit its integers.
    """
    network = counts.network_events
    where = "vectors/design" if network is None else "vectors/network"
    return emulator_files(design.identity, design.program, network or counts.events, where, design.decisions)


def _with_versions(facts: HandoffFacts, block: Rtl | None) -> HandoffFacts:
    """With the version of what wrote the RTL, where there is some."""
    if block is None:
        return facts
    versions = {**facts.origin.versions, RTL_TOOL: block.versions[RTL_TOOL]}
    return replace(facts, origin=replace(facts.origin, versions=versions))


def _emulator(design: Design, counts: VectorCounts, facts: HandoffFacts) -> tuple[dict[str, bytes], HandoffFacts]:
    """Its sources; where there can be none, that is said among the limits, for all else can still be handed over."""
    try:
        return emulator_sources(design, counts), facts
    except UnsupportedLayerError as error:
        return {}, replace(facts, limits=(*facts.limits, f"The bundle has no C++ emulator: {error}"))

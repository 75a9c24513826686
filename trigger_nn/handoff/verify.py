"""Is a bundle what it says it is: every hash, the program, the expected outputs emulated again, `make check`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from trigger_nn import toolchain
from trigger_nn.errors import HandoffError, TriggerNNError
from trigger_nn.handoff.builders import builder_for
from trigger_nn.handoff.building import made_check
from trigger_nn.handoff.bundle import MANIFEST, SUMS, Bundle, listed, sums
from trigger_nn.handoff.design import Design
from trigger_nn.handoff.make import PROGRAM, RTL_TOOL, derived_files, emulator_sources, is_derived, papers, program_in
from trigger_nn.handoff.manifest import EstimateEntry, Manifest, RtlEntry, facts_in, read_manifest, weights_digest
from trigger_nn.handoff.rtl import ROOT as RTL
from trigger_nn.handoff.rtl import block_of, rtl_files
from trigger_nn.handoff.vectors import Vectors, vectors_in
from trigger_nn.handoff.verification import Check, Verification
from trigger_nn.program.program import Program
from trigger_nn.version import __version__

NAMED = 5  # files that a sentence names


def verify_path(path: Path, build: bool = True) -> Verification:
    """Verify the bundle in a folder or zip; of a zip also that its bytes are those that its files make.

    Raises:
        HandoffError: there is none, or the zip can't be read.
    """
    bundle = Bundle.read(path)
    found = verify(bundle, build)
    if path.is_dir():
        return found
    same = path.read_bytes() == bundle.zip()
    told = "as this package writes it" if same else "other bytes than its files make: altered, or packed anew"
    return Verification(found.digest, (Check("archive", same, told), *found.checks))


def verify(bundle: Bundle, build: bool = True) -> Verification:
    """Verify `bundle`; with `build` its C++ too, if there are g++ and make.

    Whatever is looked at is looked at for itself: a failure early hides none later, unless there is nothing to look at.
    """
    held = _Held(bundle)
    looks: list[tuple[str, Callable[[], str]]] = [
        ("manifest", lambda: _manifest(held)),
        ("program", lambda: _program(held)),
        ("expected outputs", lambda: _expected(held)),
        ("vectors, bench, scripts", lambda: _derived(held)),
        ("interface, papers", lambda: _papers(held)),
        ("C++ emulator", lambda: _emulator(held)),
        ("RTL", lambda: _rtl(held)),
    ]
    checks = [digest_check(bundle), *(_looked(name, look) for name, look in looks)]
    checks.append(made_check(bundle, build))
    return Verification(bundle.digest if SUMS in bundle.files else "", tuple(checks))


def digest_check(bundle: Bundle) -> Check:
    """Every file is as `SHA256SUMS` says, and no other is there: what any altered byte fails."""
    return _looked("digests", lambda: _digests(bundle))


class _Wrong(Exception):  # noqa: N818
    """Something does not hold."""


class _Unknown(Exception):  # noqa: N818
    """Something can't be looked at here; `needed` or not."""

    def __init__(self, reason: str, needed: bool = True) -> None:
        super().__init__(reason)
        self.needed = needed


@dataclass(frozen=True)
class _Held:
    """What the files of a bundle say, read once it is asked for."""

    bundle: Bundle

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest; the check of that name says what is wrong with it, all others that they can't go on."""
        try:
            return read_manifest(self.bundle)
        except HandoffError:
            raise _Unknown("the manifest can't be read") from None

    @cached_property
    def program(self) -> Program:
        return program_in(self.bundle)

    @cached_property
    def design(self) -> Design:
        manifest = self.manifest
        spec = manifest.handoff
        builder = builder_for(self.program, candidates=spec.candidates) if spec.builder else None
        return Design(self.program, manifest.hardware, builder, manifest.decisions)

    @cached_property
    def vectors(self) -> Vectors:
        """Vectors as the files have them."""
        return vectors_in(self.design, self.bundle.files, self.manifest.handoff)


def _looked(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, True, look())
    except _Unknown as reason:
        return Check(name, None, str(reason), reason.needed)
    except _Wrong as reason:
        return Check(name, False, str(reason))
    except TriggerNNError as error:
        return Check(name, False, str(error))


def _digests(bundle: Bundle) -> str:
    if SUMS not in bundle.files:
        raise _Wrong(f"{SUMS} is missing")
    named = dict(listed(bundle.files[SUMS]))
    actual = dict(listed(sums(bundle.files)))
    sentences = [
        _sentence("altered", [path for path in actual if path in named and named[path] != actual[path]]),
        _sentence("missing", [path for path in named if path not in actual]),
        _sentence("not listed", [path for path in actual if path not in named]),
    ]
    wrong = [sentence for sentence in sentences if sentence]
    if not wrong and bundle.files[SUMS] != sums(bundle.files):
        wrong = [f"{SUMS} itself is altered"]
    if wrong:
        raise _Wrong("; ".join(wrong))
    return f"{len(actual)} files are as {SUMS} says"


def _sentence(what: str, paths: list[str]) -> str:
    more = f" and {len(paths) - NAMED} more" if len(paths) > NAMED else ""
    return f"{what}: {', '.join(paths[:NAMED])}{more}" if paths else ""


def _manifest(held: _Held) -> str:
    manifest, files = read_manifest(held.bundle), held.bundle.files
    if manifest.text() != files[MANIFEST]:
        raise _Wrong("it is not written as this package writes it")
    wanted = {path: digest for path, digest in listed(sums(files)) if path != MANIFEST}
    if manifest.files != wanted:
        differing = sorted({p for p, _ in manifest.files.items() ^ wanted.items()})
        raise _Wrong(_sentence("its digests do not fit", differing))
    return f"{manifest.name}, design {manifest.digests.design[:8]}, program {manifest.digests.program[:8]}"


def _program(held: _Held) -> str:
    digests, program, design = held.manifest.digests, held.program, held.design
    found = {
        "program": (program.digest, digests.program),
        "weights": (weights_digest(program), digests.weights),
        "design": (design.identity.digest, digests.design),
    }
    wrong = [name for name, (one, two) in found.items() if one != two]
    if wrong:
        raise _Wrong(f"not the digest that the manifest has: {', '.join(wrong)}")
    names = {design.identity.symbol: held.manifest.symbol, program.name: held.manifest.name}
    for ours, theirs in names.items():
        if ours != theirs:
            raise _Wrong(f"the manifest says {theirs!r}, the program {ours!r}")
    return f"{len(program.operations)} operations, {design.identity.symbol}"


def _expected(held: _Held) -> str:
    """The emulator yields what the vectors expect."""
    design, vectors = held.design, held.vectors
    _equal("design", design.run(vectors.design.inputs), vectors.design.expected)
    events = vectors.design.events
    if vectors.network:
        alone = Design(design.program, design.hardware)
        _equal("network", alone.run(vectors.network.inputs), vectors.network.expected)
        events += vectors.network.events
    if vectors.layers:
        layers = design.emulator.trace_mantissas(vectors.innermost.inputs)
        _equal("layers", {name: layers[name] for name in vectors.layers}, vectors.layers)
    if (vectors.design.events, vectors.network and vectors.network.events) != (
        held.manifest.vectors.events, held.manifest.vectors.network_events,
    ):  # fmt: skip
        raise _Wrong("there are not as many events as the manifest says")
    return f"{events} events emulated again, every bit equal"


def _equal(block: str, ours: Mapping[str, np.ndarray], theirs: Mapping[str, np.ndarray]) -> None:
    for name, values in ours.items():
        wrong = np.argwhere(values != theirs[name])
        if len(wrong):
            event, *element = wrong[0].tolist()
            place = tuple(wrong[0].tolist())
            raise _Wrong(
                f"{len(wrong)} expected values of {block} differ, the first at event {event}, port {name}, element "
                f"{tuple(element)}: the emulator has {values[place]}, the vectors {theirs[name][place]}"
            )


def _derived(held: _Held) -> str:
    _same_version(held)
    others = [path for path in held.bundle.files if path not in (MANIFEST, SUMS) and not is_derived(path)]
    wanted = derived_files(held.design, held.vectors, held.manifest.handoff, others)
    return _as_made(held, wanted, is_derived)


def _papers(held: _Held) -> str:
    """Interface, guide and card are what the manifest's facts make; and no file is there that nothing makes."""
    _same_version(held)
    facts, events = facts_in(held.manifest, held.design), held.manifest.vectors.events
    wanted = papers(held.design, facts, events, held.manifest.rtl)
    told = _as_made(held, wanted, lambda path: "/" not in path and path not in ("Makefile", MANIFEST, SUMS))
    made = ("hls/", "emulator/", f"{RTL}/")
    strange = [p for p in held.bundle.files if "/" in p and not p.startswith(made) and not is_derived(p)]
    if strange:
        raise _Wrong(_sentence("nothing that a bundle holds", strange))
    if EstimateEntry.of(facts.estimate) != held.manifest.estimate:
        raise _Wrong("the manifest's estimate is not what the program gives")
    return told


def _emulator(held: _Held) -> str:
    if not any(path.endswith(".cpp") for path in held.bundle.files if path.startswith("emulator/")):
        if not any("no C++ emulator" in limit for limit in held.manifest.limits):
            raise _Wrong("the bundle has none, and does not say why")
        raise _Unknown("the bundle has none, its CARD.md says why", needed=False)
    _same_version(held)
    sources = emulator_sources(held.design, held.manifest.vectors)
    wanted = {f"emulator/{path}": content for path, content in sources.items()}
    wanted[PROGRAM] = held.bundle.files[PROGRAM]
    return _as_made(held, wanted, lambda path: path.startswith("emulator/"))


def _rtl(held: _Held) -> str:
    """The RTL is what the program makes; none is there where none was asked for."""
    asked, entry = held.manifest.handoff.rtl, held.manifest.rtl
    found = [path for path in held.bundle.files if path.startswith(f"{RTL}/")]
    if asked is None:
        if found or entry:
            raise _Wrong(_sentence("none was asked for, but there is", found or [f"an entry in {MANIFEST}"]))
        return "none was asked for"
    _same_version(held)
    _same_tool(held)
    block = block_of(held.design, asked)
    if RtlEntry.of(block) != entry:
        raise _Wrong("what the manifest says of it is not what the program gives")
    wanted = rtl_files(held.design, block, held.manifest.vectors.events)
    return _as_made(held, wanted, lambda path: path.startswith(f"{RTL}/"))


def _same_tool(held: _Held) -> None:
    made, here = held.manifest.versions.get(RTL_TOOL, "?"), toolchain.installed(RTL_TOOL)
    if made != here:
        raise _Unknown(
            f"written by {RTL_TOOL} {made}, which is {here if here == 'not installed' else f'{here} here'}; its digest "
            f"is checked above, to make it again: pip install {RTL_TOOL}=={made}"
        )


def _same_version(held: _Held) -> None:
    made = held.manifest.versions.get("trigger_nn", "?")
    if made != __version__:
        raise _Unknown(f"made by trigger_nn {made}, this is {__version__}; its digest is checked above")


def _as_made(held: _Held, wanted: dict[str, bytes], meant: Callable[[str], bool]) -> str:
    """The files that are `meant` are what is made of the program and the inputs today."""
    found = {path: content for path, content in held.bundle.files.items() if meant(path)}
    differing = sorted(path for path in found.keys() | wanted.keys() if found.get(path) != wanted.get(path))
    if differing:
        raise _Wrong(_sentence("not what the program and the inputs make", differing))
    return f"{len(found)} files made again, every byte equal"

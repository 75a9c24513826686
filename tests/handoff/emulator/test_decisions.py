"""The decisions behind the network, in the header and in `make check`."""

import subprocess

import numpy as np
import pytest

from tests.handoff.emulator.building import STRICT, identity_of
from tests.handoff.emulator.folder import EVENTS, hexadecimal, make, write_emulator, write_vectors
from tests.handoff.emulator.test_library import double
from trigger_nn.errors import HandoffError
from trigger_nn.handoff.design import BIT, DECISION, Design, Identity, Threshold
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.handoff.make import emulator_sources
from trigger_nn.handoff.manifest import VectorCounts
from trigger_nn.program.program import Port
from trigger_nn.recipe import HardwareSpec

PROGRAM = double(3)
SYMBOL = identity_of(PROGRAM).symbol
SHOW = """#include "SYMBOL.h"
#include <cstdio>
int main() {
    namespace net = SYMBOL;
    for (const net::Decision &d : net::decisions)
        std::printf("%s|%.3f|%zu|%lld\\n", d.signal, d.rate_khz, d.element, static_cast<long long>(d.threshold));
    std::printf("%zu %s %s\\n", net::number_of_decisions, net::digest(), net::design());
}
"""
NONE = """#include "SYMBOL.h"
static_assert(SYMBOL::number_of_decisions == 0);
int main() { SYMBOL::decide(nullptr, nullptr); }
"""


def decisions_of(outputs):
    """Thresholds that scores equal now and then."""
    scores = outputs["left"]
    first, last = (int(np.sort(scores[:, k])[EVENTS // 2]) for k in (0, 2))
    return Threshold("hh4b", 2, 37_500.0, last, 0.5), Threshold('γγ "low"', 0, 1e5, first, 0.5)


@pytest.fixture(scope="module")
def bundle(gxx, tmp_path_factory):
    """Folders `emulator` and `vectors` with two decisions, checked once; and the decisions."""
    root = tmp_path_factory.mktemp("decisions")
    outputs = write_vectors(PROGRAM, root / "vectors" / "design")
    decisions = decisions_of(outputs)
    bits = Design(PROGRAM, HardwareSpec(), decisions=decisions).decide(outputs["left"])
    assert 0 < bits.sum() < bits.size
    port = Port(DECISION, (2,), BIT)
    (root / "vectors" / "design" / "expected" / "decision.hex").write_text(hexadecimal(port, bits))
    write_emulator(root, PROGRAM, decisions=decisions)
    done = make(root / "emulator", "check")
    assert done.returncode == 0, done.stderr
    assert f"Emulator {SYMBOL}: {EVENTS * (3 + 3 + 2)} values of {EVENTS} events are as expected." in done.stdout
    return root, decisions


def check(root):
    command = [root / "emulator" / "build" / "check", root / "vectors" / "design"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_wrong_decision_is_told(bundle):
    path = bundle[0] / "vectors" / "design" / "expected" / "decision.hex"
    whole = path.read_text()
    last = int(whole[-2])
    path.write_text(f"{whole[:-2]}{1 - last}\n")
    done = check(bundle[0])
    path.write_text(whole)
    assert done.returncode != 0
    assert f"FAILED: Event 19, port decision, element 1: expected {1 - last}, found {last}." in done.stderr


@pytest.mark.parametrize(
    ("content", "told"),
    [(None, "is missing"), ("1 0\n", "event 1: there should be 20 events"), ("2 0\n", "is no value of 1 bits")],
)
def test_damaged_decisions_are_told(bundle, content, told):
    path = bundle[0] / "vectors" / "design" / "expected" / "decision.hex"
    whole = path.read_text()
    path.unlink() if content is None else path.write_text(content)
    done = check(bundle[0])
    path.write_text(whole)
    assert done.returncode != 0
    assert told in done.stderr


@pytest.mark.parametrize(("old", "new"), [("] > ", "] >= "), (", 2, ", ", 1, "), ("decisions[i].element", "0")])
def test_a_header_that_decides_otherwise_is_told(bundle, old, new):
    path = bundle[0] / "emulator" / f"{SYMBOL}.h"
    whole = path.read_text()
    assert whole.count(old) == 1
    path.write_text(whole.replace(old, new))
    done = make(bundle[0] / "emulator", "check")
    path.write_text(whole)
    assert done.returncode != 0
    assert "port decision, element" in done.stderr


def test_the_constants_and_digests(gxx, tmp_path, bundle):
    identity = Identity(PROGRAM.name, "ab" * 32)
    for path, content in emulator_files(identity, PROGRAM, 1, "vectors/network", bundle[1]).items():
        if path.startswith(identity.symbol):
            (tmp_path / path).write_bytes(content)
    (tmp_path / "show.cpp").write_text(SHOW.replace("SYMBOL", identity.symbol))
    sources = [tmp_path / "show.cpp", tmp_path / f"{identity.symbol}.cpp"]
    subprocess.run(["g++", *STRICT, "-O0", *sources, "-o", tmp_path / "show"], check=True)
    shown = subprocess.run([tmp_path / "show"], capture_output=True, check=True).stdout.decode()
    one, other = (decision.mantissa for decision in bundle[1])
    assert shown.splitlines() == [
        f"hh4b|37.500|2|{one}",
        f'γγ "low"|100.000|0|{other}',
        f"2 {PROGRAM.digest} {'ab' * 32}",
    ]


def test_no_decision_needs_no_file(gxx, tmp_path):
    folder = write_emulator(tmp_path, PROGRAM)
    (tmp_path / "none.cpp").write_text(NONE.replace("SYMBOL", SYMBOL))
    subprocess.run(["g++", *STRICT, "-O0", f"-I{folder}", tmp_path / "none.cpp", "-o", tmp_path / "none"], check=True)
    assert "decision" not in (folder / "check.cpp").read_text()


def test_vectors_of_the_network_alone_hold_no_decision(gxx, tmp_path):
    outputs = write_vectors(PROGRAM, tmp_path / "vectors" / "network")
    folder = write_emulator(tmp_path, PROGRAM, "vectors/network", decisions_of(outputs))
    done = make(folder, "check")
    assert done.returncode == 0, done.stderr
    assert f"{EVENTS * (3 + 3)} values of {EVENTS} events" in done.stdout
    assert "not compare `decide`: `vectors/network` holds no decision" in (folder / "README.md").read_text()
    assert "hh4b" in (folder / f"{SYMBOL}.h").read_text()


def test_a_bundle_has_the_decisions_of_its_design():
    design = Design(PROGRAM, HardwareSpec(), decisions=(Threshold("tau", 1, 4e4, -7, 0.5),))
    made = emulator_sources(design, VectorCounts(events=5, network_events=None))
    assert made == emulator_files(design.identity, PROGRAM, 5, "vectors/design", design.decisions)
    assert b'{"tau", 40.0, 1, -7},' in made[f"{design.identity.symbol}.h"]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (Threshold("tau", 3, 1e5, 0, 0.5), "'tau' is about element 3 of 'left', which has 3; give one of these"),
        (Threshold("tau", -1, 1e5, 0, 0.5), "'tau' is about element -1 of 'left'"),
        (Threshold("tau", 0, 1e5, 1 << 63, 0.5), "threshold 9223372036854775808 of the decision 'tau' exceeds 64 bits"),
        (Threshold("tau", 0, float("inf"), 0, 0.5), "rate of the decision 'tau' is inf Hz; give a finite one"),
    ],
)
def test_a_decision_about_nothing_is_refused(wrong, told):
    with pytest.raises(HandoffError, match=told):
        emulator_files(identity_of(PROGRAM), PROGRAM, 1, "vectors/design", (wrong,))

"""Bundles of two files, verifications that were decided before, and writers for other processes."""

import json

from trigger_nn.errors import HandoffError
from trigger_nn.handoff.bundle import Bundle
from trigger_nn.handoff.store import Store
from trigger_nn.handoff.verification import Check, Verification


def tiny(content="a", name="tiny"):
    manifest = json.dumps({"name": name}).encode()
    return Bundle.sealed({"manifest.json": manifest, "a.txt": content.encode(), "scripts/run.sh": b"true\n"})


def good(bundle):
    checks = (Check("digests", True, "3 files"), Check("C++ emulator", None, "the bundle has none", needed=False))
    return Verification(bundle.digest, checks)


def bad(bundle):
    wrong = (Check("digests", False, "a.txt was altered"), Check("program", True, ""), Check("ports", False, "none"))
    return Verification(bundle.digest, wrong)


def publish_many(address, names, versions, content, barrier, results):
    """Publish under all names and versions; what came of it goes into the queue `results`."""
    store, done = Store(address), []
    barrier.wait()
    for version in versions:
        for name in names:
            bundle = tiny(f"{content} {version}", name)
            try:
                done.append((name, version, content, store.publish(bundle, version, good).digest == bundle.digest))
            except HandoffError as error:
                done.append((name, version, content, str(error)))
    results.put(done)


def publish_for_ever(address, pipe, first):
    """Publish version after version, and tell of each when it is done."""
    number = first
    while True:
        Store(address).publish(tiny(str(number)), f"1.{number}", good)
        pipe.send(number)
        number += 1

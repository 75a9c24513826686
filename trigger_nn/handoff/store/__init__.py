"""The release store: bundles by name, version and digest, in a folder or behind a URL; nothing in it is ever changed.

    store.json                    what this folder is
    objects/<sha256>.zip          a bundle, under the SHA-256 of the zip
    records/<name>/00000001.json  what was done with the bundles of that name, one file an action, in order

Every record is made by one atomic exclusive creation under the next number. Two writers can't both take a number: the
one who comes second reads what the first did and decides again. So there are no locks, a writer that is killed leaves
at most an object that no record names, and all clocks may be wrong. This is how the transaction log of Delta Lake works
(Armbrust et al., PVLDB 13 (2020) 3411).
"""

from trigger_nn.handoff.store.releases import Release
from trigger_nn.handoff.store.store import Store

__all__ = ["Release", "Store"]

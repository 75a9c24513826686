"""A bundle's folders `emulator` and `vectors` on disk, without the rest of it."""

import subprocess

from tests.engines.native.agreement import inputs_of
from tests.handoff.emulator.building import identity_of
from trigger_nn.engines.reference import run_reference
from trigger_nn.handoff.emulator import emulator_files

EVENTS = 20


def hexadecimal(port, values):
    """As the bundle's vectors are written."""
    digits = -(-port.type.width // 4)
    mask = (1 << port.type.width) - 1
    rows = values.reshape(len(values), -1)
    return "".join(" ".join(f"{int(v) & mask:0{digits}x}" for v in row) + "\n" for row in rows)


def write_emulator(root, program, vectors="vectors/design", decisions=()):
    """The folder `root/emulator`."""
    for path, content in emulator_files(identity_of(program), program, EVENTS, vectors, decisions).items():
        (root / "emulator" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "emulator" / path).write_bytes(content)
    return root / "emulator"


def write_vectors(program, folder):
    """Inputs and expected outputs in `folder`; the outputs by port are returned."""
    inputs = inputs_of(program, EVENTS)
    outputs = run_reference(program, inputs, program.output_names)
    for kind, ports, values in (("inputs", program.inputs, inputs), ("expected", program.outputs, outputs)):
        (folder / kind).mkdir(parents=True)
        for port in ports:
            (folder / kind / f"{port.name}.hex").write_text(hexadecimal(port, values[port.name]))
    return outputs


def make(folder, *targets):
    """`make` without optimization, which takes longer than all else here."""
    return subprocess.run(["make", "-C", folder, "CXXFLAGS=-O0", *targets], capture_output=True, text=True, check=False)

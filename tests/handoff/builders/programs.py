"""Programs of one layer that record a view, and builders' C++ run by g++."""

import subprocess
from importlib.util import find_spec
from math import prod
from pathlib import Path

import numpy as np

from trigger_nn.events.quantities import Column, Quantity, to_json
from trigger_nn.handoff.builders.source import integer_type
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Relu
from trigger_nn.program.program import Port, Program
from trigger_nn.program.rules import check


def whole(bits, signed=False):
    return Fixed(signed, bits, bits)


def program_of(column, shape, kind, raw=None, name="net"):
    """A program whose input `x` has `shape` and `kind`, trained on `column`."""
    layer = Relu(name="y", inputs=("x",), shape=shape, type=kind)
    events = {"view": "it", "column": to_json(column)} | ({"raw": raw} if raw else {})
    return check(Program(name, (Port("x", shape, kind),), (layer,), ("y",), {"events": events}))


def image_view(**changes):
    """An event image's view as JSON."""
    return {
        "kind": "event_image", "source": "towers", "channels": ["total"], "eta_bins": 2, "phi_bins": 3, "eta_max": 5.0,
        "bits": 10, "subtract": False, "pedestals": [], "jet_radius": 0.4, "jet_minimum": 20.0,
    } | changes  # fmt: skip


def image_program(view, wrap=0, kind=None, lsb=0.5, raw=None):
    """A program of the image of `view`, its input with `wrap` columns more on either side."""
    eta, phi, channels = view["eta_bins"], view["phi_bins"], len(view["channels"])
    name = "et" if view["source"] == "towers" else "pt"
    shape = (eta, phi) if channels == 1 else (eta, phi, channels)
    column = Column(shape, (Quantity(name, "GeV", whole(view["bits"]), lsb),), view)
    return program_of(column, (eta, phi + 2 * wrap, channels), kind or whole(view["bits"]), raw)


HARNESS = """
#include <cstdint>
#include <cstdio>
#include <cstring>
{includes}

template <class T> void fill(T *to, unsigned size, const int32_t *&from) {{
    for (unsigned i = 0; i < size; i++) to[i] = T(*from++);
}}

{functions}

int main(int, char **arguments) {{
    static int32_t numbers[1 << 16];
{calls}
    return 2;
}}
"""

FUNCTION = """
static int {name}(int32_t *numbers) {{
    while (std::fread(numbers, sizeof(int32_t), {total}, stdin) == {total}) {{
        const int32_t *from = numbers;
{fills}
        static {output_type} output[{output_size}];
        {name}_space::inner::build({arguments}output);
        for (unsigned i = 0; i < {output_size}; i++) {{
            uint64_t bits = output[i].range({top}, 0).to_uint64();
            std::fwrite(&bits, sizeof bits, 1, stdout);
        }}
    }}
    return 0;
}}
"""


def _function(name, builder, output):
    fills = "".join(
        f"        static {integer_type(p.type)} {p.name}[{prod(p.shape)}]; fill({p.name}, {prod(p.shape)}, from);\n"
        for p in builder.ports
    )
    return FUNCTION.format(
        name=name, total=sum(prod(p.shape) for p in builder.ports), fills=fills, output_size=prod(output.shape),
        output_type=f"ap_{'' if output.type.signed else 'u'}fixed<{output.type.width}, {output.type.integer}>",
        arguments="".join(f"{p.name}, " for p in builder.ports), top=output.type.width - 1,
    )  # fmt: skip


def built(gxx, folder: Path, builders):
    """All `builders` ({name: (builder, the network's input)}) compiled into one program: its path."""
    for name, (builder, _) in builders.items():
        (folder / f"{name}.h").write_text(builder.source(f"{name}_space::inner"))
    text = HARNESS.format(
        includes="\n".join(f'#include "{name}.h"' for name in builders),
        functions="".join(_function(name, *pair) for name, pair in builders.items()),
        calls="\n".join(f'    if (!std::strcmp(arguments[1], "{name}")) return {name}(numbers);' for name in builders),
    )
    (folder / "main.cpp").write_text(text)
    hls4ml = Path(find_spec("hls4ml").submodule_search_locations[0])
    # Labels are for HLS; AMD's own headers read what they did not set.
    quiet = ("unknown-pragmas", "unused-label", "uninitialized", "maybe-uninitialized")
    flags = ["-std=c++11", "-O1", "-Wall", "-Wextra", "-Werror", *(f"-Wno-{name}" for name in quiet)]
    headers = str(hls4ml / "templates/vivado/ap_types")
    command = [gxx, *flags, "-isystem", headers, "main.cpp", "-o", "run"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:3000]
    return folder / "run"


def run(program: Path, name, builder, output, inputs):
    """Mantissas that the C++ makes of `inputs`."""
    events = len(next(iter(inputs.values())))
    flat = [inputs[port.name].reshape(events, -1) for port in builder.ports]
    given = np.concatenate(flat, axis=1).astype(np.int32).tobytes()
    done = subprocess.run([str(program), name], input=given, capture_output=True, check=True)
    bits = np.frombuffer(done.stdout, np.uint64).astype(np.int64).reshape(events, *output.shape)
    return np.where(bits > output.type.maximum, bits - (1 << output.type.width), bits)

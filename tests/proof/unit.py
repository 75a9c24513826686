"""The C++ around written projects: one translation unit of many, a way in and out of each, and a main that runs one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.proof.headers import guard


@dataclass(frozen=True)
class Project:
    """One written project: `firmware` is its folder; sizes are numbers of elements, in the order of the C++ call."""

    name: str
    backend: str
    firmware: Path
    inputs: tuple[int, ...]
    outputs: tuple[tuple[str, int], ...]
    layers: tuple[tuple[str, int], ...]
    bridge: str


def translation_unit(group: list[Project]) -> str:
    """The translation unit: headers, every project after forgetting the guards of the one before, bridges, main."""
    parts = ['#include "all.h"', _TRACE]
    for project in group:
        parts.append(f'#include "{project.firmware / project.name}.cpp"')
        parts.append(project.bridge)
        parts += [f"#undef {macro}" for macro in _guards(project.firmware)]
    cases = "".join(f'    if (name == "{p.name}") return drive({p.name}::sizes(), {p.name}::event);\n' for p in group)
    parts.append(_MAIN.replace("CASES", cases))
    return "\n".join(parts)


def bridge(name: str, inputs: list[Any], outputs: list[Any], layers: tuple[tuple[str, int], ...]) -> str:
    """One event of a project: numbers in, numbers out, layer results after the outputs."""
    lines, offset = [], 0
    for variable in inputs:
        lines.append(f"    {variable.definition_cpp(name_suffix='_ap').strip()};")
        size = variable.size_cpp()
        kind = variable.type.name
        lines.append(f"    nnet::convert_data<double, {kind}, {size}>(in + {offset}, {variable.name}_ap);")
        offset += int(np.prod(variable.shape))
    width_in = offset
    lines += [f"    {variable.definition_cpp(name_suffix='_ap').strip()};" for variable in outputs]
    lines.append(f"    {name}({', '.join(f'{variable.name}_ap' for variable in [*inputs, *outputs])});")
    offset = 0
    for variable in outputs:
        kind, size = variable.type.name, variable.size_cpp()
        lines.append(f"    nnet::convert_data<{kind}, double, {size}>({variable.name}_ap, out + {offset});")
        offset += int(np.prod(variable.shape))
    width_out = offset + sum(size for _, size in layers)
    slots = []
    for layer, size in layers:
        slots.append(f'    (*nnet::trace_outputs)["{layer}"] = out + {offset};')
        offset += size
    body = "\n".join([*slots, *lines])
    return (
        f"namespace {name} {{\nstatic shape sizes() {{ return {{{width_in}, {width_out}}}; }}\n"
        f"static void event(double *in, double *out) {{\n{body}\n}}\n}}\n"
    )


_TRACE = """
#include <cstring>
#include <vector>
#include <limits>
namespace nnet {
bool trace_enabled = true;
std::map<std::string, void *> *trace_outputs = new std::map<std::string, void *>;
size_t trace_type_size = 8;
}
struct shape { size_t in, out; };
"""

_MAIN = """
static std::vector<double> values;
static size_t events;
static int garbage, backwards;
static const char *destination;

static void __attribute__((noinline)) soil() {
    volatile char stack[1 << 20];
    for (size_t i = 0; i < sizeof(stack); i++) stack[i] = garbage;
}

static int drive(shape size, void (*event)(double *, double *)) {
    std::vector<double> results(events * size.out, std::numeric_limits<double>::quiet_NaN());
    for (size_t i = 0; i < events; i++) {
        size_t which = backwards ? events - 1 - i : i;
        soil();
        event(values.data() + which * size.in, results.data() + which * size.out);
    }
    FILE *file = fopen(destination, "wb");
    fwrite(results.data(), sizeof(double), results.size(), file);
    return fclose(file);
}

int main(int, char **argument) {
    std::string name = argument[1];
    destination = argument[3];
    events = atoi(argument[4]);
    garbage = backwards = atoi(argument[5]);
    FILE *file = fopen(argument[2], "rb");
    fseek(file, 0, SEEK_END);
    values.resize(ftell(file) / sizeof(double));
    rewind(file);
    if (fread(values.data(), sizeof(double), values.size(), file) != values.size()) return 3;
CASES
    return 2;
}
"""


def _guards(firmware: Path) -> list[str]:
    paths = [*firmware.glob("*.h"), *firmware.glob("weights/*.h"), firmware / "nnet_utils" / "nnet_code_gen.h"]
    return sorted({guard(path.read_text()) for path in paths})

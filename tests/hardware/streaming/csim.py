"""hls4ml's C++ of a project, run with streams that tell what is done with them, held against the token model."""

import re
import subprocess
from itertools import pairwise
from pathlib import Path

from trigger_nn.hardware.streaming.build import token_graph
from trigger_nn.hardware.streaming.project import SOURCE, depths_of, with_depths

EVENTS = 2

MAIN = """
#include "network.h"
int main() {{
    {declarations}
    for (int event = 0; event < {events}; event++) {{
        {writes}
        nn::network({names});
        std::printf("done\\n");
        {reads}
    }}
}}
"""


def _write(project, folder):
    """The project as files."""
    for path, content in project.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def _main(ports, counts):
    kinds = {name: kind for kind, name in ports}
    fill = "for (int i = 0; i < {n}; i++) {name}.write(nn::{kind}());"
    drain = "while (!{name}.empty()) {name}.read();"
    inputs = {name: count for name, count in counts.items() if name in kinds}
    return MAIN.format(
        events=EVENTS,
        names=", ".join(kinds),
        declarations=" ".join(f'hls::stream<nn::{kind}> {name}("{name}");' for name, kind in kinds.items()),
        writes=" ".join(fill.format(n=count, name=name, kind=kinds[name]) for name, count in inputs.items()),
        reads=" ".join(drain.format(name=name) for name in kinds if name not in inputs),
    )


def _told(gxx, folder):
    """What was done with the streams in each call of the network."""
    flags = ["-std=c++17", "-O0", "-w", "-DHLS_NO_XIL_FPO_LIB"]
    paths = [Path(__file__).parent, folder / "firmware/ap_types", folder / "firmware", folder / "firmware/nnet_utils"]
    sources = [folder / "main.cpp", folder / SOURCE]
    command = [gxx, *flags, *(f"-I{path}" for path in paths), *map(str, sources), "-o", str(folder / "run")]
    subprocess.run(command, check=True)
    text = subprocess.run([str(folder / "run")], check=True, capture_output=True, text=True, cwd=folder).stdout
    lines = [line.split() for line in text.splitlines()]
    ends = [0, *(number + 1 for number, line in enumerate(lines) if line == ["done"])]
    return [lines[start:end] for start, end in pairwise(ends)]


def _order(actor):
    """What an actor does in one event, pass after pass through its loops, as C++ without pragmas does it."""
    for phase in actor.phases:
        for trip in range(phase.trips):
            for letter, names, accesses in (("R", actor.inputs, phase.reads), ("W", actor.outputs, phase.writes)):
                happening = [a for a in accesses if a.iterations is None or trip in a.iterations]
                yield from ([letter, names[a.port]] for a in sorted(happening, key=lambda a: (a.cycle, a.port)))


def compare(program, hardware, project, gxx, folder):
    """Assert that every layer of the C++ reads and writes its FIFOs, pack by pack, in the order of the model."""
    graph = token_graph(program, hardware)
    ports = re.findall(r"hls::stream<(\w+)> &(\w+)", project["firmware/network.h"].decode())
    variables = variables_of(program, graph, project)
    tokens = {variables[edge.name]: edge.tokens for edge in graph.edges}
    sent = {variables[actor.name]: tokens[variables[actor.name]] for actor in graph.actors if not actor.inputs}
    _write(project, folder)
    (folder / "main.cpp").write_text(_main(ports, sent))
    for event in _told(gxx, folder):
        done = [line for line in event if line[0] in "RW"]
        assert {fifo: done.count(["W", fifo]) for fifo in tokens} == tokens
        assert all(line[2] == "0" for line in event if line[0] == "L" and line[1] in tokens)
        for actor in (actor for actor in graph.actors if actor.inputs):
            mine = {("R", variables[n]) for n in actor.inputs} | {("W", variables[n]) for n in actor.outputs}
            expected = [[letter, variables[fifo]] for letter, fifo in _order(actor)]
            assert [line for line in done if tuple(line) in mine] == expected, actor.name


def variables_of(program, graph, project):
    """The C++ variable of each edge: inner ones by their pragmas, ports by hls4ml's rules for their names."""
    ports = [name for _, name in re.findall(r"hls::stream<(\w+)> &(\w+)", project["firmware/network.h"].decode())]
    marked = with_depths(project, {name: 1000 + n for n, name in enumerate(depths_of(project))})[SOURCE].decode()
    found = {int(depth): name for name, depth in re.findall(r"STREAM variable=(\w+) depth=(\d+)", marked)}
    inner = {fifo: found[1000 + n] for n, fifo in enumerate(depths_of(project))}
    senders = {actor.name: actor.name for actor in graph.actors if not actor.inputs}
    outputs = {edge.producer.removeprefix("clone_"): edge.name for edge in graph.results}
    leaving = [outputs[name] for name in program.output_names]
    return inner | senders | dict(zip(leaving, ports[len(senders) :], strict=True))

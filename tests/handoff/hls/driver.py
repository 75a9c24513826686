"""A small driver of a design's top function, by the contract of its header alone; built with g++ and run on events."""

import re
import subprocess
from math import prod

import numpy as np

from trigger_nn.handoff.design import Design

BODY = """
#include <iostream>

// The integer of an element is its bits in two's complement, whatever its type.
template <class T> void fill(T &element, long long integer) {
    element.range(T::width - 1, 0) = ap_int<64>(integer).range(T::width - 1, 0);
}
template <class T> unsigned long long bits(T element) {
    ap_uint<T::width> integer = element.range(T::width - 1, 0);
    return integer.to_uint64();
}
template <class B, class T> void write(hls::stream<B> &stream, const T *elements, unsigned size) {
    for (unsigned i = 0; i < size; i += B::size) {
        B beat;
        for (unsigned j = 0; j < B::size; j++) beat[j] = elements[i + j];
        stream.write(beat);
    }
}
template <class B, class T> void read(hls::stream<B> &stream, T *elements, unsigned size) {
    for (unsigned i = 0; i < size; i += B::size) {
        B beat = stream.read();
        for (unsigned j = 0; j < B::size; j++) elements[i + j] = beat[j];
    }
}
"""
MAIN = "int main(int count, char **) { while (%s) {} }\n"
FLAGS = ["-O0", "-w"]


def named(ports):
    return [re.sub(r"\W", "_", port.name) for port in ports]


def event_function(name, call, space, inputs, outputs, streams=False):
    """C++ of a function that reads an event's integers, calls `call` and prints the bits of what comes out."""
    lines = [f"static bool {name}() {{", "long long integer;"]
    for port in (*inputs, *outputs):
        lines.append(f"static {space}::{port}_type {port}[{space}::{port}_size];")
        lines += [f"static hls::stream<{space}::{port}_beat> {port}_fifo;"] if streams else []
    for port in inputs:
        lines.append(f"for (unsigned i = 0; i < {space}::{port}_size; i++) {{")
        lines.append(f"if (!(std::cin >> integer)) return false;\nfill({port}[i], integer);\n}}")
        lines += [f"write({port}_fifo, {port}, {space}::{port}_size);"] if streams else []
    lines.append(f"{call}({', '.join(port + '_fifo' if streams else port for port in (*inputs, *outputs))});")
    for port in outputs:
        lines += [f"read({port}_fifo, {port}, {space}::{port}_size);"] if streams else []
        lines += [f"if (!{port}_fifo.empty()) return false;"] if streams else []
        lines.append(f"for (unsigned i = 0; i < {space}::{port}_size; i++) std::cout << bits({port}[i]) << ' ';")
    return "\n".join([*lines, "std::cout << '\\n';", "return true;", "}", ""])


def block_function(design: Design, name="event"):
    """The function that drives the whole block."""
    symbol = design.identity.symbol
    ports = named(design.inputs), named(design.outputs)
    return event_function(name, symbol, f"nn_{symbol}::design", *ports, streams=design.streams)


def network_function(design: Design, name="event"):
    """The function that drives the network behind a builder."""
    space, program = f"nn_{design.identity.symbol}", design.program
    ports = named(program.inputs), named(program.outputs)
    return event_function(name, f"{space}::network", f"{space}::network_block", *ports)


def sources(design: Design):
    """The C++ sources of a design's hls folder."""
    return [f"firmware/{design.identity.symbol}.cpp", "firmware/network.cpp"]


def header(design: Design):
    """The C++ header of a design's hls folder."""
    return f"firmware/{design.identity.symbol}.h"


def compile_cpp(gxx, folder, name, text, amd, more=(), standard="c++14"):
    """The program of `text` and of sources or objects, as a path; `amd` is a folder of AMD's headers."""
    (folder / f"{name}.cpp").write_text(text)
    command = [gxx, f"-std={standard}", *FLAGS, "-I", amd, f"{name}.cpp", *more, "-o", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:4000]
    return folder / name


def write(files, folder):
    """`files` of a design's hls folder on disk."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def driver_of(gxx, folder, design, files, standard="c++14"):
    """The program that drives a design's block event by event, and with an argument its network alone, as a path."""
    write(files, folder)
    functions = block_function(design) + (network_function(design, "network_event") if design.builder else "")
    main = MAIN % ("count > 1 ? network_event() : event()" if design.builder else "event()")
    text = f'#include "{header(design)}"\n{BODY}{functions}{main}'
    return compile_cpp(gxx, folder, "driver", text, "firmware/ap_types", sources(design), standard)


def run(command, ports_in, ports_out, inputs):
    """Mantissas by output port, from those by input port."""
    given = np.concatenate([inputs[port.name].reshape(len(inputs[port.name]), -1) for port in ports_in], axis=1)
    text = "\n".join(" ".join(map(str, row)) for row in given.tolist()) + "\n"
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    rows = np.array([line.split() for line in done.stdout.splitlines()], np.int64)
    assert rows.shape == (len(given), sum(prod(port.shape) for port in ports_out))
    columns = np.split(rows, np.cumsum([prod(port.shape) for port in ports_out])[:-1], axis=1)
    return {port.name: signed(bits, port) for port, bits in zip(ports_out, columns, strict=True)}


def signed(bits, port):
    """Mantissas of a port, (events, *shape), from their bits."""
    negative = bits >> (port.type.width - 1) & 1 if port.type.signed else np.zeros_like(bits)
    return (bits - (negative << port.type.width)).reshape(-1, *port.shape)


def assert_equal(found, expected):
    """The same ports with the same integers."""
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values, err_msg=name)


def random_events(ports, count=200, seed=1):
    """Mantissas over the whole range of every port, its ends and zero among them."""
    rng = np.random.default_rng(seed)
    inputs = {}
    for port in ports:
        values = rng.integers(port.type.minimum, port.type.maximum, (count, *port.shape), endpoint=True)
        values[0], values[1], values[2] = port.type.minimum, port.type.maximum, 0
        inputs[port.name] = values
    return inputs

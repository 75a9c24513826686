"""Bundles with designs written by hand, whose mistakes are chosen when they run: no compiler is needed for each."""

import math
import sysconfig
from pathlib import Path
from types import SimpleNamespace

from trigger_nn.files import write_tree
from trigger_nn.handoff.bench import bench_files
from trigger_nn.handoff.bundle import SUMS, sums
from trigger_nn.handoff.design import Design
from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations.activations import Cast
from trigger_nn.program.operations.arrangement import Reshape
from trigger_nn.program.program import Port, Program
from trigger_nn.recipe import HardwareSpec

AP_TYPES = Path(sysconfig.get_path("purelib")) / "hls4ml/templates/vivado/ap_types"
EVENTS, NETWORK_EVENTS = 40, 7

X = Port("x", (3,), Fixed(True, 10, 4))
BIG = Port("big", (2,), Fixed(False, 1024, 1024))
Y = Port("y", (3, 1), Fixed(True, 12, 6))
WIDE = Port("wide.out", (2,), Fixed(True, 1001, -3))
RAW = Port("raw", (3,), Fixed(False, 9, 9))

BUGS = """
#include <cstdlib>
#include <string>
static bool bug(const char *name) { return std::getenv("BUG") && std::string(std::getenv("BUG")) == name; }
"""


def program(inputs, outputs):
    """A Program with these ports; what it computes is not looked at."""
    operations = [Reshape(name="flat", inputs=(inputs[0].name,), shape=inputs[0].shape, type=inputs[0].type)]
    operations += [Cast(name=port.name, inputs=("flat",), shape=port.shape, type=port.type) for port in outputs]
    return Program("fake", tuple(inputs), tuple(operations), tuple(port.name for port in outputs))


def parallel():
    """Two inputs, two outputs, one of each very wide."""
    return Design(program([X, BIG], [Y, WIDE]), HardwareSpec())


def built():
    """A builder in front of the network, which is then a block of its own."""
    builder = SimpleNamespace(ports=(RAW,), facts=lambda: {"view": "fake"})
    return Design(program([X], [Y]), HardwareSpec(), builder=builder)


def streaming():
    """FIFOs: three beats in, one beat out."""
    return Design(program([X], [Y]), HardwareSpec(io_type="io_stream"))


def network(x):
    """y = 2x + 1, as mantissas: both types have 6 bits behind the point."""
    return [wrapped(2 * value + 64, Y.type) for value in x]


def wrapped(value, kind):
    value &= (1 << kind.width) - 1
    return value - (1 << kind.width) if kind.signed and value >> (kind.width - 1) else value


def raw_events(events):
    return [[(7 * event + 31 * i) % 512 for i in range(3)] for event in range(events)]


def x_events(events):
    return [[wrapped(97 * event + 401 * i, X.type) for i in range(3)] for event in range(events)]


def big_events(events):
    return [[(3**640 * (event + 1) + i) % (1 << 1024) for i in range(2)] for event in range(events)]


def lines(port, events):
    """Vectors of a port, as the bundle holds them."""
    assert all(len(event) == math.prod(port.shape) for event in events)
    digits, mask = -(-port.type.width // 4), (1 << port.type.width) - 1
    return "".join(" ".join(f"{value & mask:0{digits}x}" for value in event) + "\n" for event in events).encode()


def vectors(block, inputs, outputs):
    files = {f"vectors/{block}/inputs/{port.name}.hex": lines(port, events) for port, events in inputs}
    return files | {f"vectors/{block}/expected/{port.name}.hex": lines(port, events) for port, events in outputs}


def parallel_files():
    design, x, big = parallel(), x_events(EVENTS), big_events(EVENTS)
    wide = [[wrapped(value, WIDE.type) for value in event] for event in big]
    symbol = design.identity.symbol
    ports = _ports([("x", "ap_fixed<10, 4>", 3), ("big", "ap_uint<1024>", 2), ("y", "ap_fixed<12, 6>", 3)])
    header = _header(symbol, {"design": ports + _ports([("wide_out", "ap_fixed<1001, -3>", 2)])})
    args = ", ".join(f"nn_{symbol}::design::{p}_type {p}[nn_{symbol}::design::{p}_size]" for p in ["x", "big", "y"])
    signature = f"void {symbol}({args}, nn_{symbol}::design::wide_out_type wide_out[2])"
    body = """
    static int calls = 0;
    for (int i = 0; i < 3; i++)
        if (!(bug("unwritten") && i == 2))
            y[i] = 2 * x[i] + SHIFT;
    if (bug("bit") && x[0].range(9, 0) == 97 * 7)
        y[0][3] = !y[0][3];
    if (bug("state") && calls++ >= 40)
        y[1][0] = !y[1][0];
    for (int i = 0; i < 2; i++)
        wide_out[i].range(1000, 0) = big[i].range(1000, 0);
    if (bug("wide"))
        wide_out[1][1000] = !wide_out[1][1000];
"""
    files = _sources(symbol, header, signature, body)
    files |= vectors("design", [(X, x), (BIG, big)], [(Y, [network(e) for e in x]), (WIDE, wide)])
    return files | bench_files(design, EVENTS, None)


def built_files():
    design, raw, x = built(), raw_events(EVENTS), x_events(NETWORK_EVENTS)
    space = f"nn_{design.identity.symbol}"
    inner, outer = ("x", "ap_fixed<10, 4>", 3), ("y", "ap_fixed<12, 6>", 3)
    blocks = {"design": _ports([("raw", "ap_uint<9>", 3), outer]), "network_block": _ports([inner, outer])}
    signature = f"void {design.identity.symbol}({space}::design::raw_type raw[3], {space}::design::y_type y[3])"
    alone = f"void network({space}::network_block::x_type x[3], {space}::network_block::y_type y[3])"
    header = _header(design.identity.symbol, blocks) + f"namespace {space} {{ {alone}; }}\n"
    body = f"""
    {space}::network_block::x_type x[3];
    for (int i = 0; i < 3; i++)
        x[i].range(9, 0) = raw[i];
    {space}::network(x, y);
"""
    files = _sources(design.identity.symbol, header, signature, body)
    name = f'#include "{design.identity.symbol}.h"\n#include "weights/shift.h"\n{BUGS}'
    loop = '{ for (int i = 0; i < 3; i++) y[i] = 2 * x[i] + SHIFT; if (bug("network") && x[1] < 0) y[1][11] = 0; }'
    files["hls/firmware/network.cpp"] = f"{name}namespace {space} {{ {alone} {loop} }}\n".encode()
    files |= vectors("design", [(RAW, raw)], [(Y, [network(e) for e in raw])])
    files |= vectors("network", [(X, x)], [(Y, [network(e) for e in x])])
    return files | bench_files(design, EVENTS, NETWORK_EVENTS)


def streaming_files():
    design, x = streaming(), x_events(EVENTS)
    symbol, space = design.identity.symbol, f"nn_{design.identity.symbol}::design"
    ports = _ports([("x", "ap_fixed<10, 4>", 3), ("y", "ap_fixed<12, 6>", 3)])
    ports += "typedef fake_array<x_type, 1> x_beat; typedef fake_array<y_type, 3> y_beat;\n"
    header = _header(symbol, {"design": ports}, '#include "hls_stream.h"\n' + ARRAY)
    signature = f"void {symbol}(hls::stream<{space}::x_beat> &x, hls::stream<{space}::y_beat> &y)"
    body = f"""
    {space}::y_beat beat;
    for (int i = 0; i < 3; i++)
        beat[i] = 2 * x.read()[0] + SHIFT;
    if (bug("unread"))
        x.write({space}::x_beat());
    if (!bug("short"))
        y.write(beat);
    if (bug("long"))
        y.write(beat);
"""
    files = _sources(symbol, header, signature, body)
    files |= vectors("design", [(X, x)], [(Y, [network(e) for e in x])])
    return files | bench_files(design, EVENTS, None)


ARRAY = """
template <class T, unsigned N> struct fake_array {
    typedef T value_type;
    static const unsigned size = N;
    T data[N];
    T &operator[](size_t i) { return data[i]; }
    const T &operator[](size_t i) const { return data[i]; }
};
"""


def _ports(ports):
    return "".join(f"typedef {t} {p}_type; static const unsigned {p}_size = {n};\n" for p, t, n in ports)


def _header(symbol, blocks, before=""):
    spaces = "".join(f"namespace nn_{symbol} {{ namespace {b} {{\n{content}}} }}\n" for b, content in blocks.items())
    return f'#pragma once\n#include "ap_fixed.h"\n#include "ap_int.h"\n{before}{spaces}'


def _sources(symbol, header, signature, body):
    source = f'#include "{symbol}.h"\n#include "weights/shift.h"\n{BUGS}{signature} {{\n{body}}}\n'
    return {
        f"hls/firmware/{symbol}.h": f"{header}{signature};\n".encode(),
        f"hls/firmware/{symbol}.cpp": source.encode(),
        "hls/firmware/weights/shift.h": b"static const int SHIFT = 1;\n",
        "vectors/events.json": b"{}\n",
        "README.md": b"A bundle.\n",
    }


def write(folder, files):
    """Write a bundle with AMD's headers and the list of digests."""
    types = {p.relative_to(AP_TYPES).as_posix(): p.read_bytes() for p in AP_TYPES.rglob("*") if p.is_file()}
    files = files | {f"hls/firmware/ap_types/{name}": content for name, content in types.items()}
    write_tree(folder, files | {SUMS: sums(files)}, marker=SUMS)
    return folder


def relist(folder):
    """Make the list of digests true again, as whoever alters a file on purpose would."""
    files = [p for p in folder.rglob("*") if p.is_file() and "build" not in p.relative_to(folder).parts]
    (folder / SUMS).write_bytes(sums({p.relative_to(folder).as_posix(): p.read_bytes() for p in files}))

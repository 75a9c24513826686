"""Many programs as generated C++ in one binary, run on mantissas or asked to cast numbers."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trigger_nn.handoff.design import Identity
from trigger_nn.handoff.emulator import emulator_files
from trigger_nn.program.program import Program

STRICT = ("-std=c++17", "-Wall", "-Wextra", "-Werror", "-pedantic")
SANITIZED = ("-fsanitize=undefined,address", "-fno-sanitize-recover=all")

MAIN = """
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

using i64 = std::int64_t;

template <class T> std::vector<T> read(const std::string &path, std::size_t count) {
    std::vector<T> values(count);
    FILE *file = std::fopen(path.c_str(), "rb");
    if (!file || std::fread(values.data(), sizeof(T), count, file) != count) std::exit(3);
    std::fclose(file);
    return values;
}

template <class T> void write(const std::string &path, const std::vector<T> &values) {
    FILE *file = std::fopen(path.c_str(), "wb");
    if (!file || std::fwrite(values.data(), sizeof(T), values.size(), file) != values.size()) std::exit(4);
    std::fclose(file);
}

template <class Run> void drive(const std::string &folder, std::size_t events, const std::vector<std::size_t> &in,
                                const std::vector<std::size_t> &out, Run run) {
    std::vector<std::vector<i64>> given, made;
    std::vector<const i64 *> from;
    std::vector<i64 *> to;
    for (std::size_t k = 0; k < in.size(); ++k)
        given.push_back(read<i64>(folder + "/in" + std::to_string(k), events * in[k]));
    for (std::size_t size : out) made.emplace_back(events * size);
    for (auto &values : given) from.push_back(values.data());
    for (auto &values : made) to.push_back(values.data());
    run(events, from.data(), to.data());
    for (std::size_t k = 0; k < out.size(); ++k) write(folder + "/out" + std::to_string(k), made[k]);
}

void cast(const std::string &folder, std::size_t count, i64 (*cast)(double), double (*number)(i64)) {
    std::vector<i64> mantissas;
    std::vector<double> numbers;
    for (double value : read<double>(folder + "/numbers", count)) mantissas.push_back(cast(value));
    for (i64 mantissa : mantissas) numbers.push_back(number(mantissa));
    write(folder + "/mantissas", mantissas);
    write(folder + "/back", numbers);
}

int main(int, char **argument) try {
    const std::string task = argument[1], folder = argument[2];
    const std::size_t count = std::strtoul(argument[3], nullptr, 10);
CASES
    return 2;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\\n", error.what());
    return 1;
}
"""


@dataclass(frozen=True)
class Binary:
    """A built binary and a folder for its files; every program is known by its name."""

    path: Path

    def run(self, program: Program, inputs):
        """Outputs (events, *shape) by port, from mantissas by port."""
        events = len(next(iter(inputs.values())))
        folder = self.path.parent
        for k, port in enumerate(program.inputs):
            np.ascontiguousarray(inputs[port.name].astype("<i8")).tofile(folder / f"in{k}")
        self._call(program.name, events)
        return {
            port.name: np.fromfile(folder / f"out{k}", "<i8").reshape(events, *port.shape)
            for k, port in enumerate(program.outputs)
        }

    def cast(self, program, port, numbers):
        """Mantissas that the port's `cast` gives, and what `number` makes of them again."""
        folder = self.path.parent
        np.asarray(numbers, np.float64).tofile(folder / "numbers")
        self._call(f"{program.name}.{port}", np.size(numbers))
        shape = np.shape(numbers)
        return tuple(
            np.fromfile(folder / name, t).reshape(shape) for name, t in (("mantissas", "<i8"), ("back", "<f8"))
        )

    def _call(self, task, count):
        done = subprocess.run([self.path, task, self.path.parent, str(count)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr or f"ended with {done.returncode}")


def identity_of(program):
    """As a design of nothing but this program has it."""
    return Identity(program.name, program.digest)


def build(programs, folder, *flags):
    """All `programs`, whose names differ, in one translation unit."""
    parts, cases = [], []
    for program in programs:
        symbol = identity_of(program).symbol
        files = emulator_files(identity_of(program), program, 1, "vectors/design")
        (folder / f"{symbol}.h").write_bytes(files[f"{symbol}.h"])
        parts.append(files[f"{symbol}.cpp"].decode())
        cases += _cases(program, symbol)
    source = folder / "all.cpp"
    source.write_text("\n".join([*parts, MAIN.replace("CASES", "\n".join(cases))]))
    subprocess.run(["g++", *STRICT, *(flags or ("-O1",)), source, "-o", folder / "all"], check=True)
    return Binary(folder / "all")


def _cases(program, symbol):
    sizes = [", ".join(f"{symbol}::size_{p.name}" for p in ports) for ports in (program.inputs, program.outputs)]
    yield (
        f'    if (task == "{program.name}") return drive(folder, count, {{{sizes[0]}}}, {{{sizes[1]}}}, '
        f"{symbol}::run_batch), 0;"
    )
    for port in (*program.inputs, *program.outputs):
        yield (
            f'    if (task == "{program.name}.{port.name}") return cast(folder, count, {symbol}::cast_{port.name}, '
            f"{symbol}::number_{port.name}), 0;"
        )

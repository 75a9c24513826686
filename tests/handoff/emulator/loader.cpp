// Loads libraries as CMS software does, and calls their models in turn and from two threads. Usage: loader LIST
// LIST has a line for each library: path, events, then for each port "in" or "out", its size, and its file of mantissas.

#include "hls4ml/emulator.h"

#include <ap_fixed.h>
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using i64 = std::int64_t;
using Byte = ap_fixed<8, 4, AP_TRN, AP_WRAP, 0>;  // the type of all inputs
using Score = ap_fixed<12, 8, AP_RND, AP_SAT, 0>;  // and of all outputs

struct Port {
    std::size_t size;
    std::vector<i64> values;
};

struct Library {
    std::string path;
    std::size_t events;
    std::vector<Port> inputs, outputs;
    hls4mlEmulator::Model *(*create)();
    void (*destroy)(hls4mlEmulator::Model *);
    std::shared_ptr<hls4mlEmulator::Model> model() const { return {create(), destroy}; }
};

std::vector<i64> read(const std::string &path, std::size_t count) {
    std::vector<i64> values(count);
    std::ifstream file(path, std::ios::binary);
    if (!file.read(reinterpret_cast<char *>(values.data()), static_cast<std::streamsize>(count * sizeof(i64))))
        throw std::runtime_error("can't read " + path);
    return values;
}

Library load(const std::string &line) {
    std::istringstream words(line);
    Library library;
    std::string kind, file;
    std::size_t size;
    words >> library.path >> library.events;
    while (words >> kind >> size >> file)
        (kind == "in" ? library.inputs : library.outputs).push_back({size, read(file, size * library.events)});
    void *handle = dlopen(library.path.c_str(), RTLD_LAZY | RTLD_LOCAL);
    if (handle == nullptr) throw std::runtime_error(dlerror());
    library.create = reinterpret_cast<decltype(library.create)>(dlsym(handle, "create_model"));
    library.destroy = reinterpret_cast<decltype(library.destroy)>(dlsym(handle, "destroy_model"));
    return library;
}

template <class T> T of(i64 mantissa) { return static_cast<T>(mantissa) / 16; }
template <> i64 of<i64>(i64 mantissa) { return mantissa; }
template <> Byte of<Byte>(i64 mantissa) { Byte value; value.range(7, 0) = ap_uint<8>(mantissa & 255); return value; }

template <class T> i64 mantissa_of(T value) { return static_cast<i64>(value * 16); }
template <> i64 mantissa_of<i64>(i64 value) { return value; }
template <> i64 mantissa_of<Score>(Score value) { return static_cast<i64>(value.to_double() * 16); }

std::any together(std::vector<std::any> parts) { return parts.size() == 1 ? parts[0] : std::any(parts); }

// One event in and out by pointers, or by vectors, of these types.
template <class In, class Out> void score(hls4mlEmulator::Model &model, const Library &library, std::size_t event, bool vectors) {
    std::vector<std::vector<In>> given;
    std::vector<std::vector<Out>> made;
    std::vector<std::any> from, to;
    for (const Port &port : library.inputs) {
        given.emplace_back();
        for (std::size_t i = 0; i < port.size; ++i) given.back().push_back(of<In>(port.values[event * port.size + i]));
    }
    for (const Port &port : library.outputs) made.emplace_back(vectors ? 0 : port.size);
    for (auto &values : given) vectors ? from.emplace_back(&values) : from.emplace_back(static_cast<const In *>(values.data()));
    for (auto &values : made) vectors ? to.emplace_back(&values) : to.emplace_back(values.data());
    model.prepare_input(together(from));
    model.predict();
    model.read_result(together(to));
    for (std::size_t k = 0; k < made.size(); ++k) {
        const Port &port = library.outputs[k];
        for (std::size_t i = 0; i < port.size; ++i) {
            if (mantissa_of(made[k][i]) != port.values[event * port.size + i])
                throw std::runtime_error(library.path + ", event " + std::to_string(event) + ": wrong output");
        }
    }
}

// All events of all libraries in turn, the types changing from event to event.
std::size_t interleaved(const std::vector<Library> &libraries) {
    std::vector<std::shared_ptr<hls4mlEmulator::Model>> models;
    for (const Library &library : libraries) models.push_back(library.model());
    std::size_t count = 0;
    for (std::size_t event = 0; event < libraries[0].events; ++event) {
        for (std::size_t k = 0; k < libraries.size(); ++k, ++count) {
            switch ((event + k) % 6) {
                case 0: score<double, double>(*models[k], libraries[k], event, false); break;
                case 1: score<float, i64>(*models[k], libraries[k], event, true); break;
                case 2: score<i64, float>(*models[k], libraries[k], event, false); break;
                case 3: score<Byte, Score>(*models[k], libraries[k], event, false); break;
                case 4: score<Byte, double>(*models[k], libraries[k], event, true); break;
                case 5: score<double, Score>(*models[k], libraries[k], event, true); break;
            }
        }
    }
    return count;
}

void refused(const std::function<void()> &call) {
    try {
        call();
    } catch (const std::invalid_argument &error) {
        std::printf("%s\n", error.what());
        return;
    }
    throw std::runtime_error("something wrong was taken");
}

void refusals(const Library &library) {
    const auto model = library.model();
    std::vector<double> few(1);
    double *nothing = nullptr;
    ap_fixed<9, 4> other[8];
    std::string text;
    const i64 high[8] = {0, 128};
    refused([&] { model->prepare_input(std::any()); });
    refused([&] { model->prepare_input(&text); });
    refused([&] { model->prepare_input(&few); });
    refused([&] { model->prepare_input(nothing); });
    refused([&] { model->prepare_input(&other[0]); });
    refused([&] { model->prepare_input(std::vector<std::any>(2)); });
    refused([&] { model->read_result(&text); });
    refused([&] { model->prepare_input(&high[0]); model->predict(); });
}

int main(int, char **arguments) try {
    std::vector<Library> libraries;
    std::ifstream list(arguments[1]);
    for (std::string line; std::getline(list, line);) libraries.push_back(load(line));
    std::size_t counts[3] = {interleaved(libraries), 0, 0};
    std::string failures[2];
    std::vector<std::thread> threads;
    for (int t = 0; t < 2; ++t) {
        threads.emplace_back([&, t] {
            try {
                counts[t + 1] = interleaved(libraries);
            } catch (const std::exception &error) {
                failures[t] = error.what();
            }
        });
    }
    for (auto &thread : threads) thread.join();
    if (!(failures[0] + failures[1]).empty()) throw std::runtime_error(failures[0] + failures[1]);
    refusals(libraries[0]);
    std::printf("%zu calls\n", counts[0] + counts[1] + counts[2]);
    return 0;
} catch (const std::exception &error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}

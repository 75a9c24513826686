// {{ symbol }} as a library that CMS's software loads: create_model, prepare_input, predict, read_result, destroy_model.
//
// What prepare_input and read_result take in their std::any, for one port:
//   double *, float *              numbers, cast as the firmware's port casts them
//   std::int64_t *                 mantissas
//   std::vector<T> * of these      checked for its size when read, resized when written
//   ap_fixed<...> *, ap_int<...> * values of the port's own type, if compiled with -DAP_TYPES and AMD's headers
// prepare_input takes pointers to const as well. Where there are several ports, give a std::vector<std::any> with one
// of these for each, in order. Everything else, and a null pointer, is a std::invalid_argument.
//
{% if decisions %}
// read_result gives scores. For the firmware's decisions read the first output as std::int64_t and give its mantissas to
// {{ symbol }}::decide of {{ symbol }}.h, which is inline: whoever loads the library includes that header and links nothing.
//
{% endif %}
// Every model that create_model makes has its own values: use one a thread.

#include "{{ symbol }}.h"

#if __has_include(<hls4ml/emulator.h>)
#include <hls4ml/emulator.h>
#else
#include "hls4ml/emulator.h"
#endif

#include <any>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#ifdef AP_TYPES
#include <ap_fixed.h>
#include <ap_int.h>
#endif

namespace {

using Mantissas = std::vector<std::int64_t>;

struct Port {
    const char *name;
    std::size_t size;
    int width;
    bool is_signed;
    const char *ap_type;
    std::int64_t (*cast)(double);
    double (*number)(std::int64_t);
};

#ifdef AP_TYPES
template <class Ap> std::int64_t mantissa(const Port &port, const Ap &value) {
    const int spare = 64 - port.width;
    const std::uint64_t bits = Ap(value).range(port.width - 1, 0).to_uint64();
    return port.is_signed ? static_cast<std::int64_t>(bits << spare) >> spare : static_cast<std::int64_t>(bits);
}

template <int Width, class Ap> void assign(Ap &value, std::int64_t mantissa) {
    value.range(Width - 1, 0) = ap_uint<Width>(static_cast<unsigned long long>(mantissa));
}
#endif

[[noreturn]] void refuse(const Port &port, const std::string &found) {
    throw std::invalid_argument(
        "Port '" + std::string(port.name) + "' of {{ symbol }} takes a pointer to double, float, std::int64_t, " +
        "a std::vector of these, or with -DAP_TYPES " + port.ap_type + ", found " + found + ".");
}

template <class T> T *not_null(const Port &port, T *pointer) {
    if (pointer == nullptr) refuse(port, "a null pointer");
    return pointer;
}

// The first of a port's values of type T that `given` points to; null if it points to no T.
template <class T> const T *source(const Port &port, const std::any &given) {
    if (const auto *found = std::any_cast<T *>(&given)) return not_null(port, *found);
    if (const auto *found = std::any_cast<const T *>(&given)) return not_null(port, *found);
    const std::vector<T> *values = nullptr;
    if (const auto *found = std::any_cast<std::vector<T> *>(&given)) values = not_null(port, *found);
    if (const auto *found = std::any_cast<const std::vector<T> *>(&given)) values = not_null(port, *found);
    if (values != nullptr && values->size() != port.size) {
        refuse(port, std::to_string(values->size()) + " values in place of " + std::to_string(port.size));
    }
    return values == nullptr ? nullptr : values->data();
}

// Where a port's values of type T go; null if `given` points to no T.
template <class T> T *target(const Port &port, const std::any &given) {
    if (const auto *found = std::any_cast<T *>(&given)) return not_null(port, *found);
    if (const auto *found = std::any_cast<std::vector<T> *>(&given)) {
        not_null(port, *found)->resize(port.size);
        return (*found)->data();
    }
    return nullptr;
}

template <class T, class Convert> bool take(const Port &port, const std::any &given, Mantissas &to, Convert convert) {
    const T *from = source<T>(port, given);
    for (std::size_t i = 0; from != nullptr && i < port.size; ++i) to[i] = convert(from[i]);
    return from != nullptr;
}

template <class T, class Convert> bool give(const Port &port, const Mantissas &from, const std::any &given, Convert convert) {
    T *to = target<T>(port, given);
    for (std::size_t i = 0; to != nullptr && i < port.size; ++i) convert(to[i], from[i]);
    return to != nullptr;
}

bool take_plain(const Port &port, const std::any &given, Mantissas &to) {
    return take<double>(port, given, to, port.cast) || take<float>(port, given, to, port.cast) ||
           take<std::int64_t>(port, given, to, [](std::int64_t value) { return value; });
}

bool give_plain(const Port &port, const Mantissas &from, const std::any &given) {
    const auto number = [&](auto &to, std::int64_t value) {
        to = static_cast<std::remove_reference_t<decltype(to)>>(port.number(value));
    };
    return give<double>(port, from, given, number) || give<float>(port, from, given, number) ||
           give<std::int64_t>(port, from, given, [](std::int64_t &to, std::int64_t value) { to = value; });
}

// Mantissas are what the port's type holds.
void check_range(const Port &port, const Mantissas &mantissas) {
    const std::int64_t high = static_cast<std::int64_t>((std::uint64_t{1} << (port.width - (port.is_signed ? 1 : 0))) - 1);
    const std::int64_t low = port.is_signed ? -high - 1 : 0;
    for (std::size_t i = 0; i < port.size; ++i)
        if (mantissas[i] < low || mantissas[i] > high)
            throw std::invalid_argument(
                "Port " + std::string(port.name) + " of {{ symbol }} takes integers from " + std::to_string(low) + " to " +
                std::to_string(high) + ", element " + std::to_string(i) + " is " + std::to_string(mantissas[i]) + ".");
}

// What is given for each of several ports, or for the one that there is.
std::vector<std::any> parts(const std::any &given, std::size_t ports) {
    const auto *several = std::any_cast<std::vector<std::any>>(&given);
    if (several == nullptr && ports == 1) return {given};
    if (several != nullptr && several->size() == ports) return *several;
    throw std::invalid_argument(
        "{{ symbol }} has " + std::to_string(ports) + " ports here; give a std::vector<std::any> with a pointer for each.");
}

{% for p in inputs + outputs %}
const Port port_{{ p.identifier }} = { {{- p.quoted }}, {{ symbol }}::size_{{ p.identifier }}, {{ symbol }}::width_{{ p.identifier }}, {{ symbol }}::signed_{{ p.identifier }},
    "{{ p.ap_type }}", {{ symbol }}::cast_{{ p.identifier }}, {{ symbol }}::number_{{ p.identifier -}} };
{% endfor %}

class Emulator final : public hls4mlEmulator::Model {
public:
    void prepare_input(std::any input) override {
        const std::vector<std::any> given = parts(input, {{ symbol }}::number_of_inputs);
        // First all ports, then the change: what is refused leaves the event before as it was.
{% for p in inputs %}
        Mantissas new_{{ p.identifier }}({{ symbol }}::size_{{ p.identifier }});
        if (!take_plain(port_{{ p.identifier }}, given[{{ loop.index0 }}], new_{{ p.identifier }})) take_{{ p.identifier }}(given[{{ loop.index0 }}], new_{{ p.identifier }});
        check_range(port_{{ p.identifier }}, new_{{ p.identifier }});
{% endfor %}
{% for p in inputs %}
        in_{{ p.identifier }}.swap(new_{{ p.identifier }});
{% endfor %}
    }

    void predict() override {
        const std::int64_t *const from[] = { {%- for p in inputs %}in_{{ p.identifier }}.data(){{ ", " if not loop.last }}{% endfor -%} };
        std::int64_t *const to[] = { {%- for p in outputs %}out_{{ p.identifier }}.data(){{ ", " if not loop.last }}{% endfor -%} };
        {{ symbol }}::run(from, to);
    }

    void read_result(std::any result) override {
        const std::vector<std::any> given = parts(result, {{ symbol }}::number_of_outputs);
{% for p in outputs %}
        if (!give_plain(port_{{ p.identifier }}, out_{{ p.identifier }}, given[{{ loop.index0 }}])) give_{{ p.identifier }}(given[{{ loop.index0 }}]);
{% endfor %}
    }

private:
{% for p in inputs %}
    void take_{{ p.identifier }}(const std::any &given, [[maybe_unused]] Mantissas &to) {
#ifdef AP_TYPES
        using Ap = {{ p.ap_type }};
        const auto convert = [](const Ap &value) { return mantissa(port_{{ p.identifier }}, value); };
        if (take<Ap>(port_{{ p.identifier }}, given, to, convert)) return;
#endif
        refuse(port_{{ p.identifier }}, given.has_value() ? given.type().name() : "nothing");
    }

{% endfor %}
{% for p in outputs %}
    void give_{{ p.identifier }}(const std::any &given) {
#ifdef AP_TYPES
        using Ap = {{ p.ap_type }};
        const auto convert = [](Ap &to, std::int64_t value) { assign<{{ symbol }}::width_{{ p.identifier }}>(to, value); };
        if (give<Ap>(port_{{ p.identifier }}, out_{{ p.identifier }}, given, convert)) return;
#endif
        refuse(port_{{ p.identifier }}, given.has_value() ? given.type().name() : "nothing");
    }

{% endfor %}
{% for p in inputs %}
    Mantissas in_{{ p.identifier }} = Mantissas({{ symbol }}::size_{{ p.identifier }});
{% endfor %}
{% for p in outputs %}
    Mantissas out_{{ p.identifier }} = Mantissas({{ symbol }}::size_{{ p.identifier }});
{% endfor %}
};

}  // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

EXPORTED hls4mlEmulator::Model *create_model() { return new Emulator; }

EXPORTED void destroy_model(hls4mlEmulator::Model *model) { delete model; }

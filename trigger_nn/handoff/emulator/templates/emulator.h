// {{ symbol }}: the network {{ program.name }} on integers, bit for bit as in the firmware.
// Needs the C++17 standard library alone. Keeps no state: every function may be called from any number of threads.
//
// A value is a mantissa: the number that it stands for, times two to the power of (width - integer). An event's values
// of a port lie one after the other, the last axis of the port's shape running fastest. Ports, in order:
{% for p in inputs %}
//   input  {{ p.port.name }}: {{ p.port.type }}, shape {{ p.port.shape | join(" x ") }}
{% endfor %}
{% for p in outputs %}
//   output {{ p.port.name }}: {{ p.port.type }}, shape {{ p.port.shape | join(" x ") }}
{% endfor %}

#ifndef {{ macro }}_EMULATOR_H
#define {{ macro }}_EMULATOR_H

#include <cstddef>
#include <cstdint>

namespace {{ symbol }} {

// Name and SHA-256 of the program that this code was generated from.
const char *name() noexcept;
const char *digest() noexcept;

// SHA-256 of the design that it belongs to: program, hardware, builder and thresholds. Its first digits end all names.
const char *design() noexcept;

{% for p in inputs + outputs %}
constexpr std::size_t size_{{ p.identifier }} = {{ p.size }};
constexpr int width_{{ p.identifier }} = {{ p.port.type.width }};
constexpr int integer_{{ p.identifier }} = {{ p.port.type.integer }};
constexpr bool signed_{{ p.identifier }} = {{ "true" if p.port.type.signed else "false" }};

{% endfor %}
constexpr std::size_t number_of_inputs = {{ inputs | length }};
constexpr std::size_t number_of_outputs = {{ outputs | length }};

// One event: arrays of mantissas, one for each port in order. No array may be null or overlap another.
// Throws std::invalid_argument if an input is out of its port's range, std::bad_alloc if memory is short.
void run(const std::int64_t *const *inputs, std::int64_t *const *outputs);

// The same for several events, one after the other in each array; quicker than as many calls of run.
void run_batch(std::size_t events, const std::int64_t *const *inputs, std::int64_t *const *outputs);

// The mantissa that the firmware's port makes of a number, with the port's rounding and overflow.
// Infinity is taken as a huge number. Throws std::invalid_argument if the number is none.
{% for p in inputs + outputs %}
std::int64_t cast_{{ p.identifier }}(double number);
{% endfor %}

// The number that a mantissa stands for; exact up to 53 bits.
{% for p in inputs + outputs %}
double number_{{ p.identifier }}(std::int64_t mantissa) noexcept;
{% endfor %}

{% if decisions %}
// What the firmware decides: a bit each, in this order, of the first output, {{ outputs[0].port.name }}.
struct Decision {
    const char *signal;
    double rate_khz;  // the rate that the threshold stands for
    std::size_t element;
    std::int64_t threshold;  // a mantissa of that output
};

inline constexpr Decision decisions[] = {
{% for d in decisions %}
    { {{- d.signal }}, {{ d.rate_khz }}, {{ d.element }}, {{ d.threshold -}} },
{% endfor %}
};
constexpr std::size_t number_of_decisions = {{ decisions | length }};

// Whether each decision fires on one event: its element of `scores`, mantissas of the first output, is above its
// threshold, not equal to it. Writes number_of_decisions bools. Needs no linking.
inline void decide(const std::int64_t *scores, bool *fires) noexcept {
    for (std::size_t i = 0; i < number_of_decisions; ++i) {
        fires[i] = scores[decisions[i].element] > decisions[i].threshold;
    }
}
{% else %}
// The firmware makes no decision, so decide writes nothing.
constexpr std::size_t number_of_decisions = 0;
inline void decide(const std::int64_t *, bool *) noexcept {}
{% endif %}

}  // namespace {{ symbol }}

#endif

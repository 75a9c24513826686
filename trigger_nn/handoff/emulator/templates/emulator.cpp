// Generated from the program {{ program.name }}, {{ program.digest }}.
// Loops run over positions q and outputs o; tables t hold weights, indices and other constants; v are values.

#include "{{ symbol }}.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <stdexcept>
#include <string>

namespace {{ symbol }} {
namespace {

using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

template <class T> struct unsigned_of;
template <> struct unsigned_of<i32> { using type = std::uint32_t; };
template <> struct unsigned_of<i64> { using type = std::uint64_t; };
{% if source.wide %}

__extension__ typedef __int128 i128;  // of GCC and Clang: some values here exceed 64 bits
__extension__ typedef unsigned __int128 u128;
template <> struct unsigned_of<i128> { using type = u128; };

constexpr i128 whole(i64 high, std::uint64_t low) {
    return static_cast<i128>(static_cast<u128>(static_cast<i128>(high)) << 64 | low);
}
{% endif %}

// Arithmetic modulo two to the power of the type's width: exact where the result fits, and defined where it does not.
template <class T> using U = typename unsigned_of<T>::type;
template <class T> T plus(T a, T b) { return static_cast<T>(static_cast<U<T>>(a) + static_cast<U<T>>(b)); }
template <class T> T minus(T a, T b) { return static_cast<T>(static_cast<U<T>>(a) - static_cast<U<T>>(b)); }
template <class T> T times(T a, T b) { return static_cast<T>(static_cast<U<T>>(a) * static_cast<U<T>>(b)); }
template <class T> T left(T a, int bits) { return static_cast<T>(static_cast<U<T>>(a) << bits); }
template <class T> T down(T a, int bits) { return a >> bits; }  // floor of a / 2^bits
template <class T> T sign(T a) { return a < 0 ? -1 : 0; }
template <class T> T larger(T a, T b) { return a < b ? b : a; }
template <class T> T smaller(T a, T b) { return b < a ? b : a; }

// The bits below the `spare` highest ones, read as a signed or unsigned number.
template <class T> T low_signed(T a, int spare) { return static_cast<T>(static_cast<U<T>>(a) << spare) >> spare; }
template <class T> T low_unsigned(T a, int spare) {
    return static_cast<T>(static_cast<U<T>>(a) & (static_cast<U<T>>(-1) >> spare));
}

// a / 2^bits, to which half was added before, rounded to the nearest: ties lose their last bit.
template <class T> T to_even(T a, int bits) {
    const T floor = a >> bits, rest = a & static_cast<T>((static_cast<U<T>>(1) << bits) - 1);
    return rest == 0 ? floor & static_cast<T>(-2) : floor;
}

// Sums of products; the first is for those that never exceed 32 bits on the way.
template <int N> i32 dot16(const i16 *x, const i16 *w) {
    i32 sum = 0;
    for (int k = 0; k < N; ++k) sum += static_cast<i32>(x[k]) * static_cast<i32>(w[k]);
    return sum;
}
template <class T, int N, class X, class W> T dot(const X *x, const W *w) {
    U<T> sum = 0;
    for (int k = 0; k < N; ++k) sum += static_cast<U<T>>(static_cast<T>(x[k])) * static_cast<U<T>>(static_cast<T>(w[k]));
    return static_cast<T>(sum);
}

// Runs of numbers, each from where `from` says, one after the other.
template <int Run, int Runs, class T, class From> void copy(T *to, From from) {
    for (int r = 0; r < Runs; ++r) {
        const T *first = from(r);
        for (int k = 0; k < Run; ++k) to[r * Run + k] = first[k];
    }
}

{% for table in source.tables %}
{{ table }}
{% endfor %}

// What is computed on the way, for one event; the elements beyond a tensor's own stay zero.
struct Work {
{% for b in source.buffers %}
    {{ b.word }} {{ b.name }}[{{ b.size + b.zeros }}];
{% endfor %}
};

{% for function in source.functions %}
{{ function }}

{% endfor %}
void compute(Work &{{ "w" if source.calls }}) {
{% for call in source.calls %}
    {{ call }}
{% endfor %}
}

template <class T>
void load(const char *port, std::size_t event, const i64 *from, std::size_t size, i64 least, i64 most, T *to) {
    bool fine = true;
    for (std::size_t i = 0; i < size; ++i) {
        fine &= from[i] >= least && from[i] <= most;
        to[i] = static_cast<T>(from[i]);
    }
    for (std::size_t i = 0; !fine && i < size; ++i) {
        if (from[i] < least || from[i] > most) {
            throw std::invalid_argument(
                "Input '" + std::string(port) + "' takes mantissas " + std::to_string(least) + ".." +
                std::to_string(most) + ", but element " + std::to_string(i) + " of event " + std::to_string(event) +
                " is " + std::to_string(from[i]) + "; saturate it first.");
        }
    }
}

template <class T> void store(const T *from, std::size_t size, i64 *to) {
    for (std::size_t i = 0; i < size; ++i) to[i] = static_cast<i64>(from[i]);
}

enum class Rounding { TRN, TRN_ZERO, RND, RND_ZERO, RND_INF, RND_MIN_INF, RND_CONV };
enum class Overflow { WRAP, SAT, SAT_ZERO, SAT_SYM };

// A fixed-point type, with the meaning of ap_fixed; `whole` if it is an ap_int.
struct Format {
    bool is_signed;
    int width, fraction;
    Rounding rounding;
    Overflow overflow;
    bool whole;
    i64 least, most;
};

// a / 2^bits for 0 < bits < 63, rounded.
i64 rounded(i64 a, int bits, Rounding rounding) {
    const i64 floor = a >> bits, rest = a & ((i64{1} << bits) - 1), half = i64{1} << (bits - 1);
    switch (rounding) {
        case Rounding::TRN: return floor;
        case Rounding::TRN_ZERO: return floor + (a < 0 && rest > 0);
        case Rounding::RND: return floor + (rest >= half);
        case Rounding::RND_MIN_INF: return floor + (rest > half);
        case Rounding::RND_ZERO: return floor + (rest > half || (rest == half && a < 0));
        case Rounding::RND_INF: return floor + (rest > half || (rest == half && a >= 0));
        case Rounding::RND_CONV: return floor + (rest > half || (rest == half && (floor & 1) == 1));
    }
    return floor;
}

// `bits` are the low ones of a rounded number, which they hold in whole unless it lies `beyond` 64 bits.
i64 limited(std::uint64_t bits, bool beyond, bool negative, const Format &f) {
    const i64 value = static_cast<i64>(bits);
    const bool inside = !beyond && value >= f.least && value <= f.most;
    const i64 lowest = f.overflow == Overflow::SAT_SYM && f.is_signed && f.width > 1 ? -f.most : f.least;
    if (f.overflow == Overflow::WRAP)
        return f.is_signed ? low_signed<i64>(value, 64 - f.width) : low_unsigned<i64>(value, 64 - f.width);
    if (f.overflow == Overflow::SAT_ZERO) return inside ? value : 0;
    if (beyond) return negative ? lowest : f.most;
    return std::min(std::max(value, lowest), f.most);
}

i64 cast(double number, const Format &f) {
    if (std::isnan(number)) throw std::invalid_argument("Not a number can't be cast to a port's type; remove it.");
    if (f.whole && number > -0.5 && number < 0) number = 1;  // so does ap_int's constructor from a double
    const bool negative = number < 0;
    if (std::isinf(number)) return limited(0, true, negative, f);
    int exponent = 0;
    const i64 digits = static_cast<i64>(std::ldexp(std::frexp(number, &exponent), 53));  // the number is
    const int shift = exponent - 53 + f.fraction;                                        // digits * 2^shift LSBs
    if (digits == 0) return 0;
    if (shift < 0) {  // beyond 60 bits everything is less than half of what is dropped
        return limited(static_cast<std::uint64_t>(rounded(digits, std::min(-shift, 60), f.rounding)), false, negative, f);
    }
    const std::uint64_t bits = shift < 64 ? static_cast<std::uint64_t>(digits) << shift : 0;
    const bool beyond = shift >= 64 || (static_cast<i64>(bits) >> shift) != digits;
    return limited(bits, beyond, negative, f);
}

{% for p in inputs + outputs %}
const Format format_{{ p.identifier }} = {
    {{ "true" if p.port.type.signed else "false" }}, {{ p.port.type.width }}, {{ p.port.type.fraction }}, Rounding::{{ p.port.type.rounding }}, Overflow::{{ p.port.type.overflow }}, {{ "true" if p.port.whole else "false" }},
    {{ p.least }}, {{ p.most }}};
{% endfor %}

}  // namespace

const char *name() noexcept { return "{{ program.name }}"; }

const char *digest() noexcept { return "{{ program.digest }}"; }

const char *design() noexcept { return "{{ design }}"; }

void run_batch(std::size_t events, const i64 *const *inputs, i64 *const *outputs) {
    const std::unique_ptr<Work> work(new Work());
    for (std::size_t event = 0; event < events; ++event) {
{% for p in inputs %}
        load({{ p.quoted }}, event, inputs[{{ loop.index0 }}] + event * size_{{ p.identifier }}, size_{{ p.identifier }},
             format_{{ p.identifier }}.least, format_{{ p.identifier }}.most, work->{{ source.given[p.port.name].name }});
{% endfor %}
        compute(*work);
{% for p in outputs %}
        store(work->{{ source.made[p.port.name].name }}, size_{{ p.identifier }}, outputs[{{ loop.index0 }}] + event * size_{{ p.identifier }});
{% endfor %}
    }
}

void run(const i64 *const *inputs, i64 *const *outputs) { run_batch(1, inputs, outputs); }

{% for p in inputs + outputs %}
i64 cast_{{ p.identifier }}(double number) { return cast(number, format_{{ p.identifier }}); }
double number_{{ p.identifier }}(i64 mantissa) noexcept {
    return std::ldexp(static_cast<double>(mantissa), {{ -p.port.type.fraction }});
}

{% endfor %}
}  // namespace {{ symbol }}

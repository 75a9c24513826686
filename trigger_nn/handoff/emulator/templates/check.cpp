// Compares {{ symbol }} with the bundle's vectors: every element of every output{{ " and every decision" if decides }} of {{ events }} events.
{% if decisions and not decides %}
// The network's own vectors hold no decision, so `decide` is not compared here.
{% endif %}
// Usage: check FOLDER, where FOLDER has inputs/PORT.hex and expected/PORT.hex. Ends with 0 if all is equal.
//
// One event a line: the elements in order, one space between, each the two's-complement bits of the port's width in
// lower-case hexadecimal digits, as many as the width needs.

#include "{{ symbol }}.h"

#include <cstdio>
#include <exception>
#include <fstream>
{% if decides %}
#include <iterator>
{% endif %}
#include <stdexcept>
#include <string>
#include <vector>

namespace {

constexpr std::size_t events = {{ events }};

struct Port {
    const char *name;
    std::size_t size;
    int width;
    bool is_signed;
};

const Port inputs[] = {
{% for p in inputs %}
    { {{- p.quoted }}, {{ symbol }}::size_{{ p.identifier }}, {{ symbol }}::width_{{ p.identifier }}, {{ symbol }}::signed_{{ p.identifier -}} },
{% endfor %}
};
const Port outputs[] = {
{% for p in outputs %}
    { {{- p.quoted }}, {{ symbol }}::size_{{ p.identifier }}, {{ symbol }}::width_{{ p.identifier }}, {{ symbol }}::signed_{{ p.identifier -}} },
{% endfor %}
};
{% if decides %}
const Port decision = { {{- decision }}, {{ symbol }}::number_of_decisions, 1, false};
{% endif %}

using Values = std::vector<std::int64_t>;

[[noreturn]] void fail(const std::string &path, std::size_t event, const std::string &what) {
    throw std::runtime_error(path + ", event " + std::to_string(event) + ": " + what + "; restore the bundle's file.");
}

// The value of an element's digits; -1 in `digits` if they are none.
std::int64_t value_of(const Port &port, const char *digits, bool &fine) {
    const int count = (port.width + 3) / 4;
    std::uint64_t bits = 0;
    for (int i = 0; i < count; ++i) {
        const char c = digits[i];
        const bool number = c >= '0' && c <= '9', letter = c >= 'a' && c <= 'f';
        fine = fine && (number || letter);
        bits = bits << 4 | static_cast<std::uint64_t>(number ? c - '0' : letter ? c - 'a' + 10 : 0);
    }
    const int spare = 64 - port.width;
    fine = fine && bits << spare >> spare == bits;
    return port.is_signed ? static_cast<std::int64_t>(bits << spare) >> spare : static_cast<std::int64_t>(bits);
}

void read_line(const Port &port, const std::string &path, std::size_t event, const std::string &line, Values &values) {
    const std::size_t count = static_cast<std::size_t>((port.width + 3) / 4);
    if (line.size() != port.size * (count + 1) - 1) {
        fail(path, event, "expected " + std::to_string(port.size) + " elements of " + std::to_string(count) + " digits");
    }
    for (std::size_t i = 0; i < port.size; ++i) {
        bool fine = i == 0 || line[i * (count + 1) - 1] == ' ';
        values.push_back(value_of(port, line.data() + i * (count + 1), fine));
        if (!fine) fail(path, event, "element " + std::to_string(i) + " is no value of " + std::to_string(port.width) + " bits");
    }
}

Values read(const Port &port, const std::string &folder) {
    const std::string path = folder + "/" + port.name + ".hex";
    std::ifstream file(path, std::ios::binary);
    if (!file) throw std::runtime_error(path + " is missing or can't be read; restore the bundle's file.");
    Values values;
    std::string line;
    std::size_t event = 0;
    for (; std::getline(file, line); ++event) {
        if (event == events) fail(path, event, "there should be " + std::to_string(events) + " events, found more");
        if (file.eof()) fail(path, event, "the line does not end");
        read_line(port, path, event, line, values);
    }
    if (event < events) fail(path, event, "there should be " + std::to_string(events) + " events, found no more");
    return values;
}

std::size_t compare(const Port &port, const Values &expected, const Values &found) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
        if (expected[i] != found[i]) {
            throw std::runtime_error(
                "Event " + std::to_string(i / port.size) + ", port " + port.name + ", element " +
                std::to_string(i % port.size) + ": expected " + std::to_string(expected[i]) + ", found " +
                std::to_string(found[i]) + ".");
        }
    }
    return expected.size();
}

{% if decides %}
Values decided(const Values &scores) {
    Values bits;
    for (std::size_t event = 0; event < events; ++event) {
        bool fires[{{ symbol }}::number_of_decisions];
        {{ symbol }}::decide(scores.data() + event * outputs[0].size, fires);
        bits.insert(bits.end(), std::begin(fires), std::end(fires));
    }
    return bits;
}

{% endif %}
void check(const std::string &folder) {
    std::vector<Values> given, made, expected;
    std::vector<const std::int64_t *> from;
    std::vector<std::int64_t *> to;
    for (const Port &port : inputs) given.push_back(read(port, folder + "/inputs"));
    for (const Port &port : outputs) expected.push_back(read(port, folder + "/expected"));
    for (const Port &port : outputs) made.emplace_back(events * port.size);
    for (const Values &values : given) from.push_back(values.data());
    for (Values &values : made) to.push_back(values.data());
    {{ symbol }}::run_batch(events, from.data(), to.data());
    std::size_t values = 0;
    for (std::size_t i = 0; i < made.size(); ++i) values += compare(outputs[i], expected[i], made[i]);
{% if decides %}
    values += compare(decision, read(decision, folder + "/expected"), decided(made[0]));
{% endif %}
    std::printf("Emulator {{ symbol }}: %zu values of %zu events are as expected.\n", values, events);
}

}  // namespace

int main(int count, char **arguments) {
    try {
        if (count != 2) throw std::runtime_error("Give one argument: the folder with inputs and expected.");
        check(arguments[1]);
    } catch (const std::exception &error) {
        std::fprintf(stderr, "Emulator {{ symbol }} FAILED: %s\n", error.what());
        return 1;
    }
    return 0;
}

// Drives a harness that Verilator translated (V_harness.h), one call for many clock cycles.
//
// The harness takes its inputs at the falling edge and the block's registers switch at the rising one, so that nothing
// changes at an edge at which something else looks. What rising edge k would sample at the block's outputs is row k.
// An element is the two's complement of its width in bits; elements follow one another on a bus, the first lowest.

#include "V_harness.h"
#include "verilated.h"

#include <cstdint>
#include <memory>

namespace {

const unsigned WORD = 32; // bits of a word of Verilator's wide values

struct Simulation {
    VerilatedContext context;
    std::unique_ptr<V_harness> top;
};

void clear(EData *words, unsigned bits) {
    for (unsigned word = 0; word * WORD < bits; ++word) words[word] = 0;
}

// Elements are set in words that are clear.
void set(EData *words, unsigned first, unsigned width, uint64_t value) {
    for (unsigned done = 0; done < width;) {
        const unsigned at = (first + done) % WORD;
        const unsigned count = width - done < WORD - at ? width - done : WORD - at;
        const uint64_t part = value >> done & ((uint64_t(1) << count) - 1);
        words[(first + done) / WORD] |= EData(part << at);
        done += count;
    }
}

uint64_t get(const EData *words, unsigned first, unsigned width) {
    uint64_t value = 0;
    for (unsigned done = 0; done < width;) {
        const unsigned at = (first + done) % WORD;
        const unsigned count = width - done < WORD - at ? width - done : WORD - at;
        const uint64_t part = words[(first + done) / WORD] >> at & ((uint64_t(1) << count) - 1);
        value |= part << done;
        done += count;
    }
    return value;
}

int64_t extended(uint64_t value, unsigned width, bool is_signed) {
    const bool negative = is_signed && width < 64 && value >> (width - 1) & 1;
    return int64_t(negative ? value | ~uint64_t(0) << width : value);
}

} // namespace

#define EXPORTED extern "C" __attribute__((visibility("default")))

// Registers that nothing has set yet hold random bits of `seed`, as no firmware may rely on zeros.
EXPORTED void *simulation_new(int seed) {
    Simulation *made = new Simulation;
    made->context.randReset(2);
    made->context.randSeed(seed);
    made->top.reset(new V_harness(&made->context));
    made->top->clk = 1;
    made->top->eval();
    return made;
}

EXPORTED void simulation_delete(void *simulation) { delete static_cast<Simulation *>(simulation); }

// inputs is (cycles, in_count) and outputs (cycles, out_count); reset, in_valid and out_valid are (cycles).
EXPORTED void simulation_run(void *simulation, int64_t cycles, const uint8_t *reset, const uint8_t *in_valid,
                             const int64_t *inputs, int64_t in_count, const uint8_t *in_width, uint8_t *out_valid,
                             int64_t *outputs, int64_t out_count, const uint8_t *out_width,
                             const uint8_t *out_signed) {
    V_harness &top = *static_cast<Simulation *>(simulation)->top;
    unsigned in_bits = 0;
    for (int64_t i = 0; i < in_count; ++i) in_bits += in_width[i];
    for (int64_t cycle = 0; cycle < cycles; ++cycle) {
        top.clk = 0;
        top.rst = reset[cycle];
        top.in_valid = in_valid[cycle];
        clear(&top.in_bits[0], in_bits);
        unsigned bit = 0;
        for (int64_t i = 0; i < in_count; bit += in_width[i++])
            set(&top.in_bits[0], bit, in_width[i], uint64_t(*inputs++));
        top.eval();
        out_valid[cycle] = top.out_valid;
        bit = 0;
        for (int64_t i = 0; i < out_count; bit += out_width[i++])
            *outputs++ = extended(get(&top.out_bits[0], bit, out_width[i]), out_width[i], out_signed[i]);
        top.clk = 1;
        top.eval();
    }
}

"""Networks, a small builder, and a project written by hand, for the tests of this folder."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trigger_nn.program.fixed import Fixed
from trigger_nn.program.operations import Cast
from trigger_nn.program.program import Port, Program

BUILDER = """
#ifndef {guard}
#define {guard}
#include "ap_int.h"
namespace {namespace} {{

template <class left_T, class right_T, class image_T> void build(left_T left[8], right_T right[8], image_T image[16]) {{
    #pragma HLS INLINE
    for (unsigned i = 0; i < 8; i++) {{
        #pragma HLS UNROLL
        ap_int<10> sum = left[i] + right[i];
        ap_int<10> difference = left[i] - right[i];
        image[2 * i].range(9, 0) = sum.range(9, 0);
        image[2 * i + 1].range(9, 0) = difference.range(9, 0);
    }}
}}

}}
#endif
"""


@dataclass(frozen=True)
class SumsAndDifferences:
    """Sixteen features of ten bits, from eight unsigned and eight signed integers; port `named` is read in `words`."""

    words: int = 1
    named: str = "left-hand"
    kind: str = "sums"
    ports: tuple[Port, ...] = (
        Port("left-hand", (8,), Fixed(False, 8, 8)),
        Port("right", (8,), Fixed(True, 9, 9)),
    )

    def build(self, inputs):
        left, right = inputs["left-hand"], inputs["right"]
        return np.stack([left + right, left - right], axis=2).reshape(len(left), 16)

    def undo(self, mantissas):
        return {port.name: np.zeros((len(mantissas), 8), np.int64) for port in self.ports}

    def source(self, namespace):
        return BUILDER.format(namespace=namespace, guard=f"{namespace.upper()}_BUILDER_H")

    def facts(self) -> dict[str, Any]:
        return {"kind": self.kind, "interface": {self.named: {"words": self.words}}}


KIND = Fixed(True, 8, 4)


def small_program(names=("given", "out"), shape=(3,)):
    """One operation between ports of those names."""
    given = Port(names[0], shape, KIND)
    operation = Cast(name=names[1], inputs=(names[0],), shape=shape, type=KIND)
    return Program("small", (given,), (operation,), (names[1],))


HEADER = """#ifndef NETWORK_H_
#define NETWORK_H_

#include "defines.h"

namespace nn {

// Prototype of top level function for C-synthesis
void network(
    input_t given[3*1],
    result_t layer2_out[3]
);

}

#endif
"""

SOURCE = """#include "network.h"
#include "parameters.h"

namespace nn {

void network(
    input_t given[3*1],
    result_t layer2_out[3]
) {

    // hls-fpga-machine-learning insert IO
    #pragma HLS ARRAY_RESHAPE variable=given complete dim=0
    #pragma HLS ARRAY_PARTITION variable=layer2_out complete dim=0
    #pragma HLS INTERFACE ap_vld port=given,layer2_out 
    #pragma HLS PIPELINE II=4

    // hls-fpga-machine-learning insert load weights
    // hls-fpga-machine-learning insert layers

    nnet::linear<input_t, result_t, linear_config2>(given, layer2_out); // out

}

}
"""  # noqa: W291

PROJECT = {
    "firmware/network.h": HEADER.encode(),
    "firmware/network.cpp": SOURCE.encode(),
    "firmware/nnet_utils/nnet_code_gen.h": b"#define MAX(a, b) a\nnamespace nn { struct fill; }\n",
    "firmware/parameters.h": b"namespace nn { typedef nnet::fill fill; static int m = MAX(1, 2); }\n",
    "firmware/ap_types/ap_int.h": b"#define AP_INT_H\nnamespace nnet {}\n",
    "network_bridge.cpp": b"",
}

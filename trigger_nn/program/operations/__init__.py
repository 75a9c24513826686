"""The operations of a Program: a closed union of small frozen values. What they mean stands in `semantics`.

Every operation yields one tensor, known by the operation's `name` (that of the hls4ml layer it came from), with a
`shape` (without events) and a `type`. `inputs` name the tensors it reads. One module a family; `semantics` and
`frontend.lowering` have the same modules.
"""

from trigger_nn.program.operations.activations import (
    ActivationOperation,
    BinaryStep,
    BitLookup,
    Cast,
    CastEach,
    ExponentialLinear,
    HardSigmoid,
    LeakyRelu,
    Lookup,
    Relu,
    TernaryStep,
    ThresholdedRelu,
)
from trigger_nn.program.operations.arrangement import ArrangementOperation, Concatenate, Rearrange, Reshape
from trigger_nn.program.operations.base import Constant, Node, Window
from trigger_nn.program.operations.convolutions import Conv2D, ConvolutionOperation, DepthwiseConv2D
from trigger_nn.program.operations.merging import Dot, Merge, MergeKind, MergingOperation
from trigger_nn.program.operations.pooling import AveragePool2D, MaxPool2D, PoolingOperation
from trigger_nn.program.operations.products import (
    BinaryThreshold,
    Dense,
    Product,
    ProductOperation,
    Scale,
    Strategy,
    SumOfProducts,
    TernaryThreshold,
)
from trigger_nn.program.operations.recurrent import Gru, Lstm, RecurrentOperation
from trigger_nn.program.operations.softmax import Softmax, SoftmaxKind
from trigger_nn.program.operations.transformer import (
    Einsum,
    EinsumDense,
    Embedding,
    LayerNormalization,
    Stack,
    TimeStep,
    TransformerOperation,
)

Operation = (
    ProductOperation
    | ConvolutionOperation
    | ActivationOperation
    | Softmax
    | PoolingOperation
    | ArrangementOperation
    | MergingOperation
    | RecurrentOperation
    | TransformerOperation
)

__all__ = [
    "AveragePool2D",
    "BinaryStep",
    "BinaryThreshold",
    "BitLookup",
    "Cast",
    "CastEach",
    "Concatenate",
    "Constant",
    "Conv2D",
    "Dense",
    "DepthwiseConv2D",
    "Dot",
    "Einsum",
    "EinsumDense",
    "Embedding",
    "ExponentialLinear",
    "Gru",
    "HardSigmoid",
    "LayerNormalization",
    "LeakyRelu",
    "Lookup",
    "Lstm",
    "MaxPool2D",
    "Merge",
    "MergeKind",
    "Node",
    "Operation",
    "Product",
    "Rearrange",
    "Relu",
    "Reshape",
    "Scale",
    "Softmax",
    "SoftmaxKind",
    "Stack",
    "Strategy",
    "SumOfProducts",
    "TernaryStep",
    "TernaryThreshold",
    "ThresholdedRelu",
    "TimeStep",
    "Window",
]  # fmt: skip

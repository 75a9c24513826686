"""The operations of a Program: a closed union of small frozen values. What they mean stands in `semantics`.

Every operation yields one tensor, known by the operation's `name` (that of the hls4ml layer it came from), with a
`shape` (without events) and a `type`. `inputs` name the tensors it reads. One module a family; `semantics` and
`frontend.lowering` have the same modules.
"""

from trigger_nn.program.operations.activations import ActivationOperation, Cast, Lookup, Relu
from trigger_nn.program.operations.arrangement import ArrangementOperation, Concatenate, Reshape
from trigger_nn.program.operations.base import Constant, Node, Window
from trigger_nn.program.operations.convolutions import Conv2D, ConvolutionOperation
from trigger_nn.program.operations.merging import Merge, MergeKind, MergingOperation
from trigger_nn.program.operations.pooling import AveragePool2D, MaxPool2D, PoolingOperation
from trigger_nn.program.operations.products import Dense, Product, ProductOperation, Scale, Strategy, SumOfProducts
from trigger_nn.program.operations.recurrent import RecurrentOperation
from trigger_nn.program.operations.softmax import Softmax, SoftmaxKind
from trigger_nn.program.operations.transformer import TransformerOperation

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
    "Cast",
    "Concatenate",
    "Constant",
    "Conv2D",
    "Dense",
    "Lookup",
    "MaxPool2D",
    "Merge",
    "MergeKind",
    "Node",
    "Operation",
    "Product",
    "Relu",
    "Reshape",
    "Scale",
    "Softmax",
    "SoftmaxKind",
    "Strategy",
    "SumOfProducts",
    "Window",
]  # fmt: skip

"""The recipe of a network's architecture, of the grids its numbers lie on, and of its training."""

from typing import Annotated, Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from trigger_nn.recipe.part import Part, PositiveFloat, PositiveInt


class QuantizerSpec(Part):
    """A fixed-point grid as QKeras states it: total bits and integer bits (sign not counted among the latter)."""

    bits: Annotated[int, Field(ge=1, le=32)]
    integer: Annotated[int, Field(ge=-16, le=32)] = 0


class ConvSpec(Part):
    """One convolution, its batch normalisation folded in after training, and the pooling that follows."""

    filters: PositiveInt
    kernel: PositiveInt = 3
    stride: PositiveInt = 1
    padding: Literal["same", "valid"] = "same"
    pool: PositiveInt = 1  # cells on each side of which the largest is kept; 1: none


Quantized = Literal["weights", "bias", "activations"]
SCORE = "score"  # the last layer, whose activations are the network's output


class LayerBits(Part):
    """Grids of one layer where they differ from those of the whole network."""

    weights: QuantizerSpec | None = None
    bias: QuantizerSpec | None = None
    activations: QuantizerSpec | None = None


class NetworkSpec(Part):
    """The architecture: convolutions (none for a plain multi-layer network), dense layers, one output a signal.

    `layers` holds what single layers have in place of `weights`, `bias` and `activations`, by the layer's name: conv1,
    conv2, ..., dense1, ..., and score, the last.
    """

    convolutions: tuple[ConvSpec, ...] = ()
    dense: tuple[PositiveInt, ...]  # outputs of each layer; score follows them
    weights: QuantizerSpec = QuantizerSpec(bits=6, integer=0)
    bias: QuantizerSpec = QuantizerSpec(bits=10, integer=3)
    activations: QuantizerSpec = QuantizerSpec(bits=8, integer=4)
    output: QuantizerSpec = QuantizerSpec(bits=16, integer=7)  # of the score, a logit
    layers: dict[str, LayerBits] = Field(default_factory=dict)

    @property
    def layer_names(self) -> tuple[str, ...]:
        """All weighted layers, in order."""
        convolutions = (f"conv{i}" for i in range(1, len(self.convolutions) + 1))
        return (*convolutions, *(f"dense{i}" for i in range(1, len(self.dense) + 1)), SCORE)

    def quantizer(self, layer: str, what: Quantized) -> QuantizerSpec:
        """The grid of a layer's weights, bias or activations: its own, else that of the whole network."""
        own: QuantizerSpec | None = getattr(self.layers[layer], what) if layer in self.layers else None
        whole: QuantizerSpec = getattr(self, what)
        return whole if own is None else own

    @model_validator(mode="after")
    def _known_layers(self) -> "NetworkSpec":
        for name, bits in self.layers.items():
            if name not in self.layer_names:
                raise ValueError(f"there is no layer {name!r}; the network has {', '.join(self.layer_names)}")
            if name == SCORE and bits.activations is not None:
                raise ValueError(f"layers.{SCORE} has no activations; what it gives is network.output")
        return self

    @model_serializer(mode="wrap")
    def _as_asked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without `layers` where none is told apart, so that such networks are what they always were."""
        content: dict[str, Any] = handler(self)
        return {key: value for key, value in content.items() if key != "layers" or value}


class TrainingSpec(Part):
    """Optimiser settings, the same for the float and the quantized network.

    `pruning` is the share of every kernel that is set to zero, its smallest weights: it grows over the first half of
    the quantized epochs, and those that are zero then stay so. `threads` is how many TensorFlow uses for an
    operation: its sums depend on that in their last bits, so only with it are the weights the same however busy the
    machine and however many its cores; None leaves it to TensorFlow.
    """

    seed: Annotated[int, Field(ge=0)] = 1
    epochs: PositiveInt
    quantized_epochs: PositiveInt
    batch_size: PositiveInt = 256
    learning_rate: PositiveFloat = 1e-3
    pruning: Annotated[float, Field(ge=0, le=0.99)] = 0.0
    threads: PositiveInt | None = None

    @property
    def ramp(self) -> int:
        """Quantized epochs over which `pruning` is reached; only later ones count as results."""
        return self.quantized_epochs // 2 if self.pruning else 0

    @model_serializer(mode="wrap")
    def _as_asked(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without the later keys where they were not asked for, so that such trainings are what they always were."""
        content: dict[str, Any] = handler(self)
        usual = {"pruning": 0.0, "threads": None}
        return {key: value for key, value in content.items() if key not in usual or value != usual[key]}

"""Keras 2 and QKeras, imported in the one way in which they work together; the only module that imports them.

QKeras needs Keras 2, which lives on as `tf_keras`; TensorFlow hands it out when TF_USE_LEGACY_KERAS is set before its
first import.
"""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from typing import Any

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")  # its sums run in an order that depends on the machine


@contextlib.contextmanager
def _silent_descriptor() -> Iterator[None]:
    """TensorFlow's C++ greets on file descriptor 2 before its log level can be set; keep that off the terminal."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


with warnings.catch_warnings(), _silent_descriptor():
    warnings.simplefilter("ignore")
    try:
        import qkeras
        import tensorflow as tf
        import tensorflow_model_optimization as tfmot
        import tf_keras as keras

        tf.constant(0.0)  # the first operation greets as well
    except ImportError as error:
        from trigger_nn.errors import ToolNotFound

        raise ToolNotFound(
            f"Training and converting need TensorFlow and QKeras ({error}); run: pip install 'trigger_nn[train]'."
        ) from error

# tf_keras finds fault with every QKeras constraint that it clones; there is nothing a user could mend.
warnings.filterwarnings("ignore", message=".*keras.constraints.serialize.*")

__all__ = ["keras", "load_model", "qkeras", "save_model", "tf", "tfmot"]


def load_model(path: str) -> Any:
    """Read a Keras or QKeras model from HDF5, with QKeras's layers known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        custom: dict[str, Any] = {}
        qkeras.utils._add_supported_quantized_objects(custom)
        return keras.models.load_model(path, custom_objects=custom, compile=False)


def save_model(model: Any, path: str) -> None:
    """Write to HDF5 (the newer `.keras` format loses QKeras's activations)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.save(path, save_format="h5", include_optimizer=False)

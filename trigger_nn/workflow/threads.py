"""How many threads TensorFlow uses, which decides the last bits of its sums; it asks for it once, when it starts."""

import os
import sys

from trigger_nn.errors import TriggerNNError

VARIABLE = "TF_NUM_INTRAOP_THREADS"


def limit_threads(count: int | None) -> None:
    """Let TensorFlow share an operation among `count` threads; None leaves it as it is.

    Raises:
        TriggerNNError: it has been started with another number in this process.
    """
    if count is None or os.environ.get(VARIABLE) == str(count):
        return
    if "tensorflow" in sys.modules:
        raise TriggerNNError(
            f"training.threads is {count}, but TensorFlow was started otherwise in this process; begin a new one, or "
            f"set {VARIABLE}={count} before it."
        )
    os.environ[VARIABLE] = str(count)

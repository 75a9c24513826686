"""Losses for networks with one output a signal, or one a class."""

from typing import Any

from trigger_nn.frontend.legacy import tf

IGNORED = -1.0


def masked_crossentropy(targets: Any, logits: Any) -> Any:
    """Binary cross-entropy from logits, a value an event; targets of -1 do not count.

    One signal is no background to another's trigger: an event of it teaches that output nothing.
    """
    counts = tf.cast(targets != IGNORED, logits.dtype)
    losses = tf.nn.sigmoid_cross_entropy_with_logits(labels=tf.maximum(targets, 0.0), logits=logits)
    return tf.reduce_sum(counts * losses, axis=-1) / tf.cast(tf.shape(logits)[-1], logits.dtype)


def class_crossentropy(targets: Any, logits: Any) -> Any:
    """Categorical cross-entropy from logits, a value an event; the outputs are classes of which one is right.

    In the firmware no softmax is needed: the largest logit decides.
    """
    return tf.nn.softmax_cross_entropy_with_logits(labels=targets, logits=logits)

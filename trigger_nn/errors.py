"""Errors a user can cause. Each message is one sentence: what is wrong, where, and how to mend it."""


class TriggerNNError(Exception):
    """Base of every error that a user of this package can cause and mend."""


class RecipeError(TriggerNNError):
    """A recipe is missing, malformed, or asks for something that does not exist."""


class EventsError(TriggerNNError):
    """An events file is damaged, of another kind, or does not fit the model."""


class UnsupportedLayerError(TriggerNNError):
    """A layer of the model can't be lowered to the Program."""


class PrecisionError(TriggerNNError):
    """A fixed-point type is impossible, or exactness can't be had."""


class ProgramError(TriggerNNError):
    """A Program is inconsistent, or its file is damaged."""


class MismatchError(TriggerNNError):
    """Two implementations that must agree bit for bit do not."""


class HandoffError(TriggerNNError):
    """A bundle, its vectors or a captured file is damaged, or does not fit what it is compared with."""


class ToolNotFound(TriggerNNError):
    """A program outside Python that a step needs is not on this machine."""


class ToolFailed(TriggerNNError):
    """A program outside Python ended with an error."""

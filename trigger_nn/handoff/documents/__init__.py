"""What a person reads in a bundle: the firmware engineer's guide, the model's card, the licences."""

from trigger_nn.handoff.documents.files import document_files

__all__ = ["document_files"]

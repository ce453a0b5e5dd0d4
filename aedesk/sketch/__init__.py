"""From what a person draws or opens to what a model sees: a (28, 28) picture normalised the way MNIST was."""

from aedesk.picture_file import open_picture
from aedesk.sketch.ink import normalise
from aedesk.sketch.picture import from_picture, ink_of_picture

__all__ = ["from_picture", "ink_of_picture", "normalise", "open_picture"]

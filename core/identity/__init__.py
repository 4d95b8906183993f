"""Whether a text says which model or vendor wrote it, and whether a prompt asks for that (pure).

A name alone decides nothing: "google it", palm oil, a bard, a llama and Claude Monet are ordinary.
What counts is a name where a model speaks of itself: "I am …", "developed by …", "… trained me".
"""

from core.identity.answers import names_maker
from core.identity.folding import fold
from core.identity.masking import mask_maker
from core.identity.mentions import models_mentioned
from core.identity.questions import asks_identity

__all__ = ["asks_identity", "fold", "mask_maker", "models_mentioned", "names_maker"]

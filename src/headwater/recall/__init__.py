"""Level 5: what need not be bought. Own history is free and lies with the contact; here is the cache shared by all."""

from headwater.recall.shared import Recalled, SharedCache

__all__ = ["Recalled", "SharedCache"]

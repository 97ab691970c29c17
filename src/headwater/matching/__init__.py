"""Level 5: who is the same person. Keys propose, a comparison with a second signal decides, a contradiction vetoes."""

from headwater.matching.keys import keys
from headwater.matching.person import Judgement, judge

__all__ = ["Judgement", "judge", "keys"]

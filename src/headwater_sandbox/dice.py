"""Chance without state: every draw is a hash of the seed and a key, so the same question always falls the same way."""

from collections.abc import Sequence
from hashlib import blake2b
from typing import TypeVar

T = TypeVar("T")
_RANGE = float(1 << 64)


class Dice:
    """Draws numbers from (seed, key); order and number of draws never matter."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._salt = str(seed).encode()[:64]

    def number(self, *key: object) -> int:
        """An unsigned 64-bit number for this key."""
        text = "\x1f".join(map(str, key)).encode("utf-8", "surrogatepass")
        return int.from_bytes(blake2b(text, digest_size=8, key=self._salt).digest(), "big")

    def unit(self, *key: object) -> float:
        """A number in [0, 1)."""
        return self.number(*key) / _RANGE if key else 0.0

    def chance(self, probability: float, *key: object) -> bool:
        """True in `probability` of all keys."""
        return probability > 0 and self.unit(*key) < probability

    def between(self, low: int, high: int, *key: object) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.number(*key) % (high - low + 1)

    def span(self, low: float, high: float, *key: object) -> float:
        """A number between `low` and `high`."""
        return low + (high - low) * self.unit(*key)

    def pick(self, items: Sequence[T], *key: object) -> T:
        """One of the items, all equally likely."""
        return items[self.number(*key) % len(items)]

    def weighted(self, items: Sequence[tuple[T, float]], *key: object) -> T:
        """One of the items, by weight."""
        mark = self.unit(*key) * sum(weight for _, weight in items)
        for item, weight in items:
            mark -= weight
            if mark < 0:
                return item
        return items[-1][0]

    def token(self, length: int, *key: object) -> str:
        """A lower-case hexadecimal identifier."""
        text = "\x1f".join(map(str, key)).encode("utf-8", "surrogatepass")
        return blake2b(text, digest_size=(length + 1) // 2, key=self._salt).hexdigest()[:length]

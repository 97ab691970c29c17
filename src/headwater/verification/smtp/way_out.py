"""Whether our network lets connections to mail servers out at all. Most clouds and many offices do not.

Without a look at this every address would cost the time of several connections, only to end as "no connection".
"""

from collections.abc import Callable

from headwater.kit.log import log

_ENOUGH = 3  # domains whose servers were silent; one or two may be their own fault
_AGAIN = 600.0  # seconds between two real tries


class WayOut:
    """Shut once nothing came back from the servers of three domains while nothing ever did from any other."""

    def __init__(self, port: int, clock: Callable[[], float]) -> None:
        self.text = f"Port {port} seems closed from this machine; see `headwater doctor smtp`."
        self._clock = clock
        self._silent: dict[str, tuple[str, ...]] = {}
        self._open = False
        self._again = 0.0

    @property
    def shut(self) -> bool:
        return not self._open and len(set(self._silent.values())) >= _ENOUGH

    def opened(self) -> None:
        """A connection came about, so that later silence is the servers' own."""
        self._open = True
        self._silent.clear()

    def silent(self, address: str, hosts: tuple[str, ...]) -> None:
        """Nothing came back from an address of these mail hosts. Many machines have no IPv6, which proves nothing."""
        if self._open or self.shut or ":" in address:
            return
        self._silent[address] = hosts
        if self.shut:
            self._again = self._clock() + _AGAIN
            log.warning("no mail server can be reached", reason=self.text, tried=sorted(self._silent))

    def admits(self) -> bool:
        """Whether to try: always while it is open, once in ten minutes otherwise."""
        if not self.shut:
            return True
        if self._clock() < self._again:
            return False
        self._again = self._clock() + _AGAIN
        return True

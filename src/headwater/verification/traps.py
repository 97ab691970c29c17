"""Signs that an address was made to catch senders. Heuristics: nobody publishes traps, and a sign is no proof.

Known here: names that say so and mail hosts that collect for parked domains; a large provider's name misspelt whose
server takes mail is told when it was asked. Not known: whether a domain died and came back, or a page hid the address.
"""

from collections.abc import Iterable

_NAMES = frozenset(
    """
    spam spamtrap spam-trap spam.trap spamtraps trap traps mailtrap honeypot honey-pot honey.pot honeytrap spambait
    spam-bait uce abuse-trap blackhole black-hole sinkhole nospam no-spam
    """.split()  # noqa: SIM905 - easier to read than a list
)
# Mail hosts of those who sell domains that nobody uses, or show advertisements on them.
_PARKED = frozenset(
    """
    above.com dynadot.com sedoparking.com parkingcrew.net h-email.net hostedmxserver.com mailerhost.net
    domainmanager.com bodis.com
    """.split()  # noqa: SIM905 - as above
)


def trap_sign(local: str, hosts: Iterable[str]) -> str | None:
    """The sentence that says what looks like a trap; None when nothing does."""
    if local.lower() in _NAMES:
        return "The name is one that people give to traps for senders."
    if any(map(_is_parked, hosts)):
        return "The domain's mail host collects for domains that nobody uses."
    return None


def _is_parked(host: str) -> bool:
    return ".".join(host.rsplit(".", 2)[-2:]) in _PARKED

"""Which vendors there are."""

from collections.abc import Mapping

from headwater.kit.errors import BadInput
from headwater.providers.apollo import Apollo
from headwater.providers.base import Adapter
from headwater.providers.briteverify import BriteVerify
from headwater.providers.dropcontact import Dropcontact
from headwater.providers.emaillistverify import EmailListVerify
from headwater.providers.hunter import Hunter
from headwater.providers.icypeas import Icypeas
from headwater.providers.neverbounce import NeverBounce
from headwater.providers.zerobounce import ZeroBounce

_ALL: tuple[Adapter, ...] = (
    *(Icypeas(), Dropcontact(), Hunter(), Apollo()),
    *(ZeroBounce(), NeverBounce(), EmailListVerify(), BriteVerify()),
)

ADAPTERS: Mapping[str, Adapter] = {one.declaration.name: one for one in _ALL}


def adapter(name: str) -> Adapter:
    """The adapter of a vendor by its name in settings and accounts."""
    found = ADAPTERS.get(name)
    if found is None:
        raise BadInput(f"Vendor {name!r} is not known; write one of {', '.join(sorted(ADAPTERS))}.")
    return found

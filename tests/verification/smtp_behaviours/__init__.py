"""How mail servers behave, and what may be said of the mailboxes behind them.

The truth against which the probing of mailboxes is judged. It was written from RFCs and from what real servers say, by
somebody who had not seen the prober, and is to be changed only where a server on the Internet shows that it is wrong.
"""

from tests.verification.smtp_behaviours.boxes import BOXES
from tests.verification.smtp_behaviours.breaks import BREAKS
from tests.verification.smtp_behaviours.network import Network, Place, network
from tests.verification.smtp_behaviours.refusals import REFUSALS
from tests.verification.smtp_behaviours.routes import ROUTES
from tests.verification.smtp_behaviours.sessions import SESSIONS
from tests.verification.smtp_behaviours.truth import Behaviour, Probe, Truth

# Those first that take their time: they are waited for while the others are done.
BEHAVIOURS: tuple[Behaviour, ...] = (*BREAKS, *SESSIONS, *ROUTES, *BOXES, *REFUSALS)

__all__ = ["BEHAVIOURS", "Behaviour", "Network", "Place", "Probe", "Truth", "network"]

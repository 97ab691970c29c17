"""What a vendor's answer asks the caller to do. HTTP status alone never decides: each adapter reads its own vendor."""

from headwater.kit.errors import HeadwaterError


class ProviderError(HeadwaterError):
    """A vendor did not answer the question. ``charged`` says whether it may have taken money for it all the same."""

    def __init__(self, message: str, *, charged: bool = False) -> None:
        super().__init__(message)
        self.charged = charged


class TryLater(ProviderError):
    """The same request may work later: throttled, overloaded, a temporary failure known not to be charged.

    ``after`` is the vendor's own advice in seconds, if it gave any; ``throttled`` means the whole lane must wait.
    """

    def __init__(self, message: str, *, after: float | None = None, throttled: bool = False) -> None:
        super().__init__(message)
        self.after = after
        self.throttled = throttled


class StopVendor(ProviderError):
    """No request of this account can work until a person acts: bad key, no credits, banned, unpaid."""


class OutcomeUnknown(ProviderError):
    """The request may have been carried out and charged, but its answer is lost (time-out, cut or garbled body)."""

    def __init__(self, message: str) -> None:
        super().__init__(message, charged=True)


class GivenUp(OutcomeUnknown):
    """Submitted work that brought no result for longer than the vendor may take: nobody looks for it any more."""


class BadRequest(ProviderError):
    """The vendor refused the request itself; repeating it can not help, and other records may still work."""

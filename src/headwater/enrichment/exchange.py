"""One HTTP exchange with a vendor. What the network does is translated here, and only here.

The line that matters runs between "the request never left" (nothing can have been charged: try later) and everything
after it (it may have been carried out: the outcome is unknown).
"""

import asyncio
import logging
from http.cookiejar import DefaultCookiePolicy

import httpx

from headwater.providers.base import Request, Response
from headwater.providers.errors import OutcomeUnknown, StopVendor, TryLater

MAX_BODY = 32 * 1024 * 1024  # bytes; the largest real answer (a page of 250 records) is far below one megabyte

_CONNECT = 10.0  # seconds to connect, or to wait for a free connection; well before the whole time-out

_NEVER_LEFT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
_UNSENDABLE = (httpx.InvalidURL, httpx.UnsupportedProtocol, httpx.LocalProtocolError, UnicodeEncodeError)


def _without_query(record: logging.LogRecord) -> bool:
    """Take the query out of the addresses that the HTTP library logs: some vendors want key and person in it."""
    if isinstance(record.args, tuple):
        record.args = tuple(
            each.copy_with(query=None, fragment=None) if isinstance(each, httpx.URL) else each for each in record.args
        )
    return True


logging.getLogger("httpx").addFilter(_without_query)


class Unreachable(TryLater):
    """No connection could be made, so nothing was asked; the whole lane waits."""


def client(*, connections: int = 200) -> httpx.AsyncClient:
    """The HTTP client that all lanes of a process share.

    No redirects, so that no key follows one elsewhere, and no cookies, so that one account's never meet another's.
    """
    limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
    shared = httpx.AsyncClient(limits=limits, follow_redirects=False, headers={"user-agent": "headwater"})
    shared.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return shared


async def send(http: httpx.AsyncClient, request: Request, timeout: float) -> Response:
    """Send a request and read its whole answer within ``timeout`` seconds.

    Raises Unreachable when it certainly never left, OutcomeUnknown when it may have been carried out, StopVendor when
    the account's address or key can not be sent at all.
    """
    try:
        async with asyncio.timeout(timeout):
            return await _exchange(http, request, timeout)
    except _NEVER_LEFT as error:
        raise Unreachable(f"no connection to the vendor ({type(error).__name__})", throttled=True) from error
    except _UNSENDABLE as error:
        raise StopVendor("the vendor's address or key can not be sent over HTTP: correct its settings") from error
    except TimeoutError as error:
        raise OutcomeUnknown(f"no complete answer within {timeout:g} seconds") from error
    except httpx.HTTPError as error:
        raise OutcomeUnknown(f"the connection broke before the answer was complete ({type(error).__name__})") from error


async def _exchange(http: httpx.AsyncClient, request: Request, timeout: float) -> Response:
    built = http.build_request(
        request.method,
        request.url,
        params=dict(request.params) or None,
        headers=dict(request.headers),
        json=request.json if request.json is not None else None,
        data=dict(request.form) or None,
        files={name: (each.filename, each.content, each.type) for name, each in request.files.items()} or None,
        timeout=httpx.Timeout(timeout, connect=min(_CONNECT, timeout / 2), pool=min(_CONNECT, timeout / 2)),
    )
    answer = await http.send(built, stream=True)
    try:
        body = bytearray()
        async for piece in answer.aiter_bytes():
            body += piece
            if len(body) > MAX_BODY:
                raise OutcomeUnknown(f"the answer is larger than {MAX_BODY} bytes")
    finally:
        await answer.aclose()
    return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, bytes(body))

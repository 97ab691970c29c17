"""One HTTP exchange against real servers that behave badly: the line between "never left" and "perhaps charged"."""

import asyncio
import gzip
import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, closing

import pytest

from headwater.enrichment.exchange import MAX_BODY, Unreachable, client, send
from headwater.providers.base import Request, Response, Upload
from headwater.providers.errors import OutcomeUnknown, ProviderError

Behave = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Speaks whatever the test wants after a request's head and body have come in."""

    def __init__(self, behave: Behave) -> None:
        self.behave = behave
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.url = ""

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", 0)))
            self.requests.append((head[0], headers, body))
            await self.behave(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(behave: Behave) -> AsyncIterator[Server]:
    server = Server(behave)
    tasks: set[asyncio.Task[None]] = set()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        await server(reader, writer)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def saying(*pieces: bytes, pause: float = 0.0) -> Behave:
    async def behave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(pause)

    return behave


async def ask(url: str, *, timeout: float = 5.0, **more: object) -> Response:
    request = Request("POST", f"{url}/find", "search", headers={"x-api-key": "k"}, json={"a": 1}, **more)  # type: ignore[arg-type]
    async with client() as http:
        return await send(http, request, timeout)


async def outcome(behave: Behave, *, timeout: float = 5.0) -> ProviderError:
    """How an exchange with such a server fails."""
    async with serving(behave) as server:
        with pytest.raises(ProviderError) as caught:
            await ask(server.url, timeout=timeout)
        assert len(server.requests) == 1, "nothing is ever sent twice"
    assert "x-api-key" not in str(caught.value)
    return caught.value


async def test_a_whole_answer_is_returned() -> None:
    whole = b"HTTP/1.1 404 Not Found\r\nX-Calls-Left: 3\r\nContent-Length: 5\r\n\r\nhello"
    async with serving(saying(whole)) as server:
        found = await ask(server.url)
        line, headers, body = server.requests[0]
    assert found == Response(404, {"x-calls-left": "3", "content-length": "5"}, b"hello")
    assert (line, headers["x-api-key"], body) == ("POST /find HTTP/1.1", "k", b'{"a":1}')
    assert headers["user-agent"] == "headwater"


async def test_parameters_are_sent_as_such() -> None:
    async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server, client() as http:
        await send(http, Request("GET", f"{server.url}/find", "s", params={"name": "Ada & Co", "q": "ü"}), 5)
        assert server.requests[0][0] == "GET /find?name=Ada+%26+Co&q=%C3%BC HTTP/1.1"
        assert server.requests[0][2] == b""


async def test_a_compressed_answer_is_opened() -> None:
    packed = gzip.compress(b"hello")
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with serving(saying(head + packed)) as server:
        assert (await ask(server.url)).body == b"hello"


async def test_an_answer_in_pieces_within_the_time_is_whole() -> None:
    pieces = b"HTTP/1.1 200 OK\r\n", b"Content-Length: 4\r\n\r\n", b"ab", b"cd"
    async with serving(saying(*pieces, pause=0.05)) as server:
        assert (await ask(server.url)).body == b"abcd"


# never left: nothing can have been charged -----------------------------------------------------------------


async def test_a_refused_connection_never_left() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unreachable) as caught:
        await ask(f"http://127.0.0.1:{port}")
    assert caught.value.throttled
    assert not caught.value.charged


@pytest.fixture
def deaf() -> object:
    """A port that lets nobody finish connecting: its queue is full and nobody accepts."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(8):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(address)
        yield f"http://127.0.0.1:{address[1]}"


async def test_a_connection_that_does_not_come_about_never_left(deaf: str) -> None:
    with pytest.raises(Unreachable):
        await ask(deaf, timeout=0.5)


async def test_waiting_for_a_free_connection_never_left() -> None:
    async with serving(saying(b"", pause=30)) as server, AsyncExitStack() as stack:
        http = await stack.enter_async_context(client(connections=1))
        first = asyncio.create_task(send(http, Request("GET", server.url, "s"), 10))
        while not server.requests:
            await asyncio.sleep(0.01)
        try:
            with pytest.raises(Unreachable):
                await send(http, Request("GET", server.url, "s"), 0.3)
            assert len(server.requests) == 1
        finally:
            first.cancel()
            await asyncio.gather(first, return_exceptions=True)


@pytest.mark.parametrize("key", ["key\n", "kéy", "“key”"])
async def test_a_key_that_no_header_can_hold_never_left(key: str) -> None:
    async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server, client() as http:
        with pytest.raises(ProviderError) as caught:
            await send(http, Request("GET", server.url, "s", headers={"x-api-key": key}), 5)
        assert server.requests == []
        assert not caught.value.charged


async def test_an_address_that_is_none_is_an_error_of_the_vendors_account() -> None:
    with pytest.raises(ProviderError):
        await ask("http://127.0.0.1:notaport")


# may have been carried out: unknown -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pieces",
    [
        (),
        (b"HTTP/1.1 200",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhel",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",),
        (b"this is no HTTP at all\r\n\r\n",),
        (b"HTTP/1.1 200 OK\r\nContent-Length: minus\r\n\r\n",),
    ],
)
async def test_an_answer_that_is_cut_or_garbled_is_unknown(pieces: tuple[bytes, ...]) -> None:
    found = await outcome(saying(*pieces))
    assert isinstance(found, OutcomeUnknown)
    assert found.charged


async def test_a_reset_connection_is_unknown() -> None:
    async def reset(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    assert isinstance(await outcome(reset), OutcomeUnknown)


async def test_no_answer_in_time_is_unknown() -> None:
    found = await outcome(saying(b"", pause=30), timeout=0.3)
    assert isinstance(found, OutcomeUnknown)
    assert "0.3 seconds" in str(found)


async def test_an_answer_that_drips_beyond_the_time_is_unknown() -> None:
    """Every piece comes soon enough: only the whole takes too long."""
    drip = [b"x"] * 100
    found = await outcome(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n", *drip, pause=0.05), timeout=0.5)
    assert isinstance(found, OutcomeUnknown)


async def test_an_answer_that_never_ends_is_unknown() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {MAX_BODY + 1}\r\n\r\n".encode()
    found = await outcome(saying(head, *[b"x" * 1024 * 1024] * 33), timeout=30)
    assert isinstance(found, OutcomeUnknown)
    assert "larger" in str(found)


async def test_an_answer_that_swells_when_opened_is_unknown() -> None:
    packed = gzip.compress(b"\0" * (MAX_BODY + 1))
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    assert isinstance(await outcome(saying(head + packed), timeout=30), OutcomeUnknown)


async def test_a_redirect_is_not_followed() -> None:
    """Or a key would go wherever somebody points."""
    async with serving(saying(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as elsewhere:
        away = f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n"
        async with serving(saying(away.encode())) as server:
            assert (await ask(server.url)).status == 307
        assert elsewhere.requests == []


async def test_cookies_are_sent_to_nobody() -> None:
    """One client serves all accounts: what one answer sets must not go out with another account's request."""
    sets = b"HTTP/1.1 200 OK\r\nSet-Cookie: session=mine\r\nContent-Length: 0\r\n\r\n"
    async with serving(saying(sets)) as server, client() as http:
        for _ in range(2):
            await send(http, Request("GET", server.url, "s"), 5)
        assert "cookie" not in server.requests[1][1]


async def test_a_cancelled_exchange_is_cancelled() -> None:
    async with serving(saying(b"", pause=30)) as server:
        task = asyncio.create_task(ask(server.url))
        while not server.requests:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


async def sent(request_of: Callable[[str], Request]) -> tuple[str, dict[str, str], bytes]:
    async with serving(saying(OK)) as server, client() as http:
        await send(http, request_of(server.url), 5.0)
        return server.requests[0]


async def test_a_form_is_sent_as_one() -> None:
    _, headers, body = await sent(lambda url: Request("POST", url, "f", form={"key": "k", "email": "a+b@x.org"}))
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert body == b"key=k&email=a%2Bb%40x.org"


async def test_a_file_is_sent_in_parts_with_the_fields_of_its_form() -> None:
    file = Upload("list.csv", "email\nzoë@x.org\n".encode())
    _, headers, body = await sent(lambda url: Request("POST", url, "f", form={"key": "k"}, files={"file": file}))
    assert headers["content-type"].startswith("multipart/form-data; boundary=")
    assert b'name="key"\r\n\r\nk\r\n' in body
    assert b'name="file"; filename="list.csv"\r\nContent-Type: text/csv\r\n\r\n' + file.content in body


async def test_what_a_query_holds_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = {"api_key": "s3cr3t-key", "email": "ada@acme.com"}
    first, _, _ = await sent(lambda url: Request("GET", f"{url}/validate", "f", params=secret))
    assert "s3cr3t-key" in first
    assert "/validate" in caplog.text
    assert not any(word in caplog.text for word in ("s3cr3t-key", "ada", "acme.com"))
    shown = repr(Request("POST", "https://x.org", "f", params=secret, form=secret, files={"f": Upload("l", b"ada@")}))
    assert not any(word in shown for word in ("s3cr3t", "ada", "acme"))

"""What every adapter test needs: an account whose key is recognisable, and responses as a vendor would send them."""

import json
from collections.abc import Callable, Mapping

import pytest

from headwater.providers.base import Account, Adapter, Response
from headwater.providers.catalogue import adapter

KEY = "k3y-4711-not-to-be-seen-0815"

Respond = Callable[..., Response]
Open = Callable[..., Account]


@pytest.fixture(scope="session")
def key() -> str:
    return KEY


@pytest.fixture(scope="session")
def account() -> Open:
    def open_account(vendor: str, **options: str) -> Account:
        known: Adapter = adapter(vendor)
        return Account(vendor, known.declaration.base_url, KEY, options)

    return open_account


@pytest.fixture(scope="session")
def respond() -> Respond:
    def answer(status: int, body: object = None, headers: Mapping[str, str] | None = None) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Response(status, headers or {"content-type": "application/json"}, raw)

    return answer

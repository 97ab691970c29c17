"""Twilio's requests and answers against the vendor's own OpenAPI file, which is not part of this repository."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from headwater.providers.base import Account, Outcome, Query, Response
from headwater.providers.twilio import Twilio
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "openapi" / "twilio_lookups_v2.json"
PATH = "/v2/PhoneNumbers/{PhoneNumber}"
TWILIO = Twilio()
OPERATIONS = [each.name for each in TWILIO.declaration.operations]


@pytest.fixture(scope="module")
def spec() -> Mapping[str, Any]:
    if not PUBLISHED.exists():
        pytest.skip("the vendor's OpenAPI file is not beside the repository (shared/openapi/twilio_lookups_v2.json)")
    loaded: Mapping[str, Any] = json.loads(PUBLISHED.read_text())
    return loaded


def query(number: str = "+14159929960") -> Query:
    return Query("r", frozenset({Field.PHONE}), "Ada", "Lovelace", email="ada@acme.com", phone=number)


def examples(spec: Mapping[str, Any]) -> Mapping[str, Any]:
    content = spec["paths"][PATH]["get"]["responses"]["200"]["content"]["application/json"]
    return {name: each["value"] for name, each in content["examples"].items()}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_requests_are_as_documented(spec: Mapping[str, Any], account: Open, operation: Any) -> None:
    request = TWILIO.ask(operation, [query()], account("twilio", line_status="1"))
    documented = spec["paths"][PATH]["get"]
    parameters = {each["name"]: each for each in documented["parameters"]}
    assert request.method == "GET"
    assert request.url == spec["servers"][0]["url"] + PATH.replace("{PhoneNumber}", "+14159929960")
    assert [name for name, each in parameters.items() if each.get("required")] == ["PhoneNumber"]
    assert set(request.params) <= {name for name, each in parameters.items() if each["in"] == "query"}
    listed = parameters["Fields"]["description"].partition("Possible values are ")[2].rstrip(".").split(", ")
    assert set(request.params["Fields"].split(",")) <= set(listed)
    assert (request.json, request.body) == (None, None)
    (scheme,) = documented["security"][0]
    assert spec["components"]["securitySchemes"][scheme]["scheme"] == "basic"
    assert request.headers["Authorization"].startswith("Basic ")
    assert not any(word in json.dumps([request.url, *request.params.values()]) for word in ("Ada", "Lovelace", "acme"))


def test_what_is_read_is_documented(spec: Mapping[str, Any]) -> None:
    schemas = spec["components"]["schemas"]
    assert {"phone_number", "valid", "line_type_intelligence", "line_status"} <= set(
        schemas["LookupResponse"]["properties"]
    )
    assert {"type", "carrier_name", "error_code"} <= set(schemas["LineTypeIntelligenceInfo"]["properties"])
    assert {"status", "error_code"} <= set(schemas["LineStatusInfo"]["properties"])


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("fetchLineStatusActive", {"line": "active"}),
        ("fetchLineStatusInactive", {"line": "inactive"}),
        (
            "fetchLineTypeIntelligence",
            {"line": "unknown", "type": "voip", "carrier": "Twilio - SMS/MMS-SVR", "carrier_basis": "live"},
        ),
        ("fetchInvalid", {"line": "unknown", "disputed": "range"}),
    ],
)
def test_the_published_answers_are_understood(
    spec: Mapping[str, Any], respond: Respond, name: Any, detail: Any
) -> None:
    published = examples(spec)[name]
    answer = TWILIO.read("live", [query(published["phone_number"])], respond(200, published)).answers[0]
    assert (answer.outcome, answer.findings[0].detail) == (Outcome.HIT, detail)


def test_every_published_answer_is_an_answer(spec: Mapping[str, Any], respond: Respond) -> None:
    for name, published in examples(spec).items():
        for operation in OPERATIONS:
            answer = TWILIO.read(operation, [query(published["phone_number"])], respond(200, published)).answers[0]
            assert answer.outcome is Outcome.HIT, name
            kept = json.dumps([answer.findings[0].value, dict(answer.findings[0].detail)])
            assert "caller" not in kept


def test_every_published_kind_of_line_has_a_word_of_ours(spec: Mapping[str, Any], respond: Respond) -> None:
    kinds = spec["components"]["schemas"]["OverridesRequest"]["properties"]["line_type"]["enum"]
    for kind in set(kinds) - {"unknown"}:
        package = {"type": kind, "carrier_name": None, "error_code": None}
        said = examples(spec)["fetch"] | {"line_type_intelligence": package}
        (found,) = TWILIO.read("line", [query(said["phone_number"])], respond(200, said)).answers[0].findings
        assert found.detail["type"], kind

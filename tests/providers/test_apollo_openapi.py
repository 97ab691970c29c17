"""Apollo's requests and answers against the vendor's own OpenAPI file, which is not part of this repository."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from headwater.providers.apollo import Apollo
from headwater.providers.base import Account, Outcome, Query, Response, Ticket
from headwater.providers.errors import ProviderError
from headwater.records import Field

Open = Callable[..., Account]
Respond = Callable[..., Response]

PUBLISHED = Path(__file__).resolve().parents[2].parent / "shared" / "openapi" / "apollo.json"
APOLLO = Apollo()
PATHS = {1: "/people/match", 3: "/people/bulk_match"}

_TYPES: Mapping[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float),
    "boolean": (bool,), "null": (type(None),),
}  # fmt: skip


@pytest.fixture(scope="module")
def spec() -> Mapping[str, Any]:
    if not PUBLISHED.exists():
        pytest.skip("the vendor's OpenAPI file is not beside the repository (shared/openapi/apollo.json)")
    loaded: Mapping[str, Any] = json.loads(PUBLISHED.read_text())
    return loaded


def faults(value: Any, schema: Mapping[str, Any], where: str = "body") -> list[str]:
    """What of ``value`` the schema does not allow; the few words of JSON Schema that this file uses."""
    wanted = schema.get("type")
    kinds = [wanted] if isinstance(wanted, str) else wanted or []
    if kinds and not any(isinstance(value, _TYPES[kind]) for kind in kinds):
        return [f"{where}: {type(value).__name__} is not {kinds}"]
    found = [f"{where}.{name} is missing" for name in schema.get("required", ()) if name not in value]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{where}.{name} is not documented" for name in value if known and name not in known]
        return found + [fault for name in value if name in known for fault in faults(value[name], known[name], name)]
    if isinstance(value, list) and "items" in schema:
        return found + [fault for each in value for fault in faults(each, schema["items"], f"{where}[]")]
    return found


def people(count: int) -> list[Query]:
    wanted = frozenset({Field.EMAIL, Field.PHONE})
    first = Query(
        "r0", wanted, first_name="Tim", last_name="Zheng", company="Apollo", domain="apollo.io", linkedin="tim",
        email="tim@apollo.io",
    )  # fmt: skip
    return [first, *(Query(f"r{n}", wanted, full_name=f"N {n}", domain="apollo.io") for n in range(1, count))]


@pytest.mark.parametrize("name", ["match", "mobile"])
@pytest.mark.parametrize("count", PATHS)
def test_requests_are_as_documented(spec: Mapping[str, Any], account: Open, count: Any, name: Any) -> None:
    request = APOLLO.ask(name, people(count), account("apollo", webhook_url="https://hooks.example.org/a"))
    operation = spec["paths"][PATHS[count]]["post"]
    assert request.url == spec["servers"][0]["url"] + PATHS[count]
    assert set(request.params) <= {each["name"] for each in operation["parameters"] if each["in"] == "query"}
    if count == 1:
        assert "requestBody" not in operation
        assert request.json is None
    else:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert faults(request.json, schema) == []


def test_the_poll_is_as_documented(spec: Mapping[str, Any], account: Open) -> None:
    request = APOLLO.poll("mobile", Ticket({"request_id": "-1039995589705121900"}, 0.0), [], account("apollo"))
    template = spec["servers"][0]["url"] + "/webhook_result/{request_id}"
    assert "get" in spec["paths"]["/webhook_result/{request_id}"]
    assert request.url == template.replace("{request_id}", "-1039995589705121900")


def examples(operation: Mapping[str, Any], status: str) -> Sequence[tuple[str, Any]]:
    return [
        (name, example["value"])
        for content in operation["responses"].get(status, {"content": {}})["content"].values()
        for name, example in content.get("examples", {}).items()
    ]


def test_the_published_answers_are_understood(spec: Mapping[str, Any], respond: Respond) -> None:
    for count, path in PATHS.items():
        for name, body in examples(spec["paths"][path]["post"], "200"):
            asked = people(count)[: len(body.get("matches", [0]))]
            if "waterfall" in body and "matches" in body:
                continue  # never asked for
            want = [Query(each.reference, frozenset({Field.EMAIL, Field.TITLE}), email="a@b.co") for each in asked]
            reply = APOLLO.read("match", want, respond(200, body))
            assert [answer.outcome for answer in reply.answers.values()] == [Outcome.HIT] * len(asked), (path, name)
            assert all(answer.units == 1000 for answer in reply.answers.values())


def test_the_published_answers_fit_the_published_schema(spec: Mapping[str, Any]) -> None:
    schema = spec["paths"]["/people/bulk_match"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    ours = {
        "status": "success",
        "total_requested_enrichments": 1,
        "credits_consumed": 0.5,
        "matches": [],
        "request_id": -5,
    }
    assert faults(ours, schema) == []
    assert faults({"matches": {}}, schema)


def test_the_published_phone_result_is_understood(spec: Mapping[str, Any], respond: Respond) -> None:
    published = dict(examples(spec["paths"]["/webhook_result/{request_id}"]["get"], "200"))["Phone enrichment"]
    ident = published["webhook_result"]["people"][0]["id"]
    ticket = Ticket({"request_id": published["request_id"], "held": [[0, ident, 1000]]}, 10.0)
    asked = [Query("r", frozenset({Field.PHONE}), email="a@b.co")]
    answer = APOLLO.read_poll("mobile", ticket, asked, respond(200, published)).answers[0]
    assert [(each.value, each.status) for each in answer.findings] == [("+15555550164", "valid_number")]
    assert answer.units == 1000  # one credit by the example's own counter: no number of a mobile is in it


@pytest.mark.parametrize("status", ["400", "401", "403", "422", "429"])
def test_the_published_refusals_are_errors(spec: Mapping[str, Any], respond: Respond, status: Any) -> None:
    for count, path in PATHS.items():
        for _, body in examples(spec["paths"][path]["post"], status):
            raw = body.encode() if isinstance(body, str) else json.dumps(body).encode()
            try:
                reply = APOLLO.read("match", people(count), respond(int(status), raw))
            except ProviderError:
                continue
            assert reply.answers[0].outcome is Outcome.REFUSED

"""Apollo's encodings over real HTTP, and its answers against the vendor's own description where that is at hand."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Sandbox

SPEC = Path(__file__).parents[3] / "shared" / "openapi" / "apollo.json"
HOOK = {"webhook_url": "https://hooks.invalid/x"}


def _details(people: list[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"first_name": one["first"], "last_name": one["last"], "domain": one["domain"]} for one in people]


def test_bulk_is_positional_with_null_slots(start: Callable[..., Sandbox]) -> None:
    box = start()
    people = box.people(10)
    body = box.apollo("people/bulk_match", details=_details(people)).json()
    assert body["status"] == "success"
    assert len(body["matches"]) == body["total_requested_enrichments"] == 10
    assert body["matches"].count(None) == body["missing_records"]
    assert body["unique_enriched_records"] + body["missing_records"] == 10
    for match, person in zip(body["matches"], people, strict=True):
        assert match is None or match["last_name"] == person["last"] or match["first_name"][0] == person["first"][0]
    assert box.control("meter")["apollo"]["credits"] == str(body["credits_consumed"])


def test_batch_limit_and_empty_batch(sandbox: Sandbox) -> None:
    too_many = sandbox.apollo("people/bulk_match", details=[{"name": "A B"}] * 11)
    assert (too_many.status_code, too_many.json()["error_code"]) == (400, "RECORD_LIMIT_EXCEEDED")
    assert sandbox.apollo("people/bulk_match", details=[]).json()["error_code"] == "INVALID_REQUEST"
    assert sandbox.apollo("people/bulk_match", details=["x"]).status_code == 422
    assert sandbox.apollo("organizations/bulk_enrich", details=[{"domain": "a.com"}] * 11).status_code == 400
    assert sandbox.apollo_get("organizations/enrich").status_code == 422
    two = sandbox.apollo("organizations/bulk_enrich", **{"domains[]": ["a.com", "b.com"]}).json()
    assert two["total_requested_domains"] == 2


@pytest.mark.parametrize(("shape", "body"), [("null", {"person": None}), ("empty", {"person": {}}), ("absent", {})])
def test_a_single_miss_is_200_in_the_shape_of_the_setting(start: Callable[..., Sandbox], shape: str, body: Any) -> None:
    box = start("--rate", "apollo.coverage=0", "--rate", f"apollo.miss_shape={shape}")
    answer = box.apollo("people/match", first_name="Ann", last_name="Smith", domain="acme.com")
    assert (answer.status_code, answer.json()) == (200, body)
    assert box.control("meter")["apollo"]["credits"] == "0"


def test_bad_key_is_plain_text_and_no_credits_is_said(sandbox: Sandbox) -> None:
    answer = sandbox.apollo("people/match", key="bad-key", name="A B", domain="acme.com")
    assert (answer.status_code, answer.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert answer.text.startswith("Invalid API key.")
    assert "x-rate-limit-minute" not in answer.headers
    broke = sandbox.apollo("people/bulk_match", key="no-credits", details=_details(sandbox.people(10)))
    assert broke.status_code == 422


def test_windows_headers_and_429(start: Callable[..., Sandbox]) -> None:
    box = start("--limits", "apollo=free")
    statuses = [box.apollo("people/bulk_match", details=[{"name": "A B", "domain": "acme.com"}]) for _ in range(45)]
    refused = [answer for answer in statuses if answer.status_code == 429]
    assert refused
    assert "bulk_match is 20 times per minute" in refused[0].json()["message"]
    assert 1 <= int(refused[0].headers["retry-after"]) <= 60
    assert statuses[0].headers["x-rate-limit-hourly"] == "200"
    assert statuses[0].headers["x-hourly-usage"] == "1"
    box.change(limits={"apollo": "published"})
    paid = box.apollo("people/match", name="A B", domain="acme.com")
    assert paid.headers["x-rate-limit-hourly"] == ""
    assert paid.headers["x-minute-requests-left"].isdigit()


def test_phones_come_later_and_cost_eight(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "apollo.pending_polls=1", "--rate", "apollo.phone=1", "--rate", "apollo.coverage=1")
    people = [person for person in box.people(200) if person["employed"] and person["mobile"]][:3]
    assert box.apollo("people/bulk_match", details=_details(people), reveal_phone_number="true").status_code == 400
    body = box.apollo("people/bulk_match", details=_details(people), reveal_phone_number="true", **HOOK).json()
    assert isinstance(body["request_id"], int)
    assert body["phone_enrichment"]["status"] == "pending"
    path = f"webhook_result/{body['request_id']}"
    pending = box.apollo_get(path)
    assert (pending.status_code, pending.json()["error_code"]) == (404, "result_pending")
    ready = box.apollo_get(path).json()
    assert ready["request_id"] == str(body["request_id"])
    numbers = {each["sanitized_number"] for one in ready["webhook_result"]["people"] for each in one["phone_numbers"]}
    assert numbers & {person["mobile"] for person in people}
    assert box.control("meter")["apollo"]["credits"] == str(3 + ready["webhook_result"]["credits_consumed"])


def test_result_ids(sandbox: Sandbox) -> None:
    for path, status, code in (
        ("webhook_result/abc", 400, "invalid_request_id"),
        ("webhook_result/99999999999999999999", 400, "invalid_request_id"),
        ("webhook_result/-12", 404, "request_id_unknown"),
    ):  # fmt: skip
        answer = sandbox.apollo_get(path)
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)


def test_waterfall_leaves_out_addresses_and_counters(sandbox: Sandbox) -> None:
    body = sandbox.apollo(
        "people/bulk_match", details=_details(sandbox.people(10)), run_waterfall_email="true", **HOOK
    ).json()
    assert body["waterfall"]["status"] == "accepted"
    assert not {"unique_enriched_records", "missing_records", "credits_consumed"} & set(body)
    assert all("email" not in match for match in body["matches"] if match)


def _check(schema: dict[str, Any], value: Any, where: str) -> list[str]:
    """Problems of a value against the parts of JSON Schema which the description uses; null is allowed anywhere."""
    if value is None or not schema:
        return []
    if "oneOf" in schema:
        options = [_check(option, value, where) for option in schema["oneOf"]]
        return [] if [] in options else options[0]
    kinds: dict[str, Any] = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "boolean": bool,
        "number": (int, float),
    }
    kind = schema.get("type")
    names = kind if isinstance(kind, list) else [kind] if kind else []
    if names and not any(isinstance(value, kinds[name]) for name in names if name in kinds):
        return [f"{where}: {value!r} is not {kind}"]
    if isinstance(value, dict) and schema.get("properties"):
        known = schema["properties"]
        free = where.endswith("_hash")  # keyed by the names of industries
        problems = [f"{where}.{name} is unknown" for name in value if name not in known and not free]
        return problems + [
            p for name in value if name in known for p in _check(known[name], value[name], f"{where}.{name}")
        ]
    if isinstance(value, list):
        return [p for each in value for p in _check(schema.get("items", {}), each, f"{where}[]")]
    return []


@pytest.mark.skipif(not SPEC.exists(), reason="the vendor's description is not part of the project")
@pytest.mark.parametrize("case", ["match", "bulk", "phones", "organisation", "organisations", "poll"])
def test_answers_fit_the_vendors_description(sandbox: Sandbox, case: str) -> None:
    people = sandbox.people(10)
    bulk = sandbox.apollo("people/bulk_match", details=_details(people), reveal_phone_number="true", **HOOK)
    employer = {"domain": people[0]["domain"]}
    found = next(i for i, match in enumerate(bulk.json()["matches"]) if match)
    path, method, answer = {
        "match": ("/people/match", "post", lambda: sandbox.apollo("people/match", **_details(people)[found])),
        "bulk": ("/people/bulk_match", "post", lambda: sandbox.apollo("people/bulk_match", details=_details(people))),
        "phones": ("/people/bulk_match", "post", lambda: bulk),
        "organisation": (
            "/organizations/enrich",
            "get",
            lambda: sandbox.apollo_get("organizations/enrich", **employer),
        ),
        "organisations": (
            "/organizations/bulk_enrich",
            "post",
            lambda: sandbox.apollo("organizations/bulk_enrich", details=[employer]),
        ),
        "poll": (
            "/webhook_result/{request_id}",
            "get",
            lambda: sandbox.apollo_get(f"webhook_result/{bulk.json()['request_id']}"),
        ),
    }[case]
    assert answer().status_code == 200
    operation = json.loads(SPEC.read_text())["paths"][path][method]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert _check(schema, answer().json(), "$") == []

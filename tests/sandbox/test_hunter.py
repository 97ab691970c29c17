"""Hunter's encodings over real HTTP."""

import time
from collections.abc import Callable
from typing import Any

from .conftest import Sandbox


def _find(box: Sandbox, person: dict[str, Any], key: str = "k") -> dict[str, Any]:
    answer = box.hunter(
        "email-finder", key, first_name=person["first"], last_name=person["last"], domain=person["domain"]
    )
    assert answer.status_code == 200
    data: dict[str, Any] = answer.json()["data"]
    return data


def test_hits_and_misses_are_both_200_and_only_hits_cost(start: Callable[..., Sandbox]) -> None:
    box = start()
    found = [_find(box, person) for person in box.people()]
    hits = [data for data in found if data["email"]]
    assert 0.3 < len(hits) / len(found) < 0.6
    assert all(data["verification"]["status"] in ("valid", "accept_all", "unknown") for data in hits)
    assert {data["score"] for data in found if not data["email"]} == {None}
    meter = box.control("meter")["hunter"]
    assert (meter["credits"], meter["hits"], meter["misses"]) == (str(len(hits)), len(hits), len(found) - len(hits))


def test_most_answers_are_right_and_some_are_not(sandbox: Sandbox) -> None:
    people = [person for person in sandbox.people(800) if person["employed"]]
    pairs = [(_find(sandbox, person), person) for person in people]
    hits = [(data, person) for data, person in pairs if data["email"]]
    right = sum(data["email"] == person["email"] for data, person in hits)
    assert 0.85 < right / len(hits) < 1
    sure = [(data, person) for data, person in hits if data["verification"]["status"] == "valid"]
    assert sum(data["email"] == person["email"] for data, person in sure) / len(sure) > right / len(hits)


def test_keys_in_three_places_and_a_bad_one(sandbox: Sandbox) -> None:
    url = f"{sandbox.where['hunter']}/account"
    for headers in ({"X-API-KEY": "k"}, {"Authorization": "Bearer k"}):
        assert sandbox.http.get(url, headers=headers).status_code == 200
    for key in ("bad-key", ""):
        answer = sandbox.hunter("account", key)
        assert answer.status_code == 401
        assert answer.json()["errors"][0]["code"] == 401


def test_wrong_parameters(sandbox: Sandbox) -> None:
    for query in ({"domain": "acme.com"}, {"first_name": "A", "last_name": "B"}):
        answer = sandbox.hunter("email-finder", **query)
        assert (answer.status_code, answer.json()["errors"][0]["id"]) == (400, "wrong_params")
    assert sandbox.hunter("domain-search", domain="acme.com", limit=101).json()["errors"][0]["id"] == "pagination_error"


def test_out_of_credits_is_429_and_rate_limit_is_403(start: Callable[..., Sandbox]) -> None:
    box = start("--limits", "hunter=published")
    person = box.people(1)[0]
    query = {"first_name": person["first"], "last_name": person["last"], "domain": person["domain"]}
    assert box.hunter("email-finder", "no-credits", **query).status_code == 429
    while time.time() % 1 > 0.3:
        time.sleep(0.02)
    answers = [box.hunter("email-finder", **query).status_code for _ in range(40)]
    assert answers.count(403) >= 10
    assert answers.count(200) >= 15
    assert box.control("meter")["hunter"]["throttled"] == answers.count(403)


def test_verifier_runs_on_and_is_billed_once(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "hunter.verifier_running=1")
    email = next(person["email"] for person in box.people() if person["email"])
    assert [box.hunter("email-verifier", email=email).status_code for _ in range(2)] == [202, 200]
    assert box.control("meter")["hunter"]["credits"] == "0.5"
    box.change(rates={"hunter.verifier_odd": 1, "hunter.verifier_running": 0})
    assert box.hunter("email-verifier", email=email).status_code == 222
    assert box.control("meter")["hunter"]["credits"] == "0.5"


def test_verifier_tells_the_dead_from_the_living(sandbox: Sandbox) -> None:
    people = [person for person in sandbox.people(600) if person["email"] and not person["catch_all"]][:60]
    living = [sandbox.hunter("email-verifier", email=person["email"]).json()["data"]["status"] for person in people]
    dead = [
        sandbox.hunter("email-verifier", email=f"zq{person['email']}").json()["data"]["status"] for person in people
    ]
    assert living.count("valid") > 50
    assert dead.count("invalid") > 50


def test_a_person_who_opted_out_is_451(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "hunter.claimed=1")
    person = box.people(1)[0]
    answer = box.hunter("email-finder", first_name=person["first"], last_name=person["last"], domain=person["domain"])
    assert (answer.status_code, answer.json()["errors"][0]["id"]) == (451, "claimed_email")


def test_enrichment_matches_or_is_404(sandbox: Sandbox) -> None:
    people = [person for person in sandbox.people() if person["email"]]
    answers = [sandbox.hunter("people/find", email=person["email"]) for person in people]
    assert {answer.status_code for answer in answers} == {200, 404}
    assert next(a for a in answers if a.status_code == 200).json()["data"]["employment"]["domain"]
    assert next(a for a in answers if a.status_code == 404).json()["errors"][0]["code"] == 404
    company = sandbox.hunter("combined/find", email=people[0]["email"]).json()["data"]
    assert set(company) == {"person", "company"}
    assert sandbox.hunter("companies/find", domain="").status_code == 400


def test_domain_search_pages_and_counts(sandbox: Sandbox) -> None:
    domain = sandbox.people(1)[0]["domain"]
    first = sandbox.hunter("domain-search", domain=domain, limit=2).json()
    second = sandbox.hunter("domain-search", domain=domain, limit=2, offset=2).json()
    assert first["meta"]["results"] == sandbox.hunter("email-count", domain=domain).json()["data"]["total"]
    assert not {each["value"] for each in first["data"]["emails"]} & {
        each["value"] for each in second["data"]["emails"]
    }
    assert "{" in first["data"]["pattern"]

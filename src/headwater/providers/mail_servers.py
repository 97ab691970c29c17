"""Mail servers themselves: whether they take mail for an address (level 4 of the verification).

No vendor and no HTTP: whoever runs the lanes hands over the exchange that asks over SMTP. Nothing is charged, and a
server that is asked twice only answers twice. The hit rate is an estimate: servers of about a third of business domains
accept every name or tell a stranger nothing.
"""

import json
from collections.abc import Mapping, Sequence

from headwater.providers import reading
from headwater.providers.base import (
    Account,
    Answer,
    Charge,
    Declaration,
    Json,
    Limit,
    Operation,
    Outcome,
    Query,
    Reply,
    Request,
    Response,
    Ticket,
)
from headwater.providers.errors import BadRequest, OutcomeUnknown
from headwater.records import Field, Finding

NAME = "mailbox"


class MailServers:
    """One answer per address: the state in our own words, and the whole report as JSON beside it."""

    declaration = Declaration(
        name=NAME,
        title="Mail servers",
        base_url="smtp:",
        credit_price=0,
        operations=(
            Operation(
                name="verify",
                finds=frozenset({Field.EMAIL}),
                needs=(frozenset({"email"}),),
                batch=100,
                charge=Charge(hit=0),
                hit_rate=0.65,
                timeout=120.0,
                verifies=True,
            ),
        ),
        # how much each server has to bear is seen to by who asks; this only bounds the requests to that part
        limits={"verify": (Limit(600, 60),)},
        cautious=Limit(600, 60),
        reliability={(Field.EMAIL, ""): 0.5},
        shareable=False,
        max_in_flight=8,
    )

    def ask(self, operation: str, queries: Sequence[Query], account: Account) -> Request:
        reading.require(self.declaration.operation(operation), queries)
        return Request("POST", account.base_url, "verify", json={"addresses": [query.email for query in queries]})

    def read(self, operation: str, queries: Sequence[Query], response: Response) -> Reply:
        body = reading.document(response)
        reports = reading.rows(body.get("reports"), "reports")
        if len(reports) != len(queries):
            raise OutcomeUnknown("The mail servers' answers are not those that were asked for.")
        pairs = enumerate(zip(queries, reports, strict=True))
        return Reply({place: _answer(query, report) for place, (query, report) in pairs})

    def poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], account: Account) -> Request:
        raise BadRequest("Mail servers answer at once; there is nothing to fetch.")

    def read_poll(self, operation: str, ticket: Ticket, queries: Sequence[Query], response: Response) -> Reply:
        raise BadRequest("Mail servers answer at once; there is nothing to fetch.")


def _answer(query: Query, report: Json) -> Answer:
    if not isinstance(report, Mapping):
        return Answer(Outcome.MISS, reason="the mail server gave no answer in time")
    state = reading.text(report.get("state"))
    return Answer(Outcome.HIT, (Finding(Field.EMAIL, query.email or "", state, detail={"report": json.dumps(report)}),))

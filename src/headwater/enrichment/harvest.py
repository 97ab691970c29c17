"""Turn the answers of one call into observations, verdicts and notes, in the workspace of the transaction."""

import dataclasses
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from headwater.contacts import Contacts, Knowledge
from headwater.db.session import Connection
from headwater.enrichment.patterns import TELLING, pattern_of
from headwater.enrichment.planner import PATTERN, PATTERN_COLLIDES, PATTERN_RELIABILITY, Offer
from headwater.enrichment.planning import Note
from headwater.enrichment.plausibility import Doubt, believed, doubts
from headwater.enrichment.vendors import Vendor
from headwater.providers.base import Operation, Outcome
from headwater.records import Contact, EmailVerdict, Field, Finding, Observation, PhoneVerdict, Status

# GDPR Art. 6(1)(f): business contact data found for a controller's outreach, until the workspace states another basis.
BASIS = "legitimate interest"

_SURE = 0.9  # an address at least so sure teaches its domain's pattern


@dataclass(frozen=True, slots=True)
class Collaborators:
    """What the spine hands to this stage, since stages do not know each other.

    ``check_emails`` and ``check_phone`` judge values; ``judge_mailbox`` adds what a verifier said of a mailbox;
    ``put_off`` has those asked for again later whose server wants it so; ``finished`` hears, inside the transaction,
    of jobs that lost an open lookup; ``share`` offers what was bought to the shared cache.
    """

    check_emails: Callable[[Sequence[str]], Awaitable[list[EmailVerdict]]]
    check_phone: Callable[[str, str | None], PhoneVerdict]
    judge_mailbox: Callable[[EmailVerdict, Finding, str], EmailVerdict]
    finished: Callable[[Connection, int, Sequence[int]], Awaitable[None]]
    share: Callable[[Connection, Vendor, Sequence[tuple[int, Observation]]], Awaitable[None]]
    now: Callable[[], datetime]
    jitter: Callable[[float], float]
    put_off: Callable[[Connection, Sequence[EmailVerdict]], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Line:
    """One position of a call."""

    position: int
    item: int
    workspace: int
    job: int
    lookup: int
    contact: int
    want: tuple[Field, ...]
    subject: str
    reserved: int
    outcome: Outcome | None
    units: int
    findings: tuple[Finding, ...]
    reason: str | None

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> "Line":
        answer = row["answer"] or {}
        return cls(
            row["position"], row["item_id"], row["workspace_id"], row["job_id"], row["lookup_id"], row["contact_id"],
            tuple(Field(each) for each in row["want"]), row["subject"], row["reserved"],
            Outcome(row["outcome"]) if row["outcome"] else None, row["units"] or 0,
            tuple(_finding(each) for each in answer.get("findings", ())), answer.get("reason"),
        )  # fmt: skip

    def charged(self, credit_price: int) -> int:
        """Micros this record cost. Never above what was reserved: the job's cap can not be passed."""
        return min(self.reserved, -(-self.units * credit_price // 1000))

    def asked(self, operation: str, call: int, at: datetime, *, outcome: str) -> dict[str, Any]:
        return {
            "contact_id": self.contact,
            "operation": operation,
            "subject": self.subject,
            "fields": sorted(self.want),
            "outcome": outcome,
            "call_id": call,
            "at": at.isoformat(),
        }


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(Field(row["field"]), row["value"], row["status"], row["reported"], row["detail"] or {})


async def check_values(
    lines: Iterable[Line], operation: Operation, collaborators: Collaborators
) -> dict[str, EmailVerdict]:
    """Verdicts of levels 1 to 3 on every address of a call, by address; outside any transaction, for it asks DNS."""
    addresses = {line.subject for line in lines if line.subject}
    addresses |= {each.value for line in lines for each in line.findings if each.field is Field.EMAIL}
    ordered = sorted(addresses)
    verdicts = await collaborators.check_emails(ordered)
    return dict(zip(ordered, verdicts, strict=True))


class Harvest:
    """Gathers one call's lines of one workspace."""

    def __init__(
        self,
        connection: Connection,
        vendor: Vendor,
        operation: Operation,
        call: int,
        checked: Mapping[str, EmailVerdict],
        collaborators: Collaborators,
    ) -> None:
        self.contacts = Contacts(connection)
        self.connection = connection
        self.vendor = vendor
        self.operation = operation
        self.call = call
        self.checked = checked
        self.collaborators = collaborators
        self.now = collaborators.now()
        self.owners: Mapping[str, Mapping[int, Contact]] = {}
        self.name = f"{vendor.name}.{operation.name}"
        reliability = vendor.adapter.declaration.reliability
        self.offer = Offer(vendor.name, operation, vendor.credit_price, reliability)

    async def gather(self, lines: Sequence[Line]) -> dict[int, Note]:
        """Write down what these lines say; the note for each lookup."""
        await self.contacts.remember_asked(
            line.asked(self.name, self.call, self.now, outcome=str(line.outcome)) for line in lines
        )
        answered = [line for line in lines if line.findings]
        if self.operation.verifies:
            await self._verifications(answered)
        else:
            await self._findings(answered)
        return {line.lookup: self._note(line) for line in lines}

    def _note(self, line: Line) -> Note:
        cost = 0 if line.outcome is Outcome.UNKNOWN else line.charged(self.vendor.credit_price)
        heard = {"heard": self.name, "outcome": str(line.outcome), "cost": cost, "call": self.call}
        return Note(cost, (heard | ({"why": line.reason} if line.reason else {}),))

    # what a vendor found --------------------------------------------------------------------------

    async def _findings(self, lines: Sequence[Line]) -> None:
        people = await self.contacts.get(line.contact for line in lines)
        self.owners = await self.contacts.owners(verdict.normalized or value for value, verdict in self.checked.items())
        observed = [(line.contact, each) for line in lines for each in self._observations(line, people[line.contact])]
        await self.contacts.observe(observed)
        await self._judge(observed)
        await self._learn(observed)
        await self.collaborators.share(self.connection, self.vendor, observed)

    def _observations(self, line: Line, person: Contact) -> list[Observation]:
        """One observation per finding; the price of the record stands on the first, so that sums stay exact."""
        cost = line.charged(self.vendor.credit_price)
        findings = [self._clean(each) for each in line.findings if each.field in line.want]
        against = {each.value: self._doubts(each, line.contact, person) for each in findings}
        return [
            Observation(
                finding=_with_doubts(each, against[each.value]),
                source=self.vendor.name,
                observed_at=self.now,
                price=cost if first else 0,
                confidence=believed(self.offer.trust(each.field, each.status), against[each.value]),
                basis=BASIS,
                call_id=self.call,
                job_id=line.job,
            )
            for first, each in zip([True] + [False] * len(findings), findings, strict=False)
        ]

    def _doubts(self, finding: Finding, contact: int, person: Contact) -> list[Doubt]:
        """What speaks against a found address being this person's."""
        if finding.field is not Field.EMAIL:
            return []
        others = [owner for each, owner in self.owners.get(finding.value, {}).items() if each != contact]
        return doubts(person, finding.value, others)

    def _clean(self, finding: Finding) -> Finding:
        """The normal form of the value, so that two vendors' spellings of one address agree."""
        value = finding.value
        if finding.field is Field.EMAIL and (verdict := self.checked.get(value)):
            value = verdict.normalized or value
        if finding.field is Field.PHONE:
            value = self.collaborators.check_phone(value, None).e164 or value
        return Finding(finding.field, value, finding.status, finding.reported, finding.detail)

    async def _judge(self, observed: Sequence[tuple[int, Observation]]) -> None:
        by_value = {verdict.normalized or address: verdict for address, verdict in self.checked.items()}
        emails = [
            (contact, by_value[seen.finding.value])
            for contact, seen in observed
            if seen.finding.field is Field.EMAIL and seen.finding.value in by_value
        ]
        phones = [
            (contact, self.collaborators.check_phone(seen.finding.value, None))
            for contact, seen in observed
            if seen.finding.field is Field.PHONE
        ]
        await self.contacts.judge([*emails, *phones], source="headwater")

    async def _learn(self, observed: Sequence[tuple[int, Observation]]) -> None:
        """Sure addresses teach the shape of their domain's addresses."""
        sure = [
            (contact, seen.finding.value)
            for contact, seen in observed
            if seen.finding.field is Field.EMAIL and seen.confidence >= _SURE
        ]
        await self._count_patterns(sure)

    async def _count_patterns(self, sure: Sequence[tuple[int, str]]) -> None:
        people = await self.contacts.get(contact for contact, _ in sure)
        named = [
            (address.rpartition("@")[2], pattern_of(people[contact].first_name, people[contact].last_name, address))
            for contact, address in sure
        ]
        await self.contacts.count_patterns((domain, pattern) for domain, pattern in named if pattern)

    # what a verifier said -------------------------------------------------------------------------

    async def _verifications(self, lines: Sequence[Line]) -> None:
        judged = [(line, self._verdict(line)) for line in lines if line.subject in self.checked]
        await self.contacts.judge(
            [(line.contact, verdict) for line, verdict in judged], source=self.name, call=self.call
        )
        await self.collaborators.put_off(self.connection, [verdict for _, verdict in judged])
        reached = [line for line, verdict in judged if verdict.status is Status.VALID]
        knowledge = await self.contacts.knowledge(line.contact for line in reached)
        guessed = [line for line in reached if not _observed(knowledge[line.contact], line.subject)]
        people = await self.contacts.get(line.contact for line in guessed)
        observed = [(line.contact, self._from_pattern(line, people[line.contact])) for line in guessed]
        await self.contacts.observe(observed)
        await self._count_patterns([(line.contact, line.subject) for line in guessed])
        await self.collaborators.share(self.connection, self.vendor, observed)

    def _verdict(self, line: Line) -> EmailVerdict:
        return self.collaborators.judge_mailbox(self.checked[line.subject], line.findings[0], self.name)

    def _from_pattern(self, line: Line, person: Contact) -> Observation:
        """A guess whose mailbox a verifier reached: from now on it counts."""
        shape = pattern_of(person.first_name, person.last_name, line.subject)
        return Observation(
            finding=Finding(Field.EMAIL, line.subject, "verified guess"),
            source=PATTERN,
            observed_at=self.now,
            price=line.charged(self.vendor.credit_price),
            confidence=PATTERN_RELIABILITY if shape in TELLING else PATTERN_COLLIDES,
            basis=BASIS,
            call_id=self.call,
            job_id=line.job,
        )


def _with_doubts(finding: Finding, against: Sequence[Doubt]) -> Finding:
    if not against:
        return finding
    codes = ", ".join(doubt.code for doubt in against)
    return dataclasses.replace(finding, detail={**finding.detail, "doubts": codes})


def _observed(knowledge: Knowledge, address: str) -> bool:
    return any(known.value == address for known in knowledge.of(Field.EMAIL))

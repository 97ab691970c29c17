"""DNS and SMTP over real sockets."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from .conftest import Sandbox


def _ask(box: Sandbox, name: str, kind: str, tcp: bool = False, edns: bool = True) -> dns.message.Message:
    host, port = box.where["dns"].split(":")
    query = dns.message.make_query(name, kind, use_edns=0 if edns else -1)
    ask = dns.query.tcp if tcp else dns.query.udp
    return ask(query, host, port=int(port), timeout=5)


@contextmanager
def _smtp(box: Sandbox) -> Iterator[smtplib.SMTP]:
    host, port = box.where["smtp"].split(":")
    with smtplib.SMTP(host, int(port), local_hostname="probe.example.org", timeout=5) as session:
        session.ehlo_or_helo_if_needed()
        session.mail("probe@example.org")
        yield session


def test_mx_of_the_worlds_companies_leads_to_loopback(sandbox: Sandbox) -> None:
    domains = {one["domain"] for one in sandbox.people(600) if one["dns"] == "mx"}
    for domain in domains:
        answer = _ask(sandbox, domain, "MX")
        host = answer.answer[0][0].exchange.to_text()
        assert _ask(sandbox, host, "A").answer[0][0].to_text() == "127.0.0.1"
    assert _ask(sandbox, "gmail.com", "MX").answer


def test_every_class_of_domain_occurs(sandbox: Sandbox) -> None:
    classes = set[str]()
    for number in range(400):
        mx = _ask(sandbox, f"some-company-{number}.com", "MX")
        if mx.rcode() != dns.rcode.NOERROR:
            classes.add(dns.rcode.to_text(mx.rcode()))
        elif not mx.answer:
            classes.add("a_only" if _ask(sandbox, f"some-company-{number}.com", "A").answer else "nothing")
        else:
            classes.add("null" if mx.answer[0][0].to_text() == "0 ." else "mx")
    assert classes == {"mx", "null", "a_only", "NXDOMAIN", "SERVFAIL"}


def test_tcp_other_types_and_missing_names(sandbox: Sandbox) -> None:
    domain = next(one["domain"] for one in sandbox.people(50) if one["dns"] == "mx")
    assert _ask(sandbox, domain, "MX", tcp=True).answer == _ask(sandbox, domain, "MX", edns=False).answer
    for kind in ("SOA", "NS", "TXT", "A"):
        assert _ask(sandbox, domain, kind).answer
    missing = _ask(sandbox, f"nothing-here.{domain}", "A")
    assert missing.rcode() == dns.rcode.NXDOMAIN
    assert missing.authority[0].rdtype == dns.rdatatype.SOA
    assert _ask(sandbox, domain, "CAA").answer == []


def test_rcpt_tells_the_truth(sandbox: Sandbox) -> None:
    people = [one for one in sandbox.people(600) if one["email"]]
    plain = [one for one in people if not one["catch_all"]][:30]
    with _smtp(sandbox) as session:
        assert {session.rcpt(one["email"])[0] for one in plain} == {250}
        code, text = session.rcpt(f"zz-nobody@{plain[0]['domain']}")
        assert (code, text[:5]) == (550, b"5.1.1")
        catch_all = next(one for one in people if one["catch_all"])
        assert session.rcpt(f"zz-nobody@{catch_all['domain']}")[0] == 250
        assert session.rset()[0] == 250
        assert session.docmd("RCPT", "TO:<a@b.co>")[0] == 503


def test_who_left_is_unknown_there(sandbox: Sandbox) -> None:
    gone = next(one for one in sandbox.people(900) if one["former_email"] and not one["catch_all"])
    with _smtp(sandbox) as session:
        assert session.rcpt(gone["former_email"])[0] == 550


def test_no_message_is_taken(sandbox: Sandbox) -> None:
    email = next(one["email"] for one in sandbox.people() if one["email"])
    with _smtp(sandbox) as session:
        session.rcpt(email)
        code, text = session.docmd("DATA")
        assert code == 554
        assert b"sandbox" in text


def test_greylisting_lets_the_second_attempt_through(start: Callable[..., Sandbox]) -> None:
    box = start("--rate", "smtp.greylist=1", "--rate", "smtp.greylist_seconds=0")
    box.change(rates={"smtp.greylist_seconds": 60})
    email = next(one["email"] for one in box.people() if one["email"])
    with _smtp(box) as session:
        assert session.rcpt(email)[0] == 451
        box.change(rates={"smtp.greylist_seconds": 0})
        assert session.rcpt(email)[0] == 250


def test_strangers_of_a_users_own_file_can_be_probed_when_announced(start: Callable[..., Sandbox]) -> None:
    box = start()
    rows = [{"first": "Zbyszek", "last": f"Krzywonos{n}", "domain": f"fabryka{n}.com"} for n in range(30)]
    answer = box.http.post(f"{box.where['control']}/people", json=rows).json()
    assert answer["asked"] == 30
    truths = [box.control("truth", **row) for row in rows]
    living = [truth["email"] for truth in truths if truth["email"]]
    assert len(living) > 15
    with _smtp(box) as session:
        assert {session.rcpt(email)[0] for email in living} == {250}

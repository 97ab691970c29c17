"""Where DNS sends mail: to nobody, to several, by detours, or nowhere."""

from dataclasses import dataclass, replace

from tests.verification.smtp_behaviours.server import Habit, bye
from tests.verification.smtp_behaviours.truth import ANNA, BERT, GONE, Behaviour, dead, hidden, live

SERVFAIL = "SERVFAIL"


@dataclass
class Absent(Habit):
    """A host on which nothing listens: it refuses connections."""

    listens = False


_TOWN = dict.fromkeys((f"live.{chr(97 + each)}" for each in range(10)), "250 2.1.5 Ok")
_FOLK = live(*_TOWN) + dead(*(f"gone.{chr(97 + each)}" for each in range(10)))
_TWO = {"": ("MX 10 mx1.{}.", "MX 20 mx2.{}."), "mx1.{}": ("A {0}",), "mx2.{}": ("A {1}",)}
_FIVE = {"": tuple(f"MX {each}0 mx{each}.{{}}." for each in range(1, 6))} | {
    f"mx{each}.{{}}": (f"A {{{each - 1}}}",) for each in range(1, 6)
}


def _two(name: str, first: Habit, second: Habit | None = None) -> Behaviour:
    """Two mail exchangers, the first preferred."""
    copies = (first, second or Habit())
    return Behaviour(name, lambda: tuple(replace(each) for each in copies), records=_TWO)


def _served(name: str, records: dict[str, tuple[str, ...]], **more: object) -> Behaviour:
    return Behaviour(name, lambda: (Habit(),), records=records, **more)  # type: ignore[arg-type]


_KEEPS_ALL = Habit(unknown="250 2.1.5 Ok, will queue")  # a backup knows no mailboxes and takes everything

ROUTES = (
    # no mail server is asked
    _served("null_mx", {"": ("MX 0 .", "A {0}")}, probes=dead(ANNA)),
    _served("no_domain", {}, probes=dead(ANNA)),
    _served("no_mail_host", {"": ('TXT "nothing here"',)}, probes=dead(ANNA)),
    _served("servfail", {"": (SERVFAIL,)}, probes=hidden(ANNA)),
    _served("mx_to_nowhere", {"": ("MX 10 mx1.{}.",)}, probes=dead(ANNA, weaker="unknown")),
    _served("mx_whose_address_fails", {"": ("MX 10 mx1.{}.",), "mx1.{}": (SERVFAIL,)}, probes=hidden(ANNA)),
    # found in the end
    _served("implicit_mx", {"": ("A {0}",)}),
    _served("mx_to_nowhere_then_good", {"": ("MX 10 mx1.{}.", "MX 20 mx2.{}."), "mx2.{}": ("A {0}",)}),
    _served("mx_whose_address_fails_then_good", {"": ("MX 10 mx1.{}.", "MX 20 mx2.{}."), "mx1.{}": (SERVFAIL,),
            "mx2.{}": ("A {0}",)}),
    _served("mx_to_a_cname", {"": ("MX 10 mx.{}.",), "mx.{}": ("CNAME real.{}.",), "real.{}": ("A {0}",)}),
    _served("domain_is_a_cname", {"": ("CNAME other.{}.",), "other.{}": ("MX 10 mx.{}.",), "mx.{}": ("A {0}",)}),
    _served("mx_with_a_dead_ipv6_address", {"": ("MX 10 mx.{}.",), "mx.{}": ("AAAA ::1", "A {0}")}),
    _two("first_mx_refuses_connections", Absent()),
    Behaviour("first_address_refuses_connections", lambda: (Absent(), Habit()), records={"": ("MX 10 mx.{}.",),
              "mx.{}": ("A {0}", "A {1}")}),
    _two("first_mx_is_busy", Habit(banner=bye("421 4.3.2 Too busy"))),
    _two("first_mx_defers_in_its_banner", Habit(banner="450 4.7.1 Not now")),
    _two("first_mx_is_silent", Habit(banner=b"", greets=False)),
    _two("first_mx_hangs_up", Habit(banner=bye(b""), greets=False)),
    _two("backup_takes_everything", Habit(), _KEEPS_ALL),
    Behaviour("backup_takes_everything_and_is_all_there_is", lambda: (Absent(), replace(_KEEPS_ALL)), records=_TWO,
              probes=hidden(ANNA, GONE, weaker="risky")),
    Behaviour("nobody_listens", lambda: (Absent(), Absent()), records=_TWO, probes=hidden(), phase="connect"),
    Behaviour("five_exchangers", lambda: tuple(Habit(boxes=_TOWN) for _ in range(5)), records=_FIVE, probes=_FOLK,
              most_connections=4),
    Behaviour("mixed_preferences", lambda: (Habit(), replace(_KEEPS_ALL)), probes=live(ANNA, BERT) + dead(),
              records={"": ("MX 50 mx2.{}.", "MX 5 mx1.{}."), "mx1.{}": ("A {0}",), "mx2.{}": ("A {1}",)}),
)  # fmt: skip

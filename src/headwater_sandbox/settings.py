"""Every rate of the sandbox, with its default and its sentence. Where a vendor's document is silent, the behaviour
is one of these settings instead of a constant."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from headwater_sandbox.errors import UsageError

Value = float | int | str
VERIFIERS = ("zerobounce", "neverbounce", "emaillistverify", "briteverify")
VENDORS = ("hunter", "apollo", "icypeas", "dropcontact", *VERIFIERS)

# name: (default, sentence)
RATES: dict[str, tuple[Value, str]] = {
    "world.exists": (0.93, "share of asked persons outside the sample's companies who exist"),
    "world.left": (0.07, "share of existing persons who have left the employer asked about"),
    "world.has_email": (0.96, "share of employed persons with a work address"),
    "world.catch_all": (0.20, "share of domains which accept every address"),
    "world.pattern_kept": (0.92, "share of addresses which follow their company's pattern"),
    "world.goes_by": (0.06, "share of persons whose address uses their nickname"),
    "world.has_mobile": (0.85, "share of persons with a mobile, where a range is reserved for fiction"),
    "dns.null_mx": (0.02, "share of domains with a null MX"),
    "dns.a_only": (0.05, "share of domains with an address and no MX"),
    "dns.nxdomain": (0.05, "share of unknown domains which do not exist"),
    "dns.servfail": (0.01, "share of unknown domains whose servers fail"),
    "smtp.greylist": (0.03, "share of domains which greylist the first attempt"),
    "smtp.greylist_seconds": (1.0, "seconds after which a greylisted triplet is let through"),
    "smtp.tempfail": (0.01, "share of recipients answered with 451 for ever"),
    "smtp.full": (0.005, "share of mailboxes which are over quota (452 4.2.2)"),
    "smtp.blocked": (0.01, "share of domains which refuse by policy (550 5.7.1), whatever the address"),
    "believe.shared_luck": (0.55, "correlation between vendors' coverage: share of persons covered by common luck"),
    "believe.invented": (0.03, "share of persons who do not exist for whom a vendor still guesses an address"),
    "believe.former": (0.45, "share of persons who left whose old address a vendor still gives as current"),
    "hunter.coverage": (0.45, "share of persons known"), "hunter.sibling": (0.05, "wrong address, right person"),
    "hunter.namesake": (0.010, "somebody else of similar name"), "hunter.sure_when_right": (0.78, "top class, right"),
    "hunter.sure_when_wrong": (0.15, "top class although wrong"), "hunter.phone": (0.05, "share with a phone"),
    "apollo.coverage": (0.55, "share of persons known"), "apollo.sibling": (0.06, "wrong address, right person"),
    "apollo.namesake": (0.015, "somebody else of similar name"), "apollo.sure_when_right": (0.74, "top class, right"),
    "apollo.sure_when_wrong": (0.25, "top class although wrong"), "apollo.phone": (0.55, "share with a mobile"),
    "icypeas.coverage": (0.50, "share of persons known"), "icypeas.sibling": (0.04, "wrong address, right person"),
    "icypeas.namesake": (0.008, "somebody else of similar name"), "icypeas.sure_when_right": (0.80, "top class, right"),
    "icypeas.sure_when_wrong": (0.12, "top class although wrong"), "icypeas.phone": (0.0, "share with a phone"),
    "dropcontact.coverage": (0.50, "share of persons known"), "dropcontact.sibling": (0.03, "wrong address"),
    "dropcontact.namesake": (0.006, "somebody else of similar name"),
    "dropcontact.sure_when_right": (0.85, "top class, right"),
    "dropcontact.sure_when_wrong": (0.18, "top class although wrong"),
    "dropcontact.phone": (0.35, "share with a phone"),
    "hunter.credits": (25000, "credits of each key"), "apollo.credits": (100000, "credits of each key"),
    "icypeas.credits": (100000, "credits of each key"), "dropcontact.credits": (100000, "credits of each key"),
    "hunter.price_email": ("1", "credits per address found"),
    "hunter.price_verification": ("0.5", "credits per verification"),
    "hunter.price_search": ("1", "credits per ten addresses of a domain search, begun tens counted"),
    "hunter.price_enrichment": ("1", "credits per person or company found (UNVERIFIED)"),
    "hunter.claimed": (0.005, "share of persons who opted out (451)"),
    "hunter.verifier_running": (0.04, "share of verifications which first answer 202"),
    "hunter.verifier_running_seconds": (4.0, "seconds (times latency) a 202 goes on"),
    "hunter.verifier_odd": (0.01, "share of verifications which answer 222"),
    "apollo.price_record": ("1", "credits per person or organisation found"),
    "apollo.price_mobile": ("8", "further credits when a mobile is returned"),
    "apollo.miss_shape": ("null", "person of a single miss: null, absent or empty (UNVERIFIED)"),
    "apollo.no_credits_status": (422, "HTTP status when credits are out (UNVERIFIED)"),
    "apollo.webhook_missing_status": (400, "HTTP status when a phone is asked without webhook_url (UNVERIFIED)"),
    "apollo.request_known_seconds": (2592000, "seconds until a result is answered with 410"),
    "icypeas.price_search": ("1", "credits per address found (UNVERIFIED)"),
    "icypeas.price_verification": ("0.1", "credits per verification which reached a verdict (UNVERIFIED)"),
    "icypeas.price_domain": ("1", "credits per domain search with an answer (UNVERIFIED)"),
    "icypeas.debited": (0.8, "share of finished hits shown as DEBITED, the rest as FOUND"),
    "icypeas.miss_debited": (0.0, "share of misses which are charged (DEBITED_NOT_FOUND)"),
    "icypeas.aborted": (0.002, "share of rows which end ABORTED"),
    "icypeas.error_status": (200, "HTTP status of SearchNotFoundError and the like (UNVERIFIED)"),
    "dropcontact.price_record": ("1", "credits per verified address found, or per address sent"),
    "dropcontact.charge_catch_all": (1, "1: a catch-all address counts as found (UNVERIFIED); 0: it is refunded"),
    "hunter.answer_seconds": (0.6, "mean seconds of an answer, times latency"),
    "apollo.answer_seconds": (0.5, "mean seconds of an answer, times latency"),
    "icypeas.answer_seconds": (0.15, "mean seconds of an answer, times latency"),
    "dropcontact.answer_seconds": (0.2, "mean seconds of an answer, times latency"),
    "apollo.phone_seconds": (10.0, "mean seconds until a phone result is ready, times latency"),
    "icypeas.search_seconds": (8.0, "mean seconds until a search is finished, times latency"),
    "icypeas.bulk_rows_a_second": (50.0, "rows of a bulk which finish each second, divided by latency"),
    "dropcontact.batch_seconds": (30.0, "mean seconds until a batch is ready, times latency"),
    "apollo.pending_polls": (0, "polls that answer pending however late they come"),
    "icypeas.pending_polls": (0, "polls that answer running however late they come"),
    "dropcontact.pending_polls": (0, "polls that answer not ready however late they come"),
    **{f"{vendor}.credits": (100000, "credits of each key") for vendor in VERIFIERS},
    **{f"{vendor}.price_verification": ("1", "credits per address verified") for vendor in VERIFIERS},
    **{f"{vendor}.answer_seconds": (0.5, "mean seconds of an answer, times latency") for vendor in VERIFIERS},
    **{f"{vendor}.list_seconds": (15.0, "mean seconds until a list is begun, times latency") for vendor in VERIFIERS},
    **{f"{vendor}.rows_a_second": (65.0, "rows of a list which finish each second, divided by latency")
       for vendor in VERIFIERS},
    **{f"{vendor}.pending_polls": (0, "polls that answer running however late they come") for vendor in VERIFIERS},
    **{f"{vendor}.spamtrap": (0.003, "share of addresses called a spam trap") for vendor in VERIFIERS},
    "zerobounce.abuse": (0.005, "share of addresses called a complainer's"),
    "zerobounce.toxic": (0.003, "share of addresses called toxic"),
    "zerobounce.full": (0.01, "share of addresses whose mailbox is called full"),
    "zerobounce.active": (0.6, "share of mailboxes with activity data"),
    "zerobounce.block_validate": (60.0, "seconds of the block after too many single validations"),
    "zerobounce.block_batch": (600.0, "seconds of the block after too many batches"),
    "neverbounce.header_row": (1, "1: the names of the columns come back as a row of their own, as documented"),
    "neverbounce.jobs_at_once": (10, "jobs which may run at once"),
    "emaillistverify.info_shape": ("text", "state of a file: text with bars, or json as the vendor's package expects"),
    "briteverify.no_credits_status": (402, "HTTP status when credits are out (UNVERIFIED)"),
}  # fmt: skip

# name: (default, sentence)
FAULTS: dict[str, tuple[float, str]] = {
    "throttle": (0.005, "the vendor's rate-limit answer although the limit is not reached"),
    "server_error": (0.005, "500, 502 or 503 with an HTML body"),
    "timeout": (0.001, "accepted and never answered; the connection drops after 60 s"),
    "malformed": (0.001, "the body is not JSON"),
    "truncated": (0.001, "the body breaks off in the middle"),
    "slow_drip": (0.001, "the body comes byte by byte"),
    "charged_then_lost": (0.001, "the work is done and charged, then the connection drops before the answer"),
    "wrong_person": (0.0, "further share of answers about somebody else, on top of VENDOR.namesake"),
    "stale": (0.0, "further share of answers with a former employer's address"),
}


@dataclass
class Settings:
    """What this sandbox was told to play; changed at run time only through `/_sandbox/settings`."""

    seed: int = 1
    latency: float = 1.0
    rates: dict[str, Value] = field(default_factory=lambda: {name: rate[0] for name, rate in RATES.items()})
    faults: dict[str, float] = field(default_factory=lambda: {name: rate[0] for name, rate in FAULTS.items()})
    limits: dict[str, str] = field(default_factory=lambda: dict.fromkeys(VENDORS, "published"))

    def number(self, name: str) -> float:
        """A numeric rate."""
        return float(self.rates[name])

    def text(self, name: str) -> str:
        """A rate as text."""
        return str(self.rates[name])

    def fault(self, vendor: str, name: str) -> float:
        """The rate of a fault for one vendor: its own if set, else the common one."""
        return self.faults.get(f"{vendor}.{name}", self.faults[name])

    def set_rate(self, name: str, value: object) -> None:
        """Change one rate, keeping the type of its default."""
        if name not in RATES:
            raise UsageError(f"There is no rate named {name!r}; `headwater-sandbox rates` lists them.")
        kind = type(RATES[name][0])
        try:
            self.rates[name] = kind(float(str(value))) if kind is not str else str(value)
        except ValueError as error:
            raise UsageError(f"The rate {name!r} needs a number, not {value!r}.") from error

    def set_fault(self, name: str, value: object) -> None:
        """Change one fault's rate; `VENDOR.FAULT` sets it for one vendor, `none` sets all to zero."""
        if name == "none":
            self.faults = dict.fromkeys(FAULTS, 0.0)
            return
        vendor, dot, bare = name.rpartition(".")
        if bare not in FAULTS or (dot and vendor not in VENDORS):
            raise UsageError(f"There is no fault named {name!r}; there are {', '.join(FAULTS)}.")
        self.faults[name] = _share(name, value)

    def set_limits(self, text: str) -> None:
        """`published`, `off`, or VENDOR=published|off|free|x<factor>."""
        vendor, equals, mode = text.partition("=")
        names, mode = ((vendor,), mode) if equals else (VENDORS, vendor)
        if not set(names) <= set(VENDORS):
            raise UsageError(f"There is no vendor named {vendor!r}; there are {', '.join(VENDORS)}.")
        if mode not in ("published", "off", "free") and not _is_factor(mode):
            raise UsageError(f"Limits are published, off, free or x<factor>, not {mode!r}.")
        self.limits.update(dict.fromkeys(names, mode))

    def update(self, change: Mapping[str, object]) -> None:
        """Apply what was posted to `/_sandbox/settings`: `faults`, `rates`, `limits`, `latency`."""
        for name, value in _mapping(change, "faults").items():
            self.set_fault(name, value)
        for name, value in _mapping(change, "rates").items():
            self.set_rate(name, value)
        for name, value in _mapping(change, "limits").items():
            self.set_limits(f"{name}={value}")
        if "latency" in change:
            self.latency = _positive("latency", change["latency"])

    def dump(self) -> dict[str, object]:
        """All of it as plain data."""
        return {"seed": self.seed, "latency": self.latency, "rates": dict(self.rates), "faults": dict(self.faults),
                "limits": dict(self.limits)}  # fmt: skip


def build(seed: int, latency: float, faults: Iterable[str], rates: Iterable[str], limits: Iterable[str]) -> Settings:
    """Settings from the words of a command line."""
    settings = Settings(seed=seed, latency=_positive("latency", latency))
    for text in faults:
        name, _, value = text.partition("=")
        settings.set_fault(name, value or 0)
    for text in rates:
        name, equals, value = text.partition("=")
        if not equals:
            raise UsageError(f"Write a rate as NAME=VALUE, not {text!r}.")
        settings.set_rate(name, value)
    for text in limits:
        settings.set_limits(text)
    return settings


def _mapping(change: Mapping[str, object], name: str) -> Mapping[str, object]:
    part = change.get(name, {})
    if not isinstance(part, dict):
        raise UsageError(f"{name} must be an object of names and values.")
    return part


def _positive(name: str, value: object) -> float:
    try:
        number = float(str(value))
    except ValueError as error:
        raise UsageError(f"{name} needs a number, not {value!r}.") from error
    if not 0 <= number < 1e6:
        raise UsageError(f"{name} must not be negative.")
    return number


def _share(name: str, value: object) -> float:
    share = _positive(name, value)
    if share > 1:
        raise UsageError(f"{name} is a share between 0 and 1, not {value!r}.")
    return share


def _is_factor(mode: str) -> bool:
    try:
        return mode.startswith("x") and float(mode[1:]) > 0
    except ValueError:
        return False

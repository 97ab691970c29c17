"""One person as normalised from a row: the input of recall, matching and every vendor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """Clean values only; what could not be understood stays in the row's raw cells and is never lost.

    ``domain`` is the employer's mail or web domain in lower-case ASCII (IDNA); ``emails`` are normalised addresses in
    the order given; ``phones`` are E.164; ``linkedin`` is the slug of a /in/ profile; ``country`` is ISO 3166-1
    alpha-2. ``company_key`` is the employer without legal form, for comparison only.
    """

    first_name: str | None = None
    middle_name: str | None = None
    last_name: str | None = None
    suffix: str | None = None
    nickname: str | None = None
    full_name: str | None = None
    company: str | None = None
    company_key: str | None = None
    domain: str | None = None
    title: str | None = None
    country: str | None = None
    linkedin: str | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()

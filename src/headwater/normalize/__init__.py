"""Level 2: clean values from typed ones. Pure functions, ``str`` to ``str | None``; nothing here raises or waits.

``NORM_VERSION`` grows with every change that gives another value for the same text, so that stored keys can be told
from fresh ones.
"""

from headwater.normalize.company import company, company_key
from headwater.normalize.country import country, country_of_state, is_canadian_province_code, is_us_state_code
from headwater.normalize.domain import domain, employer_domain, looks_like_web_address, registrable
from headwater.normalize.email import EmailCell, email, emails
from headwater.normalize.free_mail import is_free_mail
from headwater.normalize.linkedin import linkedin_slug
from headwater.normalize.names import PersonName, generation, name_part, nickname, person_name, split_name
from headwater.normalize.phone import PhoneCell, phone, phones
from headwater.normalize.text import fold, fold_german, han, is_empty, repair_mojibake, tidy, title

NORM_VERSION = 1

__all__ = [
    "NORM_VERSION",
    "EmailCell",
    "PersonName",
    "PhoneCell",
    "company",
    "company_key",
    "country",
    "country_of_state",
    "domain",
    "email",
    "emails",
    "employer_domain",
    "fold",
    "fold_german",
    "generation",
    "han",
    "is_canadian_province_code",
    "is_empty",
    "is_free_mail",
    "is_us_state_code",
    "linkedin_slug",
    "looks_like_web_address",
    "name_part",
    "nickname",
    "person_name",
    "phone",
    "phones",
    "registrable",
    "repair_mojibake",
    "split_name",
    "tidy",
    "title",
]

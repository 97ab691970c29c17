"""The names of things a contact can have."""

from enum import StrEnum


class Field(StrEnum):
    """A value that can be wanted, found, observed and exported."""

    EMAIL = "email"
    PHONE = "phone"
    TITLE = "title"
    COMPANY = "company"
    DOMAIN = "domain"
    LINKEDIN = "linkedin"
    COUNTRY = "country"


class Column(StrEnum):
    """What a column of a contact file can mean."""

    FIRST_NAME = "first_name"
    MIDDLE_NAME = "middle_name"
    LAST_NAME = "last_name"
    SUFFIX = "suffix"
    NICKNAME = "nickname"
    FULL_NAME = "full_name"
    EMAIL = "email"
    PHONE = "phone"
    TITLE = "title"
    COMPANY = "company"
    DOMAIN = "domain"
    LINKEDIN = "linkedin"
    COUNTRY = "country"
    STATE = "state"
    CITY = "city"
    ADDRESS = "address"

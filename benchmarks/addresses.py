"""Made-up addresses as they stand in lists of contacts: most plain, some odd, some broken. The same ones for a seed."""

import random

_FIRST = [
    "anna",
    "ben",
    "carla",
    "dmitri",
    "eva",
    "farid",
    "grace",
    "hans",
    "ines",
    "jun",
    "kofi",
    "lena",
    "mario",
    "nadia",
    "olu",
    "petra",
    "quinn",
    "rosa",
    "sven",
    "tara",
]
_LAST = [
    "smith",
    "mueller",
    "garcia",
    "rossi",
    "novak",
    "silva",
    "kim",
    "chen",
    "okafor",
    "jensen",
    "dubois",
    "oconnor",
    "van-dijk",
    "yilmaz",
    "ito",
    "kaur",
]
_PROVIDERS = [
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "gmx.de",
    "web.de",
    "icloud.com",
    "orange.fr",
    "libero.it",
    "qq.com",
]
_WORDS = [
    "north",
    "river",
    "stone",
    "blue",
    "data",
    "cloud",
    "soft",
    "metal",
    "iron",
    "paper",
    "food",
    "care",
    "legal",
    "audit",
    "trade",
    "ship",
    "air",
    "motor",
    "build",
]
_TOPS = [
    "com",
    "com",
    "com",
    "de",
    "co.uk",
    "fr",
    "nl",
    "it",
    "es",
    "pl",
    "io",
    "co",
    "net",
    "org",
    "eu",
    "ch",
    "at",
    "se",
    "com.br",
    "com.au",
    "ca",
    "jp",
    "XYZ",
]
_ODD = (
    "{local}@bücher.de",
    "{local}@xn--bcher-kva.de",
    "josé.{local}@{domain}",
    "{local}+news@{domain}",
    "INFO@{domain}",
    "Postmaster@{domain}",
    "o'{local}@{domain}",
    "{local}@{domain}.",
    "{local}.@{domain}",
    ".{local}@{domain}",
    "{local}..x@{domain}",
    "{local}@@{domain}",
    "{local} @{domain}",
    "{local}@ {domain}",
    "{local}@{domain} ",
    "{local}{domain}",
    "{local}@",
    "@{domain}",
    '"{local}"@{domain}',
    "{local}@[192.0.2.1]",
    "{local}@-{domain}",
    "{local}@a--b.{domain}",
    "{local}@ab--c.{domain}",
    "{local}@{domain}.test",
    "{local}@{domain}.local",
    "{local}@localhost",
    "{local}@{domain}.123",
    "{local}@пример.рф",
    "{local}@例え.jp",
    "用户{local}@{domain}",
    "{local}\r\n@{domain}",
    "{local}\x00@{domain}",
    "<{local}@{domain}>",
    "{local}@{domain},x@{domain}",
    "{local}@{domain}".replace("@", "＠"),
    "{local}@under_score.{domain}",
    "a" * 65 + "@{domain}",
    "{local}@" + "b" * 64 + ".com",
    "{local}@" + "c" * 63 + ".{domain}",
    "{local}@" + "d." * 120 + "com",
)


def addresses(count: int, seed: int = 1, odd: float = 0.07) -> list[str]:
    chance = random.Random(seed)
    return [_odd(chance) if chance.random() < odd else f"{_local(chance)}@{_domain(chance)}" for _ in range(count)]


def _local(chance: random.Random) -> str:
    first, last = chance.choice(_FIRST), chance.choice(_LAST)
    forms = (f"{first}.{last}", f"{first[0]}{last}", f"{first}_{last}", f"{first}{chance.randrange(100)}", first)
    local = chance.choice(forms)
    return local.title() if chance.random() < 0.1 else local


def _domain(chance: random.Random) -> str:
    if chance.random() < 0.3:
        return chance.choice(_PROVIDERS)
    joint = chance.choice(("", "", "-"))
    name = f"{chance.choice(_WORDS)}{joint}{chance.choice(_WORDS)}{chance.choice(('', chance.randrange(1000)))}"
    return f"{name}.{chance.choice(_TOPS)}"


def _odd(chance: random.Random) -> str:
    return chance.choice(_ODD).format(local=_local(chance), domain=_domain(chance))

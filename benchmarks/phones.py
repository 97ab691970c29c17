"""Telephone numbers: one pass against the seven public answers, ``python -m benchmarks.phones``.

Both are measured in one run on one core, in turns, on the same numbers; every answer is compared. What is measured and
how stands in ``METHOD``, which goes into the output: a figure without its method is a claim.
"""

import argparse
import json
import os
import platform
import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType, carrier, geocoder, timezone
from rich.console import Console
from rich.table import Table

from headwater import __version__
from headwater.verification import check_phone
from headwater.verification.numbering import place_of, plan_of

METHOD = {
    "mixes": "twelve countries are what a list of contacts holds; with every region the library's public calls compile "
    "their patterns again and again, for Python keeps 512 and there are more, and the one pass keeps its own",
    "numbers": "seeded: examples of each of the mix's regions and of every type with other last digits, written as "
    "people write them (E.164, international, national with the region given), one in ten a random string of digits",
    "public calls": "phonenumbers.parse, then format_number (E.164), is_valid_number, number_type, "
    "region_code_for_number, carrier.name_for_number, geocoder.description_for_number, timezone.time_zones_for_number",
    "one pass": "phonenumbers.parse, then Headwater's own walk over the same metadata; the same seven answers",
    "verdict": "check_phone: the same answers, judged, with score and reasons, from whatever text",
    "per second": "numbers over the CPU time of this one process, so that others on the machine count little; the "
    "median of the rounds, in which the three take turns",
    "times the public calls": "of the same round; the median. Goal: at least 2 for the one pass, in either mix",
    "differences": "numbers of which any of the seven answers differs. Where the library names a country for a place, "
    "so does the comparison",
    "resident memory": "VmRSS of a fresh process after the import, and after the first number asked for names",
}
_ROUNDS = 5
_TYPES = {
    PhoneNumberType.FIXED_LINE: "landline",
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "landline_or_mobile",
    PhoneNumberType.TOLL_FREE: "toll_free",
    PhoneNumberType.PREMIUM_RATE: "premium",
    PhoneNumberType.SHARED_COST: "shared_cost",
    PhoneNumberType.VOIP: "voip",
    PhoneNumberType.PERSONAL_NUMBER: "personal",
    PhoneNumberType.PAGER: "pager",
    PhoneNumberType.UAN: "uan",
    PhoneNumberType.VOICEMAIL: "voicemail",
}
Raw = tuple[str, str | None]
Seven = tuple[str, bool, str | None, str | None, str, str, tuple[str, ...]]


# A contact list's usual countries, and everything there is.
MIXES = {
    "twelve countries": ("US", "GB", "DE", "FR", "CA", "AU", "NL", "ES", "IT", "SE", "IN", "BR"),
    "every region": tuple(sorted(phonenumbers.SUPPORTED_REGIONS)),
}


def sample(count: int, regions: Sequence[str], seed: int = 1) -> list[Raw]:
    """Numbers with the region to read them by."""
    chance, found = random.Random(seed), list[Raw]()
    while len(found) < count:
        region = chance.choice(regions)
        if chance.random() < 0.1:
            found.append(("".join(chance.choice("0123456789 ") for _ in range(chance.randrange(5, 14))), region))
            continue
        kinds = sorted(phonenumbers.supported_types_for_region(region))
        example = phonenumbers.example_number_for_type(region, chance.choice(kinds))
        if example is not None:
            digits = str(example.national_number)
            kept = max(1, len(digits) - chance.randrange(1, 5))
            example.national_number = int(digits[:kept] + "".join(chance.choice("0123456789") for _ in digits[kept:]))
            form = chance.choice([PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL])
            found.append((phonenumbers.format_number(example, form), region))
    return found


def parsed(raw: Raw) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(*raw)
    except phonenumbers.NumberParseException:
        return None


def public(raw: Raw) -> Seven | None:
    number = parsed(raw)
    if number is None:
        return None
    return (
        phonenumbers.format_number(number, PhoneNumberFormat.E164),
        phonenumbers.is_valid_number(number),
        _TYPES.get(phonenumbers.number_type(number)),
        phonenumbers.region_code_for_number(number),
        carrier.name_for_number(number, "en"),
        geocoder.description_for_number(number, "en"),
        tuple(timezone.time_zones_for_number(number)),
    )


def one_pass(raw: Raw) -> tuple[Any, ...] | None:
    number = parsed(raw)
    if number is None:
        return None
    code, national = number.country_code or 0, phonenumbers.national_significant_number(number)
    plan = plan_of(code, national)
    place = place_of(code, national, plan)
    valid = plan.type is not None
    return (
        f"+{code}{national}",
        valid,
        plan.type,
        plan.region,
        place.carrier,
        place.location,
        place.time_zones,
        place.country,
    )


def verdict(raw: Raw) -> object:
    return check_phone(raw[0], region=raw[1], at=_NOW)


_NOW = datetime(2026, 1, 1, tzinfo=UTC)


def differs(theirs: Seven | None, ours: tuple[Any, ...] | None) -> bool:
    """Whether any of the seven answers is another one; of a number in no range only the first three mean anything."""
    if theirs is None or ours is None:
        return theirs is not ours
    if theirs[:3] != ours[:3]:
        return True
    if not theirs[1]:
        return False
    place = ours[5] or (ours[7] if theirs[5] == ours[7] else "") or ""
    zones = ours[6] or ("Etc/Unknown",)
    return (theirs[3], theirs[4], theirs[5], theirs[6]) != (ours[3], ours[4] or "", place, zones)


def seconds(work: Callable[[Raw], object], numbers: Iterable[Raw]) -> float:
    """CPU seconds of this process."""
    started = time.process_time()
    for raw in numbers:
        work(raw)
    return time.process_time() - started


_MEMORY = {
    "python alone": "",
    "phonenumbers imported": "import phonenumbers",
    "headwater.verification imported": "import headwater.verification",
    "first number with names": "from datetime import datetime, UTC; from headwater.verification import check_phone; "
    "check_phone('+442083661177', region=None, at=datetime.now(UTC))",
    "the library's seven answers": "import phonenumbers as p; from phonenumbers import carrier, geocoder, timezone; "
    "n = p.parse('+442083661177'); carrier.name_for_number(n, 'en'); geocoder.description_for_number(n, 'en')",
}
_RESIDENT = "; print(next(l for l in open('/proc/self/status') if l.startswith('VmRSS')).split()[1])"


def memory() -> dict[str, float | None]:
    """Megabytes resident of a process that did nothing but this."""
    found: dict[str, float | None] = {}
    for name, code in _MEMORY.items():
        command = [sys.executable, "-c", (code or "pass") + _RESIDENT]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        found[name] = round(int(done.stdout) / 1024, 1) if done.returncode == 0 else None
    return found


_WORKS: tuple[tuple[str, Callable[[Raw], object]], ...] = (
    ("public calls", public),
    ("one pass", one_pass),
    ("verdict", verdict),
)


def measure(count: int) -> dict[str, Any]:
    return {
        "headwater": __version__,
        "phonenumbers": phonenumbers.__version__,
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} CPUs",
        "load_average": [round(each, 2) for each in os.getloadavg()],
        "mixes": {name: mix(sample(count, regions)) for name, regions in MIXES.items()},
        "resident_memory_mb": memory(),
        "method": METHOD,
    }


def mix(numbers: Sequence[Raw]) -> dict[str, Any]:
    """One mix, compared and timed."""
    different = [raw for raw in numbers if differs(public(raw), one_pass(raw))]  # also loads every table
    rounds = [{name: seconds(work, numbers) for name, work in _WORKS} for _ in range(_ROUNDS)]
    return {
        "numbers": len(numbers),
        "valid": sum(1 for raw in numbers if (found := one_pass(raw)) and found[1]),
        "differences": len(different),
        "per_second": {
            name: round(len(numbers) / statistics.median(each[name] for each in rounds)) for name, _ in _WORKS
        },
        "ratio_to_public_calls": {
            name: round(statistics.median(each["public calls"] / each[name] for each in rounds), 2)
            for name, _ in _WORKS
        },
    }


def show(result: dict[str, Any]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    names = ("mix", "way", "numbers per second", "times the public calls", "differences")
    table = Table(*names, title="Telephone numbers", title_justify="left")
    for name, found in result["mixes"].items():
        for way, rate in found["per_second"].items():
            wrong = f"{found['differences']} of {found['numbers']:,}" if way == "one pass" else ""
            table.add_row(name, way, f"{rate:,}", f"{found['ratio_to_public_calls'][way]:.2f}", wrong)
    console.print(table)
    table = Table("process", "resident MB", title="Memory", title_justify="left")
    for name, size in result["resident_memory_mb"].items():
        table.add_row(name, "" if size is None else str(size))
    console.print(table)
    for name, text in result["method"].items():
        console.print(f"{name}: {text}.", style="dim")


def main() -> None:
    parser = argparse.ArgumentParser(description="Telephone numbers, one pass against the seven public answers.")
    parser.add_argument("--numbers", type=int, default=30_000)
    parser.add_argument("--json", type=Path, help="where the figures go; else a file in benchmarks/results")
    given = parser.parse_args()
    result = measure(given.numbers)
    target = given.json or Path(__file__).parent / "results" / "phones.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(result, indent=2) + "\n", "utf-8")
    show(result)


if __name__ == "__main__":
    main()

"""Public identifiers: readable, derived from what they mean, with a check digit where typed."""

from __future__ import annotations

import re
from datetime import date

from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure

BUCKET_COUNT = 64
"""How many buckets the meters of a utility are shared out to, wherever one is named by number."""


def bill_id(agreement_id: str, from_day: date, until_day: date, version: int = 1) -> str:
    """The name of the bill of one agreement and service period, ``B-A1-20250701-20250801``.

    Built from what it means, so that making the same bill twice makes one bill. A corrected bill
    for the same period carries the next ``version``.
    """
    suffix = "" if version == 1 else f"-v{version}"
    return f"B-{agreement_id}-{from_day:%Y%m%d}-{until_day:%Y%m%d}{suffix}"


def next_version(name: str) -> str:
    """The name of the bill that corrects a bill of that name: ``…-v2`` after the first.

    :raises InvariantBroken: if it is no name of a bill
    """
    found = re.fullmatch(r"(B-.+-\d{8}-\d{8})(?:-v(\d+))?", name, re.DOTALL)
    ensure(found is not None, f"{name} is the name of a bill")
    stem, version = found.groups() if found else (name, None)
    return f"{stem}-v{int(version or 1) + 1}"


def is_corrected(name: str) -> bool:
    """Whether a bill of that name corrects another: it is no first version."""
    return re.fullmatch(r"B-.+-\d{8}-\d{8}-v\d+", name, re.DOTALL) is not None


def first_version(name: str) -> str:
    """The name of the bill with which the corrections of a bill began; its own if it is the first.

    Corrections keep it where they have other days than the bill that they correct.
    """
    return name[: name.rindex("-v")] if is_corrected(name) else name


def pseudonym(meter_id: str, utility: str) -> str:
    """The only identity of a meter in the interval lake: 16 hexadecimal digits, stable for ever."""
    return sha256_hex(f"meterledger:{utility}:{meter_id}".encode())[:16]


def bucket_of(meter_pseudonym: str, bucket_count: int = BUCKET_COUNT) -> int:
    """The stable bucket of a meter, so that one customer's year opens few files."""
    return int(meter_pseudonym[:8], 16) % bucket_count


def with_check_digit(digits: str) -> str:
    """Append the Luhn digit, so that a mistyped account number is refused, not found."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (2 if place % 2 == 0 else 1)
        total += number - 9 if number > 9 else number
    return digits + str((10 - total % 10) % 10)


def check_digit_holds(number: str) -> bool:
    """Whether the last digit is the Luhn digit of those before it."""
    return number.isascii() and number.isdigit() and with_check_digit(number[:-1]) == number


def agreement_name(account_id: str, service_point_id: str, from_day: date) -> str:
    """The name of an agreement, from what it means: account, service point, first day."""
    return f"{account_id}-{service_point_id}-{from_day:%Y%m%d}"

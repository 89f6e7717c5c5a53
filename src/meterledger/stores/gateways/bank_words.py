"""What readers of bank statements share: refusals, amounts, days, names of statements.

Lives here      one refusal a situation, in the words of the file; whole numbers of cents.
Lives elsewhere the formats (``bank_bai2``, ``bank_camt053``, ``bank_csv``), telling them apart
                (``bank_files``).
"""

from __future__ import annotations

import re
from datetime import date

from meterledger.facts.bank import BankLine, BankStatement
from meterledger.kernel.money import CENTS_MAX, usd_display
from meterledger.kernel.written_days import FIRST_YEAR, LAST_YEAR, day_from_text
from meterledger.stores.gateways.refusals import EnvelopeBroken

LINES_MAX = 200_000
"""The most lines that one file may hold: a bank's day of a large utility has some thousands."""

_AMOUNT = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,5})?")
_TIME = re.compile(r"(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?)?(?:Z|[+-][0-9]{2}:[0-9]{2})?")
TEXT_AT_MOST = 500


def broken(what: str, where: str, why: str = "") -> EnvelopeBroken:
    """The file is a statement and cannot be one: nothing of it is kept."""
    return EnvelopeBroken(
        what,
        where=where,
        why=why,
        do="Nothing was kept. Ask the bank for the file again",
    )


def plain(text: str) -> str:
    """Text of a bank as it may be kept and shown: printable, on one line, not endless."""
    words = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "?" for letter in words)[:TEXT_AT_MOST]


def whole_cents(digits: str, where: str, *, name: str = "amount") -> int:
    """A whole number of cents, as BAI2 writes amounts: digits alone.

    :raises EnvelopeBroken: if it is anything else, or beyond any account of ours
    """
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 18):
        raise broken(f"'{digits[:40]!a}' is not an {name} in cents"[:120], where)
    cents = int(digits)
    if cents > CENTS_MAX:
        raise broken(f"The {name} of {usd_display(cents)} is beyond any account of ours", where)
    return cents


def dollars_in_cents(text: str, where: str) -> int:
    """An amount of dollars as cents: no sign, at most two decimals that are not zero.

    :raises EnvelopeBroken: if it is anything else, or beyond any account of ours
    """
    if not _AMOUNT.fullmatch(text) or not text.isascii():
        raise broken(f"{text[:40]!a} is not an amount of dollars", where)
    whole, _, decimals = text.partition(".")
    if decimals[2:].strip("0"):
        raise broken(f"'{text[:40]}' is not whole cents", where)
    cents = int(whole) * 100 + int(decimals[:2].ljust(2, "0"))
    if cents > CENTS_MAX:
        raise broken(f"The amount of ${text} is beyond any account of ours", where)
    return cents


def iso_day(text: str, where: str) -> date:
    """A day like 2026-11-25, or an instant's day as the bank writes it.

    :raises EnvelopeBroken: if it is none
    """
    day = day_from_text(text[:10]) if _TIME.fullmatch(text[10:]) else None
    if day is None:
        raise broken(f"{text[:40]!a} is not a day between {FIRST_YEAR} and {LAST_YEAR}", where)
    return day


def believable(day: date, where: str) -> date:
    """A day on which a bank of ours may have booked something. :raises EnvelopeBroken: if not"""
    if not date(FIRST_YEAR, 1, 1) <= day <= date(LAST_YEAR, 1, 1):
        raise broken(f"{day} is not a day between {FIRST_YEAR} and {LAST_YEAR}", where)
    return day


def statement_of(
    *,
    bank_account: str,
    as_of_day: date,
    opening_cents: int,
    closing_cents: int,
    lines: list[tuple[date, int, str, str, str]],
    where: str,
    part: str = "",
) -> BankStatement:
    """A statement from its parts; lines are (day, cents, reference, text, code) in their order.

    :raises EnvelopeBroken: if it names no account, or does not add up
    """
    account = plain(bank_account)
    if not account or account != bank_account.strip() or len(account) > 64:
        raise broken("A statement names no account at the bank", where)
    moved = sum(one[1] for one in lines)
    if opening_cents + moved != closing_cents:
        raise broken(
            f"The statement of account {account} of {as_of_day} does not add up: "
            f"{usd_display(opening_cents)} and movements of {usd_display(moved)} are not "
            f"{usd_display(closing_cents)}",
            where,
            "A line is missing or told twice",
        )
    name = f"{account}:{as_of_day}{f':{part}' if part else ''}"
    return BankStatement(
        statement_id=name,
        bank_account=account,
        as_of_day=as_of_day,
        opening_cents=opening_cents,
        closing_cents=closing_cents,
        lines=tuple(
            BankLine(f"{name}:{number}", day, cents, plain(reference), plain(text), plain(code))
            for number, (day, cents, reference, text, code) in enumerate(lines, start=1)
        ),
    )

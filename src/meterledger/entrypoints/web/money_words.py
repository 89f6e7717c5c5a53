"""What an entry is called on a page, in plain words, and where its cause has a page.

Lives here      words by the prefix of an entry's name; addresses of causes.
Lives elsewhere the entries (``ledger``), the pages of causes.
"""

from __future__ import annotations

import re
from datetime import date

from django.urls import NoReverseMatch, reverse

from meterledger.entrypoints.web.words import day_words, span_words
from meterledger.facts.extensions import ExtensionAct
from meterledger.facts.money import Tender
from meterledger.kernel.span import DaySpan

REVERSAL = "reversal:"
BILL_NAME = re.compile(r"B-.+-(\d{8})-(\d{8})(?:-v(\d+))?", re.DOTALL)
LATE_NAME = re.compile(r".+:(\d{4})-(\d\d)-(\d\d)(?::\d+)?", re.DOTALL)
WORDS = {
    "payment": "Payment",
    "late": "Late charge",
    "relief": "Charges adjusted by agreement",
    "fee": "Fee",
    "deposit-interest": "Interest on the deposit",
    "deposit-applied": "Deposit put against what was owed",
    "deposit": "Deposit that was asked for",
    "deposit-refund": "Deposit given back",
    "deposit-transfer": "Deposit moved to another account",
    "deposit-owed": "Deposit that was given back, and whose payment came back",
    "unapplied": "Payment without an account",
    "refund": "Refund",
    "transfer": "Balance moved between accounts",
    "write-off": "Written off as not collectable",
    "recovery": "Paid after it was written off",
    "unclaimed": "Kept as unclaimed money",
    "credit": "Credit",
    "special": "Special charge",
    "special-facility": "Charge for a special facility",
    "ext-deposit": "Advance for a line extension",
    "ext-refund": "Refund of an advance for a line extension",
    "ext-forfeit": "Advance for a line extension kept",
    "ext-guarantee": "Deficiency under a guarantee agreement",
    "ext-credit": "Credit under a guarantee agreement",
    "bank-adjustment": "Adjustment of a bank line",
    "accrual": "Revenue not billed yet",
    "provision": "Provision for debts that may not be paid",
}
"""By prefix. A prefix that is not here is told by its cause."""

SETTLED = ("refund", "transfer", "write-off", "recovery", "fee", "credit", "special")
"""Prefixes whose key is a settlement's, with what a step of it was behind a point."""


EXTENSIONS = ("ext-refund", "ext-forfeit", "ext-guarantee", "ext-credit", "special-facility")
"""Prefixes whose key is an event of an extension: its contract, the act and what it is about."""

EVENT_OF_CONTRACT = re.compile(
    rf"\.(?:{'|'.join(act.value.replace(' ', '-') for act in ExtensionAct)})\."
)
OF_EXTENSION = re.compile(r", extension (\S+)$")
DEPOSIT_NAME = re.compile(r"[./]")
"""What ends a deposit's name in the key of a step or of an instalment."""


def prefix_of(entry_id: str) -> tuple[str, str]:
    """``reversal:payment:K`` is of the event (payment, K), as ``payment:K`` is."""
    prefix, _, key = entry_id.removeprefix(REVERSAL).partition(":")
    return prefix, key


def entry_words(entry_id: str, cause: str = "") -> str:
    """An entry in plain words: ``Bill for July 1 to July 31, 2025``."""
    prefix, key = prefix_of(entry_id)
    if prefix == "bill":
        words = bill_words(key)
    elif prefix == "late":
        words = _late_words(key)
    elif prefix == "payment" and f" {key}" in cause and not entry_id.startswith(REVERSAL):
        words = sentence_words(cause.replace(f" {key}", "", 1))
    else:
        words = WORDS.get(prefix) or sentence_words(cause) or entry_id
    return f"Taken back: {inside_words(words)}" if entry_id.startswith(REVERSAL) else words


def tender_words(tender: str) -> str:
    """How money was paid, as people write it: ``ach`` as ``ACH``."""
    return "ACH" if tender == Tender.ACH.value else tender


def _late_words(key: str) -> str:
    """A late charge by the day after which something was unpaid, from its name alone."""
    found = LATE_NAME.fullmatch(key)
    if found is None:
        return WORDS["late"]
    day = date(*map(int, found.groups()))
    return f"{WORDS['late']} on what was unpaid after {day_words(day)}"


def sentence_words(words: str) -> str:
    """Words as they begin a sentence: ``ach payment`` as ``ACH payment``."""
    first, space, rest = words.partition(" ")
    told = tender_words(first)
    return f"{told[:1].upper()}{told[1:]}{space}{rest}"


def inside_words(words: str) -> str:
    """The same words inside a sentence: an abbreviation keeps its capitals."""
    return words if words[:2].isupper() else f"{words[:1].lower()}{words[1:]}"


def bill_words(bill_id: str) -> str:
    """A bill by its service days, from its name alone."""
    found = BILL_NAME.fullmatch(bill_id)
    if found is None:
        return f"Bill {bill_id}"
    first, until = (date(int(one[:4]), int(one[4:6]), int(one[6:])) for one in found.groups()[:2])
    kind = "Corrected bill" if found.group(3) else "Bill"
    return f"{kind} for {span_words(DaySpan(first, until))}"


def cause_address(entry_id: str, cause: str = "") -> str:
    """The page of what caused an entry; empty where it has none.

    ``cause`` is needed of a payment only: money of an extension stands with its contract.
    """
    prefix, key = prefix_of(entry_id)
    name, named = "", key
    contract = OF_EXTENSION.search(cause) if prefix == "payment" else None
    if contract is not None:
        name, named = "extension", contract[1]
    elif prefix in ("payment", "unapplied"):
        name = "payment"
    elif prefix in ("bill", "relief"):  # relief is named after the bill that it is taken off
        name = "bill"
    elif prefix == "late":
        name = "late-charge"
    elif prefix == "unclaimed":
        name, named = "settlement", f"refund:{key.partition('.')[0]}"
    elif prefix == "deposit" or prefix.startswith("deposit-"):
        name, named = "deposit", DEPOSIT_NAME.split(key, maxsplit=1)[0]
    elif prefix in EXTENSIONS:
        name, named = "extension", EVENT_OF_CONTRACT.split(key, maxsplit=1)[0]
    elif prefix in SETTLED:
        name, named = "settlement", f"{prefix}:{key.partition('.sent.')[0]}"
    try:
        return reverse(name, args=[named]) if name else ""
    except NoReverseMatch:
        return ""

"""Numeric fields of the pages and of what is sent to them over HTTP.

``NUMERIC`` and ``NOT_NUMBERS`` register every named input of the templates, every name that the
source takes from a query, a form or a header, and every part of an address; a new one has to be put
into one of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any
from urllib.parse import quote

import django
from tests.poison.fields import WIDE, NumericField
from tests.poison.money_files import asking

NUMERIC = {
    "Content-Length": "readings over HTTP: how long the body is",
    "X-Sequence": "readings over HTTP: the number of a delivery",
    "cycle": "documents.html: a reading cycle",
    "less": "ask_relief.html: a share or an amount off a charge",
    "month": "a month of finance",
    "number": "an address: a line that was set aside",
    "page": "a page of a list",
    "right": "multiplier.html: what a meter's transformers really are",
    "usd": "an amount of dollars",
    "values": "usage_day.html: watt-hours of intervals",
}
NOT_NUMBERS = {
    "Origin": "an address",
    "Sec-Fetch-Site": "a word of the browser",
    "X-Content-SHA256": "a hash, compared",
    "X-File-Name": "a name",
    "X-Signature": "a signature, checked",
    "X-Source": "a name",
    "about": "one of a list",
    "account": "a number with a check digit, looked up as a name",
    "account_id": "likewise",
    "act": "one of the ways out",
    "age": "one of three words",
    "agreement_id": "a name, looked up",
    "all": "1, or anything else",
    "approver": "a person",
    "author": "a person",
    "bill_id": "a name, looked up",
    "broken": "yes or no",
    "bucket": "one of a list",
    "by": "a person",
    "case": "a name, compared with the form of one",
    "case_id": "a name, looked up",
    "cause": "one of a list",
    "channel": "one of a list",
    "chapter": "a name, looked up",
    "check": "what stands on a check, kept as words",
    "checkout_id": "a name, looked up",
    "class": "one of a list",
    "code": "one of a list",
    "combination_id": "a name, looked up",
    "contract_id": "a name, looked up",
    "day": "a day",
    "deposit": "a name, looked up",
    "deposit_id": "a name, looked up",
    "disconnection_notice": "a day",
    "done": "one of a list",
    "earlier": "numbers of accounts, looked up as names",
    "expectation_id": "a name, looked up",
    "file": "a hash, looked up",
    "found": "one of a list",
    "from": "a day",
    "guarantor": "a person",
    "how": "a sentence",
    "in_writing": "yes or no",
    "key": "a name, looked up",
    "kind": "one of a list",
    "known": "a day",
    "late_charge_id": "a name, looked up",
    "ledger_account": "the name of an account of the chart",
    "line_id": "a name, looked up",
    "look": "yes or no",
    "made_on": "a day",
    "mailed": "yes or no",
    "match_id": "a name, looked up",
    "meter": "a name",
    "meter_id": "a name, looked up",
    "months": "days",
    "name": "a name",
    "not_accepted": "yes or no",
    "on": "a day",
    "owner": "one of a list",
    "payee": "a name, looked up",
    "payment": "a name, looked up",
    "payment_key": "a name, looked up",
    "piece": "a name, looked up",
    "provision": "a name, looked up",
    "queue": "one of a list",
    "reason": "a sentence",
    "reference": "words of the bank, kept",
    "relief_id": "a name, looked up",
    "rule_id": "a name, looked up",
    "seen": "a fingerprint, or the code of a finding",
    "sent_by": "one of a list",
    "service_point": "a name, looked up",
    "settlement_id": "a name, looked up",
    "sha256": "a hash, looked up",
    "should": "a rate option, a day, or a cycle: the journey compares it as it is written",
    "slug": "a name, looked up",
    "stands": "a fingerprint",
    "state": "one of a list",
    "statement": "a name, looked up",
    "statement_id": "a name, looked up",
    "tender": "one of a list",
    "to": "a day",
    "to_account": "a number with a check digit, looked up as a name",
    "today": "a day",
    "unit": "one of a list",
    "versus": "a name, looked up",
    "zone": "a name, looked up",
}
_TAKEN = re.compile(
    r"(?:GET|POST|headers)(?:\.get)?[(\[]\s*\"([^\"]+)\""
    r"|(?:day_asked|_word|_asked)\(request, \"([^\"]+)\""
)
_PART = re.compile(r"<\w+:(\w+)>")
MADE = re.compile(r"\{\{ row\.name \}\}|\{\{ one\.key \}\}")
"""Inputs of the facts form, whose fields ``tests/poison/facts.py`` walks."""
ON = date(2026, 11, 25)
ONE_DAY = frozenset({"2025-07-01"})
NOTHING = frozenset({"", " ", "   ", "\t", "\n", "\u3000"})
"""Then the usual one is shown."""


def inputs() -> Iterator[tuple[str, str]]:
    """(template, name) of every named input of the pages."""
    from tests.tidy.house import ROOT

    folder = ROOT / "src/meterledger/entrypoints/web/templates/web"
    for path in sorted(folder.glob("*.html")):
        for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", path.read_text("utf-8")):
            named = re.search(r'name="([^"]*)"', tag)
            if named and not MADE.search(named[1]):
                yield path.name, named[1]


def taken() -> set[str]:
    """Every name that the pages take from a query, a form, a header or a part of an address."""
    from tests.tidy.house import ROOT

    found = set()
    for path in sorted((ROOT / "src/meterledger/entrypoints/web").glob("*.py")):
        text = path.read_text("utf-8")
        found |= {match[1] or match[2] for match in _TAKEN.finditer(text)}
        found |= set(_PART.findall(text)) if path.name == "routes.py" else set()
    return found


def sent(text: str) -> str:
    """A text as an address carries it, halves of letters included."""
    return quote(text.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class _Sent:
    """A request that says how long its body is, and has none."""

    headers: dict[str, str]

    @staticmethod
    def read(_: int) -> bytes:
        return b""


def fields() -> Iterator[NumericField]:
    """All of them, read as the pages do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")
    django.setup()
    from django.test import RequestFactory

    from meterledger.entrypoints.web import (
        asked,
        deposit_forms,
        document_pages,
        finance_pages,
        incoming,
        money_forms,
        multiplier_page,
        payments,
        relief_forms,
        usage_pages,
    )
    from meterledger.kernel.money import amount_from_text

    make = RequestFactory()
    month_asked = finance_pages.month_asked

    def header(name: str, read: Callable[..., object]) -> Callable[[str], object]:
        return asking(lambda text: read(make.post("/api/readings", headers={name: text})))

    yield NumericField(
        "checkout, usd",
        asking(lambda text: amount_from_text(text, where="the amount")),
        low=0,
        high=10**11,
        places=2,
    )
    yield NumericField(
        "relief, an amount off a charge",
        asking(lambda text: relief_forms.terms_typed(f"energy={text}")),
        low=Fraction(1, 100),
        high=10**11,
        places=2,
        forms=WIDE,
        also=frozenset({"5%"}),  # a share
    )
    yield NumericField(
        "relief, a share off a charge",
        asking(lambda text: relief_forms.terms_typed(f"energy={text}%")),
        low=Fraction(1, 10**6),
        high=100,
        places=6,
        forms=WIDE,
    )
    yield NumericField(
        "a day's usage, watt-hours of an interval",
        asking(lambda text: usage_pages._values(f"40={text}")),
        low=-(10**9) + 1,
        high=10**9 - 1,
        forms=frozenset({"leading zeros", "blanks around"}),
        also=frozenset({"5,"}),  # a comma ends an interval
        digits=9,
    )
    yield NumericField(
        "a day's usage, an interval",
        asking(lambda text: usage_pages._values(f"{text}=120")),
        high=9999,
        forms=frozenset({"leading zeros", "blanks around"}),
        also=frozenset({",5"}),
        digits=4,
    )
    yield NumericField(
        "a day's usage, intervals to estimate",
        asking(lambda text: usage_pages._slots(text)),
        high=9999,
        forms=frozenset({"leading zeros", "blanks around"}),
        also=frozenset({"", " ", "   ", "\t", "\n", "\u3000", "1,2,3", "5,", ",5", ",", "12,50",
                        "5\n6", "5\r\n6", "1,000"}),
        digits=4,
    )  # fmt: skip
    yield NumericField(
        "readings over HTTP, X-Sequence",
        header("X-Sequence", incoming._sequence),
        high=10**18 - 1,
        digits=18,
    )
    yield NumericField(
        "readings over HTTP, Content-Length",
        asking(lambda text: incoming._body(_Sent({"Content-Length": text}))),  # type: ignore[arg-type]
        digits=18,
    )
    yield NumericField(
        "a page of a list",
        asking(
            lambda text: asked.page_asked(make.get(f"/?page={sent(text)}"), range(99), 9).number
        ),
        low=1,
        high=11,
        digits=18,
        forms=WIDE,
        also=NOTHING,
    )
    days: dict[str, Any] = {"low": 1, "high": 0, "also": NOTHING | {"2025-07-01"}}
    yield NumericField(
        "a day that is asked for",
        asking(lambda text: asked.day_asked(make.get(f"/?on={sent(text)}"), "on")),
        **days,
    )
    yield NumericField(
        "a multiplier",
        asking(multiplier_page.right_typed),
        low=1,
        high=100_000,
        forms=WIDE,
    )
    yield NumericField(
        "a cycle of documents",
        asking(lambda text: document_pages._cycle_asked(make.get(f"/?cycle={sent(text)}"))),
        low=1,
        high=99,
        forms=WIDE - {"leading zeros"},
        also=NOTHING,
    )
    for name, read in (
        ("a day of usage", usage_pages._day),
        ("a day of a form of deposits", lambda text: deposit_forms.day_typed(text, "notice")),
        ("a day a payment was received", money_forms._day),
        ("a day it was taken back", lambda text: payments._day(text, "P-1")),
    ):
        yield NumericField(name, asking(read), low=1, high=0, also=ONE_DAY)
    yield NumericField(
        "a month of finance",
        asking(lambda text: month_asked(make.get(f"/?month={sent(text)}"), ON)),
        low=1,
        high=0,
        also=NOTHING | {"2025-07"},
    )

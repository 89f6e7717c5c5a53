"""Numeric fields of the pages and of what is sent to them over HTTP.

``NUMERIC`` and ``NOT_NUMBERS`` register every named input of the templates; a new one has to be put
into one of them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import date
from urllib.parse import quote

import django
from tests.poison.fields import NumericField
from tests.poison.money_files import asking

NUMERIC = {
    "usd": "checkout.html: what the processor's own page shows",
    "values": "usage_day.html: watt-hours of intervals",
}
NOT_NUMBERS = {
    "account": "a number with a check digit, looked up as a name",
    "act": "one of the ways out",
    "age": "one of three words",
    "approver": "a person",
    "author": "a person",
    "by": "a person",
    "cause": "one of a list",
    "code": "one of a list",
    "from": "a day",
    "kind": "one of a list",
    "ledger_account": "the name of an account of the chart",
    "name": "a name",
    "on": "a day",
    "owner": "one of a list",
    "reason": "a sentence",
    "seen": "a fingerprint",
    "state": "one of a list",
    "to": "a day",
    "today": "a day",
}
MADE = re.compile(r"\{\{ row\.name \}\}|\{\{ one\.key \}\}")
"""Inputs of the facts form, whose fields ``tests/poison/facts.py`` walks."""
ON = date(2026, 11, 25)


def inputs() -> Iterator[tuple[str, str]]:
    """(template, name) of every named input of the pages."""
    from tests.tidy.house import ROOT

    folder = ROOT / "src/meterledger/entrypoints/web/templates/web"
    for path in sorted(folder.glob("*.html")):
        for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", path.read_text("utf-8")):
            named = re.search(r'name="([^"]*)"', tag)
            if named and not MADE.search(named[1]):
                yield path.name, named[1]


def sent(text: str) -> str:
    """A text as an address carries it, halves of letters included."""
    return quote(text.encode("utf-8", "surrogatepass"))


def fields() -> Iterator[NumericField]:
    """All of them, read as the pages do."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterledger.entrypoints.site.settings")
    django.setup()
    from django.test import RequestFactory

    from meterledger.entrypoints.web import finance_pages, incoming, usage_pages
    from meterledger.kernel.money import amount_from_text

    make = RequestFactory()

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
        "a month of finance",
        asking(lambda text: finance_pages._month_asked(make.get(f"/?month={sent(text)}"), ON)),
        low=1,
        high=0,
        also=frozenset({"", " ", "   ", "\t", "\n", "\u3000", "2025-07"}),
    )

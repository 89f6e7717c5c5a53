"""A combined statement on paper has room for all of its accounts, and one that was made stays."""

from __future__ import annotations

import json
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from tests.doors.test_bill_room import lowest_above_the_slip, texts
from tests.stores.combined_paper import statement_of

from meterledger.entrypoints import combined_paper
from meterledger.entrypoints.documents.composing import compose

LONG = "12345 North Old Saint Charles Rock Road at the Corner of Lindbergh Boulevard, Building 17"
DISTRICT = "The Consolidated School District of the Greater Metropolitan Area of University City "


def content(count: int, place: str, **other: Any) -> bytes:
    """What a paper says of so many accounts, each with one bill."""
    names = [f"{3_100_000_000 + number}" for number in range(count)]
    bill = "B-3100001852-SP-CA-2-20250801-20260311-20260411"
    amount = {"charges": "$123.45", "asked": "$123.45"}
    told = {
        "utility": "Prairie Light",
        "phone": "",
        "number": "CB-1",
        "combination": "SCHOOLS",
        "customer": "Elm Schools",
        "address": ["12 Elm Street", "University City, MO 63130"],
        "issued": "October 2, 2025",
        "issued_parts": [2025, 10, 2],
        "due": "October 23, 2025",
        "owing": True,
        "credit": False,
        "asked_title": "Please pay",
        "asked": "$1,234.50",
        "total": "$1,234.50",
        "charges": "$1,234.50",
        "count": f"{count} bills",
        "sums": [{"words": "To be paid", "amount": "$1,234.50", "strong": True}],
        "about": ["The bills of your places come together on this statement."],
        "accounts": [{"account": one, "place": place, "asked": "$123.45"} for one in names],
        "bills": [
            {"account": one, "place": place, "bill": bill, "days": "Sep 2 to Oct 1, 2025"} | amount
            for one in names
        ],
        "pay_to": ["1 Main Street"],
        "contact": ["Call us."],
        "reasons": ["So it is."],
    }
    return json.dumps(told | other).encode()


def pages(made: bytes) -> list[list[tuple[float, float, str]]]:
    return texts(compose(made, revision=combined_paper.TEMPLATE))


@pytest.mark.parametrize("count", [10, combined_paper.ON_THE_FRONT])
def test_the_accounts_stand_on_the_front_where_they_fit(count: int) -> None:
    front, *_ = pages(content(count, "12 Elm Street"))
    assert sum("31000000" in text for _, _, text in front) >= count
    assert lowest_above_the_slip(front) > 10


def test_accounts_of_long_places_stand_on_the_next_page_and_not_over_the_slip() -> None:
    front, back, *_ = pages(content(combined_paper.ON_THE_FRONT, LONG))
    assert not any("31000000" in text for _, _, text in front)
    assert lowest_above_the_slip(front) > 100
    assert any("Each account" in text for _, _, text in back)


@pytest.mark.parametrize("customer", [DISTRICT * 2, "W" * 200])
def test_a_long_name_is_set_smaller_above_the_sum(customer: str) -> None:
    front, *_ = pages(content(10, "12 Elm Street", customer=customer))
    address = min(y for _, y, text in front if "University City, MO 63130" in text and y > 500)
    assert address > next(y for _, y, text in front if "What is added" in text) + 8


@pytest.mark.parametrize(
    ("asked", "credit", "said"),
    [("$0.00", False, "Amount due $0.00"), ("$5.00", True, "Your credit $5.00")],
)
def test_nothing_due_is_no_credit(asked: str, credit: bool, said: str) -> None:
    made = content(10, "12 Elm Street", owing=False, credit=credit, asked=asked)
    front, *_ = pages(made)
    assert said in " ".join(text for _, _, text in front)


def test_a_statement_of_before_is_set_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its paper is made anew each time, and is the same for ever."""
    asked: list[str] = []

    def set_with(content: bytes, *, revision: str) -> bytes:
        asked.append(revision)
        return content

    monkeypatch.setattr(combined_paper, "compose", set_with)
    monkeypatch.setattr(combined_paper, "combined_content", lambda *_: b"")
    for learned_at in (combined_paper.SINCE - timedelta(seconds=1), combined_paper.SINCE):
        made = SimpleNamespace(statement_id=statement_of().statement_id, learned_at=learned_at)
        file = SimpleNamespace(statements=(made,))
        system = SimpleNamespace(store=SimpleNamespace(combination=lambda _, file=file: file))
        combined_paper.combined_paper("SCHOOLS", made.statement_id, cast(Any, system))
    assert asked == ["combined_1", "combined_2"]

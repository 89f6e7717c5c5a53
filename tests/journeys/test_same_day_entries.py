"""An entry of the book that is entered on the day on which bills and charges are made."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from tests.journeys.late_town import DUE, ISSUED, PaperAccount
from tests.journeys.settling_town import ONE, Settling, begin, owes
from tests.stores.paper_town import ANALYST

from meterledger.entrypoints.book_pins import in_words
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.pinned import BookPin, as_pinned, changed_pins
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.late_charge_replay import replay_late_charge
from meterledger.usecases.replay_settlement import replay_settlement

NAME, OTHER = "fac_usd_per_kwh", "eeic_usd_per_kwh"
"""Series of which bills of another day than theirs are made."""


def grown(book: TariffBook, learned_on: date, name: str = NAME) -> TariffBook:
    """The book with one more entry of a series, learned on a day."""
    series = book.parsed[name]
    last = series.entries[-1]
    dated = replace(last.dated, learned_on=learned_on)
    more = replace(last, dated=dated, record={**last.record, "learned_on": learned_on.isoformat()})
    parsed = {**book.parsed, name: replace(series, entries=(*series.entries, more))}
    return TariffBook(
        name=book.name,
        utility=book.utility,
        time_zone=book.time_zone,
        states=book.states,
        parsed=parsed,
        texts=book.texts,
    )


@pytest.fixture
def morning(town: Any, towns: ModuleType) -> Any:
    """A bill that was made at noon."""
    town.start(1)
    town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
    (bill,) = town.bill(1, on=date(2025, 8, 1), known_at=towns.LATER).issued
    return bill


def pins(town: Any) -> list[BookPin]:
    found: list[BookPin] = town.store.book_pins()
    return found


class TestABill:
    def test_pins_its_book_with_its_day(self, town: Any, towns: ModuleType, morning: Any) -> None:
        assert pins(town) == [BookPin(towns.LATER.date(), morning.pins.book_sha256, 1)]
        assert changed_pins(town.book, pins(town)) == []

    @pytest.mark.parametrize("days", [0, 1, 2])
    def test_stands_where_the_entry_is_of_its_afternoon_or_later(
        self, town: Any, towns: ModuleType, morning: Any, days: int
    ) -> None:
        book = grown(town.book, towns.LATER.date() + timedelta(days=days))

        assert changed_pins(book, pins(town)) == []
        town.book = book
        assert town.replay(morning.bill_id).same_bytes

    def test_does_not_stand_where_the_entry_is_of_a_day_before(
        self, town: Any, towns: ModuleType, morning: Any
    ) -> None:
        book = grown(town.book, towns.LATER.date() - timedelta(days=1))

        (sentence,) = in_words(book, pins(town))

        day, sha256 = towns.LATER.date(), morning.pins.book_sha256[:16]
        assert sentence.startswith(
            f"The book as known on {day} is not the one that 1 bill of that day was made by "
            f"({sha256}). An entry of {day} or a day before was added"
        )
        assert "Give a new entry the day after the newest bills as its learned_on" in sentence

    def test_of_a_day_with_two_entries_stands_once_the_second_is_of_tomorrow(
        self, town: Any, towns: ModuleType
    ) -> None:
        """The first was there when the bill was made, the second is of its afternoon."""
        day = towns.LATER.date()
        town.book = first = grown(town.book, day)
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 8, 1)))
        (bill,) = town.bill(1, on=date(2025, 8, 1), known_at=towns.LATER).issued

        assert [one.day for one in changed_pins(grown(first, day, OTHER), pins(town))] == [day]
        town.book = grown(first, day + timedelta(days=1), OTHER)
        assert changed_pins(town.book, pins(town)) == []
        assert town.replay(bill.bill_id).same_bytes


def test_a_late_charge_of_the_morning_is_replayed_by_its_own_book(first_book: Any) -> None:
    paper = PaperAccount(first_book)
    paper.bill(0)
    paper.pay("R-0", 5_000, DUE[0])
    paper.bill(1, 5_000)
    (charge,) = paper.run(ISSUED[2]).charges
    day = charge.known_at.date()
    book = grown(grown(first_book, day), day, OTHER)
    assert book.as_known(day).sha256 != charge.book_sha256

    with paper.store.viewing(ANALYST, ["all"]):
        again = replay_late_charge(charge.late_charge_id, store=paper.store, book=book)

    assert again.same_bytes
    assert as_pinned(book, day, charge.book_sha256).sha256 == charge.book_sha256
    at: datetime = charge.known_at
    with paper.store.viewing(ANALYST, ["all"]):
        now = replay_late_charge(charge.late_charge_id, store=paper.store, book=book, as_known=at)
    assert not now.same_bytes  # asked for that moment, the book is that of the whole day


def test_a_settlement_of_the_morning_is_replayed_by_its_own_book(first_book: Any) -> None:
    town = Settling(MemoryStore(), first_book)
    with town.store.viewing(ANALYST, ["all"]):
        begin(town.store)
        owes(town.store, months=1, cents=80_00)
        town.pay(ONE, 100_00, "K-1")
        case = town.refund(20_00)
        day = case.asked.learned_at.date()

        assert replay_settlement(case, replace(town.desk(), book=grown(first_book, day)))
        before = grown(first_book, day - timedelta(days=1))
        assert not replay_settlement(case, replace(town.desk(), book=before))

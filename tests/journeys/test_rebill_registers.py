"""Bills of registers are corrected together: the second begins where the corrected first closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.register_town import AFTER, NEXT, RegisterTown, months
from tests.journeys.town import CHICAGO, FIRST, VIEWER

from meterledger.facts.corrections import CorrectionCause
from meterledger.facts.meters import LinkSource
from meterledger.usecases.change_meters import exchange_meter
from meterledger.usecases.find_corrections import bills_to_correct, now_of
from meterledger.usecases.meter_checks import Linked, Visit
from meterledger.usecases.rebill import RebillRun, rebill

JUNE, JULY, AUGUST, SEPTEMBER = months(date(2025, 6, 1), 4)
LAST = AFTER + timedelta(days=1)


@pytest.fixture
def town(first_book: Any) -> Iterator[RegisterTown]:
    """A home billed for June, July and August on its register; July's first read was wrong."""
    made = RegisterTown(book=first_book)
    with made.store.viewing(VIEWER, []):
        made.meter(1, came=JUNE)
        made.reads("M1", (JUNE, 4_000), (JULY, 5_000), (AUGUST, 6_000), (SEPTEMBER, 7_000))
        for month in (JUNE, JULY, AUGUST):
            made.bill_month(1, month)
        made.reads("M1", (JULY, 4_900), learned_at=NEXT)
        yield made


def names(town: RegisterTown) -> list[str]:
    return [one.bill_id for one in town.store.bills_of_account(town.account_id(1))]


def correct(town: RegisterTown, *bills: str, known_at: datetime = AFTER) -> RebillRun:
    return rebill(
        bills,
        author="Ana",
        reason="the register was read again",
        on=date(2025, 9, 20),
        known_at=known_at,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


class TestTwoBillsOfOneRegister:
    def test_share_the_read_between_them(self, town: RegisterTown) -> None:
        june, july, _ = names(town)

        run = correct(town, june, july)

        assert [one.bill.usage.energy_wh for one in run.corrected] == [900_000, 1_100_000]
        closed = run.corrected[0].bill.usage.registers[-1].closing
        opened = run.corrected[1].bill.usage.registers[0].opening
        assert closed.shown == opened.shown == 4_900

    def test_and_the_bills_after_them_are_replayed_to_the_byte(self, town: RegisterTown) -> None:
        before = names(town)
        run = correct(town, *before[:2])

        for name in (*before, *(one.bill.bill_id for one in run.corrected)):
            again = town.replay(name)
            assert again.differences == (), name
            assert again.same_bytes, name

    def test_leave_the_queue(self, town: RegisterTown) -> None:
        june, july, _ = names(town)
        now = now_of(town.store, known_at=AFTER, book=town.book, lake=town.lake)
        _, found = bills_to_correct(store=town.store, now=now)
        assert [one.stored.bill_id for one in found][:1] == [june]

        correct(town, june, july)

        later = now_of(town.store, known_at=LAST, book=town.book, lake=town.lake)
        assert bills_to_correct(store=town.store, now=later)[1] == []

    def test_one_that_opens_otherwise_has_no_other_meter(self, town: RegisterTown) -> None:
        """June is corrected alone; July then begins where it closes, on the same meter."""
        june, july, _ = names(town)
        correct(town, june)

        later = now_of(town.store, known_at=LAST, book=town.book, lake=town.lake)
        (one,) = bills_to_correct(store=town.store, now=later)[1]

        assert one.stored.bill_id == july
        assert {part.cause for part in one.parts} == {CorrectionCause.READING}
        assert one.cause is CorrectionCause.READING


def test_an_exchange_recorded_under_an_issued_bill_is_in_the_queue(first_book: Any) -> None:
    """The new meter was there from the tenth on, and nobody had said so when July was billed."""
    town = RegisterTown(book=first_book)
    tenth = date(2025, 7, 10)
    with town.store.viewing(VIEWER, []):
        town.start(1, from_day=JULY)
        town.read("M1", (JULY, AUGUST), lambda day, count: [100] * count)
        (bill,) = town.bill(1, on=AUGUST, known_at=NEXT).issued
        visit = Visit("SP1", datetime.fromtimestamp(town.at(tenth), tz=FIRST.tzinfo), "due")
        exchange_meter(
            visit,
            "M9",
            Linked(LinkSource.INSTALLER_SCAN, 95, "a scan"),
            learned_at=AFTER,
            zone_name=CHICAGO,
            store=town.store,
        )
        town.read("M9", (tenth, AUGUST), lambda day, count: [70] * count)

        now = now_of(town.store, known_at=LAST, book=town.book, lake=town.lake)
        (one,) = bills_to_correct(store=town.store, now=now)[1]

        assert one.stored.bill_id == bill.bill_id
        assert one.difference_cents is not None
        assert one.difference_cents < 0
        assert sum(part.cents for part in one.parts) == one.difference_cents

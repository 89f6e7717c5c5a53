"""Cut demand on PostgreSQL: parted, taken back, billed, moved, made anew, replayed."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from tests.journeys.plant_town import AUGUST, JULY, JUNE, OCTOBER, TOLD, Plant, priced_book
from tests.journeys.town import VIEWER

from meterledger.billing import LoadCause
from meterledger.kernel.span import DaySpan
from meterledger.stores.postgres import PostgresStore, verify_invariants
from meterledger.usecases.rebill import rebill
from meterledger.usecases.small_general_periods import (
    PeriodAsked,
    PeriodMoved,
    small_general_period,
)
from meterledger.usecases.take_back import Booked, take_back

pytestmark = pytest.mark.postgres

LATER = TOLD + timedelta(days=1)


def test_a_period_parted_and_billed_is_moved_and_made_anew_alone(
    postgres: PostgresStore, tmp_path: Path
) -> None:
    town = Plant(store=postgres, book=priced_book(tmp_path / "union_electric_mo6"))
    town.begin()
    account = town.account_id(1)

    def asked(first: date, on: date, hours: int) -> PeriodMoved:
        at = TOLD + timedelta(hours=hours)
        return small_general_period(
            PeriodAsked(account, "2M-single-phase", LoadCause.FIRE, JULY, JUNE, first),
            on=on,
            learned_at=at,
            view=town.book.as_known(at.date()),
            store=postgres,
            lake=town.lake,
        )

    with postgres.viewing(VIEWER, []):
        asked(JULY, JULY - timedelta(days=1), 0)
        for _ in range(2):
            take_back(
                Booked.RATE,
                account_id=account,
                on=JULY - timedelta(days=1),
                known_at=TOLD + timedelta(hours=1),
                store=postgres,
            )
        assert len(postgres.services_of_account(account, TOLD + timedelta(hours=2))) == 1
        asked(JULY, JULY, 2)
        bills = town.bill(1, on=OCTOBER, known_at=TOLD + timedelta(hours=3)).issued

        moved = asked(JULY, OCTOBER, 24)

        run = rebill(
            moved.bills,
            author="Ana",
            reason="fire",
            approved_by="Ben",
            on=OCTOBER,
            known_at=LATER,
            store=postgres,
            lake=town.lake,
            book=town.book,
        )
        (made,) = run.corrected
        assert (made.bill.schedule, made.bill.days) == ("2M-single-phase", DaySpan(JULY, AUGUST))
        assert {one.schedule for one in bills} == {"3M"}
        for one in (*bills, made.bill):
            assert town.replay(one.bill_id).same_bytes
        live = postgres.bills_of_account(account)
        assert [one.days.from_day for one in live if one.corrects] == [JULY]
        assert [said for _, _, said in verify_invariants(postgres) if said] == []

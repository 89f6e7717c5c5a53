"""Another rate option: from the next period on, without an end of service, and to the byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from meterledger.facts.bills import BillKind
from meterledger.kernel.span import DaySpan, Validity
from meterledger.ledger import entry_for_bill
from meterledger.usecases.calculate_bills import (
    UnknownRevision,
    calculate_bills,
    due_bill,
    window_of,
)
from meterledger.usecases.change_rate import RateChange, RateRefused, change_rate, options_open_to
from meterledger.usecases.ports import Conflict
from meterledger.usecases.replay_bill import replay_bill

TOLD = datetime(2026, 12, 1, 12, tzinfo=UTC)
"""The book tells classes of service since a few days."""
AFTER = TOLD + timedelta(days=1)
ASKED = date(2025, 7, 10)
NEXT = date(2025, 8, 1)
RESIDENTIAL = ["1M-anytime", "1M-evening-morning", "1M-overnight", "1M-smart", "1M-ultimate"]


def changed(town: Any, schedule: str = "1M-smart", **other: Any) -> RateChange:
    return change_rate(
        **{
            "account_id": town.account_id(1),
            "schedule": schedule,
            "asked": ASKED,
            "learned_at": TOLD,
            "view": town.book.as_known(TOLD.date()),
            "store": town.store,
            **other,
        }
    )


def agreements(town: Any) -> list[Any]:
    return [one.agreement for one in town.store.services_of_account(town.account_id(1), AFTER)]


class TestARequest:
    def test_takes_effect_in_the_next_billing_period(self, town: Any) -> None:
        town.start(1)

        told = changed(town)

        first, second = agreements(town)
        assert first.days.until_day == second.days.from_day == NEXT
        assert (first.schedule, second.schedule) == ("1M-anytime", "1M-smart")
        assert told.then == second
        assert told.ruling.decision.outcome.takes_effect == NEXT
        assert any(
            reason.finding.endswith("from 2025-08-01") for reason in told.ruling.decision.reasons
        )

    def test_on_a_reading_day_counts_from_the_period_after_it(self, town: Any) -> None:
        """The period that begins on the day of the request has begun."""
        town.start(1)

        changed(town, asked=NEXT)

        assert agreements(town)[1].days == Validity(date(2025, 9, 1))

    def test_on_the_day_before_a_reading_day_still_makes_it(self, town: Any) -> None:
        town.start(1)

        changed(town, asked=date(2025, 7, 31))

        assert agreements(town)[1].days == Validity(NEXT)

    def test_looked_at_first_changes_nothing(self, town: Any) -> None:
        town.start(1)

        told = changed(town, dry_run=True)

        assert told.then is not None
        assert len(agreements(town)) == 1

    def test_for_the_present_option_is_refused(self, town: Any) -> None:
        town.start(1)

        with pytest.raises(RateRefused) as refused:
            changed(town, "1M-anytime")

        assert "The service is on 1M-anytime already" in refused.value.sentence

    def test_for_an_option_of_another_class_is_refused_and_names_those_open(
        self, town: Any
    ) -> None:
        town.start(1)

        with pytest.raises(RateRefused, match="is no rate option of residential service") as no:
            changed(town, "3M-nothing")

        assert ", ".join(RESIDENTIAL[1:]) in no.value.sentence

    def test_without_service_on_the_day_is_refused(self, town: Any) -> None:
        town.start(1)

        with pytest.raises(RateRefused, match="has no service on 2020-01-01"):
            changed(town, asked=date(2020, 1, 1))

    def test_for_days_that_are_billed_is_refused_and_changes_nothing(self, town: Any) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
        town.bill(1, on=date(2025, 9, 1))

        with pytest.raises(Conflict, match="It is billed until 2025-09-01"):
            changed(town)

        assert len(agreements(town)) == 1


class TestBillsAroundAChange:
    def test_are_regular_and_tile_the_days(self, town: Any) -> None:
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 10, 1)))
        changed(town)

        bills = sorted(
            town.bill(1, on=date(2025, 10, 1), known_at=AFTER).issued,
            key=lambda bill: bill.days.from_day,
        )

        assert [(bill.schedule, bill.kind) for bill in bills] == [
            ("1M-anytime", BillKind.INITIAL),
            ("1M-smart", BillKind.REGULAR),
            ("1M-smart", BillKind.REGULAR),
        ]
        assert [bill.days for bill in bills] == [
            DaySpan(date(2025, 7, 1), NEXT),
            DaySpan(NEXT, date(2025, 9, 1)),
            DaySpan(date(2025, 9, 1), date(2025, 10, 1)),
        ]
        assert all(town.replay(bill.bill_id).same_bytes for bill in bills)

    def test_of_an_older_revision_are_replayed_by_their_own(self, town: Any) -> None:
        """Revision 1 took the end of an agreement for the end of service."""
        town.start(1)
        town.read("M1", (date(2025, 7, 1), date(2025, 9, 1)))
        changed(town)
        town.store.record_bills(made(town, "1"))
        (stored,) = town.store.bills_of_account(town.account_id(1))

        again = town.replay(stored.bill_id)
        hidden = replay_bill(
            bill_id=stored.bill_id, store=Hidden(town.store), lake=town.lake, book=town.book
        )

        assert again.same_bytes
        assert again.bill.kind is BillKind.FINAL
        assert again.bill.pins.calculation_revision == "1"
        assert hidden.same_bytes
        assert made(town, "2")[0][0].kind is BillKind.INITIAL

    def test_of_a_revision_that_is_not_known_are_refused(self, town: Any) -> None:
        town.start(1)

        with pytest.raises(UnknownRevision, match="Revision 99 of the calculation is not known"):
            made(town, "99")


class Hidden:
    """A store whose stored records cannot be seen."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    def bill(self, bill_id: str) -> Any:
        return replace(self._store.bill(bill_id), record=b"")


def made(town: Any, revision: str) -> list[Any]:
    """The bill of the first agreement's last month by a revision, with its entry."""
    service = town.store.services_of_account(town.account_id(1), AFTER)[0]
    days, view = DaySpan(date(2025, 7, 1), NEXT), town.book.as_known(AFTER.date())
    bills, held = calculate_bills(
        [
            due_bill(
                service,
                window_of(service, days, town.book.as_known(AFTER.date()), revision),
                town.book.as_known(AFTER.date()),
            )
        ],
        on=NEXT,
        known_at=AFTER,
        sequence=town.store.lake_sequence(),
        lake=town.lake,
        kept=town.store,
        view=view,
        revision=revision,
    )
    assert not held
    return [(bill, entry_for_bill(bill, learned_at=AFTER)) for bill in bills]


class TestOptionsOpen:
    def test_are_those_of_the_class(self, town: Any) -> None:
        town.start(1)
        (service,) = town.store.services_of_account(town.account_id(1), AFTER)

        assert options_open_to(service, ASKED, town.book.as_known(TOLD.date())) == RESIDENTIAL

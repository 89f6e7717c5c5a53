"""A choice of the account that was learned after a bill: the queue finds the bill."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer

from meterledger.facts.billing_options import (
    Delivery,
    DeliveryPreference,
    DueDateChoice,
    DueDateKind,
)
from meterledger.facts.budget import AmountCause
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import Validity
from meterledger.ledger import BUDGET_DEFERRED, RECEIVABLE
from meterledger.usecases import calculate_bills, rebill_states
from meterledger.usecases.bill_options import as_asked
from meterledger.usecases.find_corrections import (
    BillToCorrect,
    bills_to_correct,
    leave_bill,
    now_of,
)
from meterledger.usecases.rebill import RebillRefused, RebillRun, rebill

JULY, AUGUST = date(2025, 7, 1), date(2025, 8, 1)
DAY = date(2025, 9, 2)
BILLED = datetime(2026, 12, 1, 9, tzinfo=UTC)
SINCE = datetime(2026, 12, 2, 9, tzinfo=UTC)
FOUND = datetime(2026, 12, 3, 12, tzinfo=UTC)
CLAUSE = Citation("MO P.S.C. Schedule No. 6", "Sheet 138", None, "GRR V.O", date(2013, 6, 30), None)
WHY = (Reason("told by the customer", CLAUSE),)


@pytest.fixture
def billed(town: Any) -> Any:
    """One home, billed for July."""
    town.start(1, tax_place="university_city")
    town.read("M1", (JULY, AUGUST), lambda day, count: [100] * count)
    (town.july,) = town.bill(1, on=AUGUST, known_at=BILLED).issued
    return town


def queue(town: Any) -> list[BillToCorrect]:
    now = now_of(town.store, known_at=FOUND, book=town.book, lake=town.lake)
    return bills_to_correct(store=town.store, now=now)[1]


def correct(town: Any) -> RebillRun:
    return rebill(
        [town.july.bill_id],
        author="Ana",
        reason="the choice was filed late",
        on=DAY,
        known_at=FOUND,
        store=town.store,
        lake=town.lake,
        book=town.book,
    )


def chooses_due_day(town: Any, number: int, since: date) -> None:
    town.store.choose_due_date(
        DueDateChoice(
            *(town.account_id(1), DueDateKind.PREFERRED, number, Validity(since), SINCE, WHY)
        )
    )


def goes_paperless(town: Any, since: date) -> None:
    town.store.prefer_delivery(
        DeliveryPreference(
            *(town.account_id(1), Delivery.ELECTRONIC, Validity(since), SINCE, "a@example.org")
        )
    )


class TestADueDateChosenBeforeTheBillAndLearnedAfterIt:
    def test_is_found_though_no_cent_differs(self, billed: Any) -> None:
        chooses_due_day(billed, 28, JULY)

        (one,) = queue(billed)

        assert (one.difference_cents, one.parts, one.trues_up) == (0, (), False)
        assert one.why == (
            f"It was due on {billed.july.due_day}; by what the account has chosen it is due on "
            "2025-08-28"
        )

    def test_corrected_is_due_by_the_choice_and_found_no_more(self, billed: Any) -> None:
        chooses_due_day(billed, 28, JULY)

        (made,) = correct(billed).corrected

        assert (made.difference_cents, made.bill.due_day) == (0, date(2025, 9, 29))  # a Monday
        assert queue(billed) == []
        assert billed.replay(made.bill.bill_id).same_bytes
        assert billed.replay(billed.july.bill_id).same_bytes

    def test_left_as_it_is_asks_again_only_for_another_day(self, billed: Any) -> None:
        chooses_due_day(billed, 28, JULY)
        now = now_of(billed.store, known_at=FOUND, book=billed.book, lake=billed.lake)
        leave_bill(billed.july.bill_id, author="Ana", reason="paid", store=billed.store, now=now)

        assert queue(billed) == []

    def test_on_the_bills_own_day_is_for_the_next_one_as_the_bill_was_out(
        self, billed: Any
    ) -> None:
        chooses_due_day(billed, 28, AUGUST)

        assert queue(billed) == []
        (august,) = self.next_bill(billed)
        assert august.due_day == date(2025, 9, 29)  # the first such day from September 22 on

    def test_that_ends_on_the_bills_own_day_holds_for_that_bill(self, billed: Any) -> None:
        chooses_due_day(billed, 28, date(2025, 8, 2))
        (august,) = self.next_bill(billed)
        end = FOUND - timedelta(hours=1)
        billed.store.end_due_date(billed.account_id(1), august.issued_day, end)

        assert queue(billed) == []

    def next_bill(self, town: Any) -> list[Any]:
        town.read("M1", (AUGUST, date(2025, 9, 1)), lambda day, count: [100] * count)
        known = SINCE + timedelta(hours=1)
        return list(town.bill(1, on=date(2025, 9, 1), known_at=known).issued)

    def test_from_a_later_day_on_is_none_of_its_business(self, billed: Any) -> None:
        chooses_due_day(billed, 28, date(2025, 8, 2))

        assert queue(billed) == []
        with pytest.raises(RebillRefused, match="comes out as it was issued"):
            correct(billed)


class TestPaperlessChosenBeforeTheBillAndLearnedAfterIt:
    def test_changes_nothing_where_the_book_has_no_amount_of_the_credit(self, billed: Any) -> None:
        goes_paperless(billed, JULY)

        assert queue(billed) == []


def as_asked_at_first(bill: Any, *given: Any, billed_on: date, **how: Any) -> Any:
    """Corrections once asked by the plan of their own day."""
    return as_asked(bill, *given, billed_on=bill.issued_day, **how)


class TestABudgetPlanJoinedBeforeTheBillAndLearnedAfterIt:
    """What its days cost is what was billed: only what is asked of it is another amount."""

    @pytest.fixture
    def customer(self, town: Any) -> Customer:
        made = Customer(town)
        made.months(date(2025, 7, 1), 6)
        made.months(date(2026, 1, 1), 1)
        return made

    def queue(self, customer: Customer) -> list[BillToCorrect]:
        town = customer.town
        now = now_of(town.store, known_at=customer.now, book=town.book, lake=town.lake)
        now = replace(now, on=date(2027, 3, 1))
        return bills_to_correct(store=town.store, now=now)[1]

    def test_is_found_though_no_cent_of_the_charges_differs(self, customer: Customer) -> None:
        joined = customer.join()  # on December 5: the bill of December was not asked by it

        (one,) = self.queue(customer)

        assert (one.difference_cents, one.parts, one.trues_up) == (0, (), False)
        assert one.stored.days.from_day == date(2025, 12, 1)
        total, amount = one.stored.total_cents, joined.amount.cents
        assert one.why == (
            f"It asked ${total / 100:.2f}; by what is known now of the account's budget plan it "
            f"asks ${amount / 100:.2f}"
        )

    def test_corrected_asks_the_plans_amount_and_is_found_no_more(self, customer: Customer) -> None:
        town, joined = customer.town, customer.join()
        owed = customer.ledger(RECEIVABLE)
        (one,) = self.queue(customer)

        (made,) = rebill(
            [one.stored.bill_id],
            author="Ana",
            reason="the request was filed late",
            on=date(2026, 1, 20),
            known_at=customer.now,
            store=town.store,
            lake=town.lake,
            book=town.book,
        ).corrected

        assert made.difference_cents == 0
        assert made.bill.asked_cents == joined.amount.cents
        deferred = one.stored.total_cents - joined.amount.cents
        assert customer.ledger(BUDGET_DEFERRED) == deferred != 0
        assert customer.ledger(RECEIVABLE) == owed - deferred
        assert self.queue(customer) == []
        assert town.replay(made.bill.bill_id).same_bytes
        assert town.replay(one.stored.bill_id).same_bytes

    def test_asks_the_amount_of_the_bills_own_day_and_not_of_the_corrections(
        self, customer: Customer
    ) -> None:
        town, joined = customer.town, customer.join()
        raised = replace(
            joined.amount,
            month=date(2026, 2, 1),
            from_day=date(2026, 2, 1),
            cents=joined.amount.cents + 5_00,
            learned_at=customer.now,
            cause=AmountCause.INTERIM,
        )
        assert town.store.add_budget_amount(raised)

        (made,) = rebill(
            [self.queue(customer)[0].stored.bill_id],
            author="Ana",
            reason="the request was filed late",
            on=date(2026, 2, 20),
            known_at=customer.now,
            store=town.store,
            lake=town.lake,
            book=town.book,
        ).corrected

        assert made.bill.asked_cents == joined.amount.cents
        assert self.queue(customer) == []
        assert town.replay(made.bill.bill_id).same_bytes

    @pytest.mark.parametrize("raised_by", [0, 5_00])
    def test_corrected_when_the_corrections_day_was_read_replays_and_says_so(
        self, customer: Customer, monkeypatch: pytest.MonkeyPatch, raised_by: int
    ) -> None:
        """Its record does not tell by which day its plan was read: its bytes do."""
        town, joined = customer.town, customer.join()
        raised = replace(
            joined.amount,
            month=date(2026, 2, 1),
            from_day=date(2026, 2, 1),
            cents=joined.amount.cents + raised_by,
            learned_at=customer.now,
            cause=AmountCause.INTERIM,
        )
        if raised_by:
            assert town.store.add_budget_amount(raised)
        with monkeypatch.context() as before:  # as it was decided at first
            for module in (calculate_bills, rebill_states):
                before.setattr(module, "as_asked", as_asked_at_first)
            (made,) = rebill(
                [self.queue(customer)[0].stored.bill_id],
                author="Ana",
                reason="the request was filed late",
                on=date(2026, 2, 20),
                known_at=customer.now,
                store=town.store,
                lake=town.lake,
                book=town.book,
            ).corrected
        assert made.bill.asked_cents == joined.amount.cents + raised_by

        again = town.replay(made.bill.bill_id)

        assert again.same_bytes
        assert again.bill.asked_cents == made.bill.asked_cents
        assert ("on the day of the correction" in again.read_as) == bool(raised_by)
        # What neither reading makes stays found out.
        stored = town.store.bill(made.bill.bill_id)
        forged = stored.record.replace(
            f'"asked_usd":"{usd_text(made.bill.asked_cents)}"'.encode(), b'"asked_usd":"1.23"'
        )
        assert forged != stored.record
        town.store._bills[stored.bill_id] = replace(
            stored, record=forged, record_sha256=sha256_hex(forged)
        )
        other = town.replay(made.bill.bill_id)
        assert (other.same_bytes, other.read_as) == (False, "")
        assert any('asked_usd: issued "1.23"' in one for one in other.differences)

    def test_a_corrected_settlement_goes_by_the_election_of_its_own_day(
        self, customer: Customer
    ) -> None:
        town = customer.town
        customer.join(date(2026, 1, 1))
        (settled,) = customer.months(date(2026, 2, 1), 12)[-1:]
        (first,) = town.store.billing_options([customer.account], customer.now)[
            customer.account
        ].elections
        for_next_year = replace(
            first,
            from_day=settled.issued_day + timedelta(days=20),
            settlement_option="a",
            learned_at=customer.now,
        )
        town.store.add_budget_election(for_next_year)
        town.read("M1", (settled.days.from_day, settled.days.until_day), lambda day, n: [300] * n)

        (made,) = rebill(
            [settled.bill_id],
            author="Ana",
            reason="read again",
            on=settled.issued_day + timedelta(days=40),
            known_at=customer.now,
            store=town.store,
            lake=town.lake,
            book=town.book,
        ).corrected

        assert made.bill.asked is not None
        assert made.bill.asked.rolled_over_cents == ()  # option b, as when it was billed
        assert made.bill.asked.difference_after_cents == 0
        assert town.replay(made.bill.bill_id).same_bytes

    def test_joined_after_its_days_is_none_of_its_business(self, customer: Customer) -> None:
        customer.join(date(2026, 1, 1))

        assert self.queue(customer) == []

    def test_reviews_and_bills_of_a_plan_that_was_known_are_as_they_were(
        self, customer: Customer
    ) -> None:
        customer.join(date(2026, 1, 1))
        customer.months(date(2026, 2, 1), 12)

        assert self.queue(customer) == []
        customer.leave(date(2027, 1, 2))  # asked by the next bill, not by those before
        assert self.queue(customer) == []

    def test_an_election_filed_late_is_found_on_the_bill_that_settled(
        self, customer: Customer
    ) -> None:
        customer.join(date(2026, 1, 1))
        (settled,) = customer.months(date(2026, 2, 1), 12)[-1:]
        assert settled.asked.settlement_cents
        options = customer.town.store.billing_options([customer.account], customer.now)
        (first,) = options[customer.account].elections
        late = replace(
            first,
            from_day=settled.issued_day - timedelta(days=1),
            settlement_option="a",
            learned_at=customer.now,
        )
        customer.town.store.add_budget_election(late)

        (one,) = self.queue(customer)

        assert one.stored.bill_id == settled.bill_id
        assert one.difference_cents == 0
        assert "by what is known now of the account's budget plan it asks" in one.why

"""A deposit is due when a bill of its day would be, and bills count as late by the law's day, too.

The home of a government, or of a customer who chose a due date, is asked on April 10, 2027: 21 days
later is Saturday, May 1.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, home_of

from meterledger.facts.billing_options import DueDateChoice, DueDateKind
from meterledger.facts.deposits import DepositAct, DepositKind, DepositStep, Part, deposit_id_of
from meterledger.facts.late_charges import GovernmentAccount
from meterledger.kernel.span import Validity
from meterledger.usecases import deposit_decide, deposit_record
from meterledger.usecases.deposit_history import AccountHistory, HowPaid, account_history
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.deposit_record import read_decision, revision_of
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.deposit_revisions import REVISIONS, TODAY, FactsBy
from meterledger.usecases.late_charges import tell_government_account

APRIL = date(2027, 4, 10)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}
BILLED, DUE, BY_LAW = date(2025, 8, 1), date(2025, 8, 22), date(2025, 9, 15)
LOOKED = date(2025, 10, 1)
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
(WITHOUT_LAW,) = REVISIONS["deposit-4"]


def of_a_government(home: Home, days: int | None, since: date = BILLED) -> None:
    home.now += A_MINUTE
    told = GovernmentAccount(
        *(home.account, since, "U.S. Government", "a law", "0.5", days, "Ana", home.now)
    )
    tell_government_account(told, store=home.town.store)


class TestItsDay:
    @pytest.fixture
    def home(self, town: Any) -> Home:
        made = home_of(town, until=date(2025, 8, 1))
        made.now = datetime(2027, 4, 10, 15, tzinfo=UTC)
        return made

    def due(self, home: Home) -> date:
        asked = home.ask(APRIL, told=TOLD).deposit.asked
        assert asked is not None
        (part,) = asked.parts
        assert asked.until == part.due_day
        return part.due_day

    def test_is_off_a_closed_day(self, home: Home) -> None:
        assert self.due(home) == date(2027, 5, 3)

    @pytest.mark.parametrize(("since", "is_chosen"), [(APRIL, True), (APRIL + A_DAY, False)])
    def test_is_the_one_that_the_customer_chose_for_bills_of_that_day(
        self, home: Home, since: date, is_chosen: bool
    ) -> None:
        chosen = DueDateChoice(
            home.account, DueDateKind.PREFERRED, 14, Validity(since), home.now - A_DAY, ()
        )
        home.town.store.choose_due_date(chosen)
        assert self.due(home) == (date(2027, 5, 14) if is_chosen else date(2027, 5, 3))

    @pytest.mark.parametrize(
        ("days", "day"), [(45, date(2027, 5, 25)), (10, date(2027, 5, 3)), (None, date(2027, 5, 3))]
    )
    def test_is_no_earlier_than_the_law_gives_a_government(
        self, home: Home, days: int | None, day: date
    ) -> None:
        of_a_government(home, days)
        assert self.due(home) == day

    def test_is_told_as_missed_once_where_two_parts_have_it(self, home: Home) -> None:
        """Both parts would be due in the winter's pause, and are due on the day after it."""
        kind = DepositKind.INITIAL
        name = deposit_id_of(home.account, kind, date(2025, 10, 20))
        parts = tuple(
            Part(date(2025, month, 20), date(2025, month + 1, 10), 50_00) for month in (10, 11)
        )
        asked = DepositStep(
            *(name, "asked", DepositAct.ASKED, date(2025, 10, 20), "Ana", "as it was", home.now),
            cents=100_00,
            until=parts[-1].due_day,
            parts=parts,
        )
        home.town.store.record_deposits([DepositWork(name, home.account, kind, 0, (asked,))])
        home.night(date(2025, 11, 1))
        assert home.night(date(2026, 4, 1)).counts["missed"] == 0
        assert home.night(date(2026, 4, 2)).counts["missed"] == 1
        (missed,) = home.deposits()[0].of(DepositAct.MISSED)
        assert (missed.cents, missed.reason) == (100_00, "due on 2026-04-01")


class TestABillOfAGovernment:
    """Of August 1, due on August 22; the law gives 45 days."""

    @pytest.fixture
    def home(self, town: Any) -> Home:
        home = home_of(town, until=date(2025, 8, 2))
        bill = home.bill(BILLED)
        assert bill is not None
        assert bill.due_day == DUE
        return home

    def look(self, home: Home, on: date = LOOKED, **how: Any) -> AccountHistory:
        told = {"on": on, "known_at": home.now, "store": home.town.store, "view": home.view, **how}
        return account_history(home.account, **told)

    @pytest.mark.parametrize(
        ("paid_on", "says"),
        [
            (DUE + A_DAY, HowPaid.BEFORE_THE_DAY),
            (BY_LAW, HowPaid.ON_THE_DAY),
            (BY_LAW + A_DAY, HowPaid.LATE),
        ],
    )
    def test_is_paid_in_time_by_the_day_of_its_law(
        self, home: Home, paid_on: date, says: HowPaid
    ) -> None:
        of_a_government(home, 45)
        home.pay(home.bills()[0].total_cents, paid_on)

        (bill,) = self.look(home).bills
        assert (bill.paid, bill.due_day) == (says, BY_LAW)
        (as_it_was,) = self.look(home, by=WITHOUT_LAW).bills
        assert (as_it_was.paid, as_it_was.due_day) == (HowPaid.LATE, DUE)

    def test_is_no_debt_before_that_day_has_passed(self, home: Home) -> None:
        of_a_government(home, 45)
        for on, is_overdue in ((BY_LAW, False), (BY_LAW + A_DAY, True)):
            (owed,) = self.look(home, on).oldest_unpaid
            assert owed.is_overdue(on) is is_overdue

    @pytest.mark.parametrize("days", [None, 45])
    def test_is_due_as_others_are_without_a_law_or_from_before_it(
        self, home: Home, days: int | None
    ) -> None:
        of_a_government(home, days, BILLED if days is None else BILLED + A_DAY)
        (bill,) = self.look(home).bills
        assert (bill.paid, bill.due_day) == (HowPaid.UNPAID, DUE)

    @pytest.mark.parametrize(("by", "due"), [(TODAY, BY_LAW), (WITHOUT_LAW, DUE)])
    def test_stands_in_a_record_that_replays_by_the_day_of_its_revision(
        self, home: Home, monkeypatch: pytest.MonkeyPatch, by: FactsBy, due: date
    ) -> None:
        of_a_government(home, 45)
        with monkeypatch.context() as then:
            then.setattr(deposit_decide, "account_history", partial(account_history, by=by))
            then.setattr(deposit_record, "TODAY", by)
            deposit = home.notice(LOOKED, {"tampered_or_diverted": True}).deposit

        (bill,) = (read_decision(deposit.steps[0]) or {})["own"]["history"]["bills"]
        assert (bill["due"], revision_of(deposit.steps[0])) == (due.isoformat(), by.revision)
        again = replay_deposit(deposit.deposit_id, store=home.town.store, book=home.town.book)
        assert again.same, again.as_json()
        assert again.steps[0].note == (
            "" if by == TODAY else "Its facts are those of revision deposit-4"
        )

"""A deposit takes no bill as late before the day by which the customer was asked for it.

The home's bill of August 1 is due on Friday, August 22. It went out by e-mail, came back, and was
printed ten days after its issue: it may be paid until September 1.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from typing import Any

import pytest
from tests.journeys.combined_town import AFTER, ALL, accounts_of, combine, schools_town
from tests.journeys.deposit_town import Home, home_of
from tests.journeys.town import VIEWER
from tests.stores.test_promises_of_documents import document_of

from meterledger.facts.deposits import DepositKind
from meterledger.facts.documents import CameBack, Channel, SetAside
from meterledger.usecases import deposit_decide, deposit_record
from meterledger.usecases.combined_statements import state_combination
from meterledger.usecases.deposit_decide import Asking, consider_deposit
from meterledger.usecases.deposit_history import AccountHistory, HowPaid, account_history
from meterledger.usecases.deposit_record import read_decision, revision_of
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.deposit_revisions import REVISIONS, TODAY, FactsBy

BILLED, DUE, ASKED_BY = date(2025, 8, 1), date(2025, 8, 22), date(2025, 9, 1)
LOOKED = date(2025, 9, 15)
A_DAY, A_MINUTE = timedelta(days=1), timedelta(minutes=1)
(BY_OWN_DAY,) = REVISIONS["deposit-3"]
TAMPERED = {"tampered_or_diverted": True}


@pytest.fixture
def home(town: Any) -> Home:
    home = home_of(town, until=date(2025, 8, 2))
    bill = home.bill(BILLED)
    assert bill is not None
    assert bill.due_day == DUE
    return home


def came_back(home: Home, number: int = -1) -> None:
    bill = home.bills()[number]
    home.now += A_MINUTE
    sent = document_of(
        1,
        bill_id=bill.bill_id,
        account_id=home.account,
        channel=Channel.ELECTRONIC,
        address="ann@example.org",
        made_at=home.now,
    )
    home.town.store.record_documents([sent])
    home.now += A_MINUTE
    back = CameBack(bill.bill_id, home.account, sent.sha256, "mailbox unknown", "Ana", home.now)
    home.town.store.record_came_back(back)


def printed(home: Home, number: int = -1) -> None:
    """Ten days after its issue, so that it may be paid until 21 days after that."""
    bill = home.bills()[number]
    home.now += A_MINUTE
    paper = document_of(
        2,
        bill_id=bill.bill_id,
        account_id=home.account,
        due_day=bill.issued_day + timedelta(days=31),
        made_at=home.now,
    )
    home.town.store.record_documents([paper])


def look(home: Home, on: date = LOOKED, **how: Any) -> AccountHistory:
    told = {"on": on, "known_at": home.now, "store": home.town.store, "view": home.view, **how}
    return account_history(home.account, **told)


@pytest.mark.parametrize(
    ("paid_on", "says"),
    [
        (ASKED_BY - A_DAY, HowPaid.BEFORE_THE_DAY),
        (ASKED_BY, HowPaid.ON_THE_DAY),
        (ASKED_BY + A_DAY, HowPaid.LATE),
    ],
)
def test_a_bill_that_was_printed_late_is_paid_by_its_later_day(
    home: Home, paid_on: date, says: HowPaid
) -> None:
    came_back(home)
    printed(home)
    home.pay(home.bills()[0].total_cents, paid_on)

    (bill,) = look(home).bills

    assert (bill.paid, bill.due_day) == (says, ASKED_BY)
    assert bill.paid_in_time_cents == (0 if says is HowPaid.LATE else bill.total_cents)
    (as_it_was,) = look(home, by=BY_OWN_DAY).bills
    assert (as_it_was.paid, as_it_was.due_day) == (HowPaid.LATE, DUE)


def test_it_does_not_count_before_that_day_has_passed(home: Home) -> None:
    came_back(home)
    printed(home)

    assert look(home, ASKED_BY).bills == ()
    assert [one.is_overdue(ASKED_BY) for one in look(home, ASKED_BY).oldest_unpaid] == [False]
    after = look(home, ASKED_BY + A_DAY)
    assert [one.paid for one in after.bills] == [HowPaid.UNPAID]
    assert [one.is_overdue(ASKED_BY + A_DAY) for one in after.oldest_unpaid] == [True]


@pytest.mark.parametrize("how", ["came back", "was set aside"])
def test_one_that_has_not_gone_out_counts_on_no_day(home: Home, how: str) -> None:
    if how == "came back":
        came_back(home)
    else:
        (bill,) = home.bills()
        home.now += A_MINUTE
        aside = SetAside(bill.bill_id, home.account, "a run", "a letter", home.now)
        home.town.store.record_documents([], [aside])

    waits = look(home)

    assert (waits.bills, len(waits.every_bill)) == ((), 1)
    assert [one.is_overdue(LOOKED) for one in waits.oldest_unpaid] == [False]
    known_before = look(home, known_at=home.now - A_MINUTE)
    assert [one.paid for one in known_before.bills] == [HowPaid.UNPAID]


@pytest.mark.parametrize(("late_paper", "may_be_asked"), [(False, True), (True, False)])
def test_five_of_twelve_are_four_where_one_was_printed_late(
    town: Any, late_paper: bool, may_be_asked: bool
) -> None:
    """Each of the five was paid three days after its own due day."""
    home = home_of(town)
    home.live(BILLED, 12, late=(1, 3, 5, 7, 9))
    if late_paper:
        came_back(home, 9)
        printed(home, 9)
    asking = Asking(home.account, DepositKind.CONTINUED, date(2026, 8, 20), home.now, {})

    found = consider_deposit(asking, store=town.store, view=home.view)

    assert [one.paid for one in found.history.bills].count(HowPaid.LATE) == 5 - late_paper
    assert found.may_be_asked is may_be_asked


@pytest.mark.parametrize(("by", "due"), [(TODAY, ASKED_BY), (BY_OWN_DAY, DUE)])
def test_a_record_is_replayed_by_the_day_of_its_revision(
    home: Home, monkeypatch: pytest.MonkeyPatch, by: FactsBy, due: date
) -> None:
    came_back(home)
    printed(home)
    with monkeypatch.context() as then:
        then.setattr(deposit_decide, "account_history", partial(account_history, by=by))
        then.setattr(deposit_record, "TODAY", by)
        deposit = home.notice(LOOKED, TAMPERED).deposit

    (bill,) = (read_decision(deposit.steps[0]) or {})["own"]["history"]["bills"]
    assert (bill["due"], revision_of(deposit.steps[0])) == (due.isoformat(), by.revision)
    again = replay_deposit(deposit.deposit_id, store=home.town.store, book=home.town.book)
    assert again.same, again.as_json()
    note = "" if by == TODAY else "Its facts are those of revision deposit-3"
    assert again.steps[0].note == note


def test_a_record_stays_what_it_was_when_a_bill_comes_back_later(home: Home) -> None:
    deposit = home.notice(LOOKED, TAMPERED).deposit
    came_back(home)
    printed(home)

    assert replay_deposit(deposit.deposit_id, store=home.town.store, book=home.town.book).same


class TestACombinedBill:
    """Of June 1: due by itself on June 22, and by the Company's statement of June 2 on July 15."""

    COMPANYS, OWN = date(2026, 7, 15), date(2026, 6, 22)
    TOLD = AFTER + timedelta(hours=1)

    @pytest.mark.parametrize(
        ("paid_on", "says", "by_own_day"),
        [
            (OWN + A_DAY, HowPaid.BEFORE_THE_DAY, HowPaid.LATE),
            (COMPANYS, HowPaid.ON_THE_DAY, HowPaid.LATE),
            (COMPANYS + A_DAY, HowPaid.LATE, HowPaid.LATE),
        ],
    )
    def test_is_paid_by_the_companys_day(
        self, paid_on: date, says: HowPaid, by_own_day: HowPaid
    ) -> None:
        town = schools_town()
        with town.store.viewing(VIEWER, []):
            combine(town, *ALL)
            for month in (4, 5, 6):
                known = AFTER + timedelta(minutes=month)
                town.bill(*ALL, on=date(2026, month, 1), known_at=known)
            state_combination(
                combination_id="SCHOOLS",
                on=date(2026, 6, 2),
                due=self.COMPANYS,
                learned_at=self.TOLD,
                view=town.book.as_known(self.TOLD.date()),
                store=town.store,
            )
            home = Home(town, now=self.TOLD)
            assert home.account == accounts_of(ALL)[0]
            home.pay(town.store.balance_cents(home.account), paid_on)

            bill = look(home, date(2026, 8, 3)).bills[-1]
            before = look(home, date(2026, 8, 3), by=BY_OWN_DAY).bills[-1]

        assert (bill.paid, bill.due_day) == (says, self.COMPANYS)
        assert (before.paid, before.due_day) == (by_own_day, self.OWN)

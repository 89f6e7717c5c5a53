"""How our own books say a bill was paid: both sides of its day, by mail, of unknown outcome."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import Home, begin_checkout, end_checkout, home_of, tell_unknown
from tests.journeys.late_town import CORRECTED, DUE, ISSUED, PaperAccount
from tests.stores.paper_town import ANALYST

from meterledger.usecases.deposit_history import AccountHistory, HowPaid, account_history
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.take_payment import How, take_payment

MAILED = How(is_mailed=True)
AT_DESK = How()


@pytest.fixture
def billed(town: Any) -> Home:
    """A home that was billed on the first of August; its bill is due on Friday, August 22."""
    home = home_of(town, until=date(2025, 8, 2))
    bill = home.bill(date(2025, 8, 1))
    assert bill is not None
    assert bill.due_day == date(2025, 8, 22)
    return home


def pay(home: Home, on: date, how: How = AT_DESK, cents: int | None = None) -> None:
    home.now += timedelta(minutes=1)
    take_payment(
        account_id=home.account,
        cents=cents or home.bills()[0].total_cents,
        payment_key=f"K-{on}",
        received_day=on,
        learned_at=home.now,
        view=home.view,
        store=home.town.store,
        how=how,
    )


def look(home: Home, **how: Any) -> AccountHistory:
    return account_history(
        home.account,
        on=how.pop("on", date(2025, 9, 15)),
        known_at=how.pop("known_at", home.now),
        store=home.town.store,
        view=home.view,
        **how,
    )


@pytest.mark.parametrize(
    ("paid_on", "how", "says"),
    [
        (date(2025, 8, 21), AT_DESK, HowPaid.BEFORE_THE_DAY),
        (date(2025, 8, 22), AT_DESK, HowPaid.ON_THE_DAY),
        (date(2025, 8, 23), AT_DESK, HowPaid.LATE),
        (date(2025, 8, 26), MAILED, HowPaid.MAILED_WITHIN_GRACE),  # Tuesday, two business days
        (date(2025, 8, 27), MAILED, HowPaid.LATE),
        (date(2025, 8, 26), AT_DESK, HowPaid.LATE),
    ],
)
def test_a_bill_is_paid_by_its_day(billed: Home, paid_on: date, how: How, says: HowPaid) -> None:
    pay(billed, paid_on, how)

    (bill,) = look(billed).bills

    assert bill.paid is says
    # What is in time is in time everywhere: for how the bill was paid, and for how much of it.
    assert bill.paid_in_time_cents == (0 if says is HowPaid.LATE else bill.total_cents)


def test_a_bill_without_a_payment_is_unpaid_or_in_dispute(billed: Home) -> None:
    (unpaid,) = look(billed).bills
    (disputed,) = look(billed, disputed=[billed.bills()[0].bill_id]).bills

    assert (unpaid.paid, disputed.paid) == (HowPaid.UNPAID, HowPaid.DISPUTED)
    assert look(billed, on=date(2025, 8, 22)).bills == ()  # its day has not passed


def test_a_part_in_time_counts_as_that_part(billed: Home) -> None:
    pay(billed, date(2025, 8, 20), cents=10_00)

    (bill,) = look(billed).bills

    assert (bill.paid, bill.paid_in_time_cents) == (HowPaid.UNPAID, 10_00)
    assert bill.outstanding_cents == bill.total_cents


@pytest.mark.parametrize(
    ("paid_on", "in_time"),
    [
        (date(2025, 7, 31), 0),  # before the bill was there: it is paid from a credit
        (date(2025, 8, 1), 10_00),
        (date(2025, 8, 22), 10_00),
        (date(2025, 8, 23), 0),
    ],
)
def test_a_part_counts_from_the_day_of_the_bill(billed: Home, paid_on: date, in_time: int) -> None:
    pay(billed, paid_on, cents=10_00)

    (bill,) = look(billed).bills

    assert bill.paid_in_time_cents == in_time
    credit = 10_00 if paid_on < date(2025, 8, 1) else 0
    assert bill.outstanding_cents == bill.total_cents - credit


def test_a_part_of_the_bills_day_that_came_back_that_day_is_none(billed: Home) -> None:
    pay(billed, date(2025, 8, 1), cents=10_00)
    billed.now += timedelta(minutes=1)
    desk = PaymentDesk(billed.town.store, billed.view, billed.now)
    reverse_payment("K-2025-08-01", on=date(2025, 8, 1), by="bank", reason="no funds", desk=desk)

    (bill,) = look(billed).bills

    assert (bill.paid_in_time_cents, bill.outstanding_cents) == (0, bill.total_cents)


def test_of_the_second_bill_counts_its_own_period_and_all_that_is_owed(first_book: Any) -> None:
    paper = PaperAccount(first_book)
    for month, cents in ((0, 10_000), (1, 5_000)):
        paper.bill(month, cents)
    paper.pay("R-1", 3_000, DUE[0])
    paper.pay("R-2", 1_000, DUE[0] + timedelta(days=1))  # in time of neither
    paper.pay("R-3", 700, ISSUED[1])
    paper.pay("R-4", 500, DUE[1])

    with paper.store.viewing(ANALYST, [paper.account]):
        at = {"known_at": CORRECTED, "store": paper.store, "view": first_book.as_known(date.max)}
        first, second = account_history(paper.account, on=ISSUED[3], **at).bills

    assert (first.paid_in_time_cents, first.outstanding_cents) == (3_000, 10_000)
    assert (second.paid_in_time_cents, second.outstanding_cents) == (1_200, 6_000 + 5_000)


@pytest.mark.parametrize(
    ("paid_on", "how", "in_time"),
    [
        (date(2025, 8, 26), MAILED, 10_00),
        (date(2025, 8, 27), MAILED, 0),
        (date(2025, 8, 26), AT_DESK, 0),
    ],
)
def test_a_part_by_mail_counts_up_to_its_grace(
    billed: Home, paid_on: date, how: How, in_time: int
) -> None:
    pay(billed, paid_on, how, cents=10_00)

    (bill,) = look(billed).bills

    assert (bill.paid, bill.paid_in_time_cents) == (HowPaid.UNPAID, in_time)


def test_a_part_by_mail_has_no_grace_where_each_text_is_taken_by_its_word(billed: Home) -> None:
    pay(billed, date(2025, 8, 26), MAILED)
    by_each_text = billed.view.with_readings({"payments.timely_definition": "by_each_text"})
    billed.view_of = by_each_text

    (bill,) = look(billed).bills

    assert (bill.paid, bill.paid_in_time_cents) == (HowPaid.MAILED_WITHIN_GRACE, 0)


def test_a_part_by_mail_that_came_back_is_none(billed: Home) -> None:
    pay(billed, date(2025, 8, 26), MAILED, cents=10_00)
    billed.now += timedelta(minutes=1)
    desk = PaymentDesk(billed.town.store, billed.view, billed.now)
    reverse_payment("K-2025-08-26", on=date(2025, 8, 29), by="bank", reason="no funds", desk=desk)

    assert look(billed).bills[0].paid_in_time_cents == 0


def test_a_payment_that_came_back_never_paid(billed: Home) -> None:
    pay(billed, date(2025, 8, 20))
    before = billed.now
    billed.now += timedelta(minutes=1)
    desk = PaymentDesk(billed.town.store, billed.view, billed.now)
    reverse_payment("K-2025-08-20", on=date(2025, 8, 25), by="bank", reason="no funds", desk=desk)

    (now,) = look(billed).bills
    (then,) = look(billed, known_at=before).bills

    assert then.paid is HowPaid.BEFORE_THE_DAY
    assert (now.paid, now.paid_in_time_cents) == (HowPaid.UNPAID, 0)


def test_what_was_paid_anew_after_it_came_back_was_paid_late(billed: Home) -> None:
    pay(billed, date(2025, 8, 20))
    billed.now += timedelta(minutes=1)
    desk = PaymentDesk(billed.town.store, billed.view, billed.now)
    reverse_payment("K-2025-08-20", on=date(2025, 8, 25), by="bank", reason="no funds", desk=desk)
    pay(billed, date(2025, 8, 28))

    (bill,) = look(billed).bills

    assert bill.paid is HowPaid.LATE


def test_a_bill_that_was_wrong_took_nothing_from_what_paid_the_next(first_book: Any) -> None:
    paper = PaperAccount(first_book)
    for month, cents in ((0, 10_000), (1, 5_000)):
        paper.bill(month, cents)
    paper.pay("R-1", 10_000, DUE[0])

    def paid(known_at: datetime) -> list[HowPaid]:
        with paper.store.viewing(ANALYST, [paper.account]):
            view = first_book.as_known(known_at.date())
            at = {"known_at": known_at, "store": paper.store, "view": view}
            return [one.paid for one in account_history(paper.account, on=ISSUED[3], **at).bills]

    assert paid(CORRECTED) == [HowPaid.ON_THE_DAY, HowPaid.UNPAID]
    paper.correct(0, 0, ISSUED[2])
    assert paid(CORRECTED + timedelta(hours=1)) == [HowPaid.BEFORE_THE_DAY, HowPaid.BEFORE_THE_DAY]


@pytest.mark.parametrize(
    ("on", "how", "less", "waits"),
    [
        (date(2025, 8, 22), AT_DESK, 0, True),
        (date(2025, 8, 23), AT_DESK, 0, False),
        (date(2025, 8, 26), MAILED, 0, True),
        (date(2025, 8, 26), MAILED, 1, False),  # a cent is unpaid, whatever comes of it
        (date(2025, 8, 26), AT_DESK, 0, False),
        (date(2025, 8, 27), MAILED, 0, False),
    ],
)
def test_what_nobody_knows_is_neither_paid_nor_late(
    billed: Home, on: date, how: How, less: int, waits: bool
) -> None:
    (bill,) = billed.bills()
    tell_unknown(billed, on, how, bill.total_cents - less)

    now = look(billed)

    assert now.waiting == ((bill.bill_id,) if waits else ())
    assert [one.paid for one in now.bills] == ([] if waits else [HowPaid.UNPAID])


@pytest.mark.parametrize(("less", "waits"), [(0, True), (1, False)])
def test_what_may_have_come_by_mail_pays_what_other_mail_left(
    billed: Home, less: int, waits: bool
) -> None:
    (bill,) = billed.bills()
    pay(billed, date(2025, 8, 25), MAILED, cents=10_00)
    tell_unknown(billed, date(2025, 8, 26), MAILED, bill.total_cents - 10_00 - less)
    pay(billed, date(2025, 8, 28), AT_DESK)  # late, if the other did not come

    now = look(billed)

    assert now.waiting == ((bill.bill_id,) if waits else ())
    assert [one.paid for one in now.bills] == ([] if waits else [HowPaid.LATE])


LAST_MINUTE = datetime(2025, 8, 23, 4, 59, tzinfo=UTC)
"""The bill's day in Chicago, and there for one minute more."""


class TestACheckoutOfUnknownOutcome:
    @pytest.mark.parametrize(
        ("at", "less", "waits"),
        [
            (LAST_MINUTE, 0, True),
            (LAST_MINUTE + timedelta(minutes=1), 0, False),  # too late, whatever comes of it
            (LAST_MINUTE, 1, False),  # a cent is unpaid, whatever comes of it
        ],
    )
    def test_lets_the_bill_wait_if_it_would_pay_it_in_time(
        self, billed: Home, at: datetime, less: int, waits: bool
    ) -> None:
        (bill,) = billed.bills()
        begin_checkout(billed, "C-1", bill.total_cents - less, at)

        found = look(billed)

        assert found.waiting == ((bill.bill_id,) if waits else ())
        assert [one.paid for one in found.bills] == ([] if waits else [HowPaid.UNPAID])
        assert found.unknown_cents == bill.total_cents - less
        assert [one.total_cents for one in found.every_bill] == [bill.total_cents]

    def test_is_none_before_it_was_begun(self, billed: Home) -> None:
        begin_checkout(billed, "C-1", billed.bills()[0].total_cents, LAST_MINUTE)

        before = look(billed, known_at=billed.now, on=date(2025, 8, 21))
        unknown_then = look(billed, known_at=LAST_MINUTE - timedelta(seconds=1))

        assert before.unknown_cents == 0  # it may come on the 22nd
        assert (unknown_then.unknown_cents, unknown_then.waiting) == (0, ())

    @pytest.mark.parametrize("is_paid", [False, True])
    def test_waits_no_longer_once_the_outcome_is_known(self, billed: Home, is_paid: bool) -> None:
        cents = billed.bills()[0].total_cents
        begin_checkout(billed, "C-1", cents, LAST_MINUTE)
        then = billed.now
        end_checkout(billed, "C-1", cents=cents if is_paid else 0)

        now = look(billed)

        assert (now.waiting, now.unknown_cents) == ((), 0)
        assert now.bills[0].paid is (HowPaid.ON_THE_DAY if is_paid else HowPaid.UNPAID)
        assert look(billed, known_at=then).waiting == (now.bills[0].bill_id,)

    def test_may_have_paid_in_time_what_was_paid_again_late(self, billed: Home) -> None:
        cents = billed.bills()[0].total_cents
        begin_checkout(billed, "C-1", cents, LAST_MINUTE)
        pay(billed, date(2025, 8, 28))

        assert look(billed).bills == ()
        end_checkout(billed, "C-1", cents=0)
        assert look(billed).bills[0].paid is HowPaid.LATE

"""Reports of finance: each says its figure twice, and both are the same to the cent."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.journeys.card_place import Place
from tests.journeys.desk_of_payments import A_BILL, NOW, RECEIVED, TODAY, new_store, pay, view
from tests.rooms.rulebook_on import the_book
from tests.stores.extension_town import CONTRACT, DEPOSIT, Desk
from tests.stores.late_paper import charge_of, work_of
from tests.stores.paper_town import account_id, bill_of, rebill_of
from tests.stores.test_promises_of_documents import document_of

from meterledger.facts.money import Leg, Tender
from meterledger.facts.periods import PeriodClose
from meterledger.facts.receivables import ItemKind, OpenItem
from meterledger.kernel.span import DaySpan
from meterledger.stores.gateways.processor_fake import Bad
from meterledger.usecases.checkouts import start_checkout
from meterledger.usecases.extension_money import return_extension_payment
from meterledger.usecases.extension_tellings import Told
from meterledger.usecases.finance_aging import BUCKETS, aging, bucket_of
from meterledger.usecases.finance_reports import (
    Cash,
    Tie,
    cash,
    month_of,
    revenue,
    trial_balance,
)
from meterledger.usecases.finance_unexplained import unexplained
from meterledger.usecases.general_ledger import general_ledger

ONE = account_id(1)
ALL_DAYS = DaySpan(date(2020, 1, 1), date(2027, 1, 1))


@pytest.fixture
def store() -> Any:
    made = new_store()
    pay(made, 2 * A_BILL + 1000, "K-1")
    pay(made, 4 * A_BILL, "K-2", number=2)
    return made


@pytest.mark.parametrize(
    ("days_past", "bucket"),
    [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)],
)
def test_a_bucket_is_of_days_past_the_due_day(days_past: int, bucket: int) -> None:
    due = TODAY - timedelta(days=days_past)
    item = OpenItem("bill:B", ItemKind.UTILITY, "1", due, due, 100, 100)
    assert bucket_of(item, TODAY) == bucket


def test_what_has_no_due_day_is_current() -> None:
    item = OpenItem("late:L", ItemKind.LATE_CHARGE, "1", RECEIVED, None, 100, 100)
    assert BUCKETS[bucket_of(item, TODAY)] == "current"


@pytest.mark.parametrize(
    ("days", "bucket"), [(-1, "current"), (0, "current"), (1, "1-30"), (30, "1-30"), (31, "31-60")]
)
def test_a_late_charge_ages_with_the_bill_that_shows_it(days: int, bucket: str) -> None:
    """The first bill was paid a day late; its charge stands on the second, due on 2025-03-23."""
    store = new_store(bills=1)
    pay(store, A_BILL, "K-1", received_day=bill_of(1)[0].due_day + timedelta(days=1))
    store.record_late_charges(work_of(charge_of()))
    at = bill_of(1, 1)[0].due_day + timedelta(days=days)

    def buckets() -> dict[str, int]:
        (mine,) = [
            one for one in aging(at, view=view(), store=store).accounts if one.account_id == ONE
        ]
        return {name: cents for name, cents in zip(BUCKETS, mine.cents, strict=True) if cents}

    assert buckets() == {"current": 150}  # no bill has asked for it
    store.record_bills([bill_of(1, 1)])
    assert buckets() == {bucket: 150 + A_BILL}


@pytest.mark.parametrize("cents", [A_BILL, 0])
def test_aging_of_a_day_before_stays_when_a_bill_is_corrected_after_it(cents: int) -> None:
    """The bill that showed a late charge is corrected later: the day before stays as it was.

    A bill of zero posts nothing, and so nothing takes it back.
    """
    store = new_store(bills=1)
    pay(store, A_BILL, "K-1", received_day=bill_of(1)[0].due_day + timedelta(days=1))
    store.record_late_charges(work_of(charge_of()))
    store.record_bills([bill_of(1, 1, cents=cents)])
    told = rebill_of(1, 1)
    on = told.reversal.effective_day
    told = told if cents else replace(told, reversal=None)
    corrected = replace(
        told,
        bill=replace(told.bill, issued_day=on, due_day=on + timedelta(days=21)),
        entry=replace(told.entry, effective_day=on),
    )
    at = on - timedelta(days=1)
    assert at > bill_of(1, 1)[0].due_day
    before = aging(at, view=view(), store=store).as_json()
    store.record_rebills([corrected])
    assert aging(at, view=view(), store=store).as_json() == before


@pytest.mark.parametrize(("days", "bucket"), [(-1, "1-30"), (0, "current"), (3, "current")])
def test_aging_of_a_day_counts_a_later_due_day_from_when_its_document_was_made(
    days: int, bucket: str
) -> None:
    """The bill's only document was made after its due day. Aging of a day before it stays."""
    store = new_store(bills=1)
    due = bill_of(1)[0].due_day
    made = due + timedelta(days=5)
    noon = datetime(made.year, made.month, made.day, 18, tzinfo=UTC)
    late = document_of(1, made_at=noon, due_day=made + timedelta(days=21))

    def bucket_on(at: date) -> str:
        (mine,) = [
            one for one in aging(at, view=view(), store=store).accounts if one.account_id == ONE
        ]
        (found,) = [name for name, cents in zip(BUCKETS, mine.cents, strict=True) if cents]
        return found

    at = made + timedelta(days=days)
    assert bucket_on(at) == "1-30"
    store.record_documents([late])
    assert bucket_on(at) == bucket


def test_aging_is_the_receivable_with_credits_apart(store: Any) -> None:
    found = aging(TODAY, view=view(), store=store)
    assert found.as_json()["ties"]
    assert not found.apart
    (owes, owed) = sorted(found.accounts, key=lambda one: one.credit_cents)
    assert (owes.open_cents, owes.credit_cents) == (A_BILL - 1000, 0)
    assert (owed.open_cents, owed.credit_cents) == (0, A_BILL)
    assert found.by_class.keys() == {"residential"}
    *open_, credits_ = found.totals
    assert sum(open_) - credits_ == store.trial_balance()["142"]


def test_aging_of_a_day_before_knows_no_later_payment(store: Any) -> None:
    found = aging(RECEIVED - timedelta(days=1), view=view(), store=store)
    assert sum(one.open_cents for one in found.accounts) == 6 * A_BILL
    assert all(one.ties for one in found.accounts)


def test_a_trial_balance_opens_with_what_the_period_before_closed_with(store: Any) -> None:
    before = trial_balance(DaySpan(date(2020, 1, 1), RECEIVED), store=store)
    after = trial_balance(DaySpan(RECEIVED, TODAY), store=store)
    assert before.as_json()["ties"]
    assert after.as_json()["ties"]
    closed = {one.ledger_account: one.closing_cents for one in before.rows}
    for one in after.rows:
        assert one.opening_cents == closed.get(one.ledger_account, 0)
    every = trial_balance(ALL_DAYS, store=store)
    assert {one.ledger_account: one.closing_cents for one in every.rows} == store.trial_balance()


def test_revenue_of_lines_is_what_the_journal_has_of_bills(store: Any) -> None:
    found = revenue(ALL_DAYS, view=view(), store=store)
    assert all(one.holds for one in found.ties)
    assert found.revenue_cents + found.taxes.tax_cents == 6 * A_BILL
    assert found.by_schedule.keys() == {"1M-anytime"}


def test_the_general_ledger_ends_with_its_control_totals(store: Any) -> None:
    made = general_ledger(ALL_DAYS, view=view(), store=store)
    rows = list(csv.DictReader(io.StringIO(made.as_csv())))
    *body, control = rows
    assert made.tie.holds
    assert control["period"] == "control"
    assert control["name"] == f"{len(body)} rows"
    total = sum(int(one["debits_usd"].replace(".", "")) for one in body)
    assert int(control["debits_usd"].replace(".", "")) == total == made.credit_cents
    assert {one["service_class"] for one in body if one["event"] == "bill"} == {"residential"}
    assert {one["service_class"] for one in body if one["event"] == "payment"} == {""}


def test_cash_received_is_what_became_of_it(store: Any) -> None:
    found = cash(month_of(RECEIVED), store=store)
    assert all(one.holds for one in found.ties)
    assert found.received.cents == 6 * A_BILL + 1000
    assert found.as_json()["rows"][0]["channel"] == "office"


TIE_TO_CASH = "posted + unapplied = debits of 131 by payments less what was taken back"


def tie_to_cash(found: Cash) -> Tie:
    (one,) = [one for one in found.ties if one.says == TIE_TO_CASH]
    return one


def test_money_of_an_extension_is_cash_received_until_it_bounces(store: Any) -> None:
    desk = Desk(store, NOW, opened=[1])
    desk.open(DEPOSIT)
    desk.pay(6_000_00, on=RECEIVED)

    found = cash(month_of(RECEIVED), store=store)
    one, office = (row for row in found.as_json()["rows"])
    assert (one["channel"], one["day"], one["file"]) == ("extension", str(RECEIVED), "")
    assert one["received"] == one["posted"] == {"count": 1, "usd": "6000.00"}
    assert office["channel"] == "office"
    assert found.received.cents == 6_000_00 + 6 * A_BILL + 1000
    assert tie_to_cash(found).right_cents == found.received.cents
    assert found.as_json()["ties"]

    told = Told(TODAY, "Ana", "no funds")
    return_extension_payment(CONTRACT, "R-1", told, store=store, moment=desk.moment)
    found = cash(month_of(RECEIVED), store=store)  # December has the bounce, November the payment
    one, _ = (row for row in found.as_json()["rows"])
    assert one["returned"] == one["received"] == {"count": 1, "usd": "6000.00"}
    assert "posted" not in one
    assert tie_to_cash(found).right_cents == found.received.cents - 6_000_00
    assert found.as_json()["ties"]
    assert not cash(month_of(TODAY), store=store).rows


def test_cash_that_the_journal_has_otherwise_does_not_tie_and_says_by_how_much(store: Any) -> None:
    assert tie_to_cash(cash(month_of(RECEIVED), store=store)).holds
    entry = store._entries["payment:K-1"]
    debit, *credits_ = entry.legs
    elsewhere = Leg("131.card", debit.cents - 1)
    store._entries["payment:K-1"] = replace(entry, legs=(elsewhere, Leg("142", 1, ONE), *credits_))

    broken = tie_to_cash(cash(month_of(RECEIVED), store=store))
    assert not broken.holds
    assert broken.left_cents - broken.right_cents == 1


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 5 * A_BILL), st.integers(1, 2), st.integers(0, 40)), max_size=8
    )
)
def test_every_report_ties_whatever_is_paid(payments: list[tuple[int, int, int]]) -> None:
    store = new_store()
    for number, (cents, account, days) in enumerate(payments):
        day = RECEIVED - timedelta(days=days)
        pay(store, cents, f"K-{number}", number=account, received_day=day)
    assert all(one.ties for one in aging(TODAY, view=view(), store=store).accounts)
    assert trial_balance(month_of(RECEIVED), store=store).as_json()["ties"]
    assert revenue(month_of(RECEIVED), view=view(), store=store).as_json()["ties"]
    assert cash(ALL_DAYS, store=store).as_json()["ties"]
    assert general_ledger(month_of(RECEIVED), view=view(), store=store).tie.holds


def test_what_is_unexplained_has_an_owner_and_every_tie_is_told(store: Any) -> None:
    found = unexplained(TODAY + timedelta(days=30), view=view(), store=store)
    counts = {one.words: one.count for one in found.items}
    assert counts["expected for more than 7 days and not seen at the bank"] == 2
    assert counts["figures that do not tie to the journal"] == 0
    assert all(one.owner and one.do for one in found.items)
    assert all(one.holds for one in found.ties)


UNKNOWN_PAYMENTS = "payments of which nobody knows the outcome"
UNKNOWN_REFUNDS = "refunds to cards of which nobody knows the outcome"


def unknown_on(place: Place, day: date) -> dict[str, tuple[int, int]]:
    found = unexplained(day, view=the_book(), store=place.store)
    return {one.words: (one.count, one.cents) for one in found.items}


def test_a_checkout_without_an_outcome_is_unexplained_from_the_next_day_on() -> None:
    place = Place()
    desk = place.checkouts()
    place.processor.next_bad = [Bad.SILENT_AFTER_ACTING]
    start_checkout("C-2", account_id=place.account, cents=12_00, tender=Tender.CARD, desk=desk)

    assert unknown_on(place, desk.today)[UNKNOWN_PAYMENTS] == (0, 0)
    assert unknown_on(place, desk.today + timedelta(days=1))[UNKNOWN_PAYMENTS] == (1, 12_00)


def test_a_refund_to_a_card_without_an_outcome_is_unexplained_from_the_next_day_on() -> None:
    place = Place()
    place.processor.next_bad = [Bad.SILENT]
    place.send(place.approved(20_00))
    today = place.checkouts().today

    assert unknown_on(place, today)[UNKNOWN_REFUNDS] == (0, 0)
    assert unknown_on(place, today + timedelta(days=1))[UNKNOWN_REFUNDS] == (1, 20_00)
    assert unknown_on(place, today + timedelta(days=1))[UNKNOWN_PAYMENTS] == (0, 0)


def test_closed_months_are_taken_as_they_were_closed(store: Any) -> None:
    months = [date(2026, 9, 1), date(2026, 10, 1), date(2026, 11, 1)]
    spans = [month_of(one) for one in months]
    before = [trial_balance(one, store=store) for one in spans]
    for month in months:
        store.close_period(PeriodClose(month, "Ana", NOW + timedelta(days=60)))
    for span, open_ in zip(spans, before, strict=True):
        closed = trial_balance(span, store=store)
        assert closed.rows == open_.rows
        assert closed.as_json()["ties"]
    assert any("its close kept" in one.says for one in closed.ties)
    pay(store, 10_00, "K-9", received_day=RECEIVED)
    late = trial_balance(month_of(RECEIVED), store=store)
    assert late.rows == before[-1].rows  # booked later, and the closed month stays as it was
    assert late.as_json()["ties"]

"""What is put right of an agreement on a budget plan: the plan goes on, and its sum holds."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.journeys.test_budget_year import Customer

from meterledger.facts.bills import BillKind
from meterledger.facts.budget import AskedKind
from meterledger.facts.corrections import WrongFact
from meterledger.kernel.ids import is_corrected
from meterledger.usecases import due_bills
from meterledger.usecases.change_rate import change_rate
from meterledger.usecases.change_then_rebill import Signed
from meterledger.usecases.due_bills import goes_on
from meterledger.usecases.end_billed_service import end_billed_service
from meterledger.usecases.find_corrections import bills_to_correct
from meterledger.usecases.put_right import CannotPutRight, put_right
from meterledger.usecases.rebill import rebill
from meterledger.usecases.rebill_states import Now

ANA = Signed("Ana", "entered wrong", approved_by="Bob", seen=("gate.band",))


def now_of(customer: Customer, on: date) -> Now:
    town = customer.town
    return Now(customer.now, on, town.store.lake_sequence(), town.book, town.lake)


def right(customer: Customer, fact: WrongFact, is_now: str, on: date) -> Any:
    service, *_ = customer.town.services(1, known_at=customer.now)
    return put_right(
        agreement_id=service.agreement.agreement_id,
        fact=fact,
        is_now=is_now,
        signed=ANA,
        now=now_of(customer, on),
        store=customer.town.store,
    )


def all_replay(customer: Customer) -> None:
    for bill in customer.town.store.issued_bills_of_account(customer.account):
        assert customer.town.replay(bill.bill_id).differences == (), bill.bill_id


class TestAFirstDay:
    @pytest.mark.parametrize("first", [date(2025, 6, 4), date(2025, 6, 9)])
    def test_counts_the_first_bill_of_a_plan_once(self, town: Any, first: date) -> None:
        customer = Customer(town)
        customer.join(date(2025, 6, 5), told_year_cents=600_00, basis="a test")
        customer.bill(date(2025, 7, 1))
        right(customer, WrongFact.FIRST_DAY, first.isoformat(), date(2025, 7, 10))

        assert customer.state(date(2025, 7, 11)).difference_cents == customer.ledger("142.budget")
        (second,) = customer.bill(date(2025, 8, 1))
        assert second.asked.difference_after_cents == customer.ledger("142.budget")
        all_replay(customer)


@pytest.fixture
def changed(town: Any) -> Customer:
    """On the plan, and on another rate option from February on."""
    customer = Customer(town)
    customer.months(date(2025, 7, 1), 6)
    customer.join()
    customer.months(date(2026, 1, 1), 1)
    change_rate(
        account_id=customer.account,
        schedule="1M-overnight",
        asked=date(2026, 1, 20),
        learned_at=customer.now,
        view=customer.view,
        store=town.store,
    )
    return customer


class TestACycle:
    def test_leaves_the_bill_before_a_change_of_the_rate_regular(self, changed: Customer) -> None:
        changed.months(date(2026, 2, 1), 2)
        right(changed, WrongFact.CYCLE, "5", date(2026, 3, 2))

        now = now_of(changed, date(2026, 3, 2))
        assert bills_to_correct(store=changed.town.store, now=now)[1] == []

    def test_leaves_a_plan_open_where_that_bill_is_corrected(self, changed: Customer) -> None:
        changed.months(date(2026, 2, 1), 2)
        right(changed, WrongFact.CYCLE, "5", date(2026, 3, 2))
        town = changed.town
        january = (date(2026, 1, 1), date(2026, 2, 1))
        town.read("M1", january, lambda day, count: [260] * count)
        (wrong,) = [
            one
            for one in town.store.bills_of_account(changed.account)
            if one.days.from_day == january[0]
        ]

        (one,) = rebill(
            [wrong.bill_id], author="Ana", reason="read again", on=date(2026, 3, 2),
            known_at=changed.now, store=town.store, lake=town.lake, book=town.book,
        ).corrected  # fmt: skip

        assert one.bill.asked.kind is AskedKind.PLAN
        assert changed.ledger("142.budget") == changed.state(date(2026, 3, 2)).difference_cents
        all_replay(changed)

    def test_by_which_that_bill_was_the_last_one_before_is_replayed_and_says_so(
        self, changed: Customer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        changed.months(date(2026, 2, 1), 2)
        right(changed, WrongFact.CYCLE, "5", date(2026, 3, 2))
        town = changed.town
        (wrong,) = [
            one
            for one in town.store.bills_of_account(changed.account)
            if one.days.from_day == date(2026, 1, 1)
        ]
        with monkeypatch.context() as then:
            then.setattr(due_bills, "goes_on", lambda *one, **_: goes_on(*one, by_last_cycle=True))
            (one,) = rebill(
                [wrong.bill_id], author="Ana", reason="the last one", on=date(2026, 3, 2),
                known_at=changed.now, store=town.store, lake=town.lake, book=town.book,
            ).corrected  # fmt: skip
        assert one.bill.asked.kind is AskedKind.ENDED

        replayed = town.replay(one.bill.bill_id)

        assert replayed.same_bytes
        assert replayed.read_as == (
            "with a change of the rate option told by the reading cycle that was put right"
        )

    def test_waits_while_a_change_of_the_rate_is_booked(self, changed: Customer) -> None:
        with pytest.raises(CannotPutRight, match="Another rate option is booked") as refused:
            right(changed, WrongFact.CYCLE, "5", date(2026, 1, 21))
        assert "meterledger take-back rate" in refused.value.sentence
        (january,) = changed.bill(date(2026, 2, 1))
        assert (january.kind, january.asked.kind) == (BillKind.REGULAR, AskedKind.PLAN)


def past_an_end(town: Any) -> Customer:
    """February's bill is corrected; then it is told that service had ended in January."""
    customer = Customer(town)
    customer.months(date(2025, 12, 1), 1)
    customer.join()
    customer.months(date(2026, 1, 1), 3)
    february = (date(2026, 2, 1), date(2026, 3, 1))
    town.read("M1", february, lambda day, count: [260] * count)
    (wrong,) = [
        one
        for one in town.store.bills_of_account(customer.account)
        if one.days.from_day == february[0]
    ]
    rebill(
        [wrong.bill_id], author="Ana", reason="read again", on=date(2026, 3, 5),
        known_at=customer.now, store=town.store, lake=town.lake, book=town.book,
    )  # fmt: skip
    (service,) = town.services(1, known_at=customer.now)
    made = end_billed_service(
        agreement_id=service.agreement.agreement_id,
        last_day_out=date(2026, 1, 20),
        signed=ANA,
        now=now_of(customer, date(2026, 3, 10)),
        store=town.store,
    )
    assert [is_corrected(one.bill_id) for one in made.withdrawn] == [True]
    return customer


def test_a_corrected_bill_past_an_end_told_late_leaves_nothing_open(town: Any) -> None:
    """Nor does the one that it had corrected come back: the plan is settled by the final bill."""
    customer = past_an_end(town)

    assert customer.ledger("142.budget") == 0
    assert customer.state(date(2026, 3, 11)).difference_cents == 0
    all_replay(customer)

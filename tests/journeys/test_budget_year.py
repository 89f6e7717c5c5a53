"""A year of a budget customer: joins, is reviewed, moves out, and is settled to the cent."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.stores.test_promises_of_documents import document_of

from meterledger.facts.bills import read_record
from meterledger.facts.budget import AmountCause, AskedKind, PlanEnd
from meterledger.facts.combination import (
    Combination,
    CombinedAccount,
    CombinedBill,
    CombinedKind,
    CombinedStatement,
)
from meterledger.facts.documents import NOT_RENDERED, SetAside
from meterledger.facts.money import Payment, Tender
from meterledger.facts.payments import Channel, ReceiptState
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.ledger import BUDGET_DEFERRED, RECEIVABLE
from meterledger.usecases.budget_ends import end_budget_unpaid, leave_budget
from meterledger.usecases.budget_plans import JoinRequest, elect_budget, join_budget
from meterledger.usecases.budget_reviews import review_budgets
from meterledger.usecases.budget_state import (
    BudgetRefused,
    asked_bills,
    next_reviews,
    plan_in_force,
)
from meterledger.usecases.late_charge_base import grace_until
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.start_service import stop_service
from meterledger.usecases.take_payment import (
    AT_THE_DESK,
    How,
    receipt_of,
    take_payment,
    tell_receipt,
)

KNOWN = datetime(2026, 12, 1, 12, tzinfo=UTC)
JOINED = date(2025, 12, 5)


class Customer:
    """One account of the paper town: its year passes month by month, an hour for each step."""

    def __init__(self, town: Any, *, load: Callable[[date], int] = lambda day: 250) -> None:
        self.town, self.hours, self.load = town, 0, load
        self.view = town.book.as_known(KNOWN.date())
        town.start(1, from_day=date(2025, 6, 1))
        self.account = town.account_id(1)
        town.read("M1", (date(2025, 6, 1), date(2027, 1, 1)), lambda day, n: [load(day)] * n)

    @property
    def now(self) -> datetime:
        self.hours += 1
        return KNOWN + timedelta(hours=self.hours)

    def bill(self, on: date) -> list[Any]:
        known = self.now
        run = self.town.bill(1, on=on, known_at=known)
        assert not run.held, run.held
        return list(run.issued)

    def join(self, on: date = JOINED, **changed: Any) -> Any:
        asked = {"settlement_option": "b", "bill_medium": "postcard", "month_option": "b"} | changed
        request = JoinRequest(self.account, on, credit_requirements_met=True, **asked)
        return join_budget(request, learned_at=self.now, view=self.view, store=self.town.store)

    def review(self, on: date) -> Any:
        return review_budgets(on=on, learned_at=self.now, view=self.view, store=self.town.store)

    def state(self, on: date) -> Any:
        return plan_in_force(self.account, on, self.now, self.town.store)

    def leave(self, on: date) -> Any:
        return leave_budget(
            account_id=self.account,
            on=on,
            learned_at=self.now,
            view=self.view,
            store=self.town.store,
        )

    def months(self, first: date, count: int) -> list[Any]:
        """Review and bill on the first of each month, as a cycle does."""
        bills = []
        for ahead in range(count):
            month = first.month - 1 + ahead
            on = date(first.year + month // 12, month % 12 + 1, 1)
            self.review(on)
            bills += self.bill(on)
        return bills

    def ledger(self, account: str) -> int:
        entries = self.town.store.entries_of_account(self.account)
        return sum(
            leg.cents
            for entry in entries
            for leg in entry.legs
            if leg.ledger_account == account and leg.customer_account_id == self.account
        )


def summers(day: date) -> int:
    """A heat wave: five times as much in June and July of 2026."""
    return 1_500 if (day.year, day.month) in ((2026, 6), (2026, 7)) else 300


@pytest.fixture
def customer(town: Any) -> Any:
    with town.store.viewing(town_viewer(), ["everything"]):
        made = Customer(town, load=summers)
        made.bill(date(2025, 12, 1))  # half a year of ordinary bills stands behind the estimate
        yield made


def town_viewer() -> Any:
    from meterledger.usecases.ports import Viewer

    return Viewer("test", "billing")


class TestJoining:
    def test_the_amount_is_one_twelfth_of_the_own_year_and_says_how_it_is_known(
        self, customer: Any
    ) -> None:
        joined = customer.join()
        estimate = joined.amount.estimate
        assert (estimate.billed_days, estimate.bill_count) == (183, 6)
        assert joined.amount.cents == (estimate.annual_cents * 2 + 12) // 24
        assert "for 183 days on 6 bills, taken to 365 days" in joined.amount.reasons[0].finding

    def test_a_bill_asks_the_amount_and_its_lines_are_what_the_period_costs(
        self, customer: Any
    ) -> None:
        joined = customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        assert bill.asked_cents == joined.amount.cents
        assert bill.total_cents == sum(line.cents for line in bill.lines) != bill.asked_cents
        assert bill.asked.difference_after_cents == bill.total_cents - bill.asked_cents

    def test_printed_and_posted_are_one_number(self, customer: Any) -> None:
        customer.join()
        before = customer.ledger(RECEIVABLE)
        (bill,) = customer.bill(date(2026, 1, 1))
        told = read_record(customer.town.store.bill(bill.bill_id).record)["asked"]
        assert customer.ledger(RECEIVABLE) - before == bill.asked_cents
        assert customer.ledger(BUDGET_DEFERRED) == bill.asked.deferred_cents
        assert told["asked_usd"] == f"{bill.asked_cents / 100:.2f}"

    def test_the_next_bill_carries_what_was_asked_and_not_what_it_cost(self, customer: Any) -> None:
        customer.join()
        (first,) = customer.bill(date(2026, 1, 1))
        (second,) = customer.bill(date(2026, 2, 1))
        stored = customer.town.store.bill
        carried = stored(second.bill_id).previous_balance_cents
        assert carried == stored(first.bill_id).previous_balance_cents + first.asked_cents

    def test_an_account_without_a_plan_keeps_its_bytes(self, customer: Any) -> None:
        (bill,) = customer.bill(date(2026, 1, 1))
        assert bill.asked is None
        assert b"asked" not in bill.record()

    def test_a_customer_who_elects_nothing_is_asked(self, customer: Any) -> None:
        with pytest.raises(BudgetRefused, match="has not elected how the difference is settled"):
            customer.join(settlement_option="")

    def test_a_letter_is_not_for_the_plan(self, customer: Any) -> None:
        with pytest.raises(BudgetRefused, match="may not join") as refused:
            customer.join(bill_medium="letter")
        assert "billed by letter" in refused.value.sentence

    def test_nobody_guesses_how_bills_are_sent(self, customer: Any) -> None:
        with pytest.raises(BudgetRefused, match="Nobody says how the bills are sent"):
            customer.join(bill_medium="")

    def test_nobody_is_billed_electronically_by_saying_so(self, customer: Any) -> None:
        with pytest.raises(BudgetRefused, match="not sent electronically") as refused:
            customer.join(bill_medium="electronic")
        assert "meterledger delivery prefer" in refused.value.sentence

    def test_two_plans_on_one_day_are_refused(self, customer: Any) -> None:
        customer.join()
        with pytest.raises(Refusal, match="has the budget plan"):
            customer.join(on=date(2025, 12, 6))

    def test_without_a_bill_the_year_is_told_and_says_from_what(self, town: Any) -> None:
        with town.store.viewing(town_viewer(), ["everything"]):
            made = Customer(town)
            with pytest.raises(Refusal, match="Nothing was billed yet"):
                made.join()
            with pytest.raises(BudgetRefused, match="needs to say from what"):
                made.join(told_year_cents=1200_00)
            joined = made.join(told_year_cents=1200_00, basis="five similar homes")
        assert joined.amount.cents == 100_00
        assert "as told: five similar homes" in joined.amount.reasons[0].finding


class TestReviews:
    def test_are_in_the_eighth_and_the_fourth_month_before_the_reevaluation(
        self, customer: Any
    ) -> None:
        customer.join()
        state = customer.state(JOINED)
        reviews, yearly = next_reviews(state, JOINED, customer.view)
        assert reviews == [date(2026, 4, 1), date(2026, 8, 1)]
        assert yearly == date(2026, 12, 1)

    def test_a_heat_wave_raises_the_amount_in_the_month_of_review(self, customer: Any) -> None:
        first = customer.join().amount.cents
        customer.months(date(2026, 1, 1), 7)
        run = customer.review(date(2026, 8, 1))
        (amount,) = run.decided
        assert amount.cause is AmountCause.INTERIM
        assert amount.adjusted
        assert amount.cents >= first + 3_00
        (bill,) = customer.bill(date(2026, 8, 1))
        assert bill.asked_cents == amount.cents

    def test_a_month_is_decided_once(self, customer: Any) -> None:
        customer.join()
        customer.months(date(2026, 1, 1), 3)
        assert len(customer.review(date(2026, 4, 1)).decided) == 1
        again = customer.review(date(2026, 4, 2))
        assert (again.decided, again.known) == ([], 1)

    def test_other_months_are_none_of_review(self, customer: Any) -> None:
        customer.join()
        customer.months(date(2026, 1, 1), 1)
        assert customer.review(date(2026, 2, 1)).not_due == 1

    def test_a_month_that_went_without_its_review_is_told_until_a_later_one_is_decided(
        self, customer: Any
    ) -> None:
        customer.join()
        customer.months(date(2026, 1, 1), 3)
        april = date(2026, 4, 1)
        assert customer.review(date(2026, 3, 31)).missed == []
        assert customer.review(date(2026, 5, 1)).missed == [(customer.account, (april,))]
        assert customer.review(date(2026, 8, 31)).missed == []
        assert customer.review(date(2026, 9, 30)).missed == []

    def test_a_reevaluation_that_was_missed_is_made_by_the_next_run(self, customer: Any) -> None:
        customer.join(told_year_cents=20000_00, basis="a test")
        customer.months(date(2026, 1, 1), 11)
        run = customer.review(date(2027, 1, 31))

        assert run.missed == []
        (late,) = run.decided
        assert (late.cause, late.month, late.from_day, late.adjusted) == (
            AmountCause.REEVALUATION, date(2027, 1, 1), date(2027, 1, 31), True,
        )  # fmt: skip
        told = [one.finding for one in late.reasons]
        assert told[0] == "the re-evaluation of 2026-12 was missed, and is made now"
        assert any("which is over on 2027-01-31" in one for one in told)
        again = customer.review(date(2027, 2, 1))
        assert (again.decided, again.missed, again.not_due) == ([], [], 1)
        (december,) = customer.review(date(2027, 12, 1)).decided
        assert december.cause is AmountCause.REEVALUATION
        assert not any("was missed" in one.finding for one in december.reasons)

    def test_it_comes_before_an_interim_review_of_that_month(self, customer: Any) -> None:
        customer.join()
        customer.months(date(2026, 1, 1), 11)
        (late,) = customer.review(date(2027, 4, 2)).decided
        assert late.cause is AmountCause.REEVALUATION

    def test_it_waits_where_the_amount_was_adjusted_the_month_before(self, customer: Any) -> None:
        """As a release did that made no late ones: December went by, April was raised."""
        customer.join()
        customer.months(date(2026, 1, 1), 11)
        first = customer.state(date(2027, 4, 1)).amount
        raised = replace(
            first, month=date(2027, 4, 1), from_day=date(2027, 4, 1), cents=first.cents + 10_00,
            cause=AmountCause.INTERIM, adjusted=True, learned_at=customer.now,
        )  # fmt: skip
        customer.town.store.add_budget_amount(raised)
        waits = customer.review(date(2027, 5, 31))
        assert (waits.decided, waits.not_due) == ([], 1)
        (late,) = customer.review(date(2027, 6, 1)).decided
        assert (late.cause, late.adjusted) == (AmountCause.REEVALUATION, True)

    def test_of_a_month_that_was_elected_since_nothing_was_missed(self, customer: Any) -> None:
        customer.join()
        customer.months(date(2026, 1, 1), 4)
        was = customer.state(date(2026, 8, 2)).election
        customer.town.store.add_budget_election(
            replace(was, from_day=date(2026, 8, 2), reevaluation_month=6, learned_at=customer.now)
        )
        assert customer.review(date(2026, 9, 1)).decided == []

    def test_a_fall_is_left_until_the_reevaluation(self, customer: Any) -> None:
        first = customer.join(told_year_cents=20000_00, basis="a test").amount.cents
        customer.months(date(2026, 1, 1), 3)
        (amount,) = customer.review(date(2026, 4, 1)).decided
        assert (amount.cents, amount.adjusted) == (first, False)
        customer.months(date(2026, 4, 1), 8)
        (yearly,) = customer.review(date(2026, 12, 1)).decided
        assert yearly.cause is AmountCause.REEVALUATION
        assert yearly.cents < first


class TestSettlement:
    def test_option_b_asks_the_whole_difference_in_the_month_of_reevaluation(
        self, customer: Any
    ) -> None:
        customer.join()
        bills = customer.months(date(2026, 1, 1), 12)
        last = bills[-1]
        assert last.days.until_day == date(2026, 12, 1)
        assert last.asked.kind is AskedKind.SETTLED
        assert last.asked.difference_after_cents == 0
        assert sum(b.asked_cents for b in bills) == sum(b.total_cents for b in bills)
        assert customer.ledger(BUDGET_DEFERRED) == 0
        assert "(b)" in last.asked.reasons[-1].finding

    def test_option_a_spreads_it_over_the_next_twelve_bills(self, customer: Any) -> None:
        customer.join(settlement_option="a")
        first_year = customer.months(date(2026, 1, 1), 12)
        last = first_year[-1].asked
        assert last.settlement_cents == 0
        assert sum(last.rolled_over_cents) == last.difference_after_cents != 0
        assert len(last.rolled_over_cents) == 12
        (after,) = customer.months(date(2027, 1, 1), 1)
        assert after.asked.rolled_over_part_cents == last.rolled_over_cents[0]
        assert "rolled over" in " ".join(one.finding for one in after.asked.reasons)

    def test_every_bill_of_the_year_replays_to_the_byte(self, customer: Any) -> None:
        customer.join()
        bills = customer.months(date(2026, 1, 1), 12)
        customer.leave(date(2026, 12, 15))
        for bill in bills:
            assert customer.town.replay(bill.bill_id).same_bytes, bill.days


class TestTheEnd:
    def test_leaving_is_settled_with_the_next_bill(self, customer: Any) -> None:
        customer.join()
        bills = customer.months(date(2026, 1, 1), 3)
        ended = customer.leave(date(2026, 3, 10))
        assert ended.settlement_cents == sum(b.total_cents - b.asked_cents for b in bills)
        (settling,) = customer.bill(date(2026, 4, 1))
        assert settling.asked.kind is AskedKind.ENDED
        assert settling.asked_cents == settling.total_cents + ended.settlement_cents
        (after,) = customer.bill(date(2026, 5, 1))
        assert after.asked is None
        assert customer.ledger(BUDGET_DEFERRED) == 0

    def test_joining_again_waits_for_the_settlement(self, customer: Any) -> None:
        customer.join()
        customer.months(date(2026, 1, 1), 2)
        customer.leave(date(2026, 2, 10))
        with pytest.raises(BudgetRefused, match="is not settled yet"):
            customer.join(on=date(2026, 2, 20))
        customer.bill(date(2026, 3, 1))
        assert customer.join(on=date(2026, 3, 2)).plan.days.from_day == date(2026, 3, 2)

    def test_an_unpaid_bill_may_end_the_plan_after_its_due_date_and_not_on_it(
        self, customer: Any
    ) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))

        def end(on: date) -> Any:
            return end_budget_unpaid(
                bill_id=bill.bill_id,
                on=on,
                learned_at=customer.now,
                view=customer.view,
                store=customer.town.store,
            )

        (grace,) = {grace_until(bill.due_day, customer.view)}
        assert grace > bill.due_day
        for day in (bill.due_day, bill.due_day + timedelta(days=1), grace):  # mail may still come
            with pytest.raises(BudgetRefused, match="may not be ended"):
                end(day)
        ended = end(grace + timedelta(days=1))
        assert ended.ended is PlanEnd.NON_PAYMENT
        (settling,) = customer.bill(date(2026, 2, 1))
        assert settling.asked.kind is AskedKind.ENDED
        assert "for non-payment" in settling.asked.reasons[-1].finding

    def test_a_bill_that_went_out_late_ends_it_after_its_later_day_and_none_that_did_not_go_out(
        self, customer: Any
    ) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        store, later = customer.town.store, bill.due_day + timedelta(days=20)
        aside = SetAside(bill.bill_id, customer.account, "a run", "a letter", customer.now)
        store.record_documents([], [aside])
        with pytest.raises(BudgetRefused, match="has not reached the customer yet") as no:
            self.end(customer, bill, later)
        assert "Print it with `meterledger documents cycle`" in no.value.do
        made = document_of(1, bill_id=bill.bill_id, account_id=customer.account, due_day=later)
        store.record_documents([replace(made, made_at=customer.now)])
        grace = grace_until(later, customer.view)
        with pytest.raises(BudgetRefused, match="may not be ended"):
            self.end(customer, bill, grace)
        assert self.end(customer, bill, grace + timedelta(days=1)).ended is PlanEnd.NON_PAYMENT

    def test_a_bill_that_is_not_rendered_does_not_end_it_and_is_not_to_be_printed(
        self, customer: Any
    ) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        why = f"{NOT_RENDERED}$0.40 is less than $1.00 (GRR V.E.2)"
        aside = SetAside(bill.bill_id, customer.account, "a run", why, customer.now)
        customer.town.store.record_documents([], [aside])
        with pytest.raises(BudgetRefused, match="It asks for nothing and never goes out") as no:
            self.end(customer, bill, bill.due_day + timedelta(days=20))
        assert why in no.value.why
        assert no.value.do == "Name a bill that was sent and not paid in time"

    def test_a_bill_of_a_combined_statement_ends_it_after_the_companys_day(
        self, customer: Any
    ) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        store, companys = customer.town.store, bill.due_day + timedelta(days=20)
        days = Validity(date(2026, 1, 1))
        store.begin_combination(
            Combination("C-1", "Ana", days, customer.now, ()),
            [CombinedAccount("C-1", customer.account, days, customer.now)],
        )
        asked = (bill.total_cents, bill.asked_cents)
        line = CombinedBill(customer.account, bill.bill_id, CombinedKind.CHARGED, bill.days, *asked)
        store.record_combined_statement(
            CombinedStatement(
                "CB-1", "C-1", "Ana", bill.issued_day, companys, (line,), (), customer.now
            )
        )
        own, last = (grace_until(one, customer.view) for one in (bill.due_day, companys))
        for day in (own + timedelta(days=1), last):
            with pytest.raises(BudgetRefused, match="may not be ended"):
                self.end(customer, bill, day)
        assert self.end(customer, bill, last + timedelta(days=1)).ended is PlanEnd.NON_PAYMENT

    def end(self, customer: Any, bill: Any, on: date) -> Any:
        return end_budget_unpaid(
            bill_id=bill.bill_id,
            on=on,
            learned_at=customer.now,
            view=customer.view,
            store=customer.town.store,
        )

    def pay(self, customer: Any, bill: Any, on: date, how: How = AT_THE_DESK) -> Payment:
        stored = customer.town.store.bill(bill.bill_id)
        return take_payment(
            account_id=customer.account,
            cents=stored.previous_balance_cents + bill.asked_cents,
            payment_key="R-1",
            received_day=on,
            learned_at=customer.now,
            view=customer.view,
            store=customer.town.store,
            how=how,
        )[0]

    def test_a_bill_paid_in_time_does_not_end_it(self, customer: Any) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        self.pay(customer, bill, bill.due_day)
        with pytest.raises(BudgetRefused, match="may not be ended") as refused:
            self.end(customer, bill, bill.due_day + timedelta(days=9))
        assert "in time until" in refused.value.sentence

    def test_mail_within_its_grace_does_not_end_it(self, customer: Any) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        grace = grace_until(bill.due_day, customer.view)
        self.pay(customer, bill, grace, replace(AT_THE_DESK, is_mailed=True))
        with pytest.raises(BudgetRefused, match="may not be ended") as refused:
            self.end(customer, bill, grace + timedelta(days=9))
        assert f"paid on {grace}, in time until {grace}" in refused.value.sentence

    def test_money_brought_on_a_day_of_mails_grace_is_late(self, customer: Any) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        grace = grace_until(bill.due_day, customer.view)
        self.pay(customer, bill, grace)
        assert self.end(customer, bill, grace + timedelta(days=9)).ended is PlanEnd.NON_PAYMENT

    def test_a_payment_that_was_taken_back_does_not_protect_it(self, customer: Any) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        self.pay(customer, bill, bill.due_day)
        desk = PaymentDesk(customer.town.store, customer.view, customer.now)
        on = bill.due_day + timedelta(days=3)
        reverse_payment("R-1", on=on, by="Ana", reason="the check came back", desk=desk)
        ended = self.end(customer, bill, bill.due_day + timedelta(days=9))
        assert ended.ended is PlanEnd.NON_PAYMENT

    def test_a_receipt_of_unknown_outcome_is_waited_for(self, customer: Any) -> None:
        customer.join()
        (bill,) = customer.bill(date(2026, 1, 1))
        receipt = receipt_of(
            account_id=customer.account,
            cents=customer.town.store.bill(bill.bill_id).previous_balance_cents + bill.asked_cents,
            payment_key="R-1",
            received_day=bill.due_day,
            learned_at=customer.now,
            view=customer.view,
            how=replace(AT_THE_DESK, tender=Tender.CARD, channel=Channel.CARD),
        )
        view, store = customer.view, customer.town.store
        tell_receipt(receipt, ReceiptState.UNKNOWN, reason="no answer", view=view, store=store)
        with pytest.raises(BudgetRefused, match="nobody knows whether it was paid"):
            self.end(customer, bill, bill.due_day + timedelta(days=9))

    def test_moving_out_settles_on_the_final_bill_and_closes_the_plan(self, customer: Any) -> None:
        customer.join()
        bills = customer.months(date(2026, 1, 1), 5)
        stop_service(
            agreement_id=bills[-1].agreement_id,
            last_day_out=date(2026, 5, 15),
            learned_at=customer.now,
            store=customer.town.store,
        )
        bills += customer.bill(date(2026, 5, 15))
        final = bills[-1]
        assert final.kind.value == "final"
        assert final.asked.kind is AskedKind.ENDED
        assert "are settled with the final bill" in final.asked.reasons[-1].finding
        assert sum(b.asked_cents for b in bills) == sum(b.total_cents for b in bills)
        assert customer.ledger(BUDGET_DEFERRED) == 0
        run = customer.review(date(2026, 6, 1))
        assert run.ended == [customer.account]
        assert customer.review(date(2026, 7, 1)).ended == []
        assert customer.town.replay(final.bill_id).same_bytes


class TestElections:
    def test_bind_for_a_year(self, customer: Any) -> None:
        customer.join()

        def elect(on: date) -> Any:
            return elect_budget(
                account_id=customer.account,
                on=on,
                learned_at=customer.now,
                view=customer.view,
                store=customer.town.store,
                settlement_option="a",
            )

        with pytest.raises(BudgetRefused, match="binds until 2026-12-05"):
            elect(date(2026, 12, 4))
        election, _ = elect(date(2026, 12, 5))
        assert election.settlement_option == "a"

    def test_an_earlier_month_is_option_a(self, customer: Any) -> None:
        joined = customer.join(month_option="a", month=9)
        assert joined.election.reevaluation_month == 9
        with pytest.raises(Refusal):
            customer.join(on=date(2025, 6, 2), month_option="a", month=13)


class TestHistory:
    def test_says_of_each_month_what_it_cost_what_was_asked_and_why(self, customer: Any) -> None:
        customer.join()
        bills = customer.months(date(2026, 1, 1), 3)
        told = asked_bills(customer.state(date(2026, 3, 2)), customer.town.store)
        assert [one.row.bill_id for one in told] == [one.bill_id for one in bills]
        assert [one.difference_after_cents for one in told] == [
            one.asked.difference_after_cents for one in bills
        ]
        assert all("GRR V.I" in one.reasons[0].citation.text for one in told)


class TestDryRun:
    def test_shows_what_the_run_does_over_several_windows(self, customer: Any) -> None:
        customer.join()
        known = customer.now
        on = date(2026, 4, 1)
        dry = customer.town.bill(1, on=on, known_at=known, dry_run=True)
        real = customer.town.bill(1, on=on, known_at=known)
        assert len(real.issued) == 4
        assert [one.record() for one in dry.issued] == [one.record() for one in real.issued]

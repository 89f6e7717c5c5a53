"""Autopay draws what the statement asks and is open: nothing of it is left, nothing is drawn twice.

Bills are of 165.19 USD: the first is due on 2025-02-21, the second is made on 2025-03-02 and due
on 2025-03-23. A late charge of 1.50 USD on the first is shown on the second.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.channel_town import ACCOUNT, OWED
from tests.journeys.test_autopay import BEGINS, BILL, DUE, FINE, ODD, Place, pay
from tests.stores.late_paper import SHOWN, charge_of, work_of
from tests.stores.options_of_paper import budget_bill_of
from tests.stores.paper_town import bill_of

from meterledger.billing import AutopayAct
from meterledger.facts.late_charges import AgreementStanding
from meterledger.facts.receivables import ItemKind, OpenItem
from meterledger.ledger import entry_for_bill
from meterledger.usecases import autopay
from meterledger.usecases.ach_out import AchOutDesk, make_ach_file
from meterledger.usecases.autopay import (
    AutopayDesk,
    answer_question,
    order_of_bill,
    run_autopay,
)
from meterledger.usecases.autopay_amount import NoDisputes, SetApart
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.late_charge_ports import NoneYet

LATE = 1_50
SECOND = bill_of(1, 1)[0]


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(autopay, "may_collect_automatically", lambda *_, **__: FINE)
    return Place()


def bill_again(place: Place, *, late_on: date | None = None) -> None:
    """The second bill is made; a late charge on the first is shown on it, or comes later."""
    charge = replace(charge_of(cents=LATE), on=late_on or SHOWN)
    if late_on is None:
        place.store.record_late_charges(work_of(charge))
    place.store.record_bills([bill_of(1, 1)])
    if late_on is not None:
        place.store.record_late_charges(work_of(charge))


def drawn_of_second(place: Place) -> Any:
    (one,) = place.run(SECOND.due_day)
    return one


class TestWhatTheStatementAsks:
    def test_is_drawn_whole_with_the_earlier_bill_and_its_late_charge(self, place: Place) -> None:
        bill_again(place)
        place.enroll(from_day=SHOWN)

        assert drawn_of_second(place).order.cents == OWED + LATE + OWED
        place.send(SECOND.due_day)
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_is_without_what_was_charged_the_day_after(self, place: Place) -> None:
        bill_again(place, late_on=SHOWN + timedelta(days=1))
        place.enroll(from_day=SHOWN)

        assert drawn_of_second(place).order.cents == OWED + OWED
        place.send(SECOND.due_day)
        assert place.store.balance_cents(ACCOUNT) == LATE

    @pytest.mark.parametrize(
        ("paid", "drawn"),
        [(OWED, LATE + OWED), (OWED + LATE + OWED - 1, 1), (OWED + LATE + OWED, 0)],
    )
    def test_is_lessened_by_money_received_since(self, place: Place, paid: int, drawn: int) -> None:
        bill_again(place)
        place.enroll(from_day=SHOWN)
        pay(place, ACCOUNT, paid)

        made = drawn_of_second(place)
        assert made.decision.outcome.cents == drawn
        assert (made.order is None) == (drawn == 0)

    def test_of_a_budget_plan_is_the_plan_s_amount_and_what_stands_beside_it(
        self, place: Place
    ) -> None:
        place.store.record_late_charges(work_of(charge_of(cents=LATE)))
        bill = budget_bill_of(1, 1, asked_cents=100_00)
        entry = entry_for_bill(bill, learned_at=bill.pins.known_at)
        place.store.record_bills([(bill, entry)])
        place.enroll(from_day=SHOWN)

        assert drawn_of_second(place).order.cents == OWED + LATE + 100_00

    def test_grows_by_no_payment_that_came_back_after_the_statement(self, place: Place) -> None:
        """The statement asked for the second bill alone: what came back is on the next one."""
        pay(place, ACCOUNT, OWED)
        place.store.record_bills([bill_of(1, 1)])
        postings = autopay_postings(place, SHOWN + timedelta(days=1))
        assert postings.take_back(f"cash-{OWED}", on=SHOWN, why="a bad check", by="the bank")
        keep(place, postings, SHOWN + timedelta(days=1))
        place.enroll(from_day=SHOWN)

        assert place.store.balance_cents(ACCOUNT) == OWED + OWED
        assert drawn_of_second(place).order.cents == OWED

    def test_is_under_the_ceiling_with_its_arrears_or_a_person_is_asked(self, place: Place) -> None:
        for month in (1, 2, 3):
            place.store.record_bills([bill_of(1, month)])
        last = bill_of(1, 3)[0]
        place.enroll(from_day=SHOWN)

        # Four bills are open, and the ceiling is twice the highest.
        (made,) = place.run(last.due_day)
        assert made.decision.outcome.act is AutopayAct.ASK
        assert made.decision.outcome.cents == 4 * OWED
        pay(place, ACCOUNT, 2 * OWED)
        order = answer_question(
            last.bill_id, is_drawn=True, by="Ana", reason="agreed", desk=place.desk(last.due_day)
        )
        assert order is not None
        assert order.cents == 2 * OWED


class TestWhatShieldedAnEarlierBill:
    def shielded(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        """The first bill is outside the band of the gate: its customer is asked."""
        monkeypatch.setattr(
            autopay,
            "may_collect_automatically",
            lambda bill_id, **_: ODD if bill_id == BILL else FINE,
        )

    def answered(self, place: Place, *, is_drawn: bool) -> None:
        place.enroll()
        place.run()
        told = {"by": "Ana", "reason": "pays by check", "desk": place.desk(DUE)}
        answer_question(BILL, is_drawn=is_drawn, **told)

    def test_shields_it_on_the_next_statement_too(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shielded(place, monkeypatch)
        bill_again(place)
        place.enroll(from_day=SHOWN)

        made = drawn_of_second(place)
        assert (made.decision.outcome.act, made.order) == (AutopayAct.ASK, None)
        assert f"bill {BILL} before it: ten times the usual" in says(made)

    def test_shields_nothing_once_it_is_paid(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shielded(place, monkeypatch)
        bill_again(place)
        place.enroll(from_day=SHOWN)
        pay(place, ACCOUNT, OWED)

        assert drawn_of_second(place).order.cents == LATE + OWED

    def test_waits_with_it_for_a_person(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shielded(place, monkeypatch)
        place.enroll()
        place.run()
        bill_again(place)

        assert f"bill {BILL} before it waits for a person" in says(drawn_of_second(place))

    def test_is_asked_again_where_a_person_left_it(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shielded(place, monkeypatch)
        self.answered(place, is_drawn=False)
        bill_again(place)

        made = drawn_of_second(place)
        assert made.order is None
        assert "before it was left to the customer by Ana: pays by check" in says(made)

    def test_is_not_asked_again_where_a_person_had_it_drawn(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.shielded(place, monkeypatch)
        self.answered(place, is_drawn=True)
        bill_again(place)

        assert drawn_of_second(place).order.cents == LATE + OWED  # the first is on its way

    def test_is_a_debit_that_came_back_and_asks(self, place: Place) -> None:
        place.drawn()
        place.back("R08")
        place.store.record_bills([bill_of(1, 1)])

        made = drawn_of_second(place)
        assert made.order is None
        assert f"a debit of bill {BILL} before it came back" in says(made)


def says(made: Any) -> str:
    return "; ".join(one.finding for one in made.decision.reasons)


class TestNothingTwice:
    def test_a_draw_that_waits_counts(self, place: Place) -> None:
        place.enroll()
        place.run()
        bill_again(place)

        assert drawn_of_second(place).order.cents == LATE + OWED
        made = place.send(SECOND.due_day)
        assert made.file.debit_cents == OWED + LATE + OWED
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_a_draw_that_was_dropped_counts_no_more(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place.enroll()
        place.run()
        with monkeypatch.context() as patched:
            bill = replace(place.store.bill(BILL), cancelled_by=f"{BILL}-v2")
            patched.setattr(place.store, "bill", lambda _: bill)
            assert place.send().file is None
        bill_again(place)

        assert drawn_of_second(place).order.cents == OWED + LATE + OWED

    def test_two_bills_of_one_day_draw_what_they_ask_together(self, place: Place) -> None:
        """Both statements have the balance before; it is drawn with the first."""
        bill_again(place)
        other = replace(bill_of(1, 2)[0], due_day=SECOND.due_day, issued_day=SECOND.issued_day)
        entry = replace(bill_of(1, 2)[1], effective_day=other.issued_day)  # type: ignore[type-var]
        place.store.record_bills([(other, entry)])
        place.enroll(from_day=SHOWN)

        made = place.run(SECOND.due_day)
        assert sum(one.order.cents for one in made) == OWED + LATE + OWED + OWED
        place.send(SECOND.due_day)
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_what_is_presented_again_is_dropped_once_its_statement_is_paid(
        self, place: Place
    ) -> None:
        place.drawn()
        place.back("R01")
        pay(place, ACCOUNT, OWED)
        place.store.record_bills([bill_of(1, 1)])  # open, and no reason to draw the first again
        made = place.send(SHOWN + timedelta(days=1))

        assert made.file is None
        assert "it was paid meanwhile" in made.dropped[0].reason

    @pytest.mark.parametrize(
        ("paid", "left"), [(0, 0), (1_00, OWED - 1_00), (OWED - 1, 1), (OWED, 0)]
    )
    def test_what_will_be_dropped_keeps_nothing_from_the_next_bill(
        self, place: Place, paid: int, left: int
    ) -> None:
        """The first debit waits to be presented again, and its bill is paid by check meanwhile:
        the second bill is drawn all the same, and of the first a person is asked for its rest.
        """
        place.drawn()
        place.back("R01")
        if paid:
            pay(place, ACCOUNT, paid)
        place.store.record_bills([bill_of(1, 1)])

        assert drawn_of_second(place).order.cents == OWED
        made = place.send(SECOND.due_day)
        assert len(made.dropped) == (1 if paid else 0)
        assert place.store.balance_cents(ACCOUNT) == left
        assert [one.cents for one in place.store.autopay_questions()] == ([left] if left else [])

    @pytest.mark.parametrize(("cents", "leave"), [(LATE + OWED, 2), (LATE + OWED + 1, 1)])
    def test_what_two_made_at_once_leaves_as_far_as_their_statements_ask(
        self, place: Place, cents: int, leave: int
    ) -> None:
        """Neither saw the order of the other; what was charged since is on neither statement."""
        enrolled = place.enroll()
        place.run()
        bill_again(place)
        place.store.record_bills([bill_of(1, 2)])
        day = SECOND.due_day
        order = order_of_bill(SECOND.bill_id, 1, enrolled, cents, day, place.at(day))
        place.store.keep_channel(ChannelChange("at once", ACCOUNT, place.at(day), orders=(order,)))

        made = place.send(bill_of(1, 2)[0].issued_day)

        assert len(made.file.entries) == leave
        assert len(made.dropped) == 2 - leave

    def test_a_draw_dropped_over_a_dollar_leaves_the_rest_to_a_person(self, place: Place) -> None:
        """Nobody draws it again by itself: the customer, who counts on it, is asked."""
        bill_again(place)
        place.enroll(from_day=SHOWN)
        drawn_of_second(place)
        pay(place, ACCOUNT, 1_00)
        day = SECOND.due_day
        assert place.send(day).file is None
        left = OWED + LATE + OWED - 1_00

        (asked,) = place.store.autopay_questions()
        assert (asked.bill_id, asked.cents) == (SECOND.bill_id, left)
        assert asked.reasons[0].startswith("its debit of $331.88 was dropped on 2025-03-23: less")
        order = answer_question(
            SECOND.bill_id, is_drawn=True, by="Ana", reason="she called", desk=place.desk(day)
        )
        assert order is not None
        assert (order.attempt, order.cents) == (2, left)
        place.send(day)
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_a_draw_that_a_person_allowed_and_that_is_dropped_again_is_asked_again(
        self, place: Place
    ) -> None:
        """Each answer draws once: what then stays open is nobody's, until a person is asked."""
        bill_again(place)
        place.enroll(from_day=SHOWN)
        drawn_of_second(place)
        day, left = SECOND.due_day, OWED + LATE + OWED
        for number, paid in enumerate((1_00, 2_00, 3_00), start=1):
            pay(place, ACCOUNT, paid)
            left -= paid
            assert place.send(day).file is None
            (asked,) = place.store.autopay_questions()
            assert (asked.bill_id, asked.number, asked.cents) == (SECOND.bill_id, number, left)
            assert place.send(day).dropped == ()  # a second file asks nothing twice
            order = answer_question(
                SECOND.bill_id, is_drawn=True, by="Ana", reason="she called", desk=place.desk(day)
            )
            assert order is not None
            assert (order.attempt, order.cents) == (number + 1, left)
            assert place.store.autopay_questions() == []
        assert asked.reasons[1] == "it was asked before, and Ana had it drawn: she called"
        place.send(day)
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_a_bill_that_was_left_to_its_customer_is_not_asked_again(self, place: Place) -> None:
        """An order of before waits still, and is dropped: who pays is decided already."""
        bill_again(place)
        enrolled = place.enroll(from_day=SHOWN)
        drawn_of_second(place)
        pay(place, ACCOUNT, 1_00)
        day = SECOND.due_day
        place.send(day)
        told = {"by": "Ana", "reason": "pays by check", "desk": place.desk(day)}
        assert answer_question(SECOND.bill_id, is_drawn=False, **told) is None
        order = order_of_bill(SECOND.bill_id, 2, enrolled, 999_00, day, place.at(day))
        place.store.keep_channel(ChannelChange("again", ACCOUNT, place.at(day), orders=(order,)))

        assert len(place.send(day).dropped) == 1
        assert place.store.autopay_questions() == []


class TestSetApart:
    @pytest.mark.parametrize(
        ("standing", "drawn"),
        [
            (AgreementStanding("deferred payment", OWED), LATE + OWED),
            (AgreementStanding("cold weather", OWED - 20_00, 20_00), 20_00 + LATE + OWED),
            (
                AgreementStanding("deferred payment", OWED, ended_by_default=True),
                OWED + LATE + OWED,
            ),
        ],
    )
    def test_is_what_a_kept_agreement_collects_later(
        self, place: Place, standing: AgreementStanding, drawn: int
    ) -> None:
        bill_again(place)
        place.enroll(from_day=SHOWN)

        (made,) = run_apart(place, SetApart(agreements=_Agreement(standing)))
        assert made.order.cents == drawn

    @pytest.mark.parametrize(
        ("disputed", "drawn"), [(OWED, LATE + OWED), (OWED + LATE + OWED, None)]
    )
    def test_is_what_is_in_dispute(self, place: Place, disputed: int, drawn: int | None) -> None:
        bill_again(place)
        place.enroll(from_day=SHOWN)

        (made,) = run_apart(place, SetApart(disputes=_Dispute(disputed)))
        assert (made.order and made.order.cents) == drawn
        assert any("is in dispute" in one.finding for one in made.decision.reasons)

    def test_is_a_deposit_that_was_asked_for_which_gets_nothing_of_what_is_drawn(
        self, place: Place
    ) -> None:
        """The sheet's order would pay an earlier deposit before the bill that is drawn."""
        deposit = OpenItem(*("deposit:D-1", ItemKind.DEPOSIT, ACCOUNT, BEGINS, DUE, 150_00, 150_00))
        bill_again(place)
        place.enroll(from_day=SHOWN)

        assert drawn_of_second(place).order.cents == OWED + LATE + OWED
        desk = AchOutDesk(
            *(place.store, place.view, place.at(SECOND.due_day)),
            asked_deposits=lambda ids: dict.fromkeys(ids, (deposit,)),
        )
        make_ach_file(desk=desk)
        assert place.store.balance_cents(ACCOUNT) == 0
        key = place.store.ach_files()[0].entries[0].payment_key
        given = place.store.applications_of(f"payment:{key}")
        assert ItemKind.DEPOSIT not in {one.kind for one in given}


def run_apart(place: Place, set_apart: SetApart) -> Any:
    day = SECOND.due_day
    desk = AutopayDesk(place.store, place.view, place.at(day), set_apart)
    return run_autopay(day, desk=desk)


@dataclass(frozen=True)
class _Agreement(NoneYet):
    standing: AgreementStanding

    def agreements_on(
        self, account_ids: Sequence[str], on: date, known_at: datetime
    ) -> Mapping[str, AgreementStanding]:
        return dict.fromkeys(account_ids, self.standing)


@dataclass(frozen=True)
class _Dispute(NoDisputes):
    cents: int

    def disputed_cents(self, account_ids: Collection[str], on: date) -> Mapping[str, int]:
        return dict.fromkeys(account_ids, self.cents)


def autopay_postings(place: Place, day: date) -> Any:
    from meterledger.usecases.channel_money import Postings

    return Postings(place.store, place.view, now=place.at(day), today=day)


def keep(place: Place, postings: Any, day: date) -> None:
    change = ChannelChange("back", ACCOUNT, place.at(day), receipt_steps=tuple(postings.steps))
    place.store.keep_channel(change)

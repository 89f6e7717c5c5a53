"""Deposits, whole life: asked for, paid, bearing interest, given back; refusals; replay."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, NOW, Home, home_of, month_after

from meterledger.facts.deposits import DepositAct, DepositKind
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.ledger.refunds import RefundContradicts
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_acts import (
    dispute_deposit,
    move_deposit,
    request_remainder,
    settle_dispute,
)
from meterledger.usecases.deposit_ask import DepositRefused, guarantee_deposit
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.deposit_base import NothingToGoBy
from meterledger.usecases.deposit_decide import CannotTell, NotTheCustomers, WrongKind
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.ports import Conflict
from meterledger.usecases.refund_credit import ask_refund
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import MoneyDesk

JULY = date(2025, 7, 1)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}


@pytest.fixture
def home(town: Any) -> Home:
    return home_of(town)


@pytest.fixture
def paid(home: Home) -> Home:
    """A home that was asked for 200 dollars on the first of July and paid them on the fifth."""
    home.ask(JULY, told=TOLD)
    home.pay(200_00, JULY + timedelta(days=4))
    return home


def refunds(home: Home) -> MoneyDesk:
    """Where refunds are decided, today."""
    home.now += timedelta(minutes=1)
    return MoneyDesk(home.town.store, home.town.book, NOW.date(), home.now)


def acts(home: Home) -> list[str]:
    return [one.act.value for one in home.deposits()[0].steps]


class TestTheWholeLife:
    def test_from_asking_through_twelve_good_months(self, home: Home) -> None:
        asked = home.ask(JULY, told=TOLD)

        assert asked.deposit.asked_cents == 200_00  # a sixth of 1,200 dollars
        assert asked.deposit.asked is not None
        assert asked.deposit.asked.until == date(2025, 7, 22)
        home.pay(200_00, date(2025, 7, 5))
        assert home.held() == 200_00
        home.live(date(2025, 8, 1), 12)
        assert home.night(date(2026, 7, 3)).changed == 0

        credited = home.night(date(2026, 7, 4))

        # 7.75 + 1 percent for 180 days of 2025 and 7 + 1 percent for 185 of 2026, on 200 dollars.
        assert credited.counts["interest credited"] == 1
        assert credited.cents["interest credited"] == 1674
        assert home.held() == 200_00
        assert home.town.store.balance_cents(home.account) == -1674
        assert home.night(date(2026, 7, 22)).changed == 0  # the twelfth bill is not due yet

        back = home.night(date(2026, 7, 23))

        assert back.counts["given back"] == 1
        assert acts(home)[-1] == "given back"
        (due,) = deposit_remainders_due([home.account], at=date(2026, 7, 23), desk=home.desk())
        assert due.automatic
        assert due.cents == home.held()
        home.check()
        assert replay_deposit(due.deposit_id, store=home.town.store, book=home.town.book).same

    def test_ends_with_the_final_bill_and_what_remains_goes_back_in_21_days(
        self, paid: Home
    ) -> None:
        paid.live(date(2025, 8, 1), 3)
        store = paid.town.store
        agreement = store.services_of_account(paid.account, paid.now)[0].agreement
        store.stop_service(agreement.agreement_id, date(2025, 10, 20), paid.now)
        bill = paid.bill(date(2025, 10, 22))
        assert bill is not None
        owed = store.balance_cents(paid.account)
        assert owed > 0

        run = paid.night(date(2025, 10, 22))

        assert run.counts["applied"] == 1
        assert run.cents["applied"] == min(owed, 200_00 + run.cents["interest added"])
        assert store.balance_cents(paid.account) == owed - run.cents["applied"]
        remainders = deposit_remainders_due([paid.account], at=date(2025, 10, 22), desk=paid.desk())
        left = 200_00 + run.cents["interest added"] - run.cents["applied"]
        assert [one.cents for one in remainders] == ([left] if left else [])
        if left:
            assert remainders[0].return_by == date(2025, 10, 19) + timedelta(days=21)
        paid.check()
        statement = statement_of(bill, store=store, book=paid.town.book, known_at=paid.now)
        cents = usd_display(run.cents["applied"])
        assert statement.messages[0].startswith(f"{cents} of your deposit, with its interest, pay")
        assert paid.night(date(2025, 10, 23)).looked_at == 0
        (deposit,) = paid.deposits()
        assert replay_deposit(deposit.deposit_id, store=store, book=paid.town.book).same

    @pytest.mark.parametrize(
        ("issued", "credits_"),
        [
            (date(2026, 7, 3), 0),  # a year is due on the fourth, after the final bill
            (date(2026, 7, 4), 1),
        ],
    )
    @pytest.mark.parametrize("nights_late", [0, 7])
    def test_bears_no_yearly_interest_after_its_final_bill_however_late_the_night(
        self, paid: Home, issued: date, credits_: int, nights_late: int
    ) -> None:
        paid.live(date(2025, 8, 1), 11)
        store = paid.town.store
        agreement = store.services_of_account(paid.account, paid.now)[0].agreement
        store.stop_service(agreement.agreement_id, date(2026, 7, 1), paid.now)
        assert paid.bill(issued) is not None

        run = paid.night(issued + timedelta(days=nights_late))

        assert run.counts["interest credited"] == credits_
        (last,) = (one for one in paid.deposits()[0].steps if one.act is DepositAct.INTEREST_ADDED)
        assert last.on == issued
        assert run.counts["given back"] == 1
        paid.check()

    def test_hands_the_remainder_to_a_refund_that_two_people_let_go(self, paid: Home) -> None:
        store = paid.town.store
        store.stop_service(
            store.services_of_account(paid.account, paid.now)[0].agreement.agreement_id,
            date(2025, 7, 11),
            paid.now,
        )
        assert paid.bill(date(2025, 7, 14)) is not None
        paid.night(date(2025, 7, 14))
        (due,) = deposit_remainders_due([paid.account], at=date(2025, 7, 14), desk=paid.desk())

        first = hand_out_remainders(
            on=date(2025, 7, 14), desk=paid.desk("meterledger"), refunds=refunds(paid)
        )
        again = hand_out_remainders(
            on=date(2025, 7, 15), desk=paid.desk("meterledger"), refunds=refunds(paid)
        )
        (name,) = first.asked
        with pytest.raises(Conflict, match="meterledger"):
            approve_settlement(name, by="meterledger", reason="so", desk=refunds(paid))
        approve_settlement(name, by="Ben", reason="it is due", desk=refunds(paid))

        assert (first.due, again.on_their_way, again.asked) == (1, 1, [])
        assert due.return_by == date(2025, 7, 10) + timedelta(days=21)
        assert paid.held() == 0
        assert store.trial_balance()["232.refunds"] == -due.cents
        assert deposit_remainders_due([paid.account], at=NOW.date(), desk=paid.desk()) == ()
        paid.check()

    def test_a_part_that_we_learn_of_after_a_credit_bears_interest_from_its_day(
        self, home: Home
    ) -> None:
        home.ask(JULY, told=TOLD)
        home.pay(100_00, date(2025, 7, 5))
        for number in range(12):
            on = month_after(date(2025, 8, 1), number)
            bill = home.bill(on)
            assert bill is not None
            given_for = [f"bill:{bill.bill_id}"]
            home.pay(bill.total_cents, on + timedelta(days=10), earmarked_to=given_for)
        assert home.night(date(2026, 7, 4)).cents["interest credited"] == 8_37
        (deposit,) = home.deposits()
        home.pay(100_00, date(2025, 11, 1), earmarked_to=[f"deposit:{deposit.deposit_id}"])
        assert home.held() == 200_00

        back = home.night(date(2026, 7, 23))

        # 8.75 and 8 percent for 61 and 203 days on the second part, 8 for 18 days on the first.
        assert back.counts["given back"] == 1
        assert back.cents["interest added"] == 5_91 + 39
        home.check()
        assert replay_deposit(deposit.deposit_id, store=home.town.store, book=home.town.book).same

    def test_is_no_credit_while_it_is_held_and_then_no_more_than_remains(self, paid: Home) -> None:
        store = paid.town.store
        asks: dict[str, Any] = {"by": "Ana", "reason": "the customer asked", "source": "235"}
        paid.pay(50_00, date(2025, 7, 6))  # a credit of the account, and none of the deposit
        with pytest.raises(RefundContradicts, match=r"the account's credit is \$0\.00"):
            ask_refund(paid.account, 200_00, desk=refunds(paid), **asks)
        agreement = store.services_of_account(paid.account, paid.now)[0].agreement
        store.stop_service(agreement.agreement_id, date(2025, 7, 11), paid.now)
        assert paid.bill(date(2025, 7, 14)) is not None
        paid.night(date(2025, 7, 14))
        (due,) = deposit_remainders_due([paid.account], at=date(2025, 7, 14), desk=paid.desk())

        with pytest.raises(RefundContradicts):
            ask_refund(paid.account, due.cents + 1, desk=refunds(paid), **asks)
        part = ask_refund(paid.account, due.cents - 1_00, desk=refunds(paid), **asks)
        with pytest.raises(RefundContradicts, match=r"the account's credit is \$1\.00"):
            ask_refund(paid.account, 1_01, desk=refunds(paid), **asks)
        approve_settlement(part.case.settlement_id, by="Ben", reason="due", desk=refunds(paid))
        rest = ask_refund(paid.account, 1_00, desk=refunds(paid), **asks)
        approve_settlement(rest.case.settlement_id, by="Ben", reason="due", desk=refunds(paid))

        assert paid.held() == 0
        paid.check()
        for name in (part.case, rest.case):
            assert replay_settlement(name, refunds(paid))

    def test_twice_the_same_night_changes_nothing(self, paid: Home) -> None:
        paid.live(date(2025, 8, 1), 12)
        paid.night(date(2026, 7, 4))
        before = acts(paid), paid.town.store.trial_balance()

        run = paid.night(date(2026, 7, 4))

        assert (run.changed, run.nothing_due) == (0, 1)
        assert (acts(paid), paid.town.store.trial_balance()) == before

    def test_asked_twice_is_asked_once(self, home: Home) -> None:
        first = home.ask(JULY, told=TOLD)
        again = home.ask(JULY, told=TOLD)

        assert (first.newly, again.newly) == (True, False)
        assert acts(home) == ["asked"]

    def test_one_late_month_starts_the_count_again(self, paid: Home) -> None:
        paid.live(date(2025, 8, 1), 12, late=(10,))

        assert paid.night(date(2026, 8, 1)).counts["given back"] == 0
        paid.live(date(2026, 8, 1), 3)
        assert acts(paid)[-1] != "given back"


class TestAContinuedDeposit:
    def test_needs_five_late_bills_of_twelve_and_its_notice_first(self, home: Home) -> None:
        home.live(date(2025, 8, 1), 9, late=(1, 2, 3, 5))
        with pytest.raises(
            DepositRefused, match=r"No deposit may be asked for.*4 of the last .* 5 of 12"
        ):
            home.notice(date(2026, 5, 10))
        home.live(date(2026, 5, 1), 2, late=(0,))

        # What keeps a small debt from a deposit: two of twelve bills were not paid steadily.
        noticed = home.notice(date(2026, 6, 25))

        assert noticed.considered is not None
        assert [one.value for one in noticed.considered.eligibility.outcome.grounds] == [
            "five_late_of_twelve"
        ]
        with pytest.raises(DepositRefused, match=r"before its notice.*did not come before"):
            home.ask(date(2026, 6, 25), DepositKind.CONTINUED, told={})
        asked = home.ask(date(2026, 6, 26), DepositKind.CONTINUED, told={})
        highest = max(one.total_cents for one in home.bills())
        assert asked.deposit.asked_cents == 2 * highest
        assert [one.act.value for one in asked.deposit.steps] == ["noticed", "asked"]
        assert replay_deposit(
            asked.deposit.deposit_id, store=home.town.store, book=home.town.book
        ).same

    def test_of_more_than_twice_the_highest_bill_is_refused(self, home: Home) -> None:
        home.live(date(2025, 8, 1), 2)
        cut = {
            "disconnections": [
                {"happened_on": "2025-09-15", "reason": "nonpayment", "bona_fide_dispute": False}
            ],
            "on_payment_plan": True,
        }
        home.notice(date(2025, 9, 20), cut)
        most = 2 * max(one.total_cents for one in home.bills())

        with pytest.raises(DepositRefused, match=r"cannot be asked for.*at most 2 times"):
            home.ask(date(2025, 9, 21), DepositKind.CONTINUED, most + 1, cut)
        assert home.ask(date(2025, 9, 21), DepositKind.CONTINUED, most, cut).newly

    def test_without_any_notice_is_refused(self, home: Home) -> None:
        home.live(date(2025, 8, 1), 1)
        told = {"tampered_or_diverted": True, "on_payment_plan": True}

        with pytest.raises(DepositRefused, match="no notice on file explains the right"):
            home.ask(date(2025, 9, 1), DepositKind.CONTINUED, told=told)
        asked = home.ask(
            date(2025, 9, 1),
            DepositKind.CONTINUED,
            told=told,
            notice={"sent_on": "2025-08-20", "written": True},
        )
        assert asked.newly

    def test_is_spared_by_a_small_debt_paid_steadily(self, home: Home) -> None:
        home.live(date(2025, 8, 1), 12)

        with pytest.raises(DepositRefused, match=r"relief: .* is not above \$300.00"):
            home.notice(date(2026, 8, 1), {"tampered_or_diverted": True})

    def test_takes_no_facts_that_our_own_books_say(self, home: Home) -> None:
        with pytest.raises(CannotTell, match="'bills' was told, and our own bills"):
            home.notice(date(2025, 9, 1), {"bills": ["late"]})


class TestWhoIsAsked:
    def test_needs_a_reason(self, home: Home) -> None:
        good = {**TOLD, "score": {"last_served_on": None, "eaer_score": 700}}

        with pytest.raises(DepositRefused, match=r"EAER score is 700.*no listed reason is met"):
            home.ask(JULY, told=good)

    def test_was_not_served_within_five_years_by_an_earlier_account(
        self, home: Home, town: Any
    ) -> None:
        town.start(2, people=(("P1", "Person 1"),), from_day=date(2023, 8, 1))
        before = town.account_id(2)

        with pytest.raises(DepositRefused, match=r"served until .* within 5 years"):
            home.ask(JULY, told=TOLD, earlier_accounts=[before])

    @pytest.mark.parametrize(
        ("asked_on", "disputed", "is_reason"),
        [
            (date(2025, 8, 22), False, False),  # the due day itself: nobody has failed to pay
            (date(2025, 8, 23), False, True),
            (date(2025, 8, 23), True, False),
        ],
    )
    def test_owes_an_earlier_accounts_bill_once_its_day_has_passed(
        self, home: Home, town: Any, asked_on: date, disputed: bool, is_reason: bool
    ) -> None:
        bill = home.bill(date(2025, 8, 1))
        assert bill is not None
        assert bill.due_day == date(2025, 8, 22)
        town.start(2, people=(("P1", "Person 1"),), from_day=date(2025, 8, 20))
        other = Home(town, 2, now=home.now)
        served = {"score": {"last_served_on": None, "eaer_score": 700}}
        told = {**TOLD, **served, "disputed_bills": [bill.bill_id] if disputed else []}

        if not is_reason:
            with pytest.raises(DepositRefused, match="no listed reason is met"):
                other.ask(asked_on, told=told, earlier_accounts=[home.account])
            return
        asked = other.ask(asked_on, told=told, earlier_accounts=[home.account])
        assert asked.considered is not None
        grounds = asked.considered.eligibility.outcome.met
        assert [one.value for one in grounds] == ["unpaid_bill"]

    def test_has_service_that_has_not_ended(self, home: Home) -> None:
        store = home.town.store
        agreement = store.services_of_account(home.account, home.now)[0].agreement
        store.stop_service(agreement.agreement_id, date(2025, 9, 10), home.now)

        with pytest.raises(WrongKind, match=r"has ended, so .* last day was 2025-09-09"):
            home.ask(date(2025, 9, 10), told=TOLD)
        assert home.ask(date(2025, 9, 9), told=TOLD).newly

    def test_is_not_judged_by_somebody_elses_account(self, home: Home, town: Any) -> None:
        town.start(3)

        with pytest.raises(NotTheCustomers, match="has nobody in common"):
            home.ask(JULY, told=TOLD, earlier_accounts=[town.account_id(3)])

    def test_of_a_place_without_bills_needs_an_estimate(self, home: Home) -> None:
        with pytest.raises(NothingToGoBy, match=r"No bill of the year before 2025-07-01 is known"):
            home.ask(JULY)

    def test_is_limited_by_the_bills_of_the_place(self, home: Home) -> None:
        home.live(date(2025, 8, 1), 11)
        bills = home.bills()
        year = (
            sum(one.total_cents for one in bills) * 365 // sum(one.days.day_count for one in bills)
        )

        asked = home.ask(date(2026, 6, 30), told=APPLICANT)

        assert asked.deposit.asked_cents == year // 6

    def test_is_asked_for_one_deposit_at_a_time(self, home: Home) -> None:
        home.ask(JULY, told=TOLD)

        with pytest.raises(DepositRefused, match=r"is asked for already, and \$200.00 of it"):
            home.ask(date(2025, 7, 2), told=TOLD)

    def test_several_deposits_are_together_no_more_than_the_limit(self, home: Home) -> None:
        home.ask(JULY, told=TOLD, cents=150_00)
        home.pay(150_00, JULY + timedelta(days=1))
        with pytest.raises(DepositRefused, match=r"150.00 is held or asked .* \$50.00 is left"):
            home.ask(JULY + timedelta(days=2), told=TOLD, cents=50_01)

        second = home.ask(JULY + timedelta(days=2), told=TOLD)

        assert second.deposit.asked_cents == 50_00
        again = home.ask(JULY + timedelta(days=2), told=TOLD)
        assert not again.newly
        home.pay(50_00, JULY + timedelta(days=3))
        with pytest.raises(DepositRefused, match=r"Deposits of \$200.00 are held or asked for"):
            home.ask(JULY + timedelta(days=4), told=TOLD)
        for one in home.deposits():
            assert replay_deposit(one.deposit_id, store=home.town.store, book=home.town.book).same

    def test_a_guarantee_takes_its_part_of_the_limit(self, home: Home) -> None:
        first = home.ask(JULY, told=TOLD, cents=120_00).deposit
        guarantee_deposit(
            first.deposit_id,
            guarantor="Aunt May",
            on=JULY,
            reason="offered",
            desk=home.desk(),
            in_writing=True,
        )

        second = home.ask(JULY + timedelta(days=1), told=TOLD)

        assert second.deposit.asked_cents == 80_00

    def test_of_a_place_whose_bills_come_to_nothing_needs_an_estimate_above_it(
        self, home: Home, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        home.live(date(2025, 8, 1), 2)
        store = home.town.store
        known = store.bills_at_point
        monkeypatch.setattr(
            store,
            "bills_at_point",
            lambda *asked: [one._replace(total_cents=0) for one in known(*asked)],
        )

        with pytest.raises(NothingToGoBy, match=r"The 2 bills .* come to \$0.00.*Tell an estim"):
            home.ask(date(2025, 9, 2))
        with pytest.raises(NothingToGoBy, match="Tell an estimate of the year's bills above zero"):
            home.ask(date(2025, 9, 2), told={**TOLD, "estimated_annual_bill_usd": "0.00"})
        assert home.ask(date(2025, 9, 2), told=TOLD).deposit.asked_cents == 200_00

    def test_is_not_asked_in_winter(self, home: Home) -> None:
        with pytest.raises(DepositRefused, match="all deposits are suspended in the Cold Weather"):
            home.ask(date(2025, 11, 1), told=TOLD)
        assert home.ask(date(2026, 4, 1), told=TOLD).newly

    def test_needs_who_and_why(self, home: Home) -> None:
        with pytest.raises(DepositRefused, match="Who decides, and why, is missing"):
            home.ask(JULY, told=TOLD, reason=" ")


class TestWhatIsTold:
    @pytest.mark.parametrize(
        ("fact", "value", "says"),
        [
            ("on_payment_plan", "yes", "'yes' stands where yes or no is expected"),
            ("estimated_annual_bill_usd", "NaN", "'NaN' stands where an amount of dollars"),
            ("estimated_annual_bill_usd", "1e400", "'1e400' stands where an amount of dollars"),
            ("estimated_annual_bill_usd", "1_000", "'1_000' stands where an amount of dollars"),
            ("estimated_annual_bill_usd", "\u0661\u0662", "stands where an amount of dollars"),
            ("estimated_annual_bill_usd", 1200.5, "1200.5 stands where an amount of dollars"),
            ("estimated_annual_bill_usd", "-0.00", "'-0.00' stands where an amount"),
            ("disputed_bills", "B-1", "'B-1' stands where a list is expected"),
            ("unpaid_bills", 7, "7 stands where a list is expected"),
            ("score", {"last_served_on": None, "eaer_score": 650.0}, "650.0 stands where a whole"),
            ("hat_size", "7", "'hat_size' is no fact known here"),
        ],
    )
    def test_is_taken_only_as_it_must_be_written(
        self, home: Home, fact: str, value: Any, says: str
    ) -> None:
        with pytest.raises(Refusal, match=re.escape(says)):
            home.ask(JULY, told={**TOLD, fact: value})
        assert home.deposits() == ()


class TestAGuarantee:
    def test_takes_the_place_of_the_deposit_until_twelve_good_months(self, home: Home) -> None:
        (deposit,) = [home.ask(JULY, told=TOLD).deposit]
        given = guarantee_deposit(
            deposit.deposit_id,
            guarantor="Aunt May",
            on=JULY,
            reason="offered",
            desk=home.desk(),
            in_writing=True,
        )

        assert given.deposit.state == "guaranteed"
        assert home.town.store.asked_deposits(home.account, JULY) == ()
        home.live(date(2025, 8, 1), 12)
        assert home.night(date(2026, 7, 22)).changed == 0
        assert home.night(date(2026, 7, 23)).counts["released"] == 1
        assert acts(home) == ["asked", "guaranteed", "released"]

    def test_is_written(self, home: Home) -> None:
        deposit = home.ask(JULY, told=TOLD).deposit

        with pytest.raises(DepositRefused, match="A guarantee is given in writing"):
            guarantee_deposit(
                deposit.deposit_id,
                guarantor="Aunt May",
                on=JULY,
                reason="offered",
                desk=home.desk(),
                in_writing=False,
            )

    def test_told_twice_is_taken_once_and_another_one_is_refused(self, home: Home) -> None:
        deposit_id = home.ask(date(2025, 7, 1), told=TOLD).deposit.deposit_id
        on, desk = date(2025, 7, 2), home.desk()

        def told(name: str) -> bool:
            return guarantee_deposit(
                deposit_id, guarantor=name, on=on, reason="offered", desk=desk, in_writing=True
            ).newly

        assert [told("Aunt May"), told("Aunt May")] == [True, False]
        with pytest.raises(DepositRefused, match="Nothing of this deposit is unpaid"):
            told("Uncle Ben")


class TestADispute:
    def test_keeps_the_deposit_until_it_is_settled(self, paid: Home) -> None:
        (deposit,) = paid.deposits()
        paid.live(date(2025, 8, 1), 12)
        dispute_deposit(
            deposit.deposit_id,
            about="unauthorized_interference",
            on=date(2026, 7, 1),
            reason="a seal was broken",
            desk=paid.desk(),
        )

        waiting = paid.night(date(2026, 7, 23))
        settle_dispute(
            deposit.deposit_id, on=date(2026, 7, 24), reason="our mistake", desk=paid.desk()
        )
        done = paid.night(date(2026, 7, 24))

        assert waiting.counts["waits for dispute"] == 1
        assert done.counts["given back"] == 1


class TestAMove:
    def test_takes_the_days_with_it_and_keeps_235(self, paid: Home, town: Any) -> None:
        town.start(2, people=(("P1", "Person 1"),), from_day=date(2025, 9, 1))
        other = town.account_id(2)
        (deposit,) = paid.deposits()

        moved = move_deposit(
            deposit.deposit_id,
            other,
            on=date(2025, 9, 1),
            reason="moved",
            approved_by="Zoe",
            desk=paid.desk(),
        )
        again = move_deposit(
            deposit.deposit_id,
            other,
            on=date(2025, 9, 1),
            reason="moved",
            approved_by="Zoe",
            desk=paid.desk(),
        )

        assert (moved.newly, again.newly) == (True, False)
        assert paid.held() == 200_00
        paid.check()
        there = Home(town, 2, now=paid.now)
        (money,) = there.money().values()
        assert (money.held_cents, money.first_received) == (200_00, date(2025, 7, 5))

    @pytest.mark.parametrize("name", ["Person 3", "Person 1"])
    def test_to_somebody_else_is_refused_though_the_name_is_the_same(
        self, paid: Home, town: Any, name: str
    ) -> None:
        town.start(3, people=(("P3", name),))
        (deposit,) = paid.deposits()

        with pytest.raises(DepositRefused, match="is not another account of the same customer"):
            move_deposit(
                deposit.deposit_id,
                town.account_id(3),
                on=date(2025, 9, 1),
                reason="moved",
                approved_by="Zoe",
                desk=paid.desk(),
            )

    @pytest.mark.parametrize("other", ["", "  ", "Ana", " ana "])
    def test_needs_two_people(self, paid: Home, town: Any, other: str) -> None:
        town.start(2, people=(("P1", "Person 1"),), from_day=date(2025, 9, 1))
        (deposit,) = paid.deposits()

        with pytest.raises(DepositRefused, match="Moving a deposit needs two different people"):
            move_deposit(
                deposit.deposit_id,
                town.account_id(2),
                on=date(2025, 9, 1),
                reason="moved",
                approved_by=other,
                desk=paid.desk("Ana"),
            )
        assert paid.deposits() == (deposit,)


class TestARemainder:
    def test_that_does_not_exist_cannot_be_asked_for(self, paid: Home) -> None:
        (deposit,) = paid.deposits()

        with pytest.raises(DepositRefused, match="Nothing of this deposit remains"):
            request_remainder(
                deposit.deposit_id, on=date(2025, 9, 1), reason="asked", desk=paid.desk()
            )


def test_missed_parts_are_told_once(home: Home) -> None:
    home.ask(JULY, told=TOLD)

    assert home.night(date(2025, 7, 22)).counts["missed"] == 0
    assert home.night(date(2025, 7, 23)).counts["missed"] == 1
    assert home.night(date(2025, 7, 24)).counts["missed"] == 0
    assert home.deposits()[0].last(DepositAct.MISSED).cents == 200_00  # type: ignore[union-attr]


def test_the_months_are_those_of_the_calendar() -> None:
    assert month_after(date(2025, 8, 1), 5) == date(2026, 1, 1)

"""A payment of a deposit comes back after the deposit was used: it is as if it never had come."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, NOW, Home, come_back, home_of, queue

from meterledger.facts.deposits import DepositAct
from meterledger.kernel.money import usd_display
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_acts import move_deposit
from meterledger.usecases.deposit_back import deposit_remainders_due
from meterledger.usecases.deposit_came_back import (
    accounts_of_returns,
)
from meterledger.usecases.deposit_debts import refuse_while_owed
from meterledger.usecases.deposit_hand_out import hand_out_remainders
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.gather_statements import statement_of
from meterledger.usecases.refund_credit import ask_refund, send_refund
from meterledger.usecases.settlements import (
    CannotSettle,
    MoneyDesk,
    refuse_settlement,
    reverse_settlement,
)

JULY = date(2025, 7, 1)
ENDS, FINAL, BACK = date(2025, 10, 20), date(2025, 10, 22), date(2025, 11, 4)
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}


@pytest.fixture
def home(town: Any) -> Home:
    return home_of(town)


def refunds(home: Home) -> MoneyDesk:
    home.now += timedelta(minutes=1)
    return MoneyDesk(home.town.store, home.town.book, NOW.date(), home.now)


def end(home: Home, *, on: date = ENDS, billed: date = FINAL) -> Any:
    """Service ends; the final bill is issued and the night credits the deposit to it."""
    store = home.town.store
    agreement = store.services_of_account(home.account, home.now)[0].agreement
    store.stop_service(agreement.agreement_id, on, home.now)
    bill = home.bill(billed)
    home.night(billed)
    return bill


def on_account(home: Home, ledger_account: str) -> int:
    return int(home.town.store.account_balances(home.account).get(ledger_account, 0))


def open_of(home: Home, item_id: str) -> int:
    store = home.town.store
    (found,) = [one for one in items(home) if one.item_id == item_id]
    assert store is not None
    return int(found.open_cents)


def items(home: Home) -> Any:
    from meterledger.ledger import receivable

    money = home.town.store.account_money([home.account])[home.account]
    entries = home.town.store.entries_of_account(home.account)
    return receivable(home.account, entries, money.applications, due_days={}, at=NOW.date()).items


def check(home: Home) -> None:
    home.check()
    assert all(one.held_cents >= 0 for one in home.money().values())
    for one in home.deposits():
        assert replay_deposit(one.deposit_id, store=home.town.store, book=home.town.book).same


@pytest.fixture
def two_parts(home: Home) -> Home:
    """120 and 80 dollars of deposit, three paid bills."""
    home.ask(JULY, told=TOLD)
    home.pay(120_00, JULY + timedelta(days=4))
    home.pay(80_00, JULY + timedelta(days=5))
    home.live(date(2025, 8, 1), 3)
    return home


class TestAfterTheFinalBill:
    def test_the_bill_is_unpaid_again_as_far_as_the_deposit_is_not_there(
        self, two_parts: Home
    ) -> None:
        home = two_parts
        bill = end(home)
        store = home.town.store
        owed = bill.total_cents
        before = on_account(home, "235")
        assert store.balance_cents(home.account) == 0
        assert before < 0  # a remainder is the customer's
        come_back(home, 1, BACK)
        come_back(home, 2, BACK)
        assert sum(one.held_cents for one in home.money().values()) < 0

        run = home.night(BACK)

        assert (run.changed, run.refused) == (1, [])
        assert on_account(home, "235") == 0
        assert store.balance_cents(home.account) == owed
        assert open_of(home, f"bill:{bill.bill_id}") == owed
        assert on_account(home, "143") == 0  # nothing had been given back
        assert deposit_remainders_due([home.account], at=BACK, desk=home.desk()) == ()
        assert home.town.store.trial_balance().get("431", 0) == 0  # no money, no interest
        check(home)

    def test_what_is_there_of_the_deposit_still_pays(self, two_parts: Home) -> None:
        home = two_parts
        bill = end(home)
        owed = bill.total_cents
        assert owed > 20_00
        come_back(home, 1, BACK)

        home.night(BACK)

        (money,) = home.money().values()
        there = 80_00 + money.interest_added_cents
        assert money.interest_added_cents == 2_07  # 8.75 percent for 108 days on 80 dollars
        assert money.applied_cents == min(owed, there)
        assert home.town.store.balance_cents(home.account) == owed - min(owed, there)
        assert money.held_cents == there - money.applied_cents
        due = deposit_remainders_due([home.account], at=BACK, desk=home.desk())
        assert sum(one.cents for one in due) == money.held_cents
        check(home)

    def test_the_reversals_say_which_payment_and_are_of_the_days_of_what_they_undo(
        self, two_parts: Home
    ) -> None:
        end(two_parts)
        come_back(two_parts, 1, BACK)
        two_parts.night(BACK)

        entries = {
            one.entry_id: one for one in two_parts.town.store.entries_of_account(two_parts.account)
        }
        made = [one for name, one in entries.items() if name.startswith("reversal:deposit-")]

        assert made
        for one in made:
            assert one.reverses is not None
            undone = entries[one.reverses]
            assert one.effective_day == undone.effective_day
            assert one.cause.endswith(
                f"taken back: payment {two_parts.account}-1 came back on {BACK}"
            )

    def test_the_same_night_again_changes_nothing(self, two_parts: Home) -> None:
        end(two_parts)
        come_back(two_parts, 1, BACK)
        two_parts.night(BACK)
        before = two_parts.deposits(), two_parts.town.store.trial_balance()

        run = two_parts.night(BACK + timedelta(days=1))

        assert (run.changed, run.looked_at) == (0, 0)
        assert (two_parts.deposits(), two_parts.town.store.trial_balance()) == before

    def test_one_after_the_other_comes_to_the_same_as_both(self, two_parts: Home) -> None:
        bill = end(two_parts)
        come_back(two_parts, 2, BACK)
        two_parts.night(BACK)
        come_back(two_parts, 1, on=BACK + timedelta(days=3))
        two_parts.night(BACK + timedelta(days=3))

        assert on_account(two_parts, "235") == 0
        assert two_parts.town.store.balance_cents(two_parts.account) == bill.total_cents
        assert two_parts.town.store.trial_balance().get("431", 0) == 0
        check(two_parts)

    def test_a_night_before_it_came_back_leaves_it(self, two_parts: Home) -> None:
        end(two_parts)
        come_back(two_parts, 1, BACK)

        assert two_parts.night(BACK - timedelta(days=1)).changed == 0
        assert two_parts.night(BACK).changed == 1

    def test_a_late_run_of_an_earlier_evening_hands_out_no_more_than_is_there(
        self, two_parts: Home
    ) -> None:
        end(two_parts)
        come_back(two_parts, 1, BACK)
        two_parts.night(BACK)
        (money,) = two_parts.money().values()

        due = deposit_remainders_due([two_parts.account], at=FINAL, desk=two_parts.desk())

        assert sum(one.cents for one in due) == money.held_cents

    def test_the_paper_of_the_bill_says_it(self, two_parts: Home) -> None:
        home = two_parts
        bill = end(home)
        come_back(home, 1, BACK)
        come_back(home, 2, BACK)
        home.night(BACK)

        said = statement_of(
            bill, store=home.town.store, book=home.town.book, known_at=home.now
        ).messages

        assert said[0] == (
            "The deposit that had paid this bill was paid with money that came back: please pay "
            f"{usd_display(bill.total_cents)}."
        )

    def test_a_deposit_that_has_ended_asks_for_nothing_again(self, two_parts: Home) -> None:
        bill = end(two_parts)
        come_back(two_parts, 1, BACK)
        come_back(two_parts, 2, BACK)

        assert two_parts.town.store.asked_deposits(two_parts.account, BACK) == ()
        two_parts.pay(bill.total_cents, BACK + timedelta(days=1))
        two_parts.night(BACK + timedelta(days=1))
        assert two_parts.town.store.balance_cents(two_parts.account) == 0
        assert on_account(two_parts, "235") == 0


class TestWhatRemainsOfADeposit:
    @pytest.fixture
    def ended(self, two_parts: Home) -> Home:
        """The deposit paid the final bill, and the rest of it is asked for."""
        end(two_parts)
        return two_parts

    def test_stays_while_a_payment_of_a_bill_that_came_back_is_owed(self, ended: Home) -> None:
        left = -on_account(ended, "235")
        asks: dict[str, Any] = {"by": "Ana", "reason": "due", "source": "235"}
        name = ask_refund(ended.account, left - 1, desk=refunds(ended), **asks).case.settlement_id
        come_back(ended, 3, BACK)  # of the first bill

        with pytest.raises(CannotSettle, match=r"cannot go to .* any more: account .* has ended"):
            approve_settlement(name, by="Ben", reason="due", desk=refunds(ended))
        refuse_settlement(name, by="Ben", reason="he owes", desk=refunds(ended))
        out = hand_out_remainders(on=BACK, desk=ended.desk("meterledger"), refunds=refunds(ended))

        ((_, sentence),) = out.refused
        assert f"with `meterledger pay {ended.account}`" in sentence
        assert on_account(ended, "235") == -left
        ended.pay(ended.town.store.balance_cents(ended.account), BACK)
        out = hand_out_remainders(on=BACK, desk=ended.desk("meterledger"), refunds=refunds(ended))
        assert (len(out.asked), out.refused) == (1, [])


class TestAfterItWasGivenBack:
    @pytest.fixture
    def given(self, two_parts: Home) -> Home:
        """What remained of the deposit was sent to the customer."""
        end(two_parts)
        left = -on_account(two_parts, "235")
        two_parts.pay(1_00, FINAL)  # so that the payee is known by a payment that is kept
        asked = ask_refund(
            two_parts.account, left, by="Ana", reason="due", desk=refunds(two_parts), source="235"
        )
        name = asked.case.settlement_id
        approve_settlement(name, by="Ben", reason="due", desk=refunds(two_parts))
        return two_parts

    def refund_of(self, home: Home) -> Any:
        (one,) = [
            one
            for one in home.town.store.settlements(account_id=home.account)
            if one.source == "235"
        ]
        return one

    def test_the_customer_owes_what_he_had_of_it_beside_the_bill(self, given: Home) -> None:
        sent = self.refund_of(given)
        bill = given.bills()[-1]
        send_refund(sent.settlement_id, by="Ben", reference="CHK 1", desk=refunds(given))
        come_back(given, 1, BACK)
        come_back(given, 2, BACK)

        given.night(BACK)

        owed = f"deposit-owed:{given.deposits()[0].deposit_id}.owed.1"
        assert on_account(given, "143") == sent.cents
        assert open_of(given, owed) == sent.cents
        assert on_account(given, "235") == 0
        assert given.town.store.balance_cents(given.account) == bill.total_cents - 1_00
        (row,) = queue(given, BACK)
        assert (row.owed_cents, row.short_cents, row.refunds) == (sent.cents, 0, ())
        assert row.open_cents == sent.cents + bill.total_cents - 1_00
        assert row.sentence == "Ask the customer for what is open"
        check(given)

    def test_a_part_that_is_there_pays_the_bill_first(self, given: Home) -> None:
        """80 dollars and their interest are there: by the rule they are credited to the bill."""
        sent = self.refund_of(given)
        bill = given.bills()[-1]
        come_back(given, 1, BACK)

        given.night(BACK)

        (money,) = given.money().values()
        there = 80_00 + money.interest_added_cents
        assert money.applied_cents == min(bill.total_cents, there)
        assert on_account(given, "143") == money.applied_cents + sent.cents - there
        check(given)

    def test_a_refund_that_is_not_sent_is_to_be_stopped_and_then_nothing_is_owed(
        self, given: Home
    ) -> None:
        case = self.refund_of(given)
        come_back(given, 1, BACK)
        come_back(given, 2, BACK)
        given.night(BACK)
        (row,) = queue(given, BACK)
        assert row.sentence == f"Do not send it: meterledger settlement undo {case.settlement_id}"

        reverse_settlement(
            case.settlement_id, by="Ben", reason="its money came back", desk=refunds(given)
        )
        given.night(NOW.date())

        assert on_account(given, "143") == 0
        assert on_account(given, "235") == 0
        assert self.refund_of(given).last.act.value == "reversed"
        (row,) = queue(given, NOW.date())
        assert (row.owed_cents, row.refunds) == (0, ())
        check(given)

    def test_leaves_the_queue_once_all_is_paid(self, given: Home) -> None:
        come_back(given, 1, BACK)
        come_back(given, 2, BACK)
        case = self.refund_of(given)
        send_refund(case.settlement_id, by="Ben", reference="CHK 1", desk=refunds(given))
        given.night(BACK)
        (row,) = queue(given, BACK)

        given.pay(row.open_cents - 1, BACK)
        (row,) = queue(given, BACK)
        assert row.open_cents == 1
        given.pay(1, BACK)

        assert queue(given, BACK) == ()
        assert list(accounts_of_returns(given.desk())) == [given.account]


class TestYearlyInterest:
    def test_of_the_part_that_came_back_is_taken_from_the_account(self, home: Home) -> None:
        """On 120 dollars of 200: 6/10 of 8.75 and 8 percent, each part rounded once."""
        home.ask(JULY, told=TOLD)
        home.pay(120_00, date(2025, 7, 5))
        home.pay(80_00, date(2025, 7, 5))
        home.live(date(2025, 8, 1), 11)
        home.night(date(2026, 7, 4))
        assert -home.town.store.balance_cents(home.account) == 10_04 + 6_70
        come_back(home, 1, on=date(2026, 7, 6))

        run = home.night(date(2026, 7, 6))

        assert run.counts["undone"] == 1
        assert -home.town.store.balance_cents(home.account) == 6_70
        (money,) = home.money().values()
        assert (money.held_cents, money.unpaid_cents) == (80_00, 120_00)
        assert not money.deposit.is_closed
        assert home.night(date(2026, 7, 7)).changed == 0 or acts(home)[-1] == "missed"
        check(home)

    def test_of_the_whole_is_taken_back_and_the_year_is_not_credited_again(
        self, home: Home
    ) -> None:
        home.ask(JULY, told=TOLD)
        home.pay(200_00, date(2025, 7, 5))
        home.live(date(2025, 8, 1), 11)
        home.night(date(2026, 7, 4))
        come_back(home, 1, on=date(2026, 7, 6))
        home.night(date(2026, 7, 6))
        assert home.town.store.balance_cents(home.account) == 0
        assert home.town.store.trial_balance().get("431", 0) == 0

        home.pay(200_00, date(2026, 7, 8))
        home.night(date(2026, 7, 9))

        (money,) = home.money().values()
        assert money.held_cents == 200_00
        assert money.interest_credited_cents == 0
        check(home)

    def test_of_the_same_money_under_another_key_is_earned_from_its_own_day(
        self, home: Home
    ) -> None:
        home.ask(JULY, told=TOLD)
        home.pay(200_00, date(2025, 7, 5))
        home.live(date(2025, 8, 1), 11)
        home.night(date(2026, 7, 4))
        come_back(home, 1, on=date(2026, 7, 6))
        (deposit,) = home.deposits()
        item = f"deposit:{deposit.deposit_id}"
        home.pay(200_00, date(2025, 7, 5), earmarked_to=[item])
        home.night(date(2026, 7, 6))
        assert home.held() == 200_00
        home.live(date(2026, 7, 10), 1)

        run = home.night(date(2026, 8, 20))

        if run.counts["given back"]:
            assert run.cents["interest added"] > 16_74  # the first year, and what came after
        check(home)


def acts(home: Home) -> list[str]:
    return [one.act.value for one in home.deposits()[0].steps]


def test_a_step_is_undone_once_and_as_it_stands(two_parts: Home) -> None:
    from dataclasses import replace

    from meterledger.usecases.deposit_came_back import put_right
    from meterledger.usecases.ports import Conflict

    end(two_parts)
    come_back(two_parts, 1, BACK)
    (money,) = two_parts.money().values()
    work = put_right(money, on=BACK, desk=two_parts.desk())
    assert work is not None
    undoing = next(one for one in work.steps if one.act is DepositAct.UNDONE)
    (entry,) = [one for one in work.entries if (one.reverses or "").endswith(undoing.note)]
    less = replace(undoing, cents=undoing.cents - 1)

    with pytest.raises(Conflict, match="What is undone does not stand like that"):
        two_parts.town.store.record_deposits([replace(work, steps=(less,), entries=(entry,))])
    assert two_parts.town.store.record_deposits([work])
    assert not two_parts.town.store.record_deposits([work])
    again = replace(undoing, key="undone.twice")
    seen = len(two_parts.deposits()[0].steps)
    with pytest.raises(Conflict, match="What is undone does not stand like that"):
        two_parts.town.store.record_deposits(
            [replace(work, seen=seen, steps=(again,), entries=(entry,))]
        )


def test_what_had_moved_on_stays_there_and_is_owed_here(two_parts: Home) -> None:
    """One of two payments comes back after the deposit moved to the customer's other account."""
    town, moved = two_parts.town, date(2025, 10, 25)
    town.start(2, people=(("P1", "Person 1"),), from_day=moved)
    (deposit,) = two_parts.deposits()
    other = town.account_id(2)
    move_deposit(
        deposit.deposit_id,
        other,
        on=moved,
        reason="moved",
        approved_by="Zoe",
        desk=two_parts.desk(),
    )

    come_back(two_parts, 1, BACK)
    two_parts.night(BACK)
    two_parts.night(BACK + timedelta(days=1))

    there = Home(town, 2, now=two_parts.now)
    for one in (two_parts, there):
        one.check()
    assert on_account(two_parts, "143") == 120_00
    assert sum(one.held_cents for one in two_parts.money().values()) == 0
    assert sum(one.held_cents for one in there.money().values()) == 200_00 == two_parts.held()
    (told,) = queue(two_parts, BACK)
    assert (told.owed_cents, told.open_cents, told.short_cents) == (120_00, 120_00, 0)

    # The whole deposit is there, and no cent of it leaves in cash while 120.00 of it never came.
    with pytest.raises(
        CannotSettle, match=rf"Account {two_parts.account} owes \$120.00 of a dep.*pay"
    ):
        refuse_while_owed(other, refunds(there))
    two_parts.now = there.now
    two_parts.pay(120_00 + two_parts.town.store.balance_cents(two_parts.account), BACK)
    there.now = two_parts.now
    refuse_while_owed(other, refunds(there))

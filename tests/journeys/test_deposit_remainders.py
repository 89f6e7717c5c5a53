"""What remains of two deposits of one account: each is refunded once, and once only."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, NOW, Home, home_of

from meterledger.facts.settlements import Means, deposits_of_refund
from meterledger.usecases import deposit_remainders
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_back import RemainderDue, deposit_remainders_due
from meterledger.usecases.deposit_hand_out import HandedOut, hand_out_remainders
from meterledger.usecases.refund_credit import ask_refund, verify_payee
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import (
    MoneyDesk,
    Settled,
    refuse_settlement,
    reverse_settlement,
)

JULY, PAID, ENDS, FINAL = (date(2025, 7, day) for day in (1, 2, 11, 14))
TOLD = {**APPLICANT, "estimated_annual_bill_usd": "1200.00"}


def ended_pair(town: Any) -> Home:
    """Two deposits of 100 dollars, paid on one day; service has ended, and all was paid before."""
    return ended_home(town, JULY, PAID)


def ended_home(town: Any, *asked: date) -> Home:
    """A deposit of 100 dollars of each of these days, or of one."""
    home = home_of(town, until=ENDS + timedelta(days=1))
    for asked_on in asked or (JULY,):
        home.ask(asked_on, told=TOLD, cents=100_00)
        home.pay(100_00, PAID)
    home.pay(500_00, PAID)
    store = town.store
    agreement = store.services_of_account(home.account, home.now)[0].agreement
    store.stop_service(agreement.agreement_id, ENDS, home.now)
    assert home.bill(FINAL) is not None
    home.night(FINAL)
    return home


@pytest.fixture
def pair(town: Any) -> Home:
    return ended_pair(town)


def refunds(home: Home) -> MoneyDesk:
    home.now += timedelta(minutes=1)
    return MoneyDesk(home.town.store, home.town.book, NOW.date(), home.now)


def due_of(home: Home) -> dict[str, RemainderDue]:
    """What is due of each deposit, the one that began first before the other."""
    due = deposit_remainders_due([home.account], at=NOW.date(), desk=home.desk())
    found = {one.deposit_id: one for one in due}
    return {
        one.deposit_id: found[one.deposit_id] for one in home.deposits() if one.deposit_id in found
    }


def ask(home: Home, one: RemainderDue) -> Settled:
    return ask_refund(
        home.account,
        one.cents,
        by="Ana",
        reason="due",
        desk=refunds(home),
        source="235",
        of_deposits=[one.deposit_id],
    )


def approve(home: Home, done: Settled) -> None:
    approve_settlement(done.case.settlement_id, by="Ben", reason="due", desk=refunds(home))


def night(home: Home, days: int = 0) -> HandedOut:
    on = NOW.date() + timedelta(days=days)
    desk = replace(refunds(home), on=on)
    return hand_out_remainders(on=on, desk=home.desk("meterledger"), refunds=desk)


def say_no(home: Home, name: str) -> None:
    refuse_settlement(name, by="Ben", reason="he has moved", desk=refunds(home))


def each_goes_back_once(home: Home) -> None:
    """Whoever is first: two equal remainders of a day are two refunds, sent twice or not."""
    older, newer = due_of(home).values()
    assert older.cents == newer.cents > 100_00

    first = ask(home, newer)
    assert deposits_of_refund(first.case.settlement_id) == (newer.deposit_id,)
    again = ask(home, newer)
    assert (again.case.settlement_id, again.is_new) == (first.case.settlement_id, False)
    approve(home, first)

    assert list(due_of(home)) == [older.deposit_id]  # the one that was asked for has gone back
    assert not ask(home, newer).is_new
    second = ask(home, older)
    assert second.is_new
    assert not ask(home, older).is_new
    approve(home, second)
    assert not ask(home, older).is_new
    assert (home.held(), due_of(home)) == (0, {})
    assert home.town.store.trial_balance()["232.refunds"] == -2 * older.cents
    home.check()
    for one in (first, second):
        assert replay_settlement(one.case, refunds(home))


def test_two_equal_remainders_of_a_day_are_two_refunds(pair: Home) -> None:
    each_goes_back_once(pair)


def test_who_asks_while_another_does_is_told_of_that_refund(
    town: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one's word comes between two looks of ours: it is asked for once, and told so."""
    home = ended_home(town)
    (due,) = due_of(home).values()
    really, others = deposit_remainders.refund_of_deposits, []

    def in_between(key: str, of: Any) -> str:
        if not others:
            others.append("on its way")
            others[0] = ask(home, due).case.settlement_id
        return really(key, of)

    monkeypatch.setattr(deposit_remainders, "refund_of_deposits", in_between)

    mine = ask(home, due)

    assert ([mine.case.settlement_id], mine.is_new) == (others, False)
    assert len(home.town.store.settlements()) == 1


def test_the_night_asks_for_all_that_remains_in_one_refund(pair: Home) -> None:
    cents = sum(one.cents for one in due_of(pair).values())

    (name,) = night(pair).asked

    assert name == f"refund:{pair.account}-{NOW:%Y%m%d}-{cents}.deposit"
    approve_settlement(name, by="Ben", reason="due", desk=refunds(pair))
    assert (pair.held(), due_of(pair)) == (0, {})


def test_a_refund_of_the_old_name_stands_for_one_of_two(pair: Home) -> None:
    """Its name says of no deposit: it counts to the older, and the other is asked for by itself."""
    older, newer = due_of(pair).values()
    old = ask_refund(
        pair.account, older.cents, by="Ana", reason="due", desk=refunds(pair), source="235"
    )
    assert old.case.key == f"{pair.account}-{NOW:%Y%m%d}-{older.cents}.deposit"
    approve(pair, old)

    assert ask(pair, older).case.settlement_id == old.case.settlement_id
    assert list(due_of(pair)) == [newer.deposit_id]
    (name,) = night(pair).asked
    assert deposits_of_refund(name) == (newer.deposit_id,)
    assert night(pair).on_their_way == 1
    approve_settlement(name, by="Ben", reason="due", desk=refunds(pair))
    assert (pair.held(), night(pair).due) == (0, 0)
    pair.check()


def test_a_refund_of_the_old_name_that_waits_is_not_asked_for_again(pair: Home) -> None:
    older, newer = due_of(pair).values()
    both = replace(older, cents=older.cents + newer.cents)
    old = ask_refund(
        pair.account, both.cents, by="Ana", reason="due", desk=refunds(pair), source="235"
    )

    again = ask_refund(
        pair.account,
        both.cents,
        by="meterledger",
        reason="due",
        desk=refunds(pair),
        source="235",
        of_deposits=[older.deposit_id, newer.deposit_id],
    )

    assert (again.case.settlement_id, again.is_new) == (old.case.settlement_id, False)


def test_a_refund_that_was_taken_back_is_of_its_deposit_again(pair: Home) -> None:
    older, newer = due_of(pair).values()
    done = ask(pair, newer)
    approve(pair, done)
    reverse_settlement(done.case.settlement_id, by="Ben", reason="wrong", desk=refunds(pair))

    assert list(due_of(pair)) == [older.deposit_id, newer.deposit_id]
    anew = ask(pair, newer)
    assert anew.case.settlement_id == f"{done.case.settlement_id}-2"
    assert deposits_of_refund(anew.case.settlement_id) == (newer.deposit_id,)
    pair.check()


class TestWhatAPersonRefused:
    @pytest.fixture
    def refused(self, pair: Home) -> Home:
        """The night asked for all that remains, and Ben said no."""
        (name,) = night(pair).asked
        say_no(pair, name)
        return pair

    def test_is_not_asked_for_again_the_same_day(self, refused: Home) -> None:
        again = night(refused)

        ((_, sentence),) = again.refused
        assert (again.due, again.asked, again.on_their_way) == (1, [], 0)
        assert sentence.startswith(f"Ben refused refund:{refused.account}-")
        assert "he has moved. It is asked for again on a later day" in sentence
        assert len(night(refused, days=-1).refused) == 1  # nor by a run of an earlier day

    def test_is_asked_for_on_the_next_day(self, refused: Home) -> None:
        later = night(refused, days=1)

        assert (len(later.asked), later.refused) == (1, [])

    def test_is_asked_for_after_a_payment(self, refused: Home) -> None:
        refused.pay(1_00, NOW.date())

        (name,) = night(refused).asked
        say_no(refused, name)
        assert (night(refused).asked, len(night(refused).refused)) == ([], 1)  # until the next

    def test_is_asked_for_once_there_is_somebody_else_to_pay(self, refused: Home) -> None:
        verify_payee(
            "estate",
            account_id=refused.account,
            name="The estate",
            means=Means.CHECK,
            details="2 Elm St",
            by="Ana",
            evidence="seen",
            desk=refunds(refused),
        )

        assert len(night(refused).asked) == 1

    def test_is_asked_for_where_the_amount_is_another(self, pair: Home) -> None:
        older, _ = due_of(pair).values()
        say_no(pair, ask(pair, older).case.settlement_id)

        assert len(night(pair).asked) == 1  # all that remains, and not that one alone

    def test_may_be_asked_for_by_a_person_at_once(self, refused: Home) -> None:
        older, _ = due_of(refused).values()
        first = ask(refused, older)
        say_no(refused, first.case.settlement_id)

        assert ask(refused, older).is_new

"""The town's money: what happened to whom, that it ties, and that living it again moves nothing.

Lives here      each story of money in the town, at its end.
Lives elsewhere energy and bills (test_the_town_lives.py), the journeys' own stories.
"""

from __future__ import annotations

from tests.town.towns import LivedTown

from meterledger.entrypoints.demo import channels, deposits
from meterledger.entrypoints.demo.chronicle import ActTold
from meterledger.entrypoints.demo.finance import books_of, money_holds
from meterledger.entrypoints.demo.payments import MAILED_HOME, ON_TIME_HOME, ONE_LATE_HOME
from meterledger.entrypoints.demo.proofs import journal_fingerprint
from meterledger.entrypoints.demo.story import after_the_story
from meterledger.facts.payments import ReceiptState
from meterledger.facts.settlements import SettlementKind
from meterledger.usecases.deposit_money import deposit_money
from meterledger.usecases.deposit_replay import replay_deposit
from meterledger.usecases.extension_replay import replay_extension
from meterledger.usecases.late_charge_replay import replay_late_charge
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settlements import MoneyDesk


def account_of(lived: LivedTown, home_name: str) -> str:
    return lived.town.stays_at(home_name)[0].account_id


def told(lived: LivedTown, word: str) -> list[ActTold]:
    return [one for month in lived.months for one in month.acts if one.word == word]


class TestAtTheEnd:
    def test_everything_of_the_money_ties(self, lived: LivedTown) -> None:
        books = books_of(lived.utility)
        assert [
            sentence for holds, sentence in money_holds(lived.utility, books) if not holds
        ] == []

    def test_only_the_strange_line_is_unexplained(self, lived: LivedTown) -> None:
        found = [one for one in books_of(lived.utility).monitors.items if one.count]
        assert [(one.words, one.count, one.cents) for one in found] == [
            ("seen at the bank and not expected", 1, 150_00)
        ]

    def test_every_decision_is_made_again_to_the_byte(self, lived: LivedTown) -> None:
        store, book = lived.utility.store, lived.utility.book
        for account in store.account_ids():
            for charge in store.late_charges_of_account(account):
                name = charge.late_charge_id
                assert replay_late_charge(name, store=store, book=book).same_bytes, name
        for account, found in store.deposits_of_accounts(
            store.deposit_accounts(with_closed=True)
        ).items():
            for one in found:
                assert replay_deposit(one.deposit_id, store=store, book=book).same, account
        for case in store.settlements():
            desk = MoneyDesk(store, book, case.last.on, after_the_story(book))
            assert replay_settlement(case, desk), case.settlement_id
        for each in replay_extension(deposits.LINE, store=store, book=book):
            assert each.is_same, each.name


class TestLateness:
    def test_a_day_late_costs_and_the_due_day_and_mail_do_not(self, lived: LivedTown) -> None:
        store = lived.utility.store
        (charge,) = store.late_charges_of_account(account_of(lived, ONE_LATE_HOME))[:1]
        assert charge.cents == round(charge.base_cents * 15 / 1000)
        for home in (ON_TIME_HOME, MAILED_HOME):
            assert store.late_charges_of_account(account_of(lived, home)) == []


class TestMoneyByOtherWays:
    def test_the_check_of_nobody_counts_from_the_day_it_came(self, lived: LivedTown) -> None:
        account = account_of(lived, channels.LOCKBOX_HOMES[1])
        (receipt,) = [
            one
            for one in lived.utility.store.receipts(account_id=account)
            if one.receipt.account_told != account
        ]
        assert receipt.state is ReceiptState.POSTED
        assert receipt.receipt.received_day == channels.LOCKBOX_ON

    def test_a_returned_check_costs_nothing_that_no_sheet_says(self, lived: LivedTown) -> None:
        (refused,) = [
            one for one in told(lived, "REFUSED") if "charge for a returned payment" in one.sentence
        ]
        assert "The charge for a returned payment is not in the book" in refused.sentence
        account = account_of(lived, channels.BOUNCED_HOME)
        fees = lived.utility.store.settlements(account_id=account, kind=SettlementKind.FEE)
        assert fees == []

    def test_the_debit_that_came_back_was_drawn_once_more(self, lived: LivedTown) -> None:
        account = account_of(lived, channels.AUTOPAY_HOME)
        states = [
            one.state
            for one in lived.utility.store.receipts(account_id=account)
            if one.receipt.channel.value == "autopay"
        ]
        assert states.count(ReceiptState.RETURNED) == 1
        assert states.count(ReceiptState.POSTED) == len(channels.AUTOPAY_DAYS)

    def test_the_unknown_card_payment_posted_on_its_day(self, lived: LivedTown) -> None:
        (card,) = [
            one
            for one in lived.utility.store.receipts(limit=5000)
            if one.receipt.channel.value == "card"
        ]
        assert [one.state for one in card.steps] == [ReceiptState.UNKNOWN, ReceiptState.POSTED]
        assert card.receipt.received_day == channels.CARD_ON


class TestDeposits:
    def test_the_first_ends_with_interest_a_bill_and_a_refund_of_two_people(
        self, lived: LivedTown
    ) -> None:
        store = lived.utility.store
        account = account_of(lived, deposits.NEW_HOME)
        (money,) = deposit_money(
            account, store.deposits_of_accounts([account])[account], store
        ).values()
        assert money.held_cents == 0
        assert money.paid_cents + money.interest_added_cents == (
            money.applied_cents + money.refunded_cents
        )
        (case,) = store.settlements(account_id=account, kind=SettlementKind.REFUND)
        assert case.needs_two
        assert {one.by for one in case.steps[:2]} == {"meterledger", deposits.SECOND}

    def test_the_second_is_not_asked_for_in_winter(self, lived: LivedTown) -> None:
        (refused,) = [one for one in told(lived, "REFUSED") if one.day == deposits.IN_WINTER_ON]
        assert "suspended in the Cold Weather season, until 2026-04-01" in refused.sentence
        account = account_of(lived, deposits.LATE_HOME)
        (deposit,) = lived.utility.store.deposits_of_accounts([account])[account]
        assert deposit.asked is not None
        assert deposit.asked.on == deposits.LATE_ASKED_ON

    def test_the_balance_of_a_final_bill_moved(self, lived: LivedTown) -> None:
        store = lived.utility.store
        assert store.balance_cents(account_of(lived, deposits.MOVED_FROM)) == 0
        account = account_of(lived, deposits.MOVED_FROM)
        (case,) = store.settlements(account_id=account, kind=SettlementKind.TRANSFER)
        assert case.to_account_id == account_of(lived, deposits.MOVED_TO)


def test_living_it_again_moves_nothing_and_tells_the_same(lived: LivedTown) -> None:
    before, hashed = lived.utility.contents(), journal_fingerprint(lived.utility)

    again = list(lived.utility.story(lived.town).live())

    assert lived.utility.contents() == before
    assert journal_fingerprint(lived.utility) == hashed
    acts = [one for month in again for one in month.acts]
    first = [one for month in lived.months for one in month.acts]
    assert acts == [one for one in first if one.word != "plan"]  # a review is told when it decides

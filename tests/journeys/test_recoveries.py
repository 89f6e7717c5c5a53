"""What of a payment recovers a write-off, and what is no money of it; nights closed late."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

import pytest
from tests.journeys.settling_town import FINDERS, ONE, OTHER, SAME, Settling, begin, owes
from tests.stores.extension_town import DEPOSIT
from tests.stores.paper_town import ANALYST, bill_of

from meterledger.facts.money import Tender
from meterledger.facts.settlements import Act, SettlementCase
from meterledger.ledger import RefundWay
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.forms import read_form
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.extension_contracts import ContractAsked, ContractGiven, open_contract
from meterledger.usecases.extension_money import take_extension_payment
from meterledger.usecases.extension_records import Moment
from meterledger.usecases.extension_tellings import Told
from meterledger.usecases.ports import Conflict
from meterledger.usecases.refund_credit import give_credit, settle_final_credit
from meterledger.usecases.replay_settlement import replay_settlement
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment
from meterledger.usecases.settlement_ports import SettlementWrite
from meterledger.usecases.settlements import CannotSettle, reverse_settlement
from meterledger.usecases.take_payment import How, take_payment
from meterledger.usecases.write_off import (
    record_recoveries,
    record_recovery,
    take_recoveries_back,
    write_off,
    written_off_cents,
)

OFF = date(2025, 9, 1)


@pytest.fixture
def town(first_book: TariffBook) -> Iterator[Settling]:
    made = Settling(MemoryStore(), first_book)
    with made.store.viewing(ANALYST, ["all"]):
        begin(made.store)
        yield made


def written(town: Settling, on: date = OFF) -> SettlementCase:
    case = write_off(ONE, desk=town.desk(on), **FINDERS).case
    if case.awaits_approval:
        case = approve_settlement(case.settlement_id, desk=town.desk(on), **OTHER).case
    return case


def pay(town: Settling, cents: int, key: str, on: date) -> None:
    desk = town.desk()
    take_payment(
        account_id=ONE,
        cents=cents,
        payment_key=key,
        received_day=on,
        learned_at=desk.now,
        view=desk.view,
        store=town.store,
        how=How(Tender.CHECK),
    )


def bounce(town: Settling, key: str, on: date) -> None:
    desk = town.desk()
    till = PaymentDesk(town.store, desk.view, desk.now)
    reverse_payment(key, on=on, by="bank", reason="R01", desk=till)


def sums(town: Settling) -> tuple[int, int]:
    balances = town.store.trial_balance()
    return balances.get("142", 0), balances.get("144", 0)


class TestNoMoneyOfIt:
    def test_is_the_advance_of_an_extension(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town)
        given = read_form(ContractGiven, DEPOSIT, where="given")
        asked = ContractAsked("EXT-1", ONE, date(2018, 2, 1), "Ana", given)
        open_contract(asked, store=town.store, book=town.book, now=town.desk().now)
        moment = Moment.at(town.desk().now, town.book)
        told = Told(date(2025, 9, 3), "Ana")
        take_extension_payment(
            *("EXT-1", "R-1", 1000_00, told),
            tender=Tender.CHECK,
            store=town.store,
            moment=moment,
        )

        assert record_recoveries(by="night", desk=town.desk(date(2025, 9, 9))) == []
        with pytest.raises(CannotSettle, match="Nothing of it came to what the account owes"):
            record_recovery("R-1", ONE, by="Ana", desk=town.desk(date(2025, 9, 9)))
        assert sums(town) == (0, 165_19)

    def test_is_a_payment_that_bounced(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town)
        pay(town, 65_19, "K-9", date(2025, 9, 5))
        bounce(town, "K-9", date(2025, 9, 6))

        with pytest.raises(CannotSettle, match="It came back"):
            record_recovery("K-9", ONE, by="Ana", desk=town.desk(date(2025, 9, 7)))
        assert sums(town) == (0, 165_19)

    def test_is_what_came_before_and_paid_another_bill(self, town: Settling) -> None:
        owes(town.store, 2)
        town.pay(ONE, 165_19, "K-1")
        written(town)

        with pytest.raises(CannotSettle, match="It came before the write-off of 2025-09-01"):
            record_recovery("K-1", ONE, by="Ana", desk=town.desk(date(2025, 9, 7)))
        assert record_recoveries(by="night", desk=town.desk(date(2025, 9, 7))) == []
        assert sums(town) == (0, 165_19)

    def test_is_what_pays_a_bill_of_later(self, town: Settling) -> None:
        """Of a payment of 100.00, what is charged since takes 40.00; 60.00 recover."""
        owes(town.store, 1)
        written(town)
        town.store.record_bills([bill_of(1, 9, cents=40_00)])
        pay(town, 100_00, "K-9", date(2025, 11, 20))
        night = date(2025, 11, 21)

        (done,) = record_recoveries(by="night", desk=town.desk(night))

        assert done.case.cents == 60_00
        assert sums(town) == (0, 105_19)
        assert replay_settlement(done.case, town.desk(night))

    def test_is_what_pays_only_a_bill_of_later(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town)
        town.store.record_bills([bill_of(1, 9, cents=40_00)])
        pay(town, 40_00, "K-9", date(2025, 11, 20))

        with pytest.raises(CannotSettle, match="It pays what the account was charged since"):
            record_recovery("K-9", ONE, by="Ana", desk=town.desk(date(2025, 11, 21)))

    def test_is_what_bounced_while_it_was_being_booked(self, town: Settling) -> None:
        """The store looks once more, under the lock of the account."""
        owes(town.store, 1)
        written(town)
        pay(town, 65_19, "K-9", date(2025, 9, 5))
        kept = town.store.record_settlements

        def late(writes: Sequence[SettlementWrite]) -> list[bool]:
            bounce(town, "K-9", date(2025, 9, 6))
            return kept(writes)

        town.store.record_settlements = late  # type: ignore[method-assign]
        with pytest.raises(Conflict, match=r"more than \$0\.00, what the account has"):
            record_recovery("K-9", ONE, by="Ana", desk=town.desk(date(2025, 9, 7)))
        assert sums(town) == (0, 165_19)


class TestARecoveredPaymentThatBounces:
    def test_takes_its_recovery_back_by_the_night(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town)
        pay(town, 65_19, "K-9", date(2025, 9, 5))
        record_recoveries(by="night", desk=town.desk(date(2025, 9, 5)))
        bounce(town, "K-9", date(2025, 9, 8))
        assert sums(town) == (65_19, 100_00)

        assert take_recoveries_back(by="night", desk=town.desk(date(2025, 9, 7))) == []
        (back,) = take_recoveries_back(by="night", desk=town.desk(date(2025, 9, 8)))

        assert (back.case.last.act, back.case.last.on) == (Act.REVERSED, date(2025, 9, 8))
        assert take_recoveries_back(by="night", desk=town.desk(date(2025, 9, 9))) == []
        assert record_recoveries(by="night", desk=town.desk(date(2025, 9, 9))) == []
        assert sums(town) == (0, 165_19)


class TestARecoveryThatWasUndone:
    def test_by_mistake_is_booked_anew_by_a_person(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town)
        pay(town, 65_19, "K-9", date(2025, 9, 5))
        (first,) = record_recoveries(by="night", desk=town.desk(date(2025, 9, 5)))
        wrong = date(2025, 9, 6)
        reverse_settlement(
            first.case.settlement_id, by="Ana", reason="the wrong one", desk=town.desk(wrong)
        )
        assert sums(town) == (-65_19, 165_19)

        assert record_recoveries(by="night", desk=town.desk(wrong)) == []
        again = record_recovery("K-9", ONE, by="Ana", desk=town.desk(wrong))
        twice = record_recovery("K-9", ONE, by="Ana", desk=town.desk(wrong))

        assert (again.case.settlement_id, again.is_new) == ("recovery:K-9.again-2", True)
        assert (twice.case.settlement_id, twice.is_new) == ("recovery:K-9.again-2", False)
        assert sums(town) == (0, 100_00)
        assert replay_settlement(again.case, town.desk(wrong))
        assert record_recoveries(by="night", desk=town.desk(wrong)) == []

    def test_and_booked_anew_goes_back_with_its_payment(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town)
        pay(town, 65_19, "K-9", date(2025, 9, 5))
        (first,) = record_recoveries(by="night", desk=town.desk(date(2025, 9, 5)))
        day = date(2025, 9, 6)
        reverse_settlement(first.case.settlement_id, by="Ana", reason="so", desk=town.desk(day))
        record_recovery("K-9", ONE, by="Ana", desk=town.desk(day))
        bounce(town, "K-9", date(2025, 9, 8))

        (back,) = take_recoveries_back(by="night", desk=town.desk(date(2025, 9, 8)))

        assert back.case.settlement_id == "recovery:K-9.again-2"
        assert sums(town) == (0, 165_19)


class TestACreditBesideAWriteOff:
    def test_leaves_what_a_correction_gives_beyond_it_to_the_customer(self, town: Settling) -> None:
        """Of two bills one is paid and one written off; 220.38 of both is given back."""
        owes(town.store, months=2)
        town.pay(ONE, 165_19, "K-1")
        written(town, town.desk().on)
        for cents in (40_00, 40_00, 40_00, 40_00, 40_00, 20_38):
            given = give_credit(
                ONE, cents, desk=town.desk(), key=f"k{len(town.store.settlements())}", **FINDERS
            ).case
            approve_settlement(given.settlement_id, desk=town.desk(), **OTHER)
        assert town.store.balance_cents(ONE) == -220_38

        found = settle_final_credit(ONE, by="the night", desk=town.desk())
        again = settle_final_credit(ONE, by="the night", desk=town.desk())

        assert (found.way, found.cents, found.is_new) == (RefundWay.MOVES, 55_19, True)
        assert (found.stays_cents, found.waits_for_a_person) == (165_19, True)
        assert "written off and not recovered" in found.stays_words
        assert found.case is not None
        assert replay_settlement(found.case, town.desk())
        assert town.store.balance_cents(ONE) == -165_19
        assert (again.way, again.case, again.stays_cents) == (RefundWay.STAYS, None, 165_19)
        assert again.waits_for_a_person


class TestTheNightOfADay:
    def test_leaves_what_came_after_it_to_the_next(self, town: Settling) -> None:
        """The night of 09-10 is closed on 09-11, when 200.00 came."""
        owes(town.store, 1)
        town.store.record_bills([bill_of(1, 1, cents=0)])
        written(town)
        pay(town, 200_00, "K-9", date(2025, 9, 11))
        night, next_night = date(2025, 9, 10), date(2025, 9, 11)

        assert record_recoveries(by="night", desk=town.desk(night)) == []
        with pytest.raises(CannotSettle, match="It came on 2025-09-11"):
            record_recovery("K-9", ONE, by="Ana", desk=town.desk(night))
        (done,) = record_recoveries(by="night", desk=town.desk(next_night))
        assert (done.case.cents, done.case.last.on) == (165_19, next_night)

        found = settle_final_credit(ONE, by="night", desk=town.desk(night))
        assert found.case is None
        found = settle_final_credit(ONE, by="night", desk=town.desk(next_night))
        assert (found.way, found.cents) == (RefundWay.MOVES, 34_81)
        assert town.store.balance_cents(SAME) == -34_81

    def test_leaves_the_write_off_of_the_next_morning(self, town: Settling) -> None:
        owes(town.store, 1)
        written(town, OFF + timedelta(days=1))
        pay(town, 65_19, "K-9", OFF)

        assert record_recoveries(by="night", desk=town.desk(OFF)) == []
        (done,) = record_recoveries(by="night", desk=town.desk(OFF + timedelta(days=1)))
        assert done.case.cents == 65_19
        assert written_off_cents(ONE, town.desk(OFF)) == 100_00

"""Contracts of extensions: added to, never changed, never overdrawn; on memory and PostgreSQL."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from typing import Any

import psycopg
import pytest
from tests.stores.extension_town import (
    CONTRACT,
    DEPOSIT,
    GUARANTEE,
    NOON,
    OTHERS_DEPOSIT,
    REQUESTED,
    SPECIAL,
    Desk,
    facility,
    the_book,
)
from tests.stores.paper_town import ANALYST, account_id, agreement_of, payment_of

from meterledger.facts.extensions import ExtensionAct, ExtensionEvent
from meterledger.facts.money import Entry, Leg
from meterledger.facts.settlements import SettlementCase
from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.depositor_refunds import ask_depositor_refund
from meterledger.usecases.extension_money import return_extension_payment
from meterledger.usecases.extension_ports import ExtensionMoved, ExtensionWork
from meterledger.usecases.extension_records import ExtensionRefused, Moment, event_of, undoing
from meterledger.usecases.extension_replay import replay_extension
from meterledger.usecases.extension_tellings import Told
from meterledger.usecases.ports import Conflict, NotFound, NotViewing, Store
from meterledger.usecases.refund_credit import send_refund
from meterledger.usecases.refund_left import MustNotLeave
from meterledger.usecases.settlement_ports import SettlementWrite

FIRST_DATE, LAST_DATE = date(2018, 8, 1), date(2023, 2, 1)
TODAY = date(2026, 11, 30)


@pytest.fixture
def desk(store: Store) -> Desk:
    return Desk(store)


def event(desk: Desk, act: ExtensionAct, about: str, **how: Any) -> ExtensionEvent:
    moment = Moment.at(NOON, the_book())
    return event_of(desk.on_file(), act, about=about, on=REQUESTED, moment=moment, **how)


def refund(desk: Desk, cents: int, about: str = "x") -> tuple[ExtensionEvent, Entry]:
    made = event(
        desk, ExtensionAct.REFUNDED, about, cents=cents, advance_cents=-cents, data={"number": 1}
    )
    legs = (Leg("252", cents, account_id(1)), Leg("142", -cents, account_id(1)))
    return made, Entry(f"ext-refund:{made.key}", REQUESTED, NOON, legs, "a refund")


class TestADepositor:
    """A developer's deposit of 6,000.00; four of twelve units have earned 2,000.00 of it back."""

    @pytest.fixture
    def due(self, desk: Desk) -> Desk:
        desk.open(OTHERS_DEPOSIT, depositor=desk.developer())
        desk.pay(6_000_00)
        desk.connect("lot 1", FIRST_DATE, units=4)
        desk.run(FIRST_DATE)
        return desk

    def ask(self, desk: Desk, on: date = TODAY) -> SettlementCase:
        how = {"by": "Ana", "reason": "it came back"}
        return desk.look(lambda: ask_depositor_refund(CONTRACT, **how, desk=desk.money(on))).case

    def approve(self, desk: Desk, case: SettlementCase) -> SettlementCase:
        def act() -> SettlementCase:
            how = {"by": "Ben", "reason": "right", "desk": desk.money(TODAY)}
            return approve_settlement(case.settlement_id, **how).case  # type: ignore[arg-type]

        return desk.look(act)

    def test_is_kept_with_the_contract(self, due: Desk) -> None:
        assert due.on_file().contract.depositor == "DEV-1"

    def test_is_a_payee_of_the_account(self, desk: Desk) -> None:
        other = desk.developer(2, "DEV-2")
        desk.open(OTHERS_DEPOSIT, account_is_the_depositors=True)
        contract = replace(desk.on_file().contract, contract_id="EXT-2", depositor=other)
        with pytest.raises(NotFound, match="no verified payee DEV-2"):
            desk.look(lambda: desk.store.open_extension(contract))
        with pytest.raises(NotFound, match="no verified payee DEV-9"):
            desk.look(lambda: desk.store.open_extension(replace(contract, depositor="DEV-9")))

    def test_gets_what_came_back_and_the_account_none_of_it(self, due: Desk) -> None:
        before = due.sums()
        assert (before["252.depositors"], before.get("142", 0)) == (-2_000_00, 0)
        case = self.ask(due)
        assert (case.payee.name if case.payee else "", case.cents) == ("Oak Homes LLC", 2_000_00)
        assert due.sums() == before
        self.approve(due, case)
        after = due.sums()
        assert (after["252.depositors"], after["232.refunds"]) == (0, -2_000_00)

    def test_gets_no_more_than_is_due(self, due: Desk) -> None:
        case = self.ask(due)
        (known,) = due.look(lambda: due.store.settlements(account_id=case.account_id))
        more = replace(known, key="EXT-1-more", steps=(replace(known.asked, reason="more"),))
        with pytest.raises(Conflict, match="the deposit due to its depositor that is there now"):
            due.look(lambda: due.store.record_settlements([SettlementWrite(more, more.steps, ())]))

    @pytest.fixture
    def two_due(self, due: Desk) -> Desk:
        """Another party's deposit on the same account has earned as much back."""
        named = due.developer(1, "DEV-B")
        due.open(OTHERS_DEPOSIT, contract="EXT-2", depositor=named)
        due.pay(6_000_00, "R-B", contract="EXT-2")
        due.connect("lot B", FIRST_DATE, units=4, contract="EXT-2")
        due.run(FIRST_DATE)
        return due

    def bounce(self, desk: Desk) -> None:
        how = {"store": desk.store, "moment": desk.moment}
        told = Told(FIRST_DATE, "Ana", "no funds")
        desk.look(lambda: return_extension_payment(CONTRACT, "R-1", told, **how))  # type: ignore[arg-type]

    def test_gets_nothing_of_another_contract_of_the_account(self, two_due: Desk) -> None:
        desk = two_due
        first = self.approve(desk, self.ask(desk))
        second = desk.look(
            lambda: ask_depositor_refund("EXT-2", by="Ana", reason="x", desk=desk.money(TODAY))
        ).case
        self.bounce(desk)
        assert desk.sums()["252.depositors"] == 0
        with pytest.raises(MustNotLeave, match=r"\$2,000.00 more went back of it than is due"):
            desk.look(
                lambda: send_refund(
                    first.settlement_id, by="Ben", reference="C-7", desk=desk.money(TODAY)
                )
            )
        self.approve(desk, second)  # that is there, whatever became of the first
        assert desk.sums()["252.depositors"] == 2_000_00

    def test_that_waits_is_not_approved_with_what_another_is_due(self, two_due: Desk) -> None:
        case = self.ask(two_due)
        self.bounce(two_due)
        assert two_due.sums()["252.depositors"] == -2_000_00
        with pytest.raises(Conflict, match=r"more than \$0.00, the deposit due to its depositor"):
            self.approve(two_due, case)

    @pytest.mark.parametrize("other", ["payee", "contract"])
    def test_alone_gets_it(self, due: Desk, other: str) -> None:
        due.developer(1, "DEV-3")
        case = self.ask(due)
        assert case.payee is not None
        name = replace(case.payee, payee_id="DEV-3")
        wrong = replace(case, payee=name) if other == "payee" else replace(case, about="EXT-9")
        wrong = replace(wrong, key="wrong")
        with pytest.raises(Conflict, match="takes what is due to the depositor of an extension"):
            due.look(
                lambda: due.store.record_settlements([SettlementWrite(wrong, wrong.steps, ())])
            )


class TestContracts:
    def test_come_back_as_they_were_kept(self, desk: Desk) -> None:
        desk.open(DEPOSIT, SPECIAL, GUARANTEE, facility())
        desk.pay(5_000_00)
        desk.pay(20_500_00, "R-2")
        desk.connect("lot 1", FIRST_DATE, units=5)
        desk.run(LAST_DATE)

        found = desk.on_file()
        other = desk.look(lambda: desk.store.extensions(account_id=account_id(1)))

        assert other == [found]
        assert desk.look(lambda: desk.store.extensions(account_id=account_id(2))) == []
        assert found.advanced_cents == 6_500_00
        assert found.refunded_cents + found.forfeited_cents == 6_000_00
        assert found.held_cents == -desk.sums()["252"] == 500_00
        again = desk.look(lambda: replay_extension(CONTRACT, store=desk.store, book=the_book()))
        assert [one.name for one in again if not one.is_same] == []
        assert len(again) == 1 + len(found.events)

    def test_are_read_by_a_named_viewer_only(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        with pytest.raises(NotViewing):
            desk.store.extension(CONTRACT)

    def test_of_nobody_are_refused(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        contract = replace(desk.on_file().contract, contract_id="EXT-2", account_id=account_id(9))
        with pytest.raises(NotFound, match="no account"):
            desk.store.open_extension(contract)
        with pytest.raises(NotFound, match="no extension EXT-2"):
            desk.look(lambda: desk.store.extension("EXT-2"))

    def test_stay_as_they_were_opened(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        other = replace(desk.on_file().contract, requested_day=date(2018, 1, 1))
        with pytest.raises(Conflict, match="open with other contents"):
            desk.store.open_extension(other)


class TestEvents:
    def test_take_each_place_once(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        first = event(desk, ExtensionAct.SIGNED, "guarantee", by="Ana")
        desk.store.record_extension(ExtensionWork((first,)))

        other = replace(first, key="EXT-1.signed.other", about="other")
        with pytest.raises(ExtensionMoved, match="moved by somebody else meanwhile"):
            desk.store.record_extension(ExtensionWork((other,)))
        with pytest.raises(ExtensionMoved):
            desk.store.record_extension(ExtensionWork((replace(first, number=2),)))
        assert len(desk.on_file().events) == 1

    def test_never_take_more_than_is_held(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        too_much, entry = refund(desk, 6_000_01)

        with pytest.raises(Conflict, match="More of the advance would go than is held"):
            desk.store.record_extension(ExtensionWork((too_much,), (entry,)))

        assert desk.sums() == {"131": 6_000_00, "252": -6_000_00}

    def test_that_moved_money_are_taken_back_once_and_whole(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.connect("lot 1", FIRST_DATE)
        desk.run(FIRST_DATE)
        (step,) = desk.on_file().of(ExtensionAct.REFUNDED)
        told = Told(FIRST_DATE, "Ana", "no funds")

        def undo(event: ExtensionEvent) -> None:
            made = undoing(desk.on_file(), event, *(FIRST_DATE, "Ana", "so"), desk.moment)
            desk.store.record_extension(ExtensionWork((replace(made, about="x", key="x"),)))

        with pytest.raises(Conflict, match="Nothing stands that could be taken back so"):
            undo(replace(step, cents=1, advance_cents=-1))
        desk.look(
            lambda: return_extension_payment(
                CONTRACT, "R-1", told, store=desk.store, moment=desk.moment
            )
        )
        with pytest.raises(Conflict, match="Nothing stands that could be taken back so"):
            undo(step)

        assert desk.sums() == {"131": 0, "142": 0, "252": 0}
        assert desk.on_file().refunded_cents == desk.on_file().held_cents == 0

    def test_of_a_customer_who_had_left_take_the_months_after_it_back(self, desk: Desk) -> None:
        desk.open(facility(charges_from="2025-06-01", frozen_monthly_usd="90.00"))
        desk.run(date(2025, 9, 30))
        agreement = agreement_of(1).agreement_id
        desk.store.stop_service(agreement, date(2025, 8, 2), desk.moment.known_at)

        assert desk.run(date(2025, 12, 31)).moved == 1
        assert desk.run(date(2025, 12, 31)).moved == 0

        assert desk.sums() == {"142": 270_00, "456": -270_00}

    def test_that_cannot_be_kept_leave_nothing(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        made, entry = refund(desk, 100)
        unknown = replace(entry, entry_id="ext-refund:nobody")

        with pytest.raises(Conflict):
            desk.store.record_extension(ExtensionWork((made,), (entry, unknown)))

        assert len(desk.on_file().events) == 1
        assert desk.sums() == {"131": 6_000_00, "252": -6_000_00}

    def test_share_the_keys_of_payments_with_everybody(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.store.record_payment(*payment_of(1))

        with pytest.raises(Conflict, match="Payment key R-1 is used already"):
            desk.pay(5_000_00)
        assert desk.on_file().events == ()

    def test_of_eight_nights_at_once_refund_once(self, desk: Desk) -> None:
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        desk.connect("lot 1", FIRST_DATE, units=5)

        desks = [Desk(desk.store, desk.now) for _ in range(8)]
        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(lambda one: one.run(LAST_DATE), desks))

        assert desk.sums() == {"107": -3_500_00, "131": 6_000_00, "142": -2_500_00, "252": 0}
        assert [one.waiting for one in runs] == [[]] * 8
        assert sum(len(one.events) for one in runs) == 11

    def test_of_many_callers_with_one_key_are_one_payment(self, desk: Desk) -> None:
        desk.open(DEPOSIT)

        desks = [Desk(desk.store, desk.now) for _ in range(16)]
        with ThreadPoolExecutor(16) as pool:
            newly = list(pool.map(lambda one: one.pay(6_000_00), desks))

        assert sorted(newly) == [False] * 15 + [True]
        assert desk.sums() == {"131": 6_000_00, "252": -6_000_00}

    def test_of_many_callers_with_keys_of_their_own_take_no_more_than_was_asked(
        self, desk: Desk
    ) -> None:
        desk.open(DEPOSIT)

        def pay(number: int) -> bool:
            try:
                return Desk(desk.store, desk.now).pay(1_000_00, f"R-{number}")
            except ExtensionRefused:
                return False

        with ThreadPoolExecutor(8) as pool:
            newly = list(pool.map(pay, range(8)))

        assert sum(newly) == 6
        assert desk.on_file().held_cents == 6_000_00 == -desk.sums()["252"]

    def test_charge_a_month_once(self, desk: Desk) -> None:
        desk.open(facility())
        desk.open(facility(), contract="EXT-2", number=2)
        desk.run(date(2019, 2, 28), contract_id="EXT-2")

        run = desk.run(date(2019, 2, 28))

        assert "already, by another contract" in run.waiting[0].sentence
        assert desk.sums()["456"] == -90_00


@pytest.mark.postgres
class TestTheDatabase:
    def test_changes_nothing(self, postgres: Any, application: psycopg.Connection[Any]) -> None:
        desk = Desk(postgres)
        desk.open(DEPOSIT)
        desk.pay(6_000_00)
        for column in ("cents", "advance_cents"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                application.execute(f"UPDATE extension_event SET {column} = 1".encode())
            application.rollback()

    def test_refuses_an_advance_out_of_nothing(
        self, postgres: Any, application: psycopg.Connection[Any]
    ) -> None:
        desk = Desk(postgres)
        desk.open(DEPOSIT)
        with desk.store.viewing(ANALYST, ["a test"]), pytest.raises(psycopg.errors.CheckViolation):
            application.execute(
                "INSERT INTO extension_event VALUES ('EXT-1', 1, 'k', 'refunded', '2018-08-01',"
                " 'x', 1, -1, '', '', '{}', '', now())"
            )

    def test_takes_nothing_back_that_does_not_stand(
        self, postgres: Any, application: psycopg.Connection[Any]
    ) -> None:
        desk = Desk(postgres)
        desk.open(DEPOSIT)
        with (
            desk.store.viewing(ANALYST, ["a test"]),
            pytest.raises(psycopg.errors.CheckViolation, match="Nothing of contract EXT-1 stands"),
        ):
            application.execute(
                "INSERT INTO extension_event VALUES ('EXT-1', 1, 'k', 'taken back', '2018-08-01',"
                " 'x', 1, 1, 'Ana', '', '{\"event\": \"EXT-1.refunded.x\"}', '', now())"
            )

    @pytest.mark.parametrize("journey", ["pay", "last refund", "facility month"])
    def test_keeps_all_or_nothing_whichever_statement_fails(
        self, postgres: Any, monkeypatch: pytest.MonkeyPatch, journey: str
    ) -> None:
        desk = Desk(postgres)
        desk.open(DEPOSIT, facility(charges_from="2019-03-01"))
        if journey != "pay":
            desk.pay(6_000_00)
            desk.run(date(2022, 8, 1), parts=("refund",))
        before, sums = desk.on_file(), desk.sums()
        doing = {
            "pay": lambda: desk.pay(6_000_00),
            "last refund": lambda: desk.run(LAST_DATE, parts=("refund",)),
            "facility month": lambda: desk.run(date(2019, 3, 1), parts=("facility",)),
        }[journey]

        real = postgres._connections.call
        for statement in range(1, 60):
            faults = Faults(statement)
            monkeypatch.setattr(postgres._connections, "call", faults.over(real))
            with contextlib.suppress(FellOver):
                doing()
            monkeypatch.setattr(postgres._connections, "call", real)
            if not faults.fell:
                break
            assert desk.on_file() == before
            assert desk.sums() == sums

        assert statement > 5
        assert len(desk.on_file().events) > len(before.events)
        again = desk.look(lambda: replay_extension(CONTRACT, store=desk.store, book=the_book()))
        assert all(one.is_same for one in again)
        assert desk.on_file().held_cents == -desk.sums().get("252", 0)


class FellOver(Exception):
    """The machine went away in the middle."""


class Faults:
    """Lets the machine fall over at the n-th statement, and, last, after all before the commit."""

    def __init__(self, at: int) -> None:
        self.left, self.fell = at, False

    def count(self) -> None:
        self.left -= 1
        if self.left == 0:
            self.fell = True
            raise FellOver

    def over(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """What asks the database, with this in its way."""

        def call(viewer: Any, work: Callable[[Any], Any], **how: Any) -> Any:
            def counted(connection: Any) -> Any:
                answer = work(Faulty(connection, self))
                self.count()
                return answer

            return real(viewer, counted, **how)

        return call


class Faulty:
    """A connection that counts its statements."""

    def __init__(self, connection: Any, faults: Faults) -> None:
        self.connection, self.faults = connection, faults

    def execute(self, *words: Any, **how: Any) -> Any:
        self.faults.count()
        return self.connection.execute(*words, **how)

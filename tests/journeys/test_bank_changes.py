"""Notifications of change: a bank account is written another way, from a day, as it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from tests.journeys.test_autopay import DUE, NUMBER, Place

from meterledger.facts.ach import BankAccountKind
from meterledger.facts.ach_orders import ReturnAct, bank_version
from meterledger.kernel.written_days import day_words
from meterledger.usecases.ach_accounts import stop_of
from meterledger.usecases.autopay import AutopayRefused, end_autopay
from meterledger.usecases.bank_changes import (
    ChangeNotTold,
    Corrected,
    letter_of,
    read_corrected,
    tell_customer,
)
from meterledger.usecases.refunds_by_ach import _bank_of as bank_of

LATER = DUE + timedelta(days=5)
OTHER_BANK = "021000021"


@pytest.fixture
def place() -> Place:
    made = Place()
    made.drawn()
    return made


def account(place: Place, on: Any = LATER) -> Any:
    enrolled = place.store.enrollments()[0]
    banks = place.store.bank_accounts([enrolled.account_id])
    return bank_version(enrolled.bank_id, banks, on=on, known_at=place.at(on))


@pytest.mark.parametrize(
    ("code", "corrected", "number", "routing", "kind"),
    [
        ("C01", "4455667788", "4455667788", "081000210", BankAccountKind.CHECKING),
        ("C02", OTHER_BANK, NUMBER, OTHER_BANK, BankAccountKind.CHECKING),
        ("C03", f"{OTHER_BANK}   4455667788", "4455667788", OTHER_BANK, BankAccountKind.CHECKING),
        ("C05", "37", NUMBER, "081000210", BankAccountKind.SAVINGS),
        ("C06", f"{'4455667788':<20}37", "4455667788", "081000210", BankAccountKind.SAVINGS),
        (
            *("C07", f"{OTHER_BANK}{'4455667788':<17}32", "4455667788", OTHER_BANK),
            BankAccountKind.SAVINGS,
        ),
    ],
)
def test_what_the_code_corrects_is_a_new_version_and_the_next_file_uses_it(
    place: Place, code: str, corrected: str, number: str, routing: str, kind: BankAccountKind
) -> None:
    before = account(place)
    file = place.store.ach_files()[0]
    written = place.file(file.file_id)
    (one,), _ = place.back(code, corrected=corrected, numbers=place.numbers)
    assert one.act is ReturnAct.CORRECTED
    assert number not in one.corrected + one.sentence
    assert not place.store.bank_stops([before.account_id])

    after = account(place)
    assert (after.replaces, after.from_day) == (before.bank_id, DUE + timedelta(days=3))
    assert (after.routing_number, after.kind, after.last_four) == (routing, kind, number[-4:])
    assert place.numbers.unseal(after.sealed) == number
    # Two clocks: the day before it was as it was, and so is the file that had left.
    assert account(place, DUE + timedelta(days=2)) == before
    assert place.file(file.file_id) == written


@pytest.mark.parametrize(
    ("code", "corrected"),
    [("C02", "123456789"), ("C01", "??"), ("C05", "99"), ("C03", "021000021"), ("C01", "new")],
)
def test_what_cannot_be_read_is_entered_again_by_a_person(
    place: Place, code: str, corrected: str
) -> None:
    (one,), _ = place.back(code, corrected=corrected, numbers=place.numbers)
    assert one.act is ReturnAct.CHANGE
    assert "what it corrects cannot be read" in one.sentence
    assert place.store.bank_stops([account(place).account_id])
    assert not place.store.changed_bank_accounts()


@pytest.mark.parametrize("code", ["C04", "C09", "C13", "C99"])
def test_a_code_that_corrects_nothing_here_waits_for_a_person(place: Place, code: str) -> None:
    before = account(place)
    (one,), _ = place.back(code, corrected="SOMETHING", numbers=place.numbers)
    assert one.act is ReturnAct.ASK
    assert account(place) == before
    assert not place.store.bank_stops([before.account_id])


def test_a_trace_number_of_nobody_changes_nothing(place: Place) -> None:
    (one,), _ = place.back(
        "C02", corrected=OTHER_BANK, trace="081000210009999", numbers=place.numbers
    )
    assert one.act is ReturnAct.ASK
    assert not place.store.changed_bank_accounts()


def test_a_second_notice_goes_on_from_the_first(place: Place) -> None:
    place.back("C02", corrected=OTHER_BANK, numbers=place.numbers)
    place.back("C05", corrected="37", day=DUE + timedelta(days=4), numbers=place.numbers)
    after = account(place)
    assert (after.routing_number, after.kind) == (OTHER_BANK, BankAccountKind.SAVINGS)
    assert len(place.store.changed_bank_accounts()) == 2


def test_the_customer_is_told_once_by_a_name(place: Place) -> None:
    place.back("C02", corrected=OTHER_BANK, numbers=place.numbers)
    ((bank, told),) = place.store.changed_bank_accounts()
    assert told is None
    assert "at the bank with routing number 021000021" in letter_of(bank)
    assert NUMBER not in letter_of(bank)
    assert bank.from_day is not None
    assert f"From {day_words(bank.from_day)} we use the" in letter_of(bank)
    assert bank.from_day.isoformat() not in letter_of(bank)
    words: dict[str, Any] = {"now": place.at(LATER), "store": place.store}
    with pytest.raises(ChangeNotTold, match="Who told the customer"):
        tell_customer(bank.bank_id, by=" ", how="letter 7", **words)
    with pytest.raises(ChangeNotTold, match="No notice of a bank made it"):
        tell_customer(bank.replaces, by="Ana", how="letter 7", **words)
    kept = tell_customer(bank.bank_id, by="Ana", how="letter 7", **words)
    assert place.store.changed_bank_accounts() == [(bank, kept)]
    with pytest.raises(ChangeNotTold, match="Ana told the customer before: letter 7"):
        tell_customer(bank.bank_id, by="Ben", how="letter 8", **words)


def test_columns_are_read_as_the_book_says() -> None:
    assert read_corrected("37", "code:1-2") == Corrected(kind=BankAccountKind.SAVINGS)
    assert read_corrected("", "account:1-17") is None
    assert Corrected("021000021", "123456", BankAccountKind.CHECKING).words == (
        "routing number 021000021, account number ending in 3456, a checking account"
    )
    assert replace(Corrected(), number="1234").words == "account number ending in 1234"


class TestWhatIsStopped:
    """A stop is of the bank account as it was drawn from; a withdrawn word is of all its forms."""

    def again(self, place: Place) -> Any:
        """The bill's second draw, sent on its day: the first came back for lack of money."""
        (one,), _ = place.back("R01")
        assert one.act is ReturnAct.AGAIN
        day = place.store.orders_to_send(DUE + timedelta(days=99))[0].on
        file = place.send(day).file
        assert file is not None
        return day

    def stopped(self, place: Place, on: Any) -> str:
        bank = account(place, on)
        banks = place.store.bank_accounts([bank.account_id])
        return stop_of(bank, banks, place.store.bank_stops([bank.account_id]))

    def test_a_debit_that_left_with_the_new_version_and_came_back_stops_that(
        self, place: Place
    ) -> None:
        place.back("C02", corrected=OTHER_BANK, numbers=place.numbers)
        sent = self.again(place)
        place.back("R02", day=sent + timedelta(days=2), numbers=place.numbers)
        (stop,) = place.store.bank_stops([account(place).account_id])
        assert stop.fingerprint == account(place, sent).fingerprint
        assert "is stopped: R02" in self.stopped(place, sent + timedelta(days=3))

    def test_a_closed_account_that_was_corrected_since_is_drawn_from_as_it_is_now(
        self, place: Place
    ) -> None:
        place.back("C01", corrected="4455667788", numbers=place.numbers)
        place.back("R02", day=DUE + timedelta(days=4), numbers=place.numbers)
        (stop,) = place.store.bank_stops([account(place).account_id])
        assert stop.fingerprint != account(place).fingerprint
        assert not self.stopped(place, LATER)

    @pytest.mark.parametrize("notice_first", [True, False])
    def test_an_authorization_withdrawn_is_withdrawn_for_every_version(
        self, place: Place, notice_first: bool
    ) -> None:
        codes = ("C03", "R10") if notice_first else ("R10", "C03")
        for number, code in enumerate(codes, start=3):
            place.back(
                code,
                day=DUE + timedelta(days=number),
                corrected=f"{OTHER_BANK}   4455667788",
                numbers=place.numbers,
            )
        assert len(place.store.changed_bank_accounts()) == 1
        assert "not authorized" in self.stopped(place, LATER)
        end_autopay(account(place).account_id, on=LATER, desk=place.desk(LATER))
        for number, routing in ((NUMBER, "081000210"), ("4455667788", OTHER_BANK)):
            with pytest.raises(AutopayRefused, match="another bank account"):
                place.enroll(
                    number=number,
                    routing_number=routing,
                    from_day=LATER,
                    desk=place.desk(LATER),
                )

    def test_a_notice_that_cannot_be_read_stops_what_would_be_drawn_from_next(
        self, place: Place
    ) -> None:
        place.back("C02", corrected=OTHER_BANK, numbers=place.numbers)
        place.back("C01", corrected="??", day=DUE + timedelta(days=4), numbers=place.numbers)
        assert "C01" in self.stopped(place, LATER)


def test_a_payee_that_was_verified_before_two_notices_is_paid(place: Place) -> None:
    first = account(place, DUE)
    place.back("C02", corrected=OTHER_BANK, numbers=place.numbers)
    place.back("C05", corrected="37", day=DUE + timedelta(days=4), numbers=place.numbers)
    banks = place.store.bank_accounts([first.account_id])
    case: Any = SimpleNamespace(
        settlement_id="S1", payee=SimpleNamespace(payee_id="P1"), account_id=first.account_id
    )
    desk: Any = SimpleNamespace(
        store=SimpleNamespace(payee=lambda _: SimpleNamespace(details=first.bank_id))
    )
    assert bank_of(case, banks, desk) == first.bank_id

"""Autopay from enrollment to the bank's file, its returns, and what people are asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.channel_town import ACCOUNT, OWED, town
from tests.rooms.rulebook_on import the_book
from tests.stores.paper_town import account_id, agreement_of, bill_of, month_of
from tests.stores.settled_paper import after, ask, payee_of_account, settled

from meterledger.billing import AutopayAct
from meterledger.facts.ach import (
    AchChange,
    AchEntry,
    AchFile,
    AchReturn,
    AchStandard,
    BankAccountKind,
)
from meterledger.facts.ach_orders import OrderKind, ReturnAct, StopKind
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, Receipt, ReceiptState
from meterledger.facts.settlements import Act
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.local_days import day_start_utc
from meterledger.stores.gateways.nacha import read_nacha
from meterledger.stores.gateways.nacha_write import write_nacha
from meterledger.stores.gateways.processor_fake import BadProcessor
from meterledger.stores.vault.bank_numbers import BankNumberLocked, SealedBankNumbers
from meterledger.stores.vault.sealing import KeyRing
from meterledger.usecases import autopay
from meterledger.usecases.ach_accounts import BankAccountRefused, new_bank_account, order_credit
from meterledger.usecases.ach_in import AchInDesk, AchInRefused, take_ach_credits
from meterledger.usecases.ach_out import AchOutDesk, file_of, make_ach_file, plain_name
from meterledger.usecases.ach_returns import ReturnDesk, ReturnsRefused, take_ach_returns
from meterledger.usecases.autopay import (
    AutopayDesk,
    AutopayRefused,
    answer_question,
    end_autopay,
    enroll_autopay,
    run_autopay,
)
from meterledger.usecases.channel_money import Postings
from meterledger.usecases.channel_ports import ChannelChange
from meterledger.usecases.checkouts import CheckoutDesk, start_checkout
from meterledger.usecases.ports import Conflict
from meterledger.usecases.settle_payment import PaymentDesk, tell_outcome
from meterledger.usecases.take_payment import How, receipt_of, tell_receipt

BEGINS = date(2025, 2, 3)
DUE = bill_of(1)[0].due_day  # 2025-02-21, a Friday
BILL = bill_of(1)[0].bill_id
NUMBER = "123456789"
FINE = Decision(True, (Reason("within the band", bill_of(1)[0].lines[0].citations[0]),))
ODD = Decision(False, (Reason("ten times the usual", bill_of(1)[0].lines[0].citations[0]),))


class Place:
    """A town with its desks; each act is at noon of a day."""

    def __init__(self) -> None:
        self.store = town()
        self.numbers = SealedBankNumbers(KeyRing.new())
        self.view = the_book()

    def at(self, day: date) -> datetime:
        return day_start_utc(day, self.view.time_zone) + timedelta(hours=12)

    def desk(self, day: date) -> AutopayDesk:
        return AutopayDesk(self.store, self.view, self.at(day))

    def enroll(self, account: int = 1, **other: Any) -> Any:
        given: dict[str, Any] = {
            "account_id": account_id(account),
            "holder": "Ana Rivera",
            "routing_number": "081000210",
            "number": NUMBER,
            "kind": BankAccountKind.CHECKING,
            "standard": AchStandard.WEB,
            "from_day": BEGINS,
            "most_cents": None,
            "authorized": "online, 2025-02-03",
            "by": "Ana",
            "numbers": self.numbers,
            "desk": self.desk(BEGINS),
        }
        return enroll_autopay(**(given | other))

    def run(self, day: date = DUE) -> Any:
        return run_autopay(day, desk=self.desk(day))

    def send(self, day: date = DUE) -> Any:
        return make_ach_file(desk=AchOutDesk(self.store, self.view, self.at(day)))

    def file(self, file_id: str) -> AchFile:
        return file_of(file_id, store=self.store, numbers=self.numbers)

    def back(
        self,
        code: str,
        *,
        trace: str = "",
        cents: int = OWED,
        day: date | None = None,
        corrected: str = "new",
        numbers: Any = None,
    ) -> Any:
        """Returns or changes with a code for what was sent last, as the bank's file."""
        day = day or DUE + timedelta(days=3)
        sent = self.store.ach_files()[0].entries[0]
        original = trace or sent.trace
        told: dict[str, Any] = (
            {"change": AchChange(code, original, "08100021", corrected)}
            if code.startswith("C")
            else {"returned": AchReturn(code, original, "08100021")}
        )
        entry = AchEntry(
            *(26, "081000210", NUMBER, 0 if code.startswith("C") else cents, "", "ANA RIVERA"),
            *("081000219999999",),
            **told,
        )
        batch = replace(
            self.file(self.store.ach_files()[0].file_id).batches[0],
            standard=AchStandard.COR if code.startswith("C") else AchStandard.WEB,
            service_class=200,
            entries=(entry,),
        )
        made = replace(
            self.file(self.store.ach_files()[0].file_id), batches=(batch,), created_day=day
        )
        content = write_nacha(made)
        desk = ReturnDesk(self.store, self.view, self.at(day), numbers)
        sha256 = sha256_hex(f"{code}{original}{day}{cents}".encode())
        return take_ach_returns(read_nacha(content, "back"), name="back", sha256=sha256, desk=desk)

    def drawn(self) -> Any:
        """Enrolled, run and sent."""
        self.enroll()
        self.run()
        return self.send().file


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(autopay, "may_collect_automatically", lambda *_, **__: FINE)
    return Place()


class TestEnrollment:
    def test_keeps_the_number_sealed_and_shows_four_digits(self, place: Place) -> None:
        place.enroll()
        (bank,) = place.store.bank_accounts([ACCOUNT])
        assert bank.last_four == "6789"
        assert NUMBER.encode() not in bank.sealed
        assert place.numbers.unseal(bank.sealed) == NUMBER
        with pytest.raises(BankNumberLocked):
            SealedBankNumbers(KeyRing.new()).unseal(bank.sealed)

    def test_is_once_on_a_day(self, place: Place) -> None:
        place.enroll()
        with pytest.raises(AutopayRefused, match="It is on autopay already"):
            place.enroll(from_day=DUE)

    @pytest.mark.parametrize(
        ("other", "says"),
        [
            ({"from_day": BEGINS - timedelta(days=1)}, "before today"),
            ({"authorized": " "}, "by the customer's authorization"),
            ({"by": ""}, "by the customer's authorization"),
            ({"most_cents": 0}, "is no ceiling"),
            ({"standard": AchStandard.CTX}, "not drawn as CTX"),
        ],
    )
    def test_needs_its_words(self, place: Place, other: dict[str, Any], says: str) -> None:
        with pytest.raises(AutopayRefused, match=says):
            place.enroll(**other)

    @pytest.mark.parametrize(
        ("other", "says"),
        [
            ({"routing_number": "081000211"}, "routing number is not one"),
            ({"routing_number": "٠٨١٠٠٠٢١٠"}, "routing number is not one"),
            ({"number": "12"}, "account number is not one"),
            ({"number": "1 2 3 4 5"}, "account number is not one"),
            ({"holder": ""}, "has no holder"),
        ],
    )
    def test_needs_a_bank_account(self, place: Place, other: dict[str, Any], says: str) -> None:
        with pytest.raises(BankAccountRefused, match=says):
            place.enroll(**other)

    def test_ends_on_a_day(self, place: Place) -> None:
        place.enroll()
        end_autopay(ACCOUNT, on=DUE, desk=place.desk(DUE))
        assert place.run() == []
        with pytest.raises(AutopayRefused, match="It is not on autopay"):
            end_autopay(ACCOUNT, on=DUE + timedelta(days=9), desk=place.desk(DUE))


class TestDebit:
    def test_is_made_on_the_due_day_and_not_before(self, place: Place) -> None:
        place.enroll()
        assert place.run(DUE - timedelta(days=1)) == []
        (drawn,) = place.run()
        assert (drawn.order.cents, drawn.order.on) == (OWED, DUE)

    def test_is_made_once_however_often_the_run_is_made(self, place: Place) -> None:
        place.enroll()
        place.run()
        (again,) = place.run()
        assert again.decision.outcome.act is AutopayAct.NOTHING
        assert place.send().file is not None
        assert place.send().file is None
        (later,) = place.run()
        assert later.decision.outcome.act is AutopayAct.NOTHING

    def test_posts_one_payment_of_the_due_day_with_the_file(self, place: Place) -> None:
        file = place.drawn()
        assert place.store.balance_cents(ACCOUNT) == 0
        receipt = place.store.receipt(file.entries[0].payment_key)
        assert receipt.state is ReceiptState.POSTED
        assert receipt.receipt.received_day == DUE
        (line,) = place.store.expected_bank_lines(DUE, DUE + timedelta(days=9))
        assert (line.cents, line.day) == (OWED, date(2025, 2, 24))  # the Monday after

    def test_is_in_a_file_that_a_bank_reads_and_that_is_the_same_when_written_again(
        self, place: Place
    ) -> None:
        made = place.drawn()
        content = write_nacha(place.file(made.file_id))
        assert content == write_nacha(place.file(made.file_id))
        (entry,) = read_nacha(content, "file").entries
        assert (entry.code, entry.cents, entry.account_number) == (27, OWED, NUMBER)
        assert (entry.identification, entry.name) == (ACCOUNT, "ANA RIVERA")

    def test_is_not_of_a_bill_that_the_gate_would_hold(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(autopay, "may_collect_automatically", lambda *_, **__: ODD)
        place.enroll()
        (drawn,) = place.run()
        assert drawn.decision.outcome.act is AutopayAct.ASK
        assert "ten times the usual" in place.store.autopay_questions()[0].reasons[0]
        assert place.send().file is None

    def test_is_not_of_a_bill_that_is_canceled_before_the_file(
        self, place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        place.enroll()
        place.run()
        bill = replace(place.store.bill(BILL), cancelled_by=f"{BILL}-v2")
        monkeypatch.setattr(place.store, "bill", lambda _: bill)
        made = place.send()
        assert made.file is None
        assert made.dropped[0].reason == "the bill was canceled meanwhile"
        assert place.send().dropped == ()  # dropped once, for ever

    def test_is_not_of_what_was_paid_before_the_file(self, place: Place) -> None:
        place.enroll()
        place.run()
        pay(place, ACCOUNT, 1)
        assert "it was paid meanwhile" in place.send().dropped[0].reason

    def test_waits_while_a_checkout_is_unknown(self, place: Place) -> None:
        place.enroll()
        start_checkout(
            "pay-0001",
            account_id=ACCOUNT,
            cents=OWED,
            tender=Tender.CARD,
            desk=CheckoutDesk(place.store, BadProcessor(), place.view, place.at(DUE)),
        )
        (drawn,) = place.run()
        assert drawn.decision.outcome.act is AutopayAct.ASK
        assert "its outcome is unknown" in place.store.autopay_questions()[0].reasons[0]

    def test_waits_while_a_receipt_is_unknown(self, place: Place) -> None:
        place.enroll()
        receipt = receipt_of(
            account_id=ACCOUNT,
            cents=OWED,
            payment_key="U-1",
            received_day=DUE,
            learned_at=place.at(DUE),
            view=place.view,
            how=How(),
        )
        said = {"reason": "no answer", "view": place.view, "store": place.store}
        tell_receipt(receipt, ReceiptState.UNKNOWN, **said)

        (drawn,) = place.run()

        assert drawn.decision.outcome.act is AutopayAct.ASK
        (question,) = place.store.autopay_questions()
        assert "its outcome is unknown" in question.reasons[0]
        draw = {"is_drawn": True, "by": "Ana", "reason": "she wants it"}
        with pytest.raises(AutopayRefused, match="it may have been paid"):
            answer_question(BILL, **draw, desk=place.desk(DUE))
        desk = PaymentDesk(place.store, place.view, place.at(DUE) + timedelta(minutes=1))
        tell_outcome("U-1", ReceiptState.REFUSED, reason="none came", desk=desk)
        later = replace(place.desk(DUE), now=desk.now)
        order = answer_question(BILL, **draw, desk=later)
        assert order is not None
        assert order.cents == OWED

    def test_is_not_of_a_day_to_come(self, place: Place) -> None:
        with pytest.raises(AutopayRefused, match="is not here yet"):
            run_autopay(DUE + timedelta(days=1), desk=place.desk(DUE))


class TestQuestion:
    def asked(self, place: Place) -> None:
        place.enroll(most_cents=OWED - 1)
        place.run()

    def test_is_answered_by_a_person_and_drawn(self, place: Place) -> None:
        self.asked(place)
        order = answer_question(
            BILL, is_drawn=True, by="Ana", reason="the customer agreed", desk=place.desk(DUE)
        )
        assert order is not None
        assert order.cents == OWED
        assert place.store.autopay_questions() == []
        assert place.send().file.debit_cents == OWED

    def test_is_left_to_the_customer(self, place: Place) -> None:
        self.asked(place)
        answer_question(
            BILL, is_drawn=False, by="Ana", reason="pays by check", desk=place.desk(DUE)
        )
        assert place.send().file is None
        with pytest.raises(AutopayRefused, match="No question of it is open"):
            answer_question(BILL, is_drawn=True, by="Ana", reason="x", desk=place.desk(DUE))

    def test_is_not_drawn_once_it_is_paid(self, place: Place) -> None:
        self.asked(place)
        pay(place, ACCOUNT, OWED)
        with pytest.raises(AutopayRefused, match="nothing is open"):
            answer_question(BILL, is_drawn=True, by="Ana", reason="x", desk=place.desk(DUE))

    def test_is_asked_once(self, place: Place) -> None:
        self.asked(place)
        assert place.run() == []
        assert len(place.store.autopay_questions()) == 1


class TestReturn:
    def test_undoes_the_payment_exactly_and_is_presented_again(self, place: Place) -> None:
        file = place.drawn()
        (one,), new = place.back("R01")
        assert (new, one.act) == (True, ReturnAct.AGAIN)
        assert place.store.balance_cents(ACCOUNT) == OWED
        assert place.store.receipt(file.entries[0].payment_key).state is ReceiptState.RETURNED
        lines = place.store.expected_bank_lines(DUE, DUE + timedelta(days=9))
        assert sum(line.cents for line in lines) == 0
        again_on = DUE + timedelta(days=8)
        assert place.send(again_on - timedelta(days=1)).file is None
        again = place.send(again_on).file
        assert place.store.balance_cents(ACCOUNT) == 0
        assert place.file(again.file_id).batches[0].description == "RETRY PYMT"

    def test_is_presented_again_twice_and_then_asks(self, place: Place) -> None:
        place.drawn()
        day = DUE
        acts = []
        for _ in range(3):
            (one,), _ = place.back("R01", day=day + timedelta(days=2))
            acts.append(one.act)
            day += timedelta(days=7)
            place.send(day)
        assert acts == [ReturnAct.AGAIN, ReturnAct.AGAIN, ReturnAct.ASK]
        assert place.store.orders_to_send(date(2030, 1, 1)) == []
        assert place.store.balance_cents(ACCOUNT) == OWED

    @pytest.mark.parametrize("code", ["R05", "R07", "R10", "R11", "R29"])
    def test_of_what_was_not_authorized_is_never_debited_again(
        self, place: Place, code: str
    ) -> None:
        place.drawn()
        (one,), _ = place.back(code)
        assert one.act is ReturnAct.NEVER
        assert place.store.bank_stops([ACCOUNT])[0].kind is StopKind.NEVER
        place.store.record_bills([bill_of(1, 1)])
        (drawn,) = place.run(bill_of(1, 1)[0].due_day)
        assert drawn.decision.outcome.act is AutopayAct.ASK
        end = DUE + timedelta(days=9)
        end_autopay(ACCOUNT, on=end, desk=place.desk(end))
        with pytest.raises(AutopayRefused, match=rf"ending in 6789 is not authorized .*{code}"):
            place.enroll(from_day=end, desk=place.desk(end))
        assert place.enroll(from_day=end, desk=place.desk(end), number="555566667")

    def test_of_a_closed_account_stops_it(self, place: Place) -> None:
        place.drawn()
        (one,), _ = place.back("R02")
        assert (one.act, one.sentence) == (
            ReturnAct.STOP,
            "R02 account closed: the bank account is not debited any more",
        )
        assert place.store.orders_to_send(date(2030, 1, 1)) == []

    def test_of_an_unknown_trace_moves_nothing_and_asks(self, place: Place) -> None:
        place.drawn()
        (one,), _ = place.back("R01", trace="081000210000999")
        assert (one.act, one.order_id) == (ReturnAct.ASK, "")
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_of_another_amount_moves_nothing_and_asks(self, place: Place) -> None:
        place.drawn()
        (one,), _ = place.back("R01", cents=1)
        assert one.act is ReturnAct.ASK
        assert "another amount" in one.sentence
        assert place.store.balance_cents(ACCOUNT) == 0

    def test_comes_back_once(self, place: Place) -> None:
        place.drawn()
        place.back("R02")
        (known,), new = place.back("R02")
        assert (new, known.act) == (False, ReturnAct.STOP)
        (twice,), _ = place.back("R02", day=DUE + timedelta(days=5))
        assert "came back before" in twice.sentence
        assert place.store.balance_cents(ACCOUNT) == OWED

    def test_of_a_bill_that_asks_a_person_is_not_drawn_by_a_run(self, place: Place) -> None:
        place.drawn()
        (one,), _ = place.back("R08")
        assert one.act is ReturnAct.ASK
        assert place.store.balance_cents(ACCOUNT) == OWED

    def test_file_holds_nothing_else(self, place: Place) -> None:
        made = place.drawn()
        desk = ReturnDesk(place.store, place.view, place.at(DUE))
        with pytest.raises(ReturnsRefused, match="entries that are no returns"):
            take_ach_returns(place.file(made.file_id), name="x", sha256="x", desk=desk)


class TestChange:
    def test_stops_until_the_bank_account_is_entered_again(self, place: Place) -> None:
        place.drawn()
        (one,), _ = place.back("C01")
        assert (one.act, one.corrected) == (ReturnAct.CHANGE, "not kept in clear")
        assert place.store.balance_cents(ACCOUNT) == 0  # nothing came back
        end = DUE + timedelta(days=9)
        end_autopay(ACCOUNT, on=end, desk=place.desk(end))
        place.enroll(from_day=end, desk=place.desk(end))
        place.store.record_bills([bill_of(1, 1)])
        (drawn,) = place.run(bill_of(1, 1)[0].due_day)
        assert drawn.decision.outcome.act is AutopayAct.DEBIT


class TestCredit:
    def given(self, place: Place) -> dict[str, Any]:
        """A credit of 25 dollars to the bank account of the second customer, who paid too much."""
        bank = new_bank_account(
            account_id=account_id(2),
            holder="Bo Rivera",
            routing_number="081000210",
            number=NUMBER,
            kind=BankAccountKind.CHECKING,
            numbers=place.numbers,
            now=place.at(BEGINS),
        )
        place.store.keep_channel(
            ChannelChange("bank", account_id(2), place.at(BEGINS), bank_accounts=(bank,))
        )
        pay(place, account_id(2), OWED + 25_00)
        place.store.add_payee(payee_of_account(2))
        return {
            "account_id": account_id(2),
            "bank_id": bank.bank_id,
            "cents": 25_00,
            "on": DUE,
            "now": place.at(DUE),
            "store": place.store,
        }

    def test_that_no_refund_is_behind_is_not_ordered(self, place: Place) -> None:
        given = self.given(place)
        with pytest.raises(Conflict, match="is a credit, and no refund is to be sent as it"):
            order_credit("refund:R-1", **given)
        asked = ask(2, 25_00, "R-1", payee_id="bank-2")
        place.store.record_settlements([asked])
        with pytest.raises(Conflict, match="no refund is to be sent as it"):  # nobody approved it
            order_credit("refund:R-1", **given)
        place.store.record_settlements([after(asked.case, Act.APPROVED)])
        with pytest.raises(Conflict, match="no refund is to be sent as it"):
            order_credit("refund:R-1", **(given | {"cents": 24_99}))
        assert order_credit("refund:R-1", **given).cents == 25_00

    def test_is_ordered_once_and_leaves_in_a_batch_of_credits(self, place: Place) -> None:
        place.enroll()
        given = self.given(place)
        settled(place.store, ask(2, 25_00, "R-1", payee_id="bank-2"), Act.APPROVED)
        order = order_credit("refund:R-1", **given)
        assert order_credit("refund:R-1", **given) == order
        later = given | {"on": DUE + timedelta(days=1), "now": place.at(DUE + timedelta(days=1))}
        assert order_credit("refund:R-1", **later) == order
        with pytest.raises(Conflict, match="an order refund:R-1 already"):
            order_credit("refund:R-1", **(given | {"cents": 26_00}))
        place.run()
        made = place.send().file
        assert (made.debit_cents, made.credit_cents) == (OWED, 25_00)
        classes = [one.service_class for one in place.file(made.file_id).batches]
        assert classes == [220, 225]
        assert order.kind is OrderKind.CREDIT
        write_nacha(place.file(made.file_id))


def pay(place: Place, account: str, cents: int) -> None:
    """Cash at the desk."""
    postings = Postings(place.store, place.view, now=place.at(DUE), today=DUE)
    receipt = Receipt(
        *(f"cash-{cents}", account, cents, Tender.CASH, Channel.OFFICE, DUE, place.at(DUE)),
    )
    postings.post(receipt, account, why="at the desk")
    place.store.keep_channel(
        ChannelChange("cash", account, place.at(DUE), receipts=tuple(postings.new))
    )


class TestIncoming:
    def credits(self, *entries: AchEntry, day: date = DUE) -> AchFile:
        from tests.stores.gateways.test_nacha import BATCH, FILE

        numbered = tuple(
            replace(one, trace=f"08100021{n:07}") for n, one in enumerate(entries, start=1)
        )
        batch = replace(
            BATCH,
            standard=AchStandard.CIE,
            service_class=200,
            entries=numbered,
            effective_day=day,
        )
        return replace(FILE, batches=(batch,), created_day=day)

    def entry(
        self, told: str, cents: int, *, code: int = 22, said: tuple[str, ...] = ()
    ) -> AchEntry:
        return AchEntry(code, "081000210", "1", cents, told, "ANA", "0", information=said)

    def take(self, place: Place, file: AchFile) -> Any:
        content = write_nacha(file)
        desk = AchInDesk(place.store, place.view, place.at(DUE))
        return take_ach_credits(
            read_nacha(content, "in"), name="in", sha256=sha256_hex(content), by="Ana", desk=desk
        )

    def test_is_posted_unapplied_or_refused_and_all_of_it_is_counted(self, place: Place) -> None:
        file = self.credits(
            self.entry(ACCOUNT, 100_00),
            self.entry(f"acct {account_id(2)}", 5_00),
            self.entry("nobody", 7_00),
            self.entry("", 9_00, said=("RMR*IV*1", f"for {account_id(3)} thanks")),
            self.entry("", 11_00, said=(f"{account_id(2)} {account_id(3)}",)),
            self.entry(account_id(99), 13_00),
            self.entry(ACCOUNT, 1_00, code=27),
            self.entry(ACCOUNT, 0, code=23),
        )
        taken, new = self.take(place, file)
        assert new
        assert (taken.received.count, taken.received.cents) == (8, 146_00)
        assert (taken.posted.count, taken.posted.cents) == (3, 114_00)
        assert (taken.unapplied.count, taken.unapplied.cents) == (3, 31_00)
        assert (taken.refused.count, taken.refused.cents) == (2, 1_00)
        assert place.store.balance_cents(ACCOUNT) == OWED - 100_00
        assert place.store.trial_balance()["253.unapplied"] == -31_00
        (line,) = place.store.expected_bank_lines(DUE, DUE + timedelta(days=1))
        assert line.cents == 145_00

    def test_file_is_taken_once(self, place: Place) -> None:
        file = self.credits(self.entry(ACCOUNT, 100_00), self.entry(ACCOUNT, 20_00))
        first, _ = self.take(place, file)
        assert self.take(place, file) == (first, False)
        assert place.store.balance_cents(ACCOUNT) == OWED - 120_00

    def test_file_of_another_day_is_refused(self, place: Place) -> None:
        with pytest.raises(AchInRefused, match="and today is"):
            self.take(place, self.credits(self.entry(ACCOUNT, 1), day=DUE + timedelta(days=1)))


@pytest.mark.parametrize(
    ("name", "plain"),
    [("Zoë O'Brien-Núñez", "ZOE O'BRIEN-NUNEZ"), ("李", "CUSTOMER"), (" a\tb ", "A B")],
)
def test_a_name_goes_to_banks_in_plain_letters(name: str, plain: str) -> None:
    assert plain_name(name) == plain


def test_the_paper_town_is_as_these_tests_say() -> None:
    assert DUE.isoformat() == "2025-02-21"
    assert month_of(0).until_day == date(2025, 1, 31)
    assert agreement_of(1).agreement_id in BILL

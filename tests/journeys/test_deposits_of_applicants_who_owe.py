"""An applicant who owes us: what is written off is owed as before; what may be paid is not held."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from tests.journeys.deposit_town import APPLICANT, Home, begin_checkout, end_checkout, home_of

from meterledger.usecases.approve_settlement import approve_settlement
from meterledger.usecases.deposit_ask import Asked, DepositRefused
from meterledger.usecases.deposit_history_unknown import WaitsForPayment
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.settlements import MoneyDesk, reverse_settlement
from meterledger.usecases.write_off import record_recovery, write_off

ENDED = date(2025, 8, 1)
WRITTEN_OFF = date(2026, 4, 20)
PAID = date(2026, 4, 21)
ASKED = date(2026, 4, 25)
TOLD = {
    **APPLICANT,
    "estimated_annual_bill_usd": "1200.00",
    "score": {"last_served_on": None, "eaer_score": 700},
}
"""No reason of its own: a good score, and never served."""


class Applicant:
    """A home whose service ended with one bill, and its person's next account."""

    def __init__(self, town: Any) -> None:
        self.town = town
        self.before = home_of(town, until=ENDED)
        bill = self.before.bill(ENDED)
        assert bill is not None
        self.bill: StoredBill = bill
        store = town.store
        agreement = store.services_of_account(self.before.account, self.before.now)[0].agreement
        store.stop_service(agreement.agreement_id, ENDED, self.before.now)
        town.start(2, people=(("P1", "Person 1"),), from_day=WRITTEN_OFF)
        self.next = Home(town, 2)

    def desk(self, on: date = WRITTEN_OFF) -> MoneyDesk:
        self.before.now += timedelta(minutes=1)
        return MoneyDesk(self.town.store, self.town.book, on, self.before.now)

    def write_off(self) -> str:
        case = write_off(self.before.account, by="Ana", reason="no hope", desk=self.desk()).case
        if case.awaits_approval:
            approve_settlement(case.settlement_id, by="Ben", reason="looked", desk=self.desk())
        assert self.town.store.balance_cents(self.before.account) == 0
        return case.settlement_id

    def pay(self, cents: int) -> str:
        self.before.pay(cents, PAID)
        return f"{self.before.account}-{self.before.receipts}"

    def recover(self, key: str) -> None:
        record_recovery(key, self.before.account, by="Ana", desk=self.desk(PAID))

    def ask(self) -> Asked:
        self.next.now = self.before.now
        return self.next.ask(ASKED, told=TOLD, earlier_accounts=[self.before.account])

    def owes(self) -> str:
        """What the only reason for a deposit says is unpaid, and how the bill was paid."""
        considered = self.ask().considered
        assert considered is not None
        assert [one.value for one in considered.eligibility.outcome.met] == ["unpaid_bill"]
        (unpaid,) = considered.eligibility.facts["unpaid_bills"]
        (history,) = considered.own["earlier_accounts"]
        assert unpaid["accrued_on"] == self.bill.issued_day.isoformat()
        return f"{unpaid['unpaid_usd']} {history['bills'][0]['paid']}"

    def owes_nothing(self) -> None:
        with pytest.raises(DepositRefused, match="no listed reason is met"):
            self.ask()


@pytest.fixture
def applicant(town: Any) -> Applicant:
    return Applicant(town)


def usd(cents: int) -> str:
    return f"{cents // 100}.{cents % 100:02d}"


class TestWhatIsWrittenOff:
    def test_is_owed_as_before_it(self, applicant: Applicant) -> None:
        applicant.write_off()

        assert applicant.owes() == f"{usd(applicant.bill.total_cents)} unpaid"

    @pytest.mark.parametrize("booked", [False, True])
    def test_is_owed_less_what_was_paid_of_it(self, applicant: Applicant, booked: bool) -> None:
        applicant.write_off()
        key = applicant.pay(10_00)
        if booked:
            applicant.recover(key)

        assert applicant.owes() == f"{usd(applicant.bill.total_cents - 10_00)} unpaid"

    @pytest.mark.parametrize("booked", [False, True])
    def test_is_no_reason_once_it_is_paid(self, applicant: Applicant, booked: bool) -> None:
        applicant.write_off()
        key = applicant.pay(applicant.bill.total_cents)
        if booked:
            applicant.recover(key)

        applicant.owes_nothing()

    def test_is_owed_once_where_the_write_off_was_taken_back(self, applicant: Applicant) -> None:
        name = applicant.write_off()
        reverse_settlement(name, by="Cid", reason="too early", desk=applicant.desk())

        assert applicant.owes() == f"{usd(applicant.bill.total_cents)} unpaid"
        applicant.pay(applicant.bill.total_cents)
        applicant.owes_nothing()


class TestACheckoutOfUnknownOutcome:
    AT = datetime(2026, 4, 24, 12, tzinfo=UTC)

    def test_lets_the_question_wait_where_it_may_have_paid_the_debt(
        self, applicant: Applicant
    ) -> None:
        cents = applicant.bill.total_cents
        begin_checkout(applicant.before, "C-1", cents, self.AT)

        with pytest.raises(WaitsForPayment, match=r"Nobody knows yet whether \$.* came to account"):
            applicant.ask()

    def test_changes_nothing_where_a_cent_is_unpaid_whatever_comes_of_it(
        self, applicant: Applicant
    ) -> None:
        cents = applicant.bill.total_cents
        begin_checkout(applicant.before, "C-1", cents - 1, self.AT)

        assert applicant.owes() == f"{usd(cents)} unpaid"

    @pytest.mark.parametrize("is_paid", [False, True])
    def test_is_waited_for_no_longer_once_it_is_known(
        self, applicant: Applicant, is_paid: bool
    ) -> None:
        cents = applicant.bill.total_cents
        begin_checkout(applicant.before, "C-1", cents, self.AT)
        end_checkout(applicant.before, "C-1", cents=cents if is_paid else 0)

        if is_paid:
            applicant.owes_nothing()
        else:
            assert applicant.owes() == f"{usd(cents)} unpaid"

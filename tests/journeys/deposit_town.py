"""A home and its deposit: months of bills, paid or not, and short words for what is done."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from meterledger.facts.checkouts import CheckoutState
from meterledger.facts.deposits import Deposit, DepositKind
from meterledger.facts.money import Tender
from meterledger.facts.payments import ReceiptState
from meterledger.ledger import DEPOSITS
from meterledger.stores.gateways.processor_fake import Bad, BadProcessor
from meterledger.usecases.checkouts import CheckoutDesk, settle_checkout, start_checkout
from meterledger.usecases.deposit_ask import Asked, Desk, ask_deposit, send_notice
from meterledger.usecases.deposit_asked import deposits_asked_on
from meterledger.usecases.deposit_came_back import DepositCameBack, deposits_that_came_back
from meterledger.usecases.deposit_money import DepositMoney, deposit_money, sub_ledger_cents
from meterledger.usecases.deposit_run import DepositRun, run_deposits
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.settle_payment import PaymentDesk, reverse_payment, tell_outcome
from meterledger.usecases.take_payment import How, receipt_of, take_payment, tell_receipt

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
APPLICANT: Mapping[str, Any] = {
    "score": {"last_served_on": None, "eaer_score": 650},
    "identity": {
        "asked_for": False,
        "document_shown": False,
        "social_security_number_correct": False,
    },
}
"""Never served by us, a risk score of 650, nobody asked for papers."""


@dataclass
class Home:
    """One account of a town, its clock, and what happens to its deposit."""

    town: Any
    number: int = 1
    now: datetime = NOW
    receipts: int = 0
    months: list[date] = field(default_factory=list)
    view_of: Any = None

    @property
    def account(self) -> str:
        return str(self.town.account_id(self.number))

    @property
    def view(self) -> Any:
        return self.view_of or self.town.book.as_known(self.now.date())

    def desk(self, by: str = "Ana") -> Desk:
        self.now += timedelta(minutes=1)
        return Desk(self.town.store, self.view, by, self.now)

    def bill(self, on: date) -> StoredBill | None:
        """The next bill that is due on a day, with readings up to it."""
        self.now += timedelta(minutes=1)
        run = self.town.bill(self.number, on=on, known_at=self.now)
        assert not run.held, [one.sentence for one in run.held]
        bills: list[StoredBill] = self.town.store.bills_of_account(self.account)
        return bills[-1] if run.issued else None

    def bills(self) -> list[StoredBill]:
        found: list[StoredBill] = self.town.store.bills_of_account(self.account)
        return found

    def pay(self, cents: int, on: date, **how: Any) -> None:
        self.now += timedelta(minutes=1)
        self.receipts += 1
        take_payment(
            account_id=self.account,
            cents=cents,
            payment_key=f"{self.account}-{self.receipts}",
            received_day=on,
            learned_at=self.now,
            view=self.view,
            store=self.town.store,
            asked_deposits=deposits_asked_on(on, self.town.store),
            by="the desk",
            **how,
        )

    def live(self, first: date, months: int, *, late: tuple[int, ...] = ()) -> None:
        """Bill so many months; each is paid ten days after it, or ten days after its due day."""
        for number in range(months):
            on = month_after(first, number)
            bill = self.bill(on)
            assert bill is not None, f"no bill on {on}"
            paid_on = on + timedelta(days=10)
            if number in late:
                paid_on = bill.due_day + timedelta(days=3)
            owed = self.town.store.balance_cents(self.account)
            if owed > 0:
                self.pay(owed, paid_on)

    def ask(
        self,
        on: date,
        kind: DepositKind = DepositKind.INITIAL,
        cents: int | None = None,
        told: Mapping[str, Any] = APPLICANT,
        **how: Any,
    ) -> Asked:
        return ask_deposit(
            self.account,
            kind,
            on=on,
            told=told,
            cents=cents,
            reason=how.pop("reason", "the rules allow it"),
            desk=self.desk(),
            **how,
        )

    def notice(self, on: date, told: Mapping[str, Any] | None = None) -> Asked:
        return send_notice(
            self.account, on=on, told=told or {}, sent_by="mail", reason="late", desk=self.desk()
        )

    def night(self, on: date) -> DepositRun:
        run = run_deposits(on=on, desk=self.desk("meterledger"))
        assert run.looked_at == run.changed + run.nothing_due + len(run.refused)
        return run

    def deposits(self) -> tuple[Deposit, ...]:
        found = self.town.store.deposits_of_accounts([self.account])
        return tuple(found.get(self.account, ()))

    def money(self) -> dict[str, DepositMoney]:
        return deposit_money(self.account, self.deposits(), self.town.store)

    def check(self) -> None:
        """What is held is what came in less what went out, and it is the balance of 235."""
        every = self.money().values()
        entries = self.town.store.entries_of_account(self.account)
        assert sum(one.held_cents for one in every) == sub_ledger_cents(entries, self.account)
        assert sum(self.town.store.trial_balance().values()) == 0

    def held(self) -> int:
        return -int(self.town.store.trial_balance().get(DEPOSITS, 0))


def come_back(home: Home, number: int, on: date) -> None:
    """The bank returns the home's payment of that number."""
    home.now += timedelta(minutes=1)
    store = home.town.store
    desk = PaymentDesk(store, home.view, home.now, deposits_asked_on(on, store))
    key = f"{home.account}-{number}"
    reverse_payment(key, on=on, by="bank", reason="no funds", desk=desk)


def begin_checkout(home: Home, key: str, cents: int, at: datetime) -> None:
    """A payment by card of which nobody knows whether it came."""
    processor = BadProcessor()
    processor.next_bad = [Bad.SILENT_AFTER_ACTING]
    desk = CheckoutDesk(home.town.store, processor, home.view, at)
    begun = start_checkout(key, account_id=home.account, cents=cents, tender=Tender.CARD, desk=desk)
    assert begun.state is CheckoutState.UNKNOWN


def tell_unknown(home: Home, on: date, how: How, cents: int) -> None:
    """A receipt of which nobody knows whether its money came."""
    home.now += timedelta(minutes=1)
    receipt = receipt_of(
        account_id=home.account,
        cents=cents,
        payment_key=f"U-{on}",
        received_day=on,
        learned_at=home.now,
        view=home.view,
        how=how,
    )
    store = home.town.store
    tell_receipt(receipt, ReceiptState.UNKNOWN, reason="no answer", view=home.view, store=store)


def end_unknown(home: Home, on: date) -> None:
    """Nothing came of the receipt of a day."""
    home.now += timedelta(minutes=1)
    desk = PaymentDesk(home.town.store, home.view, home.now)
    tell_outcome(f"U-{on}", ReceiptState.REFUSED, reason="the bank has none", desk=desk)


def end_checkout(home: Home, key: str, *, cents: int) -> None:
    """A person finds out what came of it: nothing, where it is of no cents."""
    home.now += timedelta(minutes=1)
    desk = CheckoutDesk(home.town.store, BadProcessor(), home.view, home.now)
    said = "the processor's page says so"
    settle_checkout(key, is_paid=cents > 0, cents=cents, by="Ana", reason=said, desk=desk)


def queue(home: Home, at: date) -> tuple[DepositCameBack, ...]:
    """What somebody has to look at because payments of deposits came back."""
    return deposits_that_came_back(at=at, desk=home.desk(), refunds=home.town.store)


def month_after(first: date, number: int) -> date:
    ahead = first.month - 1 + number
    return first.replace(year=first.year + ahead // 12, month=ahead % 12 + 1)


def home_of(town: Any, number: int = 1, *, until: date = date(2026, 11, 1), **how: Any) -> Home:
    """A home with service since July 2025 and hourly readings until a day."""
    town.start(number, **how)
    town.read(f"M{number}", (date(2025, 7, 1), until), seconds=3600)
    return Home(town, number)

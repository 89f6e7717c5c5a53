"""An account on paper and what a late charge is decided from, in short words."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.stores.paper_town import ANALYST, FIRST_DAY, account_id, bill_of, start_of

from meterledger.facts.bills import BillKind
from meterledger.facts.corrections import Correction, CorrectionCause, Rebill, Withdrawal
from meterledger.facts.late_charges import LateCharge
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.kernel.ids import next_version
from meterledger.ledger import reverse_entry
from meterledger.rulebook.book import TariffBook
from meterledger.stores.memory import MemoryStore
from meterledger.usecases.late_charge_replay import replay_late_charge
from meterledger.usecases.late_charges import LateRun, charge_late

NOW = datetime(2026, 12, 2, 12, tzinfo=UTC)
CORRECTED = datetime(2026, 12, 2, 18, tzinfo=UTC)
FIRST_MONTH = 7
"""The first paper month of which the book tells the class of service."""
ISSUED = [FIRST_DAY + timedelta(days=30 * (FIRST_MONTH + one + 1)) for one in range(8)]
"""Days on which the bills of the paper months are issued, from 2025-08-29; due 21 days later."""
DUE = [one + timedelta(days=21) for one in ISSUED]


@dataclass
class PaperAccount:
    """Account 1 with bills of thirty days, paid or not."""

    book: TariffBook
    store: MemoryStore = field(default_factory=MemoryStore)
    account: str = account_id(1)

    def __post_init__(self) -> None:
        self.store.start_service(start_of(1))

    def bill(self, month: int, cents: int = 10_000, *, issued: date | None = None) -> str:
        """Bill a month, on its last day or later."""
        bill, entry = bill_of(1, FIRST_MONTH + month, cents=cents)
        if issued is not None and entry is not None:
            bill = replace(bill, issued_day=issued, due_day=issued + timedelta(days=21))
            entry = replace(entry, effective_day=issued)
        self.store.record_bills([(bill, entry)])
        return bill.bill_id

    def pay(self, key: str, cents: int, day: date, *, learned_at: datetime | None = None) -> None:
        at = learned_at or NOW - timedelta(hours=1)
        payment = Payment(key, self.account, cents, Tender.CHECK, day, at)
        legs = (Leg("131", cents), Leg("142", -cents, self.account))
        entry = Entry(f"payment:{key}", day, payment.learned_at, legs, f"check {key}")
        self.store.record_payment(payment, entry)

    def give_back(self, key: str, day: date) -> None:
        """A payment comes back."""
        with self.store.viewing(ANALYST, [self.account]):
            posted = {one.entry_id: one for one in self.store.entries_of_account(self.account)}
        at = NOW - timedelta(minutes=30)
        back = reverse_entry(posted[f"payment:{key}"], on=day, learned_at=at, cause="no funds")
        self.store._keep_entry(back)

    def correct(self, month: int, cents: int, on: date) -> str:
        """The bill of a month is cancelled, and one of so many cents takes its place."""
        old, _ = bill_of(1, FIRST_MONTH + month)
        made, entry = bill_of(1, FIRST_MONTH + month, cents=cents, known_at=CORRECTED)
        name = next_version(old.bill_id)
        bill = replace(
            made,
            bill_id=name,
            kind=BillKind.CORRECTED,
            corrects=old.bill_id,
            issued_day=on,
            due_day=on + timedelta(days=21),
        )
        with self.store.viewing(ANALYST, [self.account]):
            posted = {one.entry_id: one for one in self.store.entries_of_account(self.account)}
        back = reverse_entry(
            posted[f"bill:{old.bill_id}"], on=on, learned_at=CORRECTED, cause="corrected"
        )
        correction = Correction(
            *(old.bill_id, name, self.account, f"case:{old.bill_id}", CorrectionCause.READING),
            *("Ana", "a later reading", CORRECTED, "{}"),
        )
        if entry is not None:
            entry = replace(entry, entry_id=f"bill:{name}", effective_day=on)
        self.store.record_rebills([Rebill(correction, bill, entry, back)])
        return name

    def end(self, *past: int, on: date) -> str:
        """Service ended with month 0: its bill is made again, and those of ``past`` are none."""
        old, _ = bill_of(1, FIRST_MONTH)
        made, entry = bill_of(1, FIRST_MONTH, known_at=CORRECTED)
        assert entry is not None
        name = next_version(old.bill_id)
        bill = replace(
            made,
            bill_id=name,
            kind=BillKind.CORRECTED,
            corrects=old.bill_id,
            issued_day=on,
            due_day=on + timedelta(days=21),
        )
        with self.store.viewing(ANALYST, [self.account]):
            posted = {one.entry_id: one for one in self.store.entries_of_account(self.account)}

        def gone(month: int) -> Withdrawal:
            wrong = bill_of(1, FIRST_MONTH + month)[0].bill_id
            correction = Correction(
                *(wrong, name, self.account, f"case:{old.bill_id}", CorrectionCause.ENDED),
                *("Ana", "moved out, told late", CORRECTED, "{}"),
                leaves_nothing=month > 0,
            )
            back = reverse_entry(
                posted[f"bill:{wrong}"], on=on, learned_at=CORRECTED, cause="cancelled"
            )
            return Withdrawal(correction, back)

        first = gone(0)
        self.store.record_rebills(
            [
                Rebill(
                    first.correction,
                    bill,
                    replace(entry, entry_id=f"bill:{name}", effective_day=on),
                    first.reversal,
                    ends_service=True,
                    withdrawn=tuple(map(gone, past)),
                )
            ]
        )
        return name

    def run(self, on: date, known_at: datetime = NOW, **how: Any) -> LateRun:
        with self.store.viewing(ANALYST, [self.account]):
            return charge_late(
                [self.account], on=on, known_at=known_at, store=self.store, book=self.book, **how
            )

    def replays(self, charge: LateCharge) -> bool:
        with self.store.viewing(ANALYST, [self.account]):
            return replay_late_charge(
                charge.late_charge_id, store=self.store, book=self.book
            ).same_bytes

    @property
    def balance(self) -> int:
        with self.store.viewing(ANALYST, [self.account]):
            return self.store.balance_cents(self.account)

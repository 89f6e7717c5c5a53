"""Late charges in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from meterledger.facts.bills import read_record
from meterledger.facts.documents import CameBack, IssuedDocument
from meterledger.facts.late_charges import (
    GovernmentAccount,
    LateBill,
    LateCharge,
    LateChargeReversal,
    LateChargeRun,
    LateChargeWait,
    LateHistory,
    ReversalCause,
)
from meterledger.facts.payments import ReceiptState
from meterledger.facts.receivables import Movement
from meterledger.stores.late_words import LONGEST_GRACE, known_asked_items
from meterledger.usecases.late_charge_ports import LateChargeWork
from meterledger.usecases.late_charge_rows import columns_of
from meterledger.usecases.ports import Conflict, NotFound

if TYPE_CHECKING:
    from meterledger.facts.deposits import Deposit
    from meterledger.facts.late_columns import LateColumns
    from meterledger.facts.money import Entry, Payment
    from meterledger.facts.payments import ReceiptOnFile
    from meterledger.facts.receivables import Application
    from meterledger.usecases.ports import StoredBill

RECEIVABLE, OTHER_RECEIVABLE = "142", "143"
ASKED = (RECEIVABLE, OTHER_RECEIVABLE)
MAIL = "mail"


class MemoryLateCharges:
    """The part of the store that keeps late charges."""

    _lock: Any
    _accounts: dict[str, Any]
    _entries: dict[str, Entry]
    _entries_of: dict[str, list[str]]
    _bills: dict[str, StoredBill]
    _bills_of: dict[str, list[str]]
    _applications: dict[str, Application]
    _payments: dict[str, Payment]
    _companys_due_days: Callable[[datetime], dict[str, date]]
    _due_later: Callable[[Sequence[str], datetime], dict[str, date]]
    _not_delivered: Callable[[datetime], set[str]]
    _documents: list[IssuedDocument]
    _came_back: list[CameBack]
    _receipts: dict[str, ReceiptOnFile]
    _due_days_of_moved: Callable[..., list[tuple[str, date]]]
    deposits_of_accounts: Callable[[Sequence[str]], dict[str, tuple[Deposit, ...]]]
    _look: Callable[[], None]
    _note: Callable[[str, str, datetime], None]
    _keep_entry: Callable[[Entry], None]
    _refuse_entry: Callable[..., None]
    register_cause: Callable[[str, Callable[[str], bool]], None]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._late_charges: dict[str, LateCharge] = {}
        self._late_reversals: dict[str, LateChargeReversal] = {}
        self._late_waits: list[LateChargeWait] = []
        self._late_runs: dict[str, LateChargeRun] = {}
        self._governments: list[GovernmentAccount] = []
        self.register_cause("late", lambda key: key in self._late_charges)

    def late_histories(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, LateHistory]:
        """What the accounts' late charges are decided from, as known then."""
        self._look()
        with self._lock:
            return {one: self._late_history(one, known_at) for one in account_ids}

    def late_bills(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[LateBill, ...]]:
        """The bills of ``late_histories`` alone; accounts without any are left out."""
        self._look()
        with self._lock:
            found = {one: self._late_bills(one, known_at) for one in account_ids}
        return {one: bills for one, bills in found.items() if bills}

    def government_accounts(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, tuple[GovernmentAccount, ...]]:
        """What is told of accounts of governments; the others are left out."""
        self._look()
        found = {one: self._governments_of(one, known_at) for one in account_ids}
        return {one: told for one, told in found.items() if told}

    def _governments_of(self, account_id: str, known_at: datetime) -> tuple[GovernmentAccount, ...]:
        return tuple(
            one
            for one in self._governments
            if one.account_id == account_id and one.learned_at <= known_at
        )

    def late_columns(self, account_ids: Sequence[str] | None, known_at: datetime) -> LateColumns:
        """The same as columns; of all accounts where none are named."""
        account_ids = sorted(self._accounts) if account_ids is None else account_ids
        histories = self.late_histories(account_ids, known_at)
        return columns_of([histories[one] for one in account_ids])

    def _late_history(self, account_id: str, known_at: datetime) -> LateHistory:
        entries = [self._entries[name] for name in self._entries_of.get(account_id, ())]
        charges = [one for one in self._late_charges.values() if one.account_id == account_id]
        return LateHistory(
            account_id,
            bills=self._late_bills(account_id, known_at),
            movements=tuple(
                sorted(
                    (
                        _moved(one, account_id)
                        for one in entries
                        if one.learned_at <= known_at and _asks(one, account_id)
                    ),
                    key=lambda one: (one.effective_day, one.learned_at, one.entry_id),
                )
            ),
            applications=tuple(
                sorted(
                    (
                        one
                        for one in self._applications.values()
                        if one.account_id == account_id and one.learned_at <= known_at
                    ),
                    key=lambda one: (one.learned_at, one.application_id),
                )
            ),
            channels=self._mailed(account_id),
            asked_deposits=known_asked_items(
                self.deposits_of_accounts([account_id]).get(account_id, ()), known_at
            ),
            unknown_payment_cents=self.unknown_receipt_cents([account_id], known_at).get(
                account_id, 0
            ),
            government=self._governments_of(account_id, known_at),
            charges=tuple(
                sorted(
                    (one for one in charges if one.known_at <= known_at),
                    key=lambda one: one.late_charge_id,
                )
            ),
            waits=tuple(
                one
                for one in self._late_waits
                if one.account_id == account_id and one.learned_at <= known_at
            ),
            forgiven=tuple(
                sorted(
                    one.late_charge_id
                    for one in self._late_reversals.values()
                    if one.account_id == account_id
                    and one.learned_at <= known_at
                    and one.cause is ReversalCause.BY_DECISION
                )
            ),
            moved_due=dict(self._due_days_of_moved(account_id, of_one_age=True)),
        )

    def _late_bills(self, account_id: str, known_at: datetime) -> tuple[LateBill, ...]:
        bills = [self._bills[name] for name in self._bills_of.get(account_id, ())]
        combined = self._companys_due_days(known_at)
        later = self._due_later([one.bill_id for one in bills], known_at)
        back = self._not_delivered(known_at)
        return tuple(
            replace(
                _late_bill(one, combined.get(one.bill_id, one.due_day), known_at),
                later_due=later.get(one.bill_id),
                is_delivered=one.bill_id not in back,
            )
            for one in sorted(bills, key=lambda one: (one.issued_day, one.bill_id))
            if one.known_at <= known_at
        )

    def _mailed(self, account_id: str) -> dict[str, str]:
        return {
            f"payment:{key}": MAIL
            for key, payment in self._payments.items()
            if payment.account_id == account_id
            and key in self._receipts
            and self._receipts[key].receipt.is_mailed
        }

    def unknown_receipt_cents(
        self, account_ids: Sequence[str], known_at: datetime
    ) -> dict[str, int]:
        """Cents of receipts told for accounts whose outcome was unknown at the instant."""
        found: dict[str, int] = {}
        for one in self._receipts.values():
            account = one.receipt.account_told
            steps = [step for step in one.steps if step.learned_at <= known_at]
            if account in account_ids and steps and steps[-1].state is ReceiptState.UNKNOWN:
                found[account] = found.get(account, 0) + one.receipt.cents
        return found

    def record_late_charges(self, work: LateChargeWork) -> set[str]:
        """Keep charges, reversals, waits and the run; the names of entries newly kept."""
        newly: set[str] = set()
        with self._lock:
            charges = [
                one for one in work.charges if one[0].late_charge_id not in self._late_charges
            ]
            given = {charge.late_charge_id for charge, _ in charges} | set(self._late_charges)
            reversals = [
                one for one in work.reversals if one[0].late_charge_id not in self._late_reversals
            ]
            for charge, entry in charges:
                if charge.account_id not in self._accounts:
                    raise NotFound.of("account", charge.account_id)
                if entry.entry_id in self._entries:
                    raise Conflict.of_entry(entry.entry_id)
                self._refuse_entry(entry, arriving=[charge.late_charge_id])
            for reversal, entry in reversals:
                if reversal.late_charge_id not in given:
                    raise NotFound.of("late charge", reversal.late_charge_id)
                if entry.entry_id in self._entries:
                    raise Conflict.of_entry(entry.entry_id)
                self._refuse_entry(entry)
            for charge, entry in charges:
                self._late_charges[charge.late_charge_id] = charge
                self._keep_entry(entry)
                newly.add(entry.entry_id)
            for reversal, entry in reversals:
                self._late_reversals[reversal.late_charge_id] = reversal
                self._keep_entry(entry)
                newly.add(entry.entry_id)
            known = {(one.account_id, one.delinquent_day, one.on) for one in self._late_waits}
            self._late_waits += [
                one
                for one in work.waits
                if (one.account_id, one.delinquent_day, one.on) not in known
            ]
            if work.run is not None:
                self._late_runs.setdefault(work.run.run_id, work.run)
            learned = [entry.learned_at for _, entry in (*charges, *reversals)]
            if learned:
                told = f"{len(charges)} charged, {len(reversals)} reversed"
                self._note("late charges", told, max(learned))
        return newly

    def late_charges_to_decide_again(self, since: date) -> list[str]:
        """Accounts with a charge on a cancelled bill, or before what may take it back."""
        self._look()
        cancelled = {f"bill:{one.bill_id}" for one in self._bills.values() if one.cancelled_by}
        return sorted(
            {
                one.account_id
                for one in self._late_charges.values()
                if one.late_charge_id not in self._late_reversals
                and (
                    cancelled.intersection(one.rests_on)
                    or (
                        one.on >= since
                        and (
                            self._was_paid_before(one)
                            or self._was_corrected_after(one)
                            or self._was_sent_after(one)
                        )
                    )
                )
            }
        )

    def _was_paid_before(self, charge: LateCharge) -> bool:
        last = charge.delinquent_day + LONGEST_GRACE
        return any(
            one.account_id == charge.account_id
            and one.learned_at > charge.known_at
            and one.received_day <= last
            for one in self._payments.values()
        )

    def _was_sent_after(self, charge: LateCharge) -> bool:
        """Whether we learned after it that its bill came back, or went out late."""
        back = {
            f"bill:{one.bill_id}" for one in self._came_back if one.learned_at > charge.known_at
        }
        late = {
            f"bill:{one.bill_id}"
            for one in self._documents
            if one.made_at > charge.known_at
            and one.due_day is not None
            and one.due_day > charge.delinquent_day
        }
        return bool((back | late).intersection(charge.rests_on))

    def _was_corrected_after(self, charge: LateCharge) -> bool:
        return any(
            one.account_id == charge.account_id
            and one.cancelled_by is not None
            and self._bills[one.cancelled_by].known_at > charge.known_at
            for one in self._bills.values()
        )

    def late_charge(self, late_charge_id: str) -> LateCharge:
        """A charge by its name."""
        self._look()
        if late_charge_id not in self._late_charges:
            raise NotFound.of("late charge", late_charge_id)
        return self._late_charges[late_charge_id]

    def late_charges_of_account(self, account_id: str) -> list[LateCharge]:
        """Charges of the account, oldest first."""
        self._look()
        found = [one for one in self._late_charges.values() if one.account_id == account_id]
        return sorted(found, key=lambda one: (one.on, one.late_charge_id))

    def late_charge_reversal(self, late_charge_id: str) -> LateChargeReversal | None:
        """Why a charge was taken back."""
        self._look()
        return self._late_reversals.get(late_charge_id)

    def late_charges_on(self, on: date) -> list[LateCharge]:
        """Charges shown on bills of a day."""
        self._look()
        found = [one for one in self._late_charges.values() if one.on == on]
        return sorted(found, key=lambda one: one.late_charge_id)

    def late_charge_runs(self, on: date | None = None) -> list[LateChargeRun]:
        """What runs came to, the newest first."""
        runs = [one for one in self._late_runs.values() if on is None or one.on == on]
        return sorted(runs, key=lambda one: (one.learned_at, one.run_id), reverse=True)

    def tell_government_account(self, told: GovernmentAccount) -> None:
        """Keep whose account it is from a day on; what is known already is not kept again."""
        with self._lock:
            if told.account_id not in self._accounts:
                raise NotFound.of("account", told.account_id)
            known = [one for one in self._governments if one.account_id == told.account_id]
            if known and replace(known[-1], by=told.by, learned_at=told.learned_at) == told:
                return
            self._governments.append(told)
            self._note("government account", told.account_id, told.learned_at)


def _asks(entry: Entry, account_id: str) -> bool:
    return any(
        leg.customer_account_id == account_id and leg.ledger_account in ASKED for leg in entry.legs
    )


def _moved(entry: Entry, account_id: str) -> Movement:
    legs = [
        leg
        for leg in entry.legs
        if leg.customer_account_id == account_id and leg.ledger_account in ASKED
    ]
    debits = {leg.ledger_account for leg in legs if leg.cents > 0}
    return Movement(
        entry_id=entry.entry_id,
        effective_day=entry.effective_day,
        learned_at=entry.learned_at,
        cents=sum(leg.cents for leg in legs),
        control=OTHER_RECEIVABLE if debits == {OTHER_RECEIVABLE} else RECEIVABLE,
        reverses=entry.reverses,
    )


def _late_bill(bill: StoredBill, due_day: date, known_at: datetime) -> LateBill:
    live = bill.was_live(known_at)
    return LateBill(
        bill_id=bill.bill_id,
        agreement_id=bill.agreement_id,
        schedule=read_record(bill.record)["schedule"],
        days=bill.days,
        issued_day=bill.issued_day,
        due_day=due_day,
        known_at=bill.known_at,
        corrects=bill.corrects,
        cancelled_by=None if live else bill.cancelled_by,
        own_due_day=bill.due_day,
    )

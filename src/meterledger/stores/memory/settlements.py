"""Settlements in dictionaries."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from meterledger.facts.ach_orders import SentFile
from meterledger.facts.bank import Expectation
from meterledger.facts.extensions import (
    ExtensionAct,
    ExtensionContract,
    ExtensionEvent,
    ExtensionOnFile,
)
from meterledger.facts.money import Entry, Payment
from meterledger.facts.places import Account, AccountHolder
from meterledger.facts.receivables import Application
from meterledger.facts.settlements import Act, SettlementCase, SettlementKind, VerifiedPayee
from meterledger.kernel.span import DaySpan
from meterledger.stores.believed import contents
from meterledger.stores.ledger_words import refund_left
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.stores.settlement_words import (
    DEPOSITS,
    DUE_TO_DEPOSITORS,
    MoneyThere,
    is_waiting,
    no_payee,
    no_settlement,
    not_the_depositors,
    other_payee,
    refuse_other_contents,
    refuse_steps,
    refuse_too_much,
    refuse_twice,
)
from meterledger.usecases.payment_ports import Moved
from meterledger.usecases.ports import Conflict, NotFound
from meterledger.usecases.refund_left import still_due
from meterledger.usecases.settlement_ports import SettlementWrite

SALES = ("440", "442", "444")
PREFIXES = (*(kind.value for kind in SettlementKind), "unclaimed")


class MemorySettlements:
    """The part of the store that keeps settlements."""

    _lock: threading.RLock
    _entries: dict[str, Entry]
    _entries_of: dict[str, list[str]]
    _payments: dict[str, Payment]
    _accounts: dict[str, Account]
    _holders: TwoClocks[AccountHolder]
    _sent_files: dict[str, SentFile]
    _applications: dict[str, Application]
    _applied_to: dict[str, list[Application]]
    _expectations: dict[str, Expectation]
    _contracts: dict[str, ExtensionContract]
    _contract_events: dict[str, tuple[ExtensionEvent, ...]]
    _keep_applications: Callable[[Iterable[Application]], None]

    def __init__(self) -> None:
        """Nothing is settled."""
        super().__init__()
        self._settlements: dict[str, SettlementCase] = {}
        self._payees: dict[str, VerifiedPayee] = {}
        self._settled_keys: set[str] = set()
        for prefix in PREFIXES:
            self.register_cause(prefix, lambda key: key in self._settled_keys)

    def record_settlements(self, writes: Sequence[SettlementWrite]) -> list[bool]:
        """Keep settlements, steps and entries: all of them or nothing."""
        with self._lock:
            before = dict(self._settlements)
            try:
                return [self._write_settlement(one) for one in writes]
            except BaseException:
                self._unsettle(before, writes)
                raise

    def _write_settlement(self, write: SettlementWrite) -> bool:
        case = write.case
        known = self._settlements.get(case.settlement_id)
        if write.is_new and known is not None:
            refuse_other_contents(known, case)
            return False
        if not write.is_new and known is None:
            raise no_settlement(case.settlement_id)
        self._refuse_strangers(case)
        refuse_steps(write, known)
        self._refuse_left(write, known)
        mine = [one for one in self._settlements.values() if one.account_id == case.account_id]
        refuse_twice(write, mine)
        refuse_too_much(write, self._there_for(case, mine), mine)
        for entry in write.entries:
            if entry.entry_id in self._entries:
                raise Conflict.of_entry(entry.entry_id)
        if any(one.application_id in self._applications for one in write.applications):
            raise Moved.meanwhile(f"account {case.account_id}")
        self._settlements[case.settlement_id] = case
        for entry in write.entries:
            self._settled_keys.add(entry.entry_id.partition(":")[2])
            self._keep_entry(entry)
        self._keep_applications(write.applications)
        self._expectations |= {one.expectation_id: one for one in write.expectations}
        act = write.added[-1]
        self._note(f"settlement {act.act.value}", case.settlement_id, act.learned_at)
        return True

    def _refuse_left(self, write: SettlementWrite, known: SettlementCase | None) -> None:
        """What is in a file is marked as sent with that file before anything else."""
        if known is None or not known.is_open_refund:
            return
        for file in self._sent_files.values():
            if any(one.order_id == known.next_order_id for one in file.entries):
                first = write.added[0]
                if (first.act, first.reference) != (Act.SENT, file.file_id):
                    raise refund_left(known.settlement_id, file.file_id)

    def _unsettle(
        self, before: dict[str, SettlementCase], writes: Sequence[SettlementWrite]
    ) -> None:
        """One write of several was refused: none of them has happened."""
        for one in writes:
            if self._settlements.get(one.case.settlement_id) is not one.case:
                continue
            for entry in one.entries:
                self._entries.pop(entry.entry_id, None)
                self._settled_keys.discard(entry.entry_id.partition(":")[2])
                for names in self._entries_of.values():
                    if entry.entry_id in names:
                        names.remove(entry.entry_id)
            for given in one.applications:
                if self._applications.get(given.application_id) is given:
                    del self._applications[given.application_id]
                    self._applied_to[given.account_id].remove(given)
            for line in one.expectations:
                self._expectations.pop(line.expectation_id, None)
        self._settlements = before

    def _refuse_strangers(self, case: SettlementCase) -> None:
        for account in filter(None, (case.account_id, case.to_account_id)):
            if account not in self._accounts:
                raise NotFound.of("account", account)
        if case.source == DUE_TO_DEPOSITORS:
            contract = self._contracts.get(case.about)
            theirs = contract and (contract.account_id, contract.depositor)
            if case.payee is None or theirs != (case.account_id, case.payee.payee_id):
                raise not_the_depositors(case)
        if case.payee is None:
            return
        key, payee_id = case.payee.payment_key, case.payee.payee_id
        if key and (key not in self._payments or self._payments[key].account_id != case.account_id):
            raise NotFound.of("payment of the account", key)
        if payee_id and (
            payee_id not in self._payees or self._payees[payee_id].account_id != case.account_id
        ):
            raise no_payee(payee_id)

    def _money_there(self, account_id: str) -> MoneyThere:
        owed = receivable = deposits = 0
        for name in self._entries_of.get(account_id, ()):
            for leg in self._entries[name].legs:
                if leg.customer_account_id != account_id:
                    continue
                control = leg.ledger_account.partition(".")[0]
                owed += leg.cents * (leg.ledger_account == "142")
                receivable += leg.cents * (control in ("142", "143"))
                deposits += leg.cents * (control == DEPOSITS)
        return MoneyThere(owed, receivable, deposits)

    def _there_for(self, case: SettlementCase, mine: Iterable[SettlementCase]) -> MoneyThere:
        """What the account has; of what depositors are due, the one whose contract it is about."""
        there = self._money_there(case.account_id)
        if case.source != DUE_TO_DEPOSITORS:
            return there
        events = self._contract_events.get(case.about, ())
        back = ExtensionOnFile(self._contracts[case.about], events).of(ExtensionAct.REFUNDED)
        due = still_due(case.about, sum(one.cents for one in back), mine)
        return replace(there, depositors=-due)

    def settlement(self, settlement_id: str) -> SettlementCase:
        """A settlement by its id."""
        self._look()
        if settlement_id not in self._settlements:
            raise no_settlement(settlement_id)
        return self._settlements[settlement_id]

    def settlements(
        self,
        *,
        account_id: str | None = None,
        kind: SettlementKind | None = None,
        open_only: bool = False,
    ) -> list[SettlementCase]:
        """Settlements, the oldest first."""
        self._look()
        found = [
            one
            for one in list(self._settlements.values())
            if (account_id is None or account_id in (one.account_id, one.to_account_id))
            and (kind is None or one.kind is kind)
            and (not open_only or is_waiting(one))
        ]
        return sorted(
            found, key=lambda one: (one.asked.on, one.asked.learned_at, one.settlement_id)
        )

    def add_payee(self, payee: VerifiedPayee) -> bool:
        """Keep a payee once."""
        with self._lock:
            if payee.account_id not in self._accounts:
                raise NotFound.of("account", payee.account_id)
            known = self._payees.get(payee.payee_id)
            if known is not None:
                if contents(known) != contents(payee):
                    raise other_payee(known)
                return False
            self._payees[payee.payee_id] = payee
            self._note("payee verified", payee.account_id, payee.learned_at)
            return True

    def payee(self, payee_id: str) -> VerifiedPayee:
        """A payee by its id."""
        self._look()
        if payee_id not in self._payees:
            raise no_payee(payee_id)
        return self._payees[payee_id]

    def payees_of_account(self, account_id: str) -> list[VerifiedPayee]:
        """Verified payees of an account, the oldest first."""
        self._look()
        mine = [one for one in self._payees.values() if one.account_id == account_id]
        return sorted(mine, key=lambda one: (one.learned_at, one.payee_id))

    def _due_days_of_moved(
        self, account_id: str, *, of_one_age: bool = False
    ) -> list[tuple[str, date]]:
        """When balances that were moved to the account are or were due; ``of_one_age`` leaves out
        those that were moved as a whole, as old as their oldest part.
        """
        return [
            (one.settlement_id, one.by_day)
            for one in self._settlements.values()
            if one.kind is SettlementKind.TRANSFER
            and one.to_account_id == account_id
            and one.by_day is not None
            and (not of_one_age or "kind" in json.loads(one.record).get("facts", {}))
        ]

    def accounts_of_same_holder(self, account_id: str, known_at: datetime) -> list[str]:
        """Other accounts for which a person of this one is responsible on some day, in order."""
        self._look()
        held = self._holders.known(known_at)
        people = {one.person_id for one in held if one.account_id == account_id}
        return sorted({one.account_id for one in held if one.person_id in people} - {account_id})

    def accounts_of_same_people(self, account_id: str, known_at: datetime, on: date) -> list[str]:
        """Other accounts for which the same people are responsible, all of them and nobody else."""
        self._look()
        by_account: dict[str, list[AccountHolder]] = {}
        for one in self._holders.known(known_at):
            by_account.setdefault(one.account_id, []).append(one)
        mine = _responsible(by_account.get(account_id, ()), on)
        return sorted(
            name
            for name, held in by_account.items()
            if mine and name != account_id and _responsible(held, on) == mine
        )

    def accounts_in_credit(self) -> dict[str, int]:
        """Accounts that have more than they owe."""
        self._look()
        sums = {one: self._money_there(one).receivable for one in sorted(self._entries_of)}
        return {one: -cents for one, cents in sums.items() if cents < 0}

    def revenue_cents(self, days: DaySpan) -> int:
        """What sales of electricity the entries effective on these days brought."""
        with self._lock:
            return -sum(
                leg.cents
                for entry in self._entries.values()
                if entry.effective_day in days
                for leg in entry.legs
                if leg.ledger_account.partition(".")[0] in SALES
            )

    # Answered by the rest of the store.

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    def _keep_entry(self, entry: Entry) -> None:
        raise NotImplementedError

    def register_cause(self, prefix: str, is_there: Callable[[str], bool]) -> None:
        """Entries of the prefix need a key that is there."""
        raise NotImplementedError


def _responsible(held: Iterable[AccountHolder], on: date) -> frozenset[str]:
    """People responsible on the day, or on the last day before it that had any."""
    begun = [one for one in held if one.days.from_day <= on]
    last = max((one.days.until_day or date.max for one in begun), default=date.max)
    day = on if on < last else last - timedelta(days=1)
    return frozenset(one.person_id for one in begun if day in one.days)

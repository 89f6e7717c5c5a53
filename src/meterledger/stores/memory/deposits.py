"""Deposits with their steps in dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date, datetime

from meterledger.facts.bills import read_record
from meterledger.facts.deposits import PREFIX_OF_ACT, Deposit, asked_items
from meterledger.facts.money import Entry
from meterledger.facts.receivables import OpenItem
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan
from meterledger.stores.deposit_words import (
    MOVES_MONEY,
    entries_match,
    is_known,
    no_deposit,
    not_held,
    refuse_another,
)
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.usecases.deposit_ports import BillAtPoint, DepositWork
from meterledger.usecases.ports import Conflict, NotFound, StoredBill

DEPOSITS = "235"


class MemoryDeposits(MemoryPlaces):
    """The part of the store that keeps deposits."""

    record: list[tuple[str, str, datetime]]
    _entries: dict[str, Entry]
    _entries_of: dict[str, list[str]]
    _bills: dict[str, StoredBill]
    _bills_at: dict[str, list[str]]
    _keep_entry: Callable[[Entry], None]
    _refuse_entry: Callable[..., None]
    register_cause: Callable[[str, Callable[[str], bool]], None]

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__()
        self._deposits: dict[str, Deposit] = {}
        self._deposit_steps: set[str] = set()
        for prefix in set(PREFIX_OF_ACT.values()):
            self.register_cause(prefix, lambda key: key in self._deposit_steps)

    def record_deposits(self, work: Sequence[DepositWork]) -> bool:
        """Keep steps and entries, all of them or nothing."""
        ensure(entries_match(work), "each step that moves money comes with its entry")
        with self._lock:
            for one in work:
                if one.account_id not in self._accounts:
                    raise NotFound.of("account", one.account_id)
            fresh = [one for one in work if not is_known(one, self._deposits.get(one.deposit_id))]
            if not fresh:
                return False
            for one in fresh:
                mine = [name for name, each in self._deposits.items()
                        if each.account_id == one.account_id]  # fmt: skip
                refuse_another(one, mine)
            entries = [entry for one in fresh for entry in one.entries]
            for entry in entries:
                if entry.entry_id in self._entries:
                    raise Conflict.of_entry(entry.entry_id)
            arriving = [step.step_id for one in fresh for step in one.steps]
            for entry in entries:
                self._refuse_entry(entry, arriving=arriving)
            self._refuse_beyond(fresh, entries)
            self._deposit_steps.update(arriving)
            for one in fresh:
                known = self._deposits.get(
                    one.deposit_id, Deposit(one.deposit_id, one.account_id, one.kind, ())
                )
                self._deposits[one.deposit_id] = replace(known, steps=(*known.steps, *one.steps))
                for step in one.steps:
                    self._note(f"deposit {step.act.value}", one.account_id, step.learned_at)
            for entry in entries:
                self._keep_entry(entry)
            return True

    def _refuse_beyond(self, fresh: Sequence[DepositWork], entries: Sequence[Entry]) -> None:
        """As the database does: nothing leaves a deposit that is not there."""
        for account_id in {one.account_id for one in fresh}:
            leaving = any(
                step.act in MOVES_MONEY and step.cents
                for one in fresh
                if one.account_id == account_id
                for step in one.steps
            )
            known = [self._entries[name] for name in self._entries_of.get(account_id, ())]
            held = -sum(
                leg.cents
                for entry in (*known, *entries)
                for leg in entry.legs
                if leg.ledger_account == DEPOSITS and leg.customer_account_id == account_id
            )
            if leaving and held < 0:
                raise not_held(account_id)

    def deposit(self, deposit_id: str) -> Deposit:
        """A deposit with its steps."""
        self._look()
        if deposit_id not in self._deposits:
            raise no_deposit(deposit_id)
        return self._deposits[deposit_id]

    def deposits_of_accounts(self, account_ids: Collection[str]) -> dict[str, tuple[Deposit, ...]]:
        """The accounts' deposits, the oldest first."""
        self._look()
        wanted = set(account_ids)
        found: dict[str, list[Deposit]] = {}
        for one in list(self._deposits.values()):
            if one.account_id in wanted:
                found.setdefault(one.account_id, []).append(one)
        return {
            account: tuple(sorted(every, key=lambda one: (one.steps[0].on, one.deposit_id)))
            for account, every in sorted(found.items())
        }

    def deposit_accounts(self, *, with_closed: bool = False) -> list[str]:
        """Accounts that have a deposit that has not ended; or one at all."""
        self._look()
        return sorted(
            {
                one.account_id
                for one in list(self._deposits.values())
                if with_closed or not one.is_closed
            }
        )

    def asked_deposits(self, account_id: str, at: date) -> tuple[OpenItem, ...]:
        """What of the account's deposits is asked for on the evening of ``at``."""
        return asked_items(self.deposits_of_accounts([account_id]).get(account_id, ()), at)

    def bills_at_point(
        self, service_point_id: str, days: DaySpan, known_at: datetime
    ) -> list[BillAtPoint]:
        """Bills at a service point whose period touches the days, live as known then."""
        self._look()
        found = []
        for name in self._bills_at.get(service_point_id, ()):
            bill = self._bills[name]
            if bill.known_at > known_at or not bill.was_live(known_at):
                continue
            if bill.days.overlap(days) is None:
                continue
            estimated = read_record(bill.record)["usage"].get("estimated") or {}
            found.append(
                BillAtPoint(
                    bill.bill_id,
                    bill.days,
                    bill.issued_day,
                    bill.total_cents,
                    bool(estimated.get("counts_toward_cap", False)),
                )
            )
        return sorted(found, key=lambda one: (one.days.from_day, one.bill_id))

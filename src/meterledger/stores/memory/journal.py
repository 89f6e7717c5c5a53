"""The journal in dictionaries: entries with a cause that exists, booked in periods that are open.

Lives here      keeping and summing entries; causes of entries; closed periods.
Lives elsewhere what causes entries: each part of the store registers its own (``register_cause``).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from meterledger.facts.money import Entry, Leg, Payment
from meterledger.facts.periods import PeriodClose, PeriodTotal
from meterledger.stores.ledger_words import (
    RECEIVABLE,
    no_cause,
    not_taken_back,
    period_not_next,
    unknown_customer,
)
from meterledger.usecases.ports import Conflict, StoredBill


class MemoryJournal:
    """The part of the store that keeps entries."""

    _lock: threading.RLock
    _bills: dict[str, StoredBill]

    def __init__(self) -> None:
        """Nothing is posted."""
        self._entries: dict[str, Entry] = {}
        self._entries_of: dict[str, list[str]] = {}
        self._payments: dict[str, Payment] = {}
        self._periods: list[PeriodClose] = []
        self._causes: dict[str, Callable[[str], bool]] = {}
        self.register_cause("bill", lambda key: key in self._bills)
        self.register_cause("payment", lambda key: key in self._payments)
        self.register_cause("reversal", lambda key: key in self._entries)
        super().__init__()  # the other parts register their causes

    def register_cause(self, prefix: str, is_there: Callable[[str], bool]) -> None:
        """Entries ``prefix:KEY`` are posted only where ``is_there(KEY)``."""
        self._causes[prefix] = is_there

    def _refuse_entry(self, entry: Entry, *, arriving: Sequence[str] = ()) -> None:
        """Refuse what the database refuses at commit. ``arriving`` are keys of the same call.

        :raises Conflict: if its cause or a customer is not known, or it takes back other legs
        """
        prefix, _, key = entry.entry_id.partition(":")
        if prefix not in self._causes:
            raise no_cause(entry.entry_id, f"nothing is registered for '{prefix}'")
        if key not in arriving and not self._causes[prefix](key):
            raise no_cause(entry.entry_id, f"there is no {key}")
        for leg in entry.legs:
            if leg.customer_account_id is not None and not self._is_account(
                leg.customer_account_id
            ):
                raise unknown_customer(entry.entry_id, leg.customer_account_id)
        if (prefix == "reversal") != (entry.reverses is not None):
            raise no_cause(entry.entry_id, "a reversal is named after the entry that it takes back")
        if entry.reverses is not None and entry.reverses in self._entries:
            mine = sorted((one.ledger_account, -one.cents, one.customer_account_id or "")
                          for one in entry.legs)  # fmt: skip
            its = sorted((one.ledger_account, one.cents, one.customer_account_id or "")
                         for one in self._entries[entry.reverses].legs)  # fmt: skip
            if key != entry.reverses or mine != its:
                raise not_taken_back(entry.entry_id, entry.reverses)

    def _keep_entry(self, entry: Entry) -> None:
        """Post an entry whose cause is kept already, on the first open day if need be."""
        self._refuse_entry(entry)
        booked = self._booked_day(entry)
        self._entries[entry.entry_id] = replace(entry, booked_day=booked)
        for customer in {leg.customer_account_id for leg in entry.legs if leg.customer_account_id}:
            self._entries_of.setdefault(customer, []).append(entry.entry_id)

    def _booked_day(self, entry: Entry) -> date | None:
        opens = self._booking_opens() or entry.effective_day
        booked = max(entry.effective_day, entry.booked_day or entry.effective_day, opens)
        return None if booked == entry.effective_day else booked

    def account_balances(
        self, account_id: str, *, at: date | None = None, known_at: datetime | None = None
    ) -> dict[str, int]:
        """What a customer has on each ledger account."""
        self._look()
        with self._lock:
            mine = [self._entries[name] for name in self._entries_of.get(account_id, ())]
            legs = [
                leg
                for one in mine
                if _is_asked_for(one, at, known_at, None)
                for leg in one.legs
                if leg.customer_account_id == account_id
            ]
        return _sums(legs)

    def ledger_balances(
        self,
        *,
        at: date | None = None,
        known_at: datetime | None = None,
        booked_until: date | None = None,
    ) -> dict[str, int]:
        """What each ledger account stands at."""
        with self._lock:
            entries = list(self._entries.values())
        return _sums(
            [
                leg
                for one in entries
                if _is_asked_for(one, at, known_at, booked_until)
                for leg in one.legs
            ]
        )

    def entry_months(self) -> list[date]:
        """Months in which entries are effective, oldest first."""
        self._look()
        return sorted({one.effective_day.replace(day=1) for one in self._entries.values()})

    def entries_of_month(self, month: date, *, after: str = "", limit: int = 5_000) -> list[Entry]:
        """Entries of a month by name, after the one named."""
        self._look()
        names = sorted(
            one.entry_id
            for one in self._entries.values()
            if one.effective_day.replace(day=1) == month and one.entry_id > after
        )
        return [self._entries[name] for name in names[:limit]]

    def close_period(self, close: PeriodClose) -> bool:
        """Close a month; False if the same person closed it already."""
        with self._lock:
            for known in self._periods:
                if known.month == close.month:
                    if known.closed_by != close.closed_by:
                        raise Conflict.of_period(close.month, known.closed_by)
                    return False
            opens = self._booking_opens()
            if opens is not None and opens != close.month:
                raise period_not_next(opens, close.month)
            after = _month_after(close.month)
            self._periods.append(replace(close, totals=self._totals(opens or date.min, after)))
            self._note("period closed", f"{close.month:%Y-%m}", close.learned_at)
            return True

    def _totals(self, begin: date, until: date) -> tuple[PeriodTotal, ...]:
        found: dict[str, list[int]] = {}
        for entry in self._entries.values():
            if begin <= (entry.booked_day or entry.effective_day) < until:
                for leg in entry.legs:
                    found.setdefault(leg.ledger_account, []).append(leg.cents)
        return tuple(
            PeriodTotal(
                account,
                sum(one for one in cents if one > 0),
                -sum(one for one in cents if one < 0),
                len(cents),
            )
            for account, cents in sorted(found.items())
        )

    def closed_periods(self) -> list[PeriodClose]:
        """Closed months with their totals, oldest first."""
        return list(self._periods)

    def booking_opens(self) -> date | None:
        """The first day on which something may be booked; None where no period is closed."""
        return self._booking_opens()

    def _booking_opens(self) -> date | None:
        return _month_after(self._periods[-1].month) if self._periods else None

    def _balance(self, account_id: str) -> int:
        return sum(
            leg.cents
            for name in self._entries_of.get(account_id, ())
            for leg in self._entries[name].legs
            if leg.customer_account_id == account_id and leg.ledger_account == RECEIVABLE
        )

    def balance_cents(self, account_id: str) -> int:
        """What the account owes now."""
        self._look()
        return self._balance(account_id)

    def entries_of_account(self, account_id: str) -> list[Entry]:
        """Entries that touch the account, oldest first."""
        self._look()
        entries = [self._entries[name] for name in self._entries_of.get(account_id, ())]
        return sorted(entries, key=lambda one: (one.effective_day, one.learned_at, one.entry_id))

    def entry_named(self, entry_id: str, effective_day: date) -> Entry | None:
        """An entry of a day by its name; None where there is none."""
        self._look()
        found = self._entries.get(entry_id)
        return found if found is not None and found.effective_day == effective_day else None

    def trial_balance(self) -> dict[str, int]:
        """Sum of legs by ledger account."""
        sums: dict[str, int] = {}
        with self._lock:
            for entry in self._entries.values():
                for leg in entry.legs:
                    sums[leg.ledger_account] = sums.get(leg.ledger_account, 0) + leg.cents
        return dict(sorted(sums.items()))

    # Answered by the rest of the store.

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    def _look(self) -> None:
        raise NotImplementedError

    def _is_account(self, account_id: str) -> bool:
        raise NotImplementedError


def _is_asked_for(
    entry: Entry, at: date | None, known_at: datetime | None, booked_until: date | None
) -> bool:
    booked = entry.booked_day or entry.effective_day
    return (
        (at is None or entry.effective_day <= at)
        and (known_at is None or entry.learned_at <= known_at)
        and (booked_until is None or booked < booked_until)
    )


def _sums(legs: Sequence[Leg]) -> dict[str, int]:
    sums: dict[str, int] = {}
    for leg in legs:
        sums[leg.ledger_account] = sums.get(leg.ledger_account, 0) + leg.cents
    return {account: cents for account, cents in sorted(sums.items()) if cents}


def _month_after(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)

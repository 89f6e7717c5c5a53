"""Sums of the journal and of bills over dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta

from meterledger.facts.bills import read_record
from meterledger.facts.finance import AccountBalance, LedgerRow, PaymentCash, RevenueRow
from meterledger.facts.money import Entry
from meterledger.facts.payments import ReceiptOnFile
from meterledger.facts.places import Agreement
from meterledger.kernel.money import cents_from_text
from meterledger.stores.bank_words import is_cash
from meterledger.stores.finance_words import BRINGS_MONEY, REVERSAL, asks_a_customer, kind_of
from meterledger.stores.memory.places import MemoryPlaces
from meterledger.usecases.ports import StoredBill


def _last_on(at: date) -> Callable[[Agreement], tuple[date, date, str]]:
    """Orders agreements that have begun: the last is the one of the day, or the last before it."""
    after = at + timedelta(days=1)
    return lambda one: (
        min(one.days.until_day or after, after),
        one.days.from_day,
        one.agreement_id,
    )


class MemoryFinance(MemoryPlaces):
    """The part of the store that adds up."""

    _entries: dict[str, Entry]
    _bills: dict[str, StoredBill]
    _receipts: dict[str, ReceiptOnFile]

    def ledger_rows(self, since: date | None, until: date) -> list[LedgerRow]:
        """The journal by month, account, kind and schedule; days are booked days."""
        self._look()
        found: dict[tuple[date, str, str, str], list[int]] = {}
        for entry in list(self._entries.values()):
            booked = entry.booked_day or entry.effective_day
            if booked >= until or (since is not None and booked < since):
                continue
            kind, key = kind_of(entry.entry_id)
            bill = self._bills.get(key) if kind.endswith("bill") else None
            schedule = str(read_record(bill.record)["schedule"]) if bill else ""
            for leg in entry.legs:
                name = (booked.replace(day=1), leg.ledger_account, kind, schedule)
                found.setdefault(name, []).append(leg.cents)
        return [
            LedgerRow(
                *name,
                sum(one for one in cents if one > 0),
                -sum(one for one in cents if one < 0),
                len(cents),
            )
            for name, cents in sorted(found.items())
        ]

    def payment_cash(self, since: date, until: date) -> list[PaymentCash]:
        """What payments and unapplied money of the days debit 131.x, with a receipt and without."""
        self._look()
        found: dict[tuple[date, bool], list[int]] = {}
        for entry in list(self._entries.values()):
            kind, key = kind_of(entry.entry_id)
            if kind not in BRINGS_MONEY or not since <= entry.effective_day < until:
                continue
            cash = [leg.cents for leg in entry.legs if is_cash(leg.ledger_account)]
            if not cash:  # money that had no account and was given one: it was here before
                continue
            back = self._entries.get(f"{REVERSAL}{entry.entry_id}")
            legs = back.legs if back is not None else ()
            gone = -sum(leg.cents for leg in legs if is_cash(leg.ledger_account))
            sums = found.setdefault((entry.effective_day, key in self._receipts), [0, 0, 0, 0])
            for place, figure in enumerate((1, sum(cash), int(back is not None), gone)):
                sums[place] += figure
        return [PaymentCash(*name, *sums) for name, sums in sorted(found.items())]

    def revenue_rows(self, since: date, until: date) -> list[RevenueRow]:
        """Lines of bills issued on the days less those of bills taken back on them."""
        self._look()
        found: dict[tuple[str, str, str], list[int]] = {}
        for sign, bill in self._bills_moved(since, until):
            record = read_record(bill.record)
            for line in record["lines"]:
                name = (record["schedule"], line["code"], line["group"])
                cents = cents_from_text(line["usd"], where=bill.bill_id)
                found.setdefault(name, []).append(sign * cents)
        return [RevenueRow(*name, sum(cents), len(cents)) for name, cents in sorted(found.items())]

    def _bills_moved(self, since: date, until: date) -> Iterable[tuple[int, StoredBill]]:
        for bill in list(self._bills.values()):
            if since <= bill.issued_day < until:
                yield 1, bill
            back = self._entries.get(f"reversal:bill:{bill.bill_id}")
            if back is not None and since <= back.effective_day < until:
                yield -1, bill

    def receivable_balances(self, at: date) -> list[AccountBalance]:
        """Every account that owes or is owed, by account number."""
        self._look()
        sums: dict[str, int] = {}
        for entry in list(self._entries.values()):
            for leg in entry.legs if entry.effective_day <= at else ():
                if leg.customer_account_id and asks_a_customer(leg.ledger_account):
                    sums[leg.customer_account_id] = sums.get(leg.customer_account_id, 0) + leg.cents
        begun = [one for one in self._agreements.known() if one.days.from_day <= at]
        schedules = {one.account_id: one.schedule for one in sorted(begun, key=_last_on(at))}
        return [
            AccountBalance(name, schedules.get(name, ""), cents)
            for name, cents in sorted(sums.items())
        ]

    def entries_booked(
        self, ledger_account: str, since: date, until: date, *, limit: int = 500
    ) -> list[Entry]:
        """Entries with a leg on the account booked on the days, oldest first."""
        self._look()
        found = [
            one
            for one in list(self._entries.values())
            if since <= (one.booked_day or one.effective_day) < until
            and any(leg.ledger_account == ledger_account for leg in one.legs)
        ]
        found.sort(key=lambda one: (one.booked_day or one.effective_day, one.entry_id))
        return found[:limit]

"""Where premises are taxed and who is exempt, in dictionaries on two clocks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from meterledger.facts.bills import read_record
from meterledger.facts.money import Entry
from meterledger.facts.places import Account, Agreement, Premise, TaxPlace
from meterledger.facts.taxes import SalesTaxPlace, TaxExemption, TaxTotal
from meterledger.stores.believed import learned_after, refuse_unknown
from meterledger.stores.memory.two_clocks import TwoClocks
from meterledger.stores.taxed import (
    believed_exemptions,
    believed_sales_tax_places,
    carried_ended,
    cut_back,
    ended_exemption,
    in_order,
    refuse_not_believed,
    totals_of,
)
from meterledger.usecases.ports import StoredBill

TAXES = "241"


class MemoryTaxes:
    """The part of the store that keeps taxes."""

    _lock: threading.RLock
    _accounts: dict[str, Account]
    _premises: dict[str, Premise]
    _agreements: TwoClocks[Agreement]
    _tax_places: TwoClocks[TaxPlace]
    _bills: dict[str, StoredBill]
    _bills_of: dict[str, list[str]]
    _entries: dict[str, Entry]

    def __init__(self) -> None:
        """Begin with nothing."""
        self._sales_places = TwoClocks[SalesTaxPlace](
            believed_sales_tax_places(), lambda one: one.premise_id
        )
        self._exemptions = TwoClocks[TaxExemption](
            believed_exemptions(), lambda one: one.account_id
        )

    def tax_premise(self, place: TaxPlace | SalesTaxPlace) -> bool:
        """Record where a premise is taxed from a day on."""
        kept: TwoClocks[Any] = (
            self._sales_places if isinstance(place, SalesTaxPlace) else self._tax_places
        )
        with self._lock:
            if place.premise_id not in self._premises:
                refuse_unknown("premise", place.premise_id, f"taxes, {place.days}")
            old, left = cut_back(kept.of(place.premise_id), place)
            if old is None:
                if not kept.is_new(place):
                    return False
                moment = kept.learned_at(place)
            else:
                moment = learned_after(place.learned_at, old.learned_at)
                kept.end(old, moment)
                kept.add(replace(left, learned_at=moment), moment)
            kept.add(replace(place, learned_at=moment), moment)
            self._note("premise taxed", place.premise_id, moment)
            return True

    def record_exemption(self, exemption: TaxExemption) -> TaxExemption:
        """Keep a certificate; the same again changes nothing."""
        with self._lock:
            where = f"certificate {exemption.certificate}"
            if exemption.account_id not in self._accounts:
                refuse_unknown("account", exemption.account_id, where)
            theirs = {
                one.agreement_id
                for one in self._agreements.known()
                if one.account_id == exemption.account_id
            }
            if exemption.agreement_id and exemption.agreement_id not in theirs:
                refuse_unknown("agreement", exemption.agreement_id, where)
            if not self._exemptions.is_new(exemption):
                return exemption
            moment = learned_after(
                self._exemptions.learned_at(exemption), self._newest_bill(exemption.account_id)
            )
            kept = replace(exemption, learned_at=moment)
            self._exemptions.add(kept, moment)
            self._note("tax exemption", exemption.account_id, moment)
            return kept

    def end_exemption(
        self,
        exemption: TaxExemption,
        until_day: date,
        learned_at: datetime,
        carried: Sequence[TaxExemption] = (),
    ) -> TaxExemption:
        """Believe from now on that a certificate holds until ``until_day`` (out)."""
        with self._lock:
            moment = learned_after(
                learned_at,
                max(one.learned_at for one in (exemption, *carried)),
                self._newest_bill(exemption.account_id),
            )
            ended = ended_exemption(exemption, until_day, moment)
            ends = [(exemption, ended), *carried_ended(carried, until_day, moment)]
            for one, _ in ends:
                if one not in self._exemptions.of(one.account_id):
                    refuse_not_believed(one)
            for one, left in ends:
                if left is None:
                    self._exemptions.end(one, moment)
                else:
                    self._exemptions.replace(one, left, moment)
            self._note("tax exemption ended", exemption.account_id, moment)
            return ended

    def exemptions_of_account(self, account_id: str, known_at: datetime) -> list[TaxExemption]:
        """The account's certificates as known then."""
        self._look()
        return in_order(self._exemptions.of(account_id, known_at))

    def tax_totals(self, since: date, until: date) -> list[TaxTotal]:
        """What was taxed on bills posted on days from ``since`` until ``until`` (out), by tax."""
        self._look()
        return totals_of(self._posted(since, until))

    def tax_postings(self, since: date, until: date) -> dict[str, int]:
        """Sums of the sub-accounts of taxes over postings of the days, in cents."""
        self._look()
        sums: dict[str, int] = {}
        for entry in self._entries.values():
            if since <= entry.effective_day < until:
                for leg in entry.legs:
                    if leg.ledger_account.partition(".")[0] == TAXES:
                        sums[leg.ledger_account] = sums.get(leg.ledger_account, 0) + leg.cents
        return dict(sorted(sums.items()))

    def _posted(self, since: date, until: date) -> Iterable[tuple[int, dict[str, Any]]]:
        """Records of bills, with 1 where one was posted in the days and -1 where taken off."""
        for bill in self._bills.values():
            if since <= bill.issued_day < until:
                yield 1, read_record(bill.record)
            reversal = self._entries.get(f"reversal:bill:{bill.bill_id}")
            if reversal is not None and since <= reversal.effective_day < until:
                yield -1, read_record(bill.record)

    def _newest_bill(self, account_id: str) -> datetime | None:
        names = self._bills_of.get(account_id, ())
        return max((self._bills[name].known_at for name in names), default=None)

    # Answered by the rest of the store.

    _look: Callable[[], None]
    _note: Callable[[str, str, datetime], None]

"""Cancelled bills and what took their place, in dictionaries."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from meterledger.facts.bills import Bill
from meterledger.facts.corrections import (
    CorrectedBill,
    Correction,
    LeftDifference,
    PartEnded,
    Rebill,
    Withdrawal,
)
from meterledger.facts.money import Entry
from meterledger.kernel.span import DaySpan
from meterledger.stores.believed import learned_after, refuse_stop
from meterledger.stores.correction_words import (
    refuse_learned_since,
    refuse_one_person,
    refuse_taken_back_alone,
    refuse_withdrawal,
    takes_the_place,
)
from meterledger.stores.memory.places import Undo
from meterledger.stores.memory.put_right import MemoryPutRight, undone_if_refused
from meterledger.stores.together_words import points_of
from meterledger.usecases.ports import Conflict, NotFound, StoredBill


@dataclass(frozen=True, slots=True)
class Claim:
    """A live bill's claim on a service point's days."""

    days: DaySpan
    bill_id: str
    agreement_id: str


def _gone(rebills: Sequence[Rebill]) -> set[str]:
    """Names of all bills that are cancelled."""
    found = {one.correction.cancelled_bill for one in rebills}
    return found | {gone.correction.cancelled_bill for one in rebills for gone in one.withdrawn}


def _parts_ended(rebills: Sequence[Rebill]) -> dict[PartEnded, Rebill]:
    """Agreements that end and had days of bills of others, each with the first of its bills.

    One that ends with a bill of its own, too, ends with that.
    """
    own = {one.bill.agreement_id for one in rebills if one.ends_service}
    found: dict[PartEnded, Rebill] = {}
    for one in rebills:
        if one.part_ended is not None and one.part_ended.agreement_id not in own:
            found.setdefault(one.part_ended, one)
    return found


class MemoryCorrections(MemoryPutRight):
    """The part of the store that cancels bills."""

    _lock: threading.RLock
    _bills: dict[str, StoredBill]
    _claims: dict[str, list[Claim]]
    _entries: dict[str, Entry]
    _agreements_of: dict[str, tuple[str, ...]]

    def __init__(self) -> None:
        """Nothing is corrected."""
        super().__init__()
        self._corrections: list[Correction] = []
        self._left: list[LeftDifference] = []

    def record_rebills(self, rebills: Sequence[Rebill]) -> set[str]:
        """Cancel bills and record those that take their place: all of them or nothing."""
        with self._lock:
            ordered = sorted(rebills, key=lambda one: one.bill.days.from_day)
            if not self._refuse_rebills(ordered):
                return set()
            undo: Undo = []
            with undone_if_refused(undo):  # everything that may be refused, before a bill is gone
                moments = [
                    (one.put_right.account_id, self._believe_right(one.put_right, undo, one))
                    for one in ordered
                    if one.put_right is not None
                ]
                for one in ordered:
                    if one.ends_service:  # also by what is put right with it
                        self._refuse_end(one, _gone(ordered))
                self._refuse_part_ends(ordered)
            for account, moment in moments:
                self._note("agreement put right", account, moment)
            for one in ordered:
                self._cancel(one, one.bill)
                for gone in one.withdrawn:
                    self._cancel(gone, one.bill)
            for one in ordered:
                if one.ends_service:
                    days, moment = one.bill.days, one.correction.learned_at
                    self.stop_service(one.bill.agreement_id, days.until_day, moment)
            for ended, by in _parts_ended(ordered).items():
                moment = by.correction.learned_at
                self.stop_service(ended.agreement_id, ended.until_day, moment)
            for one in ordered:
                self._claim(one.bill)
                self._keep_bill(one.bill, one.entry)
                self._corrections.append(one.correction)
                self._corrections += [gone.correction for gone in one.withdrawn]
            for account in dict.fromkeys(one.correction.account_id for one in ordered):
                self._note("bills corrected", account, ordered[0].correction.learned_at)
            return {one.bill.bill_id for one in ordered}

    def _refuse_rebills(self, rebills: Sequence[Rebill]) -> bool:
        """Whether anything is to be done; refuses what cannot be."""
        done = 0
        for one in rebills:
            name = one.correction.cancelled_bill
            if name not in self._bills:
                raise NotFound.of("bill", name)
            old = self._bills[name]
            if old.cancelled_by is not None:
                if old.cancelled_by != one.bill.bill_id:
                    raise Conflict.of_cancelled(name, old.cancelled_by)
                done += 1
                continue
            if not takes_the_place(one, self._agreements_of[name], old.days):
                raise Conflict.of_other_period(name, one.bill.bill_id)
            if one.ends_service:
                self._refuse_end(one, _gone(rebills))
            self._refuse_withdrawals(one)
            if one.entry is None and one.bill.total_cents != 0:
                raise Conflict.of_missing_entry(one.bill.bill_id)
            if one.reversal is None and old.total_cents != 0:
                raise Conflict.of_missing_entry(name)
            asks, asked = one.bill.total_cents, old.total_cents
            refuse_one_person(one.correction, asks=asks, asked=asked)
            self._refuse_relief_reversal(one)
            for entry in (one.entry, one.reversal):
                if entry is not None and entry.entry_id in self._entries:
                    raise Conflict.of_entry(entry.entry_id)
        if done and done < len(rebills):
            one = next(each for each in rebills if self._by(each) is not None)
            raise Conflict.of_cancelled(one.correction.cancelled_bill, self._by(one) or "")
        return not done and bool(rebills)

    def _refuse_withdrawals(self, one: Rebill) -> None:
        cents = {}
        for gone in one.withdrawn:
            name = gone.correction.cancelled_bill
            if name not in self._bills:
                raise NotFound.of("bill", name)
            old = self._bills[name]
            if old.cancelled_by is not None:
                raise Conflict.of_cancelled(name, old.cancelled_by)
            refuse_withdrawal(one, gone, self._agreements_of[name], old.days, old.total_cents)
            self._refuse_relief_reversal(gone)
            if gone.reversal is not None and gone.reversal.entry_id in self._entries:
                raise Conflict.of_entry(gone.reversal.entry_id)
            cents[name] = old.total_cents
        refuse_taken_back_alone(one, cents)

    def _refuse_end(self, one: Rebill, names: set[str]) -> None:
        """:raises Conflict: as ``stop_service``, once the bills of those names are cancelled"""
        bill = one.bill
        ends = [
            claim.days.until_day
            for claim in self._claims.get(bill.service_point_id, ())
            if claim.agreement_id == bill.agreement_id and claim.bill_id not in names
        ]
        agreement = self._agreement(self._agreements.known(), bill.agreement_id)
        refuse_stop(agreement, bill.days.until_day, max(ends, default=None))
        newest = self._newest_bill_known_at(bill.agreement_id, bill.account_id)
        refuse_learned_since(one, learned_after(
            one.correction.learned_at, agreement.learned_at, newest))  # fmt: skip

    def _refuse_part_ends(self, rebills: Sequence[Rebill]) -> None:
        """As ``_refuse_end``, of agreements that have days of bills of others."""
        gone = _gone(rebills)
        for ended, one in _parts_ended(rebills).items():
            name, until = ended.agreement_id, ended.until_day
            agreement = self._agreement(self._agreements.known(), name)
            ends = [
                claim.days.until_day
                for claim in self._claims.get(agreement.service_point_id, ())
                if claim.agreement_id == name and claim.bill_id not in gone
            ]
            refuse_stop(agreement, until, max(ends, default=None))
            newest = self._newest_bill_known_at(name, agreement.account_id)
            known = (one.correction.learned_at, agreement.learned_at, newest)
            refuse_learned_since(one, learned_after(*known))

    def _claim(self, bill: Bill) -> None:
        """Take the days of a bill at each of its service points."""
        for _, agreement_id, point, days in points_of(bill):
            self._claims.setdefault(point, []).append(Claim(days, bill.bill_id, agreement_id))

    def _by(self, one: Rebill) -> str | None:
        return self._bills[one.correction.cancelled_bill].cancelled_by

    def _cancel(self, one: Rebill | Withdrawal, bill: Bill) -> None:
        correction = one.correction
        name = correction.cancelled_bill
        self._bills[name] = replace(
            self._bills[name],
            cancelled_by=correction.corrected_bill,
            cancelled_at=correction.learned_at,
        )
        points = {point for _, _, point, _ in points_of(bill)}
        agreements = self._agreements_of[name]
        if len(agreements) > 1:  # some of which may have no day of the bill in its place
            known = self._agreements.known()
            points |= {one.service_point_id for one in known if one.agreement_id in agreements}
        for point in sorted(points):
            claims = self._claims.get(point, [])
            claims[:] = [claim for claim in claims if claim.bill_id != name]
        for entry in (one.reversal, one.relief_reversal):
            if entry is not None:
                self._keep_entry(entry)

    def correction_of(self, bill_id: str) -> Correction | None:
        """The correction that made this bill; None where it corrects none."""
        self._look()
        made = (one for one in self._corrections if not one.leaves_nothing)
        return next((one for one in made if one.corrected_bill == bill_id), None)

    def _withdrawn_bills(self, known_at: datetime) -> set[str]:
        """Bills that were past the end of their service, as known then."""
        return {
            one.cancelled_bill
            for one in self._corrections
            if one.leaves_nothing and one.learned_at <= known_at
        }

    def corrections_of_account(self, account_id: str) -> list[Correction]:
        """Corrections of the account's bills, oldest first."""
        self._look()
        mine = [one for one in self._corrections if one.account_id == account_id]
        return sorted(mine, key=lambda one: (one.learned_at, one.cancelled_bill))

    def corrections_on(self, day: date) -> list[CorrectedBill]:
        """Corrected bills issued on a day, those cancelled since too, by bill."""
        self._look()
        found: dict[str, CorrectedBill] = {}
        for one in self._corrections:
            made, old = self._bills[one.corrected_bill], self._bills[one.cancelled_bill]
            if made.issued_day == day:
                known = found.get(made.bill_id)
                moved = made.total_cents if known is None else known.difference_cents
                moved -= old.total_cents
                name = made.bill_id
                found[name] = CorrectedBill(name, made.account_id, one.author, moved)
        return sorted(found.values(), key=lambda one: one.bill_id)

    def leave_difference(self, left: LeftDifference) -> bool:
        """Keep that a bill stays as it was issued."""
        with self._lock:
            if left.bill_id not in self._bills:
                raise NotFound.of("bill", left.bill_id)
            same = (left.bill_id, left.computed_sha256)
            if any((one.bill_id, one.computed_sha256) == same for one in self._left):
                return False
            self._left.append(left)
            self._note("difference left", left.account_id, left.learned_at)
            return True

    def left_differences(self, account_ids: Sequence[str]) -> list[LeftDifference]:
        """What was left of the accounts' bills, oldest first."""
        self._look()
        wanted = set(account_ids)
        mine = [one for one in self._left if one.account_id in wanted]
        return sorted(mine, key=lambda one: (one.learned_at, one.bill_id))

    # Answered by the rest of the store.

    def _look(self) -> None:
        raise NotImplementedError

    def _note(self, event: str, subject: str, learned_at: datetime) -> None:
        raise NotImplementedError

    def _keep_entry(self, entry: Entry) -> None:
        raise NotImplementedError

    def _keep_bill(self, bill: Bill, entry: Entry | None) -> None:
        raise NotImplementedError

    def _refuse_relief_reversal(self, one: Rebill | Withdrawal) -> None:
        raise NotImplementedError

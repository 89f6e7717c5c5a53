"""Late charges of the tiny model (GRR V.J; docs/operating/late_charges.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import copy
from datetime import date, timedelta
from fractions import Fraction

from tests.journeys.money_model import (
    DAY,
    PAID_LAST,
    Billed,
    Late,
    Move,
    Owed,
    first_of,
    half_up,
)

LATE_PERCENT = Fraction(3, 2)
HOLIDAYS = {
    *(date(2025, *one) for one in ((1, 1), (1, 20), (2, 12), (2, 17), (5, 8), (5, 26), (6, 19))),
    *(date(2025, *one) for one in ((7, 4), (9, 1), (10, 13), (11, 11), (11, 27), (12, 25))),
    *(date(2026, *one) for one in ((1, 1), (1, 19), (2, 12), (2, 16), (5, 8), (5, 25), (6, 19))),
    *(date(2026, *one) for one in ((7, 3), (9, 7), (10, 12), (11, 11), (11, 26), (12, 25))),
}
LOOK_BACK, LONGEST_GRACE = timedelta(days=366), timedelta(days=10)


def mail_ends(due: date) -> date:
    """Mail is in time two business days longer (GRR V.J)."""
    day, left = due, 2
    while left:
        day += DAY
        left -= day.weekday() < 5 and day not in HOLIDAYS
    return day


class Charged(Owed):
    """What is owed, and what is charged because it was not paid in time."""

    def in_time(self, due: date, moves: list[Move], *, mail: bool = True) -> list[Move]:
        """What had happened by a delinquent date: ``mail`` two business days longer; what was
        taken back counts as if it had never been, whenever that was."""
        found = []
        for one in moves:
            key = one.name.removeprefix("payment:")
            mailed = mail and one.name.startswith("payment:") and self.paid[key].mailed
            if not one.undoes and one.day <= (mail_ends(due) if mailed else due):
                found.append(one)
        for one in moves:
            if one.undoes and any(one.undoes == each.name for each in found):
                found.append(one)
        return found

    def unpaid_after(self, due: date, newest: Billed, on: date, moves: list[Move],
                     bills: dict[str, Billed],
                     spared: Iterable[str] = ()) -> tuple[int, set[str]]:  # fmt: skip
        """What the bill had asked for and was not paid in time, and the items that it rests on."""
        seen = self.in_time(due, moves)
        names = {one.name for one in seen}
        still, _ = self.open(on, seen, [key for key in self.paid if f"payment:{key}" in names])
        base, rests = 0, set()
        for one in seen:
            cents, bill = still.get(one.name, 0), bills.get(one.name)
            if (
                not cents
                or one.day > newest.issued
                or (bill and bill.due > due)
                or one.name in spared
            ):
                continue
            rests.add(one.name)
            if one.kind not in PAID_LAST:
                # What a corrected bill adds is late by us; payments paid the rest first.
                first = first_of(bill).cents if bill and bill.first else one.cents
                base += cents - min(cents, max(0, one.cents - first))
        return base, rests

    def late_on(self, on: date) -> list[tuple[date, Billed, int, set[str]]]:
        """Delinquent dates that fall to a bill of this day, with what each costs."""
        live = [one for one in self.bills.values() if not one.cancelled and one.issued < on]
        regular = [one.issued for one in self.bills.values() if not one.first and one.issued < on]
        usual = {one.due for one in live if not one.first}
        last = max(regular, default=date.min)
        charged = {
            name for one in self.lates for name in one.rests_on
            if last < one.on <= on and one.name.count(":") == 2  # not what replaced another
        }  # fmt: skip
        found = []
        dues = {one.due for one in live} - {one.due for one in self.lates}
        for due in sorted(dues, key=lambda one: (one not in usual, one)):
            gone_by = any(mail_ends(due) < one for one in regular) and due not in self.waiting
            if mail_ends(due) < on and not gone_by:
                bill = max((one for one in live if one.due == due), key=lambda one: one.issued)
                # A corrected bill is no later bill: nothing bears a second charge for its date.
                spared = charged if due not in usual else set[str]()
                base, rests = self.unpaid_after(due, bill, on, self.moves, self.bills, spared)
                charged |= rests if half_up(base * LATE_PERCENT / 100) else set()
                found.append((due, bill, half_up(base * LATE_PERCENT / 100) if base else -1, rests))
        return found

    def run_late(self, on: date, account: str) -> None:
        self.correct_late(on, account)
        for due, bill, cents, rests in self.late_on(on):
            waits = self.unknown or any(one.pending(on) for one in self.promises.values())
            if waits and cents >= 0:
                self.waiting.add(due)  # neither paid nor missed until it is known
            elif cents > 0:
                name = f"late:{account}:{due}"
                self.add_late(Late(name, due, bill, cents, rests, on, self.step))

    def next_late(self, on: date, account: str) -> list[tuple[str, int]]:
        """What a run on a day would charge."""
        then = copy(self)
        then.moves, then.waiting, then.sums = [*self.moves], {*self.waiting}, Counter(self.sums)
        then.lines = []
        then.lates = [copy(one) for one in self.lates]
        then.run_late(on, account)
        return sorted((one.name, one.cents) for one in then.lates[len(self.lates) :])

    def add_late(self, late: Late) -> None:
        self.lates.append(late)
        self.post(late.name, late.on, late.cents, "late", "450")

    def learned_in_time(self, late: Late) -> bool:
        """Whether a payment had been in time of which we learned only after the charge."""
        later = [
            one
            for one in self.moves
            if one.name.startswith("payment:")
            and self.paid[one.name[8:]].step > late.step
            and not self.paid[one.name[8:]].back
        ]
        return bool(self.in_time(late.due, later))

    def wrong_beside(self, late: Late) -> bool:
        """Whether another bill of then was corrected since: it may have used up what was paid."""
        since = [one.first for one in self.bills.values() if one.first and one.step > late.step]
        return any(one.issued <= late.on and one.name not in late.rests_on for one in since)

    def looks_again(self, on: date) -> bool:
        """Charges of a year are looked at again where something was paid that we did not know."""

        def since(one: Late) -> bool:
            paid = any(each.step > one.step and each.received <= one.due + LONGEST_GRACE
                       for each in self.paid.values())  # fmt: skip
            return paid or any(each.first and each.step > one.step for each in self.bills.values())

        return any(one.stands and (self.wrong_bills(one)
                                   or (one.on >= on - LOOK_BACK and since(one)))
                   for one in self.lates)  # fmt: skip

    def wrong_bills(self, late: Late) -> bool:
        return any(name in self.bills and self.bills[name].cancelled for name in late.rests_on)

    def correct_late(self, on: date, account: str, look_again: bool = False) -> None:
        """A charge that rests on a bill that was wrong is decided on the lower of both."""
        bills = {one.name: one for one in self.bills.values() if not one.first}
        right = self.right_moves()
        lowered: set[str] = set()
        for late in sorted((one for one in self.lates if one.stands), key=lambda one: one.due):
            again = look_again and (self.learned_in_time(late) or self.wrong_beside(late))
            if not self.wrong_bills(late) and not again and not late.rests_on & lowered:
                continue
            # What was forgiven since stays in the base of what was charged on it.
            stay = {one.name for one in self.lates if one.forgiven} & late.rests_on
            gone = lowered | {f"reversal:{name}" for name in stay}
            moves = [one for one in right if one.name not in gone]
            if not (
                self.wrong_bills(late) or self.learned_in_time(late) or late.rests_on & lowered
            ):
                then = [one for one in self.right_moves(late.step) if one.name not in gone]
                if self.open_of(late, on, moves) >= self.open_of(late, on, then):
                    continue  # the correction freed nothing that pays what this is on
            base, rests = self.unpaid_after(late.due, late.bill, on, moves, bills)
            cents = half_up(base * LATE_PERCENT / 100)
            if cents < late.cents:
                late.stands = False
                lowered.add(late.name)
                self.undo(late.name, on)
                if cents:
                    count = sum(one.due == late.due for one in self.lates) + 1
                    name = f"late:{account}:{late.due}:{count}"
                    self.add_late(Late(name, late.due, late.bill, cents, rests, on, self.step))

    def right_moves(self, step: int | None = None) -> list[Move]:
        """Moves with the lower of what was asked and what is right, as of a step or of now."""
        right = []
        for one in self.moves:
            known = self.bills.get(one.undoes or one.name)
            if known is None or not (known.first or known.cancelled):
                right.append(one)
            elif one.name == known.name and not known.first:
                last = [each for each in self.bills.values() if first_of(each) is known
                        and (step is None or each.step <= step)]  # fmt: skip
                newest = last[-1] if last else known
                gone = step is None and (newest.cancelled or newest is known)
                cents = 0 if gone else min(known.cents, max(0, newest.cents))
                right += [Move(one.name, one.day, cents, one.kind, "")] if cents > 0 else []
        return right

    def open_of(self, late: Late, on: date, moves: list[Move]) -> int:
        """What is open of that on which a charge rests."""
        seen = self.in_time(late.due, moves)
        names = {one.name for one in seen}
        still, _ = self.open(on, seen, [key for key in self.paid if f"payment:{key}" in names])
        return sum(still.get(name, 0) for name in late.rests_on)

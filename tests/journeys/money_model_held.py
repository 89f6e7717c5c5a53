"""The rest of the tiny model: deposits (GRR VI.C), and settlements as their page describes them."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from tests.journeys.money_model import DAY, PAID_LAST, Billed, Did, Held, half_up
from tests.journeys.money_model_late import Charged

DEPOSIT_PERCENT = {2025: Fraction("8.75"), 2026: Fraction("8.00")}  # prime of November, and a point
GOOD_MONTHS, WRITE_OFF_DAYS, STALE_DAYS, GOODWILL_MOST = 12, 90, 180, 250_00

AGAINST = {"refund": "232.refunds", "write-off": "144", "recovery": "144", "transfer": "B",
           "fee": "451", "credit": "440", "special": "415"}  # fmt: skip
WITH_US, UNCLAIMED = ("approved", "stopped", "returned", "claimed"), ("unclaimed", "noticed")
NOTHING_POSTED = ("asked", "refused", "reversed")
BEFORE = {
    **dict.fromkeys(("sent", "unclaimed", "reversed"), WITH_US),
    **dict.fromkeys(("cleared", "stopped", "returned"), ("sent",)),
    **dict.fromkeys(("noticed", "claimed", "paid to the State"), UNCLAIMED),
}
THROUGH = {
    "sent": ("232.refunds", "131"),
    "stopped": ("131", "232.refunds"),
    "returned": ("131", "232.refunds"),
    "unclaimed": ("232.refunds", "242.unclaimed"),
    "claimed": ("242.unclaimed", "232.refunds"),
    "paid to the State": ("242.unclaimed", "131"),
}


def year_later(day: date) -> date:
    return day.replace(year=day.year + 1)


@dataclass
class Case:
    """A refund, transfer, write-off, recovery, fee or credit, and where it stands."""

    name: str
    kind: str
    cents: int
    source: str
    state: str
    since: date
    about: str = ""
    payable: date = date.min
    to: str = ""  # the payment to which a refund goes back
    of: str = ""  # the deposit whose remainder it is, where its name says so
    no_step: int = 0  # when somebody said no
    agreed_step: int = 0  # when another person agreed
    shown: bool = False  # the bank shows that what was sent last is paid


class Account(Charged):
    """The account with what is held for it, and with what was settled."""

    def __init__(self) -> None:
        super().__init__()
        self.cases: dict[str, Case] = {}
        self.waits: set[str] = set()  # deposits that go back once it is known what came
        self.taken = 0  # what refunds took off deposits
        self.taken_of: Counter[str] = Counter()  # and those that are of one deposit

    # ------------------------------------------------------------------ deposits (GRR VI.C)

    def interest(self, one: Held, until: date) -> dict[str, int]:
        """Each part from the day it came, by calendar years, rounded once."""
        found = {}
        for came, cents, step, key in self.parts_of(one):
            # No credit was of what we did not know yet.
            covered = max((each.on for each in one.credits if each.step >= step), default=date.min)
            since = covered + DAY if covered >= came else came
            new_year = date(2026, 1, 1)
            old = max(0, (min(until, new_year) - since).days)
            new = max(0, (until - max(since, new_year)).days)
            rates = old * DEPOSIT_PERCENT[2025] + new * DEPOSIT_PERCENT[2026]
            found[key] = half_up(cents * rates / 36500)
        return found

    def night(self, on: date) -> None:
        self.waits = set()
        for one in self.deposits.values():
            if one.closed:
                self.put_right(one, on)
        for one in self.deposits.values():
            if one.closed:
                continue
            self.put_right(one, on)
            while self.held(one) > 0:
                first = self.parts_of(one)[0][0] if self.parts_of(one) else None
                if first is None:
                    break
                covered = one.credits[-1].on if one.credits else date.min
                since = covered + DAY if covered >= first else first
                due = year_later(since) - DAY
                if due > min(on, self.ended or on):
                    break
                by = self.interest(one, due + DAY)
                name = f"deposit-interest:{one.name[8:]}.interest.{due}"
                self.post(name, due, -sum(by.values()), "credit", "431")
                one.credits.append(Did(name, due, self.step, sum(by.values()), by))
            if self.ended:
                self.give_back(one, on, self.owed_of_service(date.max), at_end=True)
            elif self.held(one) > 0 and (good := self.has_twelve_good_months(one, on))[0]:
                if good[1]:
                    self.waits.add(one.name)
                    continue
                self.give_back(one, on, self.owed_of_service(on))

    def owed_of_service(self, on: date) -> int:
        """What a deposit pays: no merchandise (GRR VI.C)."""
        kinds = {each.name: each.kind for each in self.moves}
        still = {n: c for n, c in self.open(on)[0].items() if n not in self.deposits}
        return sum(cents for name, cents in still.items() if kinds[name] not in PAID_LAST)

    def put_right(self, one: Held, on: date) -> None:
        """A deposit is as it would be had the payments never come that came back. What left it
        and never was in it is owed, last of all."""
        back = any(each.back and any(item == one.name for item, _ in each.parts)
                   for each in self.paid.values())  # fmt: skip
        if not back and not one.owed:
            return
        refunded = self.refunded()[one.name]
        for did in (*one.credits, *([one.added] if one.added else [])):
            left = sum(cents for key, cents in did.by.items() if not self.paid[key].back)
            if did is one.added:
                self.book("431", "235", did.on, left - did.cents)
            else:
                self.less(did, left, "431")
            did.cents = left
        there, gone = self.there(one), refunded
        if one.applied:
            self.less(one.applied, min(one.applied.cents, there), "235")
            gone += one.applied.cents
        owed = max(0, gone - there)
        if owed < sum(one.owed.values()):
            for name in [*one.owed]:
                self.undo(name, next(each.day for each in self.moves if each.name == name))
            one.owed = {}
        more = owed - sum(one.owed.values())
        if more:
            one.asked_back += 1
            name = f"deposit-owed:{one.name[8:]}.owed.{one.asked_back}"
            one.owed[name] = more
            self.post(name, on, more, "owed back", "235")

    def less(self, did: Did, left: int, against: str) -> None:
        """A credit stands for less; it counts as if it had never been more."""
        self.post(f"less:{did.name}", did.on, did.cents - left, "credit", against, did.name)
        did.cents = left

    def refunded(self) -> Counter[str]:
        """What refunds took of each deposit: what is there first; then what each was to give."""
        found = Counter(self.taken_of)
        taken = self.taken
        ended = [one for one in self.deposits.values() if one.closed]
        for most in ("held", "gave"):
            for one in ended:
                room = one.gave - found[one.name]
                if most == "held":
                    room = self.held(one) - self.taken_of[one.name]
                part = min(max(0, room), taken)
                found[one.name] += part
                taken -= part
        if taken and ended:
            found[ended[-1].name] += taken
        return found

    def has_twelve_good_months(self, one: Held, on: date) -> tuple[bool, bool]:
        """Twelve months in a row, and whether one of its bills waits for money nobody knows of."""
        since, run, best, waits = self.parts_of(one)[0][0], 0, 0, False
        for bill in sorted(self.bills.values(), key=lambda each: (each.issued, each.name)):
            if bill.cancelled or bill.issued < since or bill.due >= on:
                continue
            is_open = self.open_in_time(bill, on)
            may_be = sum(u.cents for u in self.unknown.values() if u.received <= bill.due)
            if is_open and self.open_in_time(bill, on, mail=False) <= may_be:
                waits = True
                continue  # nobody knows yet whether it was paid
            run = 0 if is_open else run + 1
            best = max(best, run)
        return best >= GOOD_MONTHS, waits

    def open_in_time(self, bill: Billed, on: date, *, mail: bool = True) -> int:
        """What of a bill was not paid by its day."""
        seen = self.in_time(bill.due, self.moves, mail=mail)
        names = {each.name for each in seen}
        keys = [key for key in self.paid if f"payment:{key}" in names]
        return self.open(on, seen, keys)[0].get(bill.name, 0)

    def give_back(self, one: Held, on: date, owed: int, *, at_end: bool = False) -> None:
        """Interest joins it, it pays what is owed, and the rest waits for its refund."""
        if self.held(one) > 0:
            by = self.interest(one, on)
            one.added = Did("", on, self.step, sum(by.values()), by)
            self.book("431", "235", on, one.added.cents)
            pays, name = min(self.held(one), owed), f"deposit-applied:{one.name[8:]}"
            one.applied = Did(name, on, self.step, pays)
            self.post(name, on, -pays, "credit", "235")
            one.gave = self.held(one)
            one.goes_by_itself = not at_end or one.gave >= 100
        one.asked -= self.unpaid(one)  # what is unpaid is called off
        one.closed = True

    def remainders(self) -> int:
        """What of deposits that ended goes back by itself and was not refunded yet."""
        taken = self.refunded()
        return sum(max(0, self.held(one) - taken[one.name]) for one in self.deposits.values()
                   if one.closed and one.goes_by_itself)  # fmt: skip

    # ------------------------------------------------------------------ settlements

    def credit(self, source: str) -> int:
        return -(self.sums["235"] if source == "235" else self.sums["142"] + self.sums["143"])

    def may_ask_refund(self, cents: int, source: str) -> bool:
        waits = sum(one.cents for one in self.cases.values() if one.kind == "refund"
                    and one.source == source and one.state == "asked")  # fmt: skip
        kept = any(not one.back and one.channel != "agency" for one in self.paid.values())
        there = self.credit(source)  # of deposits, until the night, another may lack as much
        there = min(there, self.remainders()) if source == "235" else there
        there -= self.written_off() if source == "142" else 0  # it is owed as before
        return kept and 0 < cents <= there - waits and not (source == "235" and self.owes_first())

    def is_refused(self, cents: int, today: date) -> bool:
        """Whether somebody said no to just this today, and nothing has moved since."""
        return any(one.state == "refused" and one.since == today and one.source == "235"
                   and one.cents == cents and all(each.step <= one.no_step for each in self.lines)
                   for one in self.cases.values())  # fmt: skip

    def owes_first(self) -> bool:
        """What of a deposit came back is paid before any deposit goes out; all, after the end."""
        items, _ = self.open(date.max)
        kinds = {one.name: one.kind for one in self.moves}
        special = sum(cents for name, cents in items.items() if kinds.get(name) == "special")
        owes = self.ended is not None and self.sums["142"] + self.sums["143"] - special > 0
        return owes or any(cents for name, cents in items.items() if "deposit-owed:" in name)

    def of_agencies(self) -> list[tuple[str, int]]:
        """What agencies gave and nothing needed: it is theirs, as if nothing had been refunded,
        less what went back to them."""
        refunds = {one.name for one in self.cases.values() if one.kind == "refund"}
        self.open(date.max, [one for one in self.moves if (one.undoes or one.name) not in refunds])
        free, rest, found = self.free_by, max(0, self.credit("142")), []
        for key, paid in sorted(self.paid.items(), key=lambda one: (one[1].received, one[1].step)):
            if paid.channel == "agency" and not paid.back:
                gone = sum(one.cents for one in self.cases.values() if one.kind == "refund"
                           and one.about == key and one.state not in NOTHING_POSTED)  # fmt: skip
                cents = min(rest, max(0, free.get(f"payment:{key}", 0) - gone))
                rest -= cents
                found += [(key, cents)] if cents else []
        return found

    def may_write_off(self, today: date) -> bool:
        days = [one.due for one in self.bills.values() if not one.cancelled]
        days += [one.received for one in self.paid.values() if not one.back]
        quiet = bool(days) and (today - max(days)).days >= WRITE_OFF_DAYS
        secured = self.sums["235"] < 0
        return self.ended is not None and quiet and self.sums["142"] > 0 and not secured

    def may_approve(self, one: Case) -> bool:
        there = GOODWILL_MOST if one.kind == "credit" else self.sums["142"]
        there = self.credit(one.source) if one.kind == "refund" else there
        return one.state == "asked" and one.cents <= max(0, there) and self.is_theirs(one)

    def is_theirs(self, one: Case) -> bool:
        """A refund goes to a payment that was kept, and to an agency no more than is its own."""
        if one.kind != "refund":
            return True
        if one.source == "235" and self.owes_first():
            return False
        kept = one.to in self.paid and not self.paid[one.to].back
        return kept and (not one.about or one.cents <= dict(self.of_agencies()).get(one.about, 0))

    def settle(self, one: Case, day: date, sign: int = 1) -> None:
        """Post what a case does, or with -1 take it back."""
        one.since, one.state = day, "approved" if sign > 0 else "reversed"
        one.payable = day if sign > 0 else one.payable
        one.agreed_step = self.step if sign > 0 else one.agreed_step
        cents = sign * one.cents
        if one.source == "235":
            self.book("235", "232.refunds", day, cents)
            if one.of:
                self.taken_of[one.of] += cents
            else:
                self.taken += cents
        elif sign < 0:
            self.undo(one.name, day)
        else:
            takes = one.kind in ("refund", "recovery", "fee", "special")
            kind = "back" if one.kind in ("refund", "recovery") else "other"
            kind = "special" if one.kind == "special" else kind
            self.post(one.name, day, cents if takes else -cents, kind, AGAINST[one.kind])

    def go_on(self, one: Case, state: str, day: date) -> bool:
        """A refund goes on: sent, stopped, returned, cleared, unclaimed, noticed, claimed, paid."""
        if one.kind != "refund" or one.state not in BEFORE[state]:
            return False
        if (state == "sent" and self.is_gone(one)) or (state == "stopped" and one.shown):
            return False
        one.shown = False
        if state == "reversed":
            self.settle(one, day, -1)
        elif state in THROUGH:
            account, against = THROUGH[state]
            self.book(account, against, day, one.cents)
        one.state, one.since = state, day
        return True

    def is_gone(self, one: Case) -> bool:
        """What it would give back came back itself, or left a debt since another person agreed."""
        since = any(self.paid[key].back and step > one.agreed_step
                    for key, step in self.came_back.items())  # fmt: skip
        owes = self.sums["142"] + self.sums["143"] > 0
        return (one.to in self.paid and self.paid[one.to].back) or (since and owes)

    def may_undo_write_off(self, one: Case) -> bool:
        """What was recovered is covered by what else is written off."""
        return one.kind != "write-off" or self.written_off() >= one.cents

    def stale(self, today: date) -> list[Case]:
        waits = (*WITH_US, "sent")
        return [one for one in self.cases.values() if one.kind == "refund" and one.state in waits
                and not one.shown and (today - one.since).days > STALE_DAYS]  # fmt: skip

    def due_to_the_state(self, today: date) -> list[Case]:
        """A month after it could be had it is abandoned; it is due after the next end of June."""
        found = []
        for one in self.cases.values():
            if one.state in UNCLAIMED:
                month = one.payable.year * 12 + one.payable.month
                for day in range(31, 27, -1):  # the last day there is
                    with suppress(ValueError):
                        left = date(month // 12, month % 12 + 1, min(one.payable.day, day))
                        break
                june = date(left.year, 6, 30)
                june = june if june >= left else date(left.year + 1, 6, 30)
                found += [one] if today > june else []
        return found

    def recovery_of(self, key: str) -> Case | None:
        """The recovery by a payment that stands."""
        stand = [one for one in self.cases.values() if one.kind == "recovery"
                 and one.about == key and one.state == "approved"]  # fmt: skip
        return stand[0] if stand else None

    def recoveries_that_bounced(self) -> list[Case]:
        found = [self.recovery_of(key) for key, one in self.paid.items() if one.back]
        return [one for one in found if one]

    def recovers(self, key: str) -> int:
        """What of a payment may recover: not what pays a deposit, or what was charged since."""
        offs = [one.agreed_step for one in self.cases.values()
                if one.kind == "write-off" and one.state == "approved"]  # fmt: skip
        paid = self.paid[key]
        off = max(step for step in offs if step < paid.step)
        since = {one.name for one in self.moves if one.step > off}
        return paid.cents - sum(cents for name, cents in paid.parts
                                if name in self.deposits or name in since)  # fmt: skip

    def written_off(self) -> int:
        mine = [one for one in self.cases.values() if one.state == "approved"]
        gone = sum(one.cents for one in mine if one.kind == "write-off")
        return gone - sum(one.cents for one in mine if one.kind == "recovery")

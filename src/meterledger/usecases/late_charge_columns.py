"""Decide late charges of many accounts at once: whole columns, the rule asked once for each class.

Lives here      which dates are decided, what is unpaid by part, cents and reasons, as columns; the
                columns of histories.
Lives elsewhere one account, and every charge that is posted (``late_charge_decide``), the rule
                (``arrears``), the nouns (``facts/late_columns``).
Read first      docs/decisions/0023-late-charges-in-columns.md.

An account with something rare (a corrected bill, two dates at once, a government, an application
that no longer fits) is told apart and decided one by one: a column has no second version of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import numpy.typing as npt

from meterledger.billing import may_late_charge_cover
from meterledger.facts.late_charges import BIT, LateReason
from meterledger.facts.late_columns import (
    KIND_BILL,
    KIND_LATE,
    KIND_OTHER,
    KIND_SPECIAL,
    Column,
    LateColumns,
)
from meterledger.rulebook.book import BookView
from meterledger.usecases.late_charge_base import (
    FAR_DAYS,
    RESIDENTIAL,
    SaidElsewhere,
    grace_until,
)
from meterledger.usecases.late_charge_prices import (
    LARGEST_CENTS,
    Mask,
    Parts,
    Said,
    other_sides,
    price_parts,
)

NEVER = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class LateDecided:
    """By account: the reasons as a mask, the cents, the base; or that it is decided one by one."""

    reasons: Column
    cents: Column
    base_cents: Column
    one_by_one: Mask


def decide_columns(
    columns: LateColumns,
    *,
    on: date,
    view: BookView,
    said: Mapping[str, SaidElsewhere] | None = None,
) -> LateDecided:
    """Decide every account. The same outcome, reasons and cents as one by one.

    :raises NoRuleInForce: if the book is silent on the day, or on the holidays of a grace
    """
    count = len(columns.accounts)
    one_by_one = columns.one_by_one.copy()
    one_by_one[columns.bills.account[columns.bills.corrected > 0]] = True
    told = Said.of(columns, said or {})
    one_by_one |= told.one_by_one | other_sides(columns, told.kind > 0, view)
    dates = _dates(columns, on, view, one_by_one)
    parts = _unpaid(columns, dates, on, view, one_by_one)
    reasons, cents, base = dates.reasons, np.zeros(count, np.int64), np.zeros(count, np.int64)
    decided = dates.decided
    unpaid = parts.new + parts.arrears + parts.late
    for part, reason in (
        (parts.deposit, LateReason.DEPOSIT),
        (parts.special, LateReason.SPECIAL),
        (parts.our_delay, LateReason.OUR_DELAY),
    ):
        left_out = decided & (part > 0) & ~(told.waits & (unpaid > 0))
        reasons[left_out] |= BIT[reason]
    nothing = decided & (unpaid == 0)
    bare = nothing & (parts.deposit + parts.special + parts.our_delay == 0)
    reasons[bare] |= BIT[LateReason.PAID]
    waits = decided & (unpaid > 0) & told.waits
    reasons[waits] |= BIT[LateReason.UNKNOWN_PAYMENT]
    priced = decided & (unpaid > 0) & ~waits
    one_by_one |= priced & (unpaid + parts.deposit > LARGEST_CENTS)
    places = np.flatnonzero(priced & ~one_by_one)
    if len(places):
        price_parts(places, parts, told, on, view, (reasons, cents, base))
    return LateDecided(reasons, cents, base, one_by_one)


# ------------------------------------------------------------------------------------- dates


@dataclass(slots=True)
class _Dates:
    """By account: the delinquent date that is decided, its grace, and its newest bill's issue."""

    decided: Mask
    day: Column
    grace: Column
    issued: Column
    reasons: Column


def _dates(columns: LateColumns, on: date, view: BookView, one_by_one: Mask) -> _Dates:
    count, today = len(columns.accounts), on.toordinal()
    bills = columns.bills
    used = np.flatnonzero(bills.issued < today)
    account, day, issued = bills.account[used], bills.due[used], bills.issued[used]
    newest = np.full(count, NEVER)
    np.maximum.at(newest, account, issued)
    past = (day < today) & (day >= newest[account] - FAR_DAYS)
    days, place = np.unique(day[past], return_inverse=True)
    ends = [grace_until(date.fromordinal(one), view).toordinal() for one in days.tolist()]
    graces = np.full(len(used), NEVER)
    graces[past] = np.array(ends, np.int64)[place] if ends else NEVER
    charged = np.isin(account * _DAYS + day, columns.charged.account * _DAYS + columns.charged.day)
    over = past & (graces < today)
    falls = newest[account] <= graces
    reasons = np.zeros(count, np.int64)
    known = past & charged & falls
    reasons[account[known]] |= BIT[LateReason.KNOWN]
    running = past & ~charged & (graces >= today)
    reasons[account[running]] |= BIT[LateReason.GRACE]
    statement = over & ~charged & falls
    first: Column = np.full(count, np.iinfo(np.int64).max)
    last: Column = np.full(count, NEVER)
    np.minimum.at(first, account[statement], day[statement])
    np.maximum.at(last, account[statement], day[statement])
    decided = last > NEVER
    one_by_one |= decided & (first != last)
    reasons[~decided & (reasons == 0)] |= BIT[LateReason.NO_BILL]
    grace, asked = np.full(count, NEVER), np.full(count, NEVER)
    np.maximum.at(grace, account[statement], graces[statement])
    np.maximum.at(asked, account[statement], issued[statement])
    return _Dates(decided, last, grace, asked, reasons)


_DAYS = 10_000_000
"""More than there are ordinals of days: an account's place times it and a day are one number."""


# ------------------------------------------------------------------------------------ unpaid


def _unpaid(
    columns: LateColumns, dates: _Dates, on: date, view: BookView, one_by_one: Mask
) -> Parts:
    """What is unpaid of each part, as ``ledger`` makes open items: stored applications first, then
    free credit, oldest first and special charges last.
    """
    count, moved = len(columns.accounts), columns.movements
    names = _Names.of(moved.account, moved.key)
    one_by_one[names.twins()] = True
    root = _roots(columns, names)
    top = root == np.arange(len(root))
    counts = np.zeros(len(root), bool)
    day = dates.day[moved.account]
    by_mail = (moved.mailed > 0) & (moved.day <= dates.grace[moved.account])
    counts[top] = ((moved.day <= day) | by_mail)[top]
    counts &= dates.decided[moved.account]
    inside = (root >= 0) & counts[np.maximum(root, 0)]
    net = np.zeros(len(root), np.int64)
    np.add.at(net, root[inside], moved.cents[inside])
    room = np.where(top & (net > 0), net, 0)
    credit = np.where(top & (net < 0), -net, 0)
    deposit_room, spent_by, spent_on = _apply(
        columns, dates, on.toordinal(), names, inside, room, credit, one_by_one
    )
    room = room - spent_on
    pool = np.zeros(count, np.int64)
    np.add.at(pool, moved.account, credit - spent_by)
    open_cents = _spend(columns, room, pool, one_by_one)
    return _parts(columns, dates, view, open_cents, deposit_room, one_by_one)


def _roots(columns: LateColumns, names: _Names) -> Column:
    """For each movement the place of what it reverses in the end; -1 where that is not known."""
    moved = columns.movements
    places = np.arange(len(moved.key))
    back = moved.reverses != 0
    if not back.any():
        return places
    parent = places.copy()
    parent[back] = names.places(moved.account[back], moved.reverses[back])
    for _ in range(len(moved.key)):
        further = np.where(parent >= 0, parent[np.maximum(parent, 0)], -1)
        if np.array_equal(further, parent):
            break
        parent = further
    return parent


@dataclass(frozen=True, slots=True)
class _Names:
    """Names of rows by account and key, to be found in one search; twins are told apart."""

    mixed: npt.NDArray[np.uint64]
    order: Column
    account: Column
    key: Column

    @classmethod
    def of(cls, account: Column, key: Column) -> _Names:
        mixed = _mixed(account, key)
        order = np.argsort(mixed, kind="stable")
        return cls(mixed[order], order, account, key)

    def twins(self) -> Column:
        """Accounts of rows that no search tells apart: decided one by one."""
        same = np.flatnonzero(self.mixed[1:] == self.mixed[:-1])
        rows = self.order[np.concatenate([same, same + 1])]
        accounts: Column = self.account[rows]
        return accounts

    def places(self, account: Column, key: Column) -> Column:
        """Where the names are; -1 where there is no such row."""
        if not len(self.order):
            return np.full(len(key), -1)
        found = np.searchsorted(self.mixed, _mixed(account, key))
        place = self.order[np.minimum(found, len(self.order) - 1)]
        is_it = (self.account[place] == account) & (self.key[place] == key)
        found_at: Column = np.where(is_it, place, -1)
        return found_at


def _mixed(account: Column, key: Column) -> npt.NDArray[np.uint64]:
    odd = np.uint64(0x9E3779B97F4A7C15)
    return key.astype(np.uint64) ^ (account.astype(np.uint64) * odd)


def _apply(
    columns: LateColumns,
    dates: _Dates,
    on: int,
    names: _Names,
    inside: Mask,
    room: Column,
    credit: Column,
    one_by_one: Mask,
) -> tuple[Column, Column, Column]:
    """Stored applications: what they leave of deposits, what each credit gave, each item got.

    ``inside`` are the movements that count, and those that took them back. Where applications no
    longer fit what they were spent on, the account is decided one by one.
    """
    given, asked = columns.applications, columns.deposits
    deposit_room = np.where(asked.charged <= dates.issued[asked.account], asked.cents, 0)
    spent_by, spent_on = np.zeros_like(credit), np.zeros_like(room)
    if not len(given.account):
        return deposit_room, spent_by, spent_on
    source, item = (
        names.places(given.account, given.source),
        names.places(given.account, given.item),
    )
    usual = np.flatnonzero((source >= 0) & (item >= 0) & (given.day <= on))
    usual = usual[(credit[source[usual]] > 0) & (room[item[usual]] > 0)]
    np.add.at(spent_by, source[usual], given.cents[usual])
    np.add.at(spent_on, item[usual], given.cents[usual])
    if len(asked.account):
        # A deposit is paid from what credits 235, which no receivable shows: by its day, or with
        # the rest of a payment that counts.
        place = _Names.of(asked.account, asked.key).places(given.account, given.item)
        counts = (source >= 0) & (given.day <= on)
        counts[counts] = inside[source[counts]]
        of_deposit = (place >= 0) & (counts | (given.day <= dates.day[given.account]))
        np.subtract.at(deposit_room, place[of_deposit], given.cents[of_deposit])
        deposit_room[asked.charged > dates.issued[asked.account]] = 0
    moved = columns.movements
    unfit = (spent_by > credit) | (spent_by < 0) | (spent_on > room) | (spent_on < 0)
    one_by_one[moved.account[unfit]] = True
    one_by_one[asked.account[deposit_room < 0]] = True
    return deposit_room, spent_by, spent_on


def _spend(columns: LateColumns, room: Column, pool: Column, one_by_one: Mask) -> Column:
    """What free credit leaves open of each item, in the ledger's order."""
    moved = columns.movements
    order = np.lexsort((moved.kind == KIND_SPECIAL, moved.given_back == 0, moved.account))
    account, wanted = moved.account[order], room[order]
    total = np.cumsum(wanted)
    before = total - wanted
    starts = np.flatnonzero(np.diff(account, prepend=-1))
    base = np.zeros(len(pool), np.int64)
    base[account[starts]] = before[starts]
    earlier = before - base[account]
    paid = np.clip(pool[account] - earlier, 0, wanted)
    left = np.zeros_like(room)
    left[order] = wanted - paid
    # Of two items of one day and rank their names say which is paid first: decided one by one.
    same = (wanted[1:] > 0) & (wanted[:-1] > 0)
    for one in (moved.account, moved.day, moved.rank):
        same &= one[order[1:]] == one[order[:-1]]
    parted = same & ((paid[1:] < wanted[1:]) & (paid[:-1] > 0))
    one_by_one[account[1:][parted]] = True
    return left


def _parts(
    columns: LateColumns,
    dates: _Dates,
    view: BookView,
    open_cents: Column,
    deposit_room: Column,
    one_by_one: Mask,
) -> Parts:
    count, moved = len(columns.accounts), columns.movements
    sums = {
        name: np.zeros(count, np.int64)
        for name in ("new", "arrears", "late", "deposit", "special", "our_delay")
    }

    def add(name: str, rows: Column) -> None:
        np.add.at(sums[name], moved.account[rows], open_cents[rows])

    is_open = (open_cents > 0) & (moved.day <= dates.issued[moved.account])
    add("late", np.flatnonzero(is_open & (moved.kind == KIND_LATE)))
    add("special", np.flatnonzero(is_open & (moved.kind == KIND_SPECIAL)))
    one_by_one[moved.account[is_open & (moved.kind == KIND_OTHER)]] = True
    rows = np.flatnonzero(is_open & (moved.kind == KIND_BILL))
    bills = _Names.of(columns.bills.account, columns.bills.key)
    one_by_one[bills.twins()] = True
    bill = bills.places(moved.account[rows], moved.key[rows])
    one_by_one[moved.account[rows[bill < 0]]] = True
    rows, bill = rows[bill >= 0], bill[bill >= 0]
    due, day = columns.bills.due[bill], dates.day[moved.account[rows]]
    rows, bill, due, day = (one[due <= day] for one in (rows, bill, due, day))
    ours = _late_by_us(columns, bill, view)
    add("our_delay", rows[ours])
    add("new", rows[~ours & (due == day)])
    add("arrears", rows[~ours & (due < day)])
    np.add.at(sums["deposit"], columns.deposits.account, np.maximum(deposit_room, 0))
    sums["deposit"][~dates.decided] = 0
    return Parts(**sums)


def _late_by_us(columns: LateColumns, bill: Column, view: BookView) -> Mask:
    """Which of the bills we were late with: asked once for each pair of days and schedule."""
    bills = columns.bills
    days = np.stack([bills.schedule[bill], bills.until[bill], bills.issued[bill]], axis=1)
    if not len(days):
        return np.zeros(0, bool)
    classes, place = np.unique(days, axis=0, return_inverse=True)
    late = np.zeros(len(classes), bool)
    for number, (schedule, until, issued) in enumerate(classes.tolist()):
        end = date.fromordinal(until)
        code = columns.schedules[schedule]
        if view.service_class(code, end - timedelta(days=1)).value != RESIDENTIAL:
            continue
        cover = may_late_charge_cover(
            service_until=end, issued_day=date.fromordinal(issued), corrects=False, view=view
        )
        late[number] = not cover.outcome
    found: Mask = late[place.reshape(-1)]
    return found

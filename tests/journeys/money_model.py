"""A tiny model of one account's money, written from the words of the sheets: lists and sums.

Nothing of the calculation is shared with it. What it says is slow and short, so that it can be read
beside the clauses: GRR V.M (order of payment) here, V.J in ``money_model_late``, VI.C and V.F in
``money_model_held`` with what docs/operating/settlements.md says and no sheet does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction

DAY = timedelta(days=1)
PAID_LAST = ("special", "owed back")
"""No part of service: merchandise, and what left a deposit that never was in it."""


def half_up(cents: Fraction) -> int:
    return int((2 * cents + 1) // 2)


@dataclass
class Move:
    """What one entry moved on what the account owes; ``undoes`` names the entry it takes back."""

    name: str
    day: date
    cents: int
    kind: str  # bill, late, other, special, owed back, credit; back: a credit that was given away
    against: str  # the ledger account on the other side
    undoes: str = ""
    step: int = 0


@dataclass(frozen=True)
class Line:
    """One side of an entry: ``day`` is when it was so, ``step`` when it was learned."""

    account: str
    day: date
    booked: date
    step: int
    cents: int


@dataclass
class Paid:
    """Money in, and what it was applied to. ``step`` is when an account got it."""

    cents: int
    received: date
    mailed: bool
    channel: str = "office"
    astray: bool = False  # it came without an account, and was assigned to one
    step: int = 0
    parts: list[tuple[str, int]] = field(default_factory=list)
    back: bool = False


@dataclass
class Promise:
    """What an agency promised for some items: pending until it came, was withdrawn or ended."""

    cents: int
    items: list[str]
    last: date
    came: int = 0
    withdrawn: bool = False

    def pending(self, on: date) -> bool:
        return self.came < self.cents and not self.withdrawn and on <= self.last


@dataclass
class Billed:
    name: str
    issued: date
    due: date
    cents: int
    first: Billed | None = None  # the wrong bill whose place it took
    step: int = 0
    cancelled: bool = False
    tells: int = 0  # of how many moves its statement tells: those that were known


@dataclass
class Late:
    name: str
    due: date
    bill: Billed
    cents: int
    rests_on: set[str]
    on: date
    step: int
    stands: bool = True
    forgiven: bool = False


@dataclass
class Did:
    """What a deposit did, and what of it still stands; ``by`` says which payments earned it."""

    name: str
    on: date
    step: int
    cents: int
    by: dict[str, int] = field(default_factory=dict)


@dataclass
class Held:
    """A deposit: asked for, paid, held, given back."""

    name: str
    asked: int
    on: date
    credits: list[Did] = field(default_factory=list)  # yearly interest, on the account
    added: Did | None = None  # interest, on itself
    applied: Did | None = None  # to what the account owed
    gave: int = 0  # what remained when it ended
    owed: dict[str, int] = field(default_factory=dict)  # what left it and never was in it
    asked_back: int = 0  # how often that was posted
    closed: bool = False
    goes_by_itself: bool = True


class Owed:
    """What the account owes, item by item, and every sum of its ledger accounts."""

    def __init__(self) -> None:
        self.moves: list[Move] = []
        self.paid: dict[str, Paid] = {}
        self.unknown: dict[str, Paid] = {}
        self.came_back: dict[str, int] = {}  # when we learned of it
        self.astray: dict[str, Paid] = {}
        self.gone: dict[str, tuple[str, Paid]] = {}  # refused or sent back
        self.moved: dict[str, tuple[int, list[tuple[str, int]]]] = {}  # by transfer: step, items
        self.promises: dict[str, Promise] = {}
        self.bills: dict[str, Billed] = {}
        self.lates: list[Late] = []
        self.waiting: set[date] = set()
        self.deposits: dict[str, Held] = {}
        self.lines: list[Line] = []
        self.sums: Counter[str] = Counter()
        self.ended: date | None = None
        self.opens: date | None = None  # the first day that is not closed
        self.step = 0
        self.free_by: dict[str, int] = {}  # what ``open`` found free last, by what brought it

    # ------------------------------------------------------------------ what is open

    def book(self, account: str, against: str, day: date, cents: int) -> None:
        """Both sides of something; where its month is closed it is booked in the first open one."""
        booked = max(day, self.opens or day)
        for one, sign in ((account, 1), (against, -1)):
            self.lines.append(Line(one, day, booked, self.step, sign * cents))
            self.sums[one] += sign * cents

    def sums_at(self, at: date, step: int) -> Counter[str]:
        """What every account stood at on an evening, as known after a step."""
        found: Counter[str] = Counter()
        for one in self.lines:
            found[one.account] += one.cents if one.day <= at and one.step <= step else 0
        return found

    def post(
        self, name: str, day: date, cents: int, kind: str, against: str, undoes: str = ""
    ) -> None:
        if cents:
            self.moves.append(Move(name, day, cents, kind, against, undoes, self.step))
            self.book("143" if kind == "owed back" else "142", against, day, cents)

    def undo(self, name: str, day: date) -> None:
        for one in [one for one in self.moves if one.name == name]:
            self.post(f"reversal:{name}", day, -one.cents, one.kind, one.against, undoes=name)

    def open(
        self, at: date, moves: Iterable[Move] | None = None, payments: Iterable[str] | None = None
    ) -> tuple[dict[str, int], int]:
        """What is open by item, and free credit. What payments and transfers were applied to comes
        first; then free credit pays what is oldest, special charges last. Only payments pay a
        deposit."""
        seen = [one for one in (self.moves if moves is None else moves) if one.day <= at]
        by = {one.name: one for one in seen}
        net: Counter[str] = Counter()
        for one in seen:
            root = one
            while root.undoes:
                root = by[root.undoes]
            net[root.name] += one.cents
        room = {name: cents for name, cents in net.items() if cents > 0}
        left = {name: -cents for name, cents in net.items() if cents < 0}
        applied = [(self.paid[key].step, f"payment:{key}", self.paid[key].parts)
                   for key in (self.paid if payments is None else payments)
                   if not self.paid[key].back]  # fmt: skip
        applied += [(step, name, parts) for name, (step, parts) in self.moved.items()]
        for _, source, parts in sorted(applied, key=lambda one: one[0]):
            for item, cents in parts:
                if item not in self.deposits:
                    spent = min(cents, room.get(item, 0), left.get(source, 0))
                    room[item] = room.get(item, 0) - spent
                    left[source] = left.get(source, 0) - spent
        for item in sorted(room, key=lambda one: _free_order(by.get(one), one)):
            for source in sorted(left, key=lambda one: (by[one].day, one)):
                spent = min(room[item], left[source])
                room[item] -= spent
                left[source] -= spent
        free = sum(left.values())
        self.free_by = left
        if moves is None:
            for asked in self.deposits.values():
                room[asked.name] = max(0, self.unpaid(asked))
        return {name: cents for name, cents in room.items() if cents}, free

    def due_of(self, name: str) -> date | None:
        """Until when an item is to be paid: a charge with the first bill that tells of it."""
        if name in self.bills:
            return self.bills[name].due
        known, one = next((n, one) for n, one in enumerate(self.moves, 1) if one.name == name)
        live = [bill for bill in self.bills.values() if not bill.cancelled]
        tells = [bill for bill in live if one.day <= bill.issued and known <= bill.tells]
        first = min(tells, key=lambda bill: bill.issued, default=None)
        return first.due if first and one.kind != "owed back" else None

    def that_moves(self) -> dict[tuple[str, date | None, bool], list[tuple[str, int]]]:
        """What moves with a balance: by kind, until when it was to be paid, and whether it is late
        by us: items and cents."""
        words = {"late": "late-charge", "fee": "service-fee", "special": "special"}
        found: dict[tuple[str, date | None, bool], list[tuple[str, int]]] = {}
        for name, cents in self.open(date.max)[0].items():
            prefix = name.partition(":")[0]
            if prefix in ("deposit", "deposit-owed"):
                continue
            bill = self.bills.get(name)
            ours = min(cents, max(0, bill.cents - first_of(bill).cents)) if bill else 0
            for is_ours, part in ((False, cents - ours), (True, ours)):
                of = (words.get(prefix, "utility"), self.due_of(name), is_ours)
                found.setdefault(of, []).extend([(name, part)] if part else [])
        return {of: items for of, items in found.items() if items}

    def unpaid(self, one: Held) -> int:
        """What is asked for; a deposit that has ended asks for nothing, also not again."""
        return 0 if one.closed else one.asked - sum(part[1] for part in self.parts_of(one))

    def parts_of(self, one: Held) -> list[tuple[date, int, int, str]]:
        """What came in for a deposit and was kept: day, cents, when we learned of it, by what."""
        found = [(each.received, sum(c for i, c in each.parts if i == one.name), each.step, key)
                 for key, each in self.paid.items() if not each.back]  # fmt: skip
        return sorted(part for part in found if part[1])

    def there(self, one: Held) -> int:
        """What was paid in, and its interest."""
        return sum(part[1] for part in self.parts_of(one)) + (one.added.cents if one.added else 0)

    def held(self, one: Held) -> int:
        applied = one.applied.cents if one.applied else 0
        return self.there(one) + sum(one.owed.values()) - applied

    # ------------------------------------------------------------------ money in (GRR V.M)

    def pay(self, key: str, money: Paid, today: date, named: Sequence[str] = ()) -> None:
        """Named items first; then previous before current, utility before deposit, special last."""
        standing, _ = self.open(today)
        days = {one.name: one.day for one in self.moves} | {
            one.name: one.on for one in self.deposits.values()
        }
        kinds = {one.name: one.kind for one in self.moves}
        newest = max((one.issued for one in self.bills.values() if not one.cancelled and one.cents),
                     default=None)  # fmt: skip

        def rank(name: str) -> tuple[bool, bool, bool, date, str]:
            is_new = newest is None or days[name] >= newest
            return kinds.get(name) in PAID_LAST, is_new, name in self.deposits, days[name], name

        left, first = money.cents, [one for one in named if one in standing]
        for name in (*first, *sorted({*standing} - {*first}, key=rank)):
            spent = min(left, standing[name])
            if spent:
                money.parts.append((name, spent))
                left -= spent
        self.paid[key], money.step = money, self.step
        deposit, special = self.split(money)
        cash, day = "253.unapplied" if money.astray else "131", money.received
        self.post(f"payment:{key}", day, deposit - money.cents, "credit", cash)
        self.book(cash, "235", day, deposit)
        self.book("142", "143", day, special)

    def split(self, money: Paid) -> tuple[int, int]:
        """What of a payment went to deposits and to what is owed on other receivables."""
        specials = {one.name for one in self.moves if one.kind == "owed back"}
        return (sum(cents for name, cents in money.parts if name in self.deposits),
                sum(cents for name, cents in money.parts if name in specials))  # fmt: skip

    def bounce(self, key: str, day: date) -> None:
        """A payment that came back is as one that never was; what came between stays."""
        money = self.paid[key]
        self.undo(f"payment:{key}", day)
        deposit, special = self.split(money)
        self.book("235", "253.unapplied" if money.astray else "131", day, deposit)
        self.book("143", "142", day, special)
        if money.astray:
            self.book("253.unapplied", "131", day, money.cents)
        money.back, self.came_back[key] = True, self.step

    def stray(self, key: str, money: Paid) -> None:
        """Money of no account: it waits for one, or goes back to its sender."""
        self.astray[key], money.astray = money, True
        self.book("131", "253.unapplied", money.received, money.cents)

    def send_back(self, key: str, day: date) -> None:
        money = self.astray.pop(key)
        self.gone[key] = ("returned", money)
        self.book("253.unapplied", "131", day, money.cents)

    def receipts(self) -> Counter[tuple[date, str, str]]:
        """Cents of money in by day, channel and what became of it: all of it, once."""
        every = [("returned" if one.back else "posted", one) for one in self.paid.values()]
        every += [("unknown", one) for one in self.unknown.values()]
        every += [("unapplied", one) for one in self.astray.values()]
        found: Counter[tuple[date, str, str]] = Counter()
        for state, one in (*every, *self.gone.values()):
            found[one.received, one.channel, state] += one.cents
        return found


def first_of(bill: Billed) -> Billed:
    """The bill that was wrong first."""
    while bill.first:
        bill = bill.first
    return bill


def _free_order(one: Move | None, name: str) -> tuple[bool, bool, date, str]:
    if one is None:
        return True, True, date.max, name
    return one.kind != "back", one.kind in PAID_LAST, one.day, name

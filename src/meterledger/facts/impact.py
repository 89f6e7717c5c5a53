"""What a changed book would make of bills that were issued: one row for each account.

Made by ``usecases/impact``, put together in tables and told by ``entrypoints``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from meterledger.facts.usage import Int64Array


@dataclass(frozen=True, slots=True)
class NotPriced:
    """A bill that one of the two books does not make, and why; it counts in no account."""

    bill_id: str
    account_id: str
    issued_cents: int
    why: str


@dataclass(frozen=True, slots=True)
class Impact:
    """N accounts with a bill rendered on days from ``since`` until ``until`` (out).

    ``schedules``, ``places``  of the account's newest bill
    ``issued_cents``  Int64 [N] as issued;  ``before_cents`` by the book in use, as known now
    ``after_cents``   Int64 [N] by the changed book;  ``energy_wh`` Int64 [N], as billed
    ``not_reproduced`` bills that the book in use does not make as issued, as known now
    ``first_change``  the first service day on which something is another; None if nothing is
    ``sums_made``     sums that had to be made from the intervals; ``sums_kept`` those that stood
    ``from_intervals`` bills whose windows or hours are others: summed again from their intervals
    ``one_by_one``    bills that went the whole way
    ``first_days``, ``until_days``  Int64 [N], ordinals: from the first day of the account's first
                      bill until that of its last (out)
    ``programs``      the income programme that each account counts in; None if nobody said
    ``program_days``  Int64 [N], of those days the ones on which it was in that programme
    """

    since: date
    until: date
    accounts: tuple[str, ...]
    schedules: tuple[str, ...]
    places: tuple[str, ...]
    bills: Int64Array
    energy_wh: Int64Array
    issued_cents: Int64Array
    before_cents: Int64Array
    after_cents: Int64Array
    not_reproduced: int
    first_change: date | None
    sums_kept: int
    sums_made: int
    from_intervals: int
    one_by_one: int
    first_days: Int64Array
    until_days: Int64Array
    programs: tuple[str, ...] | None = None
    program_days: Int64Array | None = None
    not_priced: tuple[NotPriced, ...] = field(default=())

    @property
    def change_cents(self) -> Int64Array:
        """How much more each account would pay, Int64 [N]."""
        return self.after_cents - self.before_cents

    @property
    def billed_cents(self) -> int:
        """Everything that was billed in the time, those not priced included."""
        return int(self.issued_cents.sum()) + sum(one.issued_cents for one in self.not_priced)

    @property
    def not_reproduced_cents(self) -> int:
        """What the book in use makes now beside what was issued, of the bills that are priced."""
        return int(self.before_cents.sum() - self.issued_cents.sum())

    @property
    def ties(self) -> bool:
        """Whether billed revenue and the changes are the revenue after, to the cent."""
        not_priced = sum(one.issued_cents for one in self.not_priced)
        after = self.billed_cents - not_priced + self.not_reproduced_cents
        return after + int(self.change_cents.sum()) == int(self.after_cents.sum())

"""What late charges of many accounts are decided from, as columns of whole numbers.

Lives here      the nouns: bills, what moved, applications, deposits, by place of the account.
Lives elsewhere filling them (``stores``), deciding on them (``usecases/late_charge_columns``).
Read first      docs/decisions/0023-late-charges-in-columns.md.

Days are ordinals (``date.toordinal``). Names are 64-bit keys; two names of one account that have
one key would be one thing, and every charge is made again by names before it is posted.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from meterledger.facts.receivables import ItemKind
from meterledger.facts.settlements import MOVED_AS, SettlementKind, kind_of_moved

Column = npt.NDArray[np.int64]

KIND_BILL, KIND_OTHER, KIND_LATE, KIND_SPECIAL = range(4)
"""What a movement is by its name: a bill, another charge or credit, a late charge, special."""

KIND_OF_PREFIX = {
    "bill": KIND_BILL,
    "late": KIND_LATE,
    "special": KIND_SPECIAL,
    "special-facility": KIND_SPECIAL,
    "ext-guarantee": KIND_SPECIAL,
}
GIVEN_BACK = ("refund", "unclaimed", "recovery")
"""As ``ledger.open_items`` has both: what the columns take for another thing stops a run."""

TRANSFER = SettlementKind.TRANSFER.value
KIND_OF_MOVED = {ItemKind.LATE_CHARGE: KIND_LATE, ItemKind.SPECIAL: KIND_SPECIAL}
"""A balance that moved stays what it was, as its name says."""
LIKE_MOVED = {f"{TRANSFER}:%.{MOVED_AS[one]}%": kind for one, kind in KIND_OF_MOVED.items()}
"""The same as patterns of names."""


def kind_of_name(entry_id: str, usual: int) -> int:
    """What a movement is by its name; ``usual`` where its name says nothing."""
    prefix = entry_id.partition(":")[0]
    if prefix == TRANSFER:
        return KIND_OF_MOVED.get(kind_of_moved(entry_id), KIND_OTHER)
    return KIND_OF_PREFIX.get(prefix, usual)


def rank_of(name: str) -> int:
    """The first two letters of a name as a number, in the order of bytes."""
    return ord(name[0]) * 256 + (ord(name[1]) if len(name) > 1 else 0)


def no_rows() -> Column:
    """A column without rows."""
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class BillRows:
    """Issued bills, in any order. ``key`` is that of the bill's entry."""

    account: Column = field(default_factory=no_rows)
    key: Column = field(default_factory=no_rows)
    issued: Column = field(default_factory=no_rows)
    due: Column = field(default_factory=no_rows)
    until: Column = field(default_factory=no_rows)
    schedule: Column = field(default_factory=no_rows)
    """Place in ``LateColumns.schedules``."""
    corrected: Column = field(default_factory=no_rows)
    """1 where it is cancelled or corrects another: such accounts are decided one by one."""


@dataclass(frozen=True, slots=True)
class MovementRows:
    """What entries moved on receivables, by account, day and rank."""

    account: Column = field(default_factory=no_rows)
    key: Column = field(default_factory=no_rows)
    day: Column = field(default_factory=no_rows)
    cents: Column = field(default_factory=no_rows)
    kind: Column = field(default_factory=no_rows)
    given_back: Column = field(default_factory=no_rows)
    reverses: Column = field(default_factory=no_rows)
    """The key of what it takes back; 0 where it takes nothing back."""
    rank: Column = field(default_factory=no_rows)
    """The first two letters of its name: which of a day's items credit pays first."""
    mailed: Column = field(default_factory=no_rows)


@dataclass(frozen=True, slots=True)
class ApplicationRows:
    """Cents of credits spent on items, undone ones below zero."""

    account: Column = field(default_factory=no_rows)
    source: Column = field(default_factory=no_rows)
    item: Column = field(default_factory=no_rows)
    cents: Column = field(default_factory=no_rows)
    day: Column = field(default_factory=no_rows)


@dataclass(frozen=True, slots=True)
class DepositRows:
    """Deposits asked for."""

    account: Column = field(default_factory=no_rows)
    key: Column = field(default_factory=no_rows)
    charged: Column = field(default_factory=no_rows)
    cents: Column = field(default_factory=no_rows)


@dataclass(frozen=True, slots=True)
class DayRows:
    """A day of an account: delinquent dates that were charged before."""

    account: Column = field(default_factory=no_rows)
    day: Column = field(default_factory=no_rows)


@dataclass(frozen=True, slots=True)
class LateColumns:
    """Everything about the accounts of a run, as known at one instant."""

    accounts: tuple[str, ...]
    schedules: tuple[str, ...]
    bills: BillRows
    movements: MovementRows
    applications: ApplicationRows
    deposits: DepositRows
    charged: DayRows
    unknown_payment_cents: Column
    """By account: cents of payments whose outcome is unknown."""
    one_by_one: npt.NDArray[np.bool_]
    """By account: a government's, or with a date that waits; decided one by one."""

    def with_deposits(self, deposits: DepositRows) -> LateColumns:
        """The same with deposits that were asked for."""
        return replace(self, deposits=deposits)

    @property
    def row_count(self) -> int:
        """How many rows were read."""
        tables: tuple[Any, ...] = (self.bills, self.movements, self.applications, self.deposits)
        return sum(len(one.account) for one in tables) + len(self.charged.account)

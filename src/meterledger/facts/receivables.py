"""What an account owes, item by item, and which payment paid which of it.

Lives here      the nouns. An item is a debit leg of the account's receivable, named after its
                entry, or a deposit that was asked for, named after its requirement.
Lives elsewhere making items and spending payments over them (``ledger``), keeping applications
                (``stores``).
Read first      docs/glossary.md: "open item", "application", "payment order".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.kernel.ensure import ensure


class ItemKind(Enum):
    """What an item was charged for. The order of payment and late charges tell them apart."""

    UTILITY = "utility"
    LATE_CHARGE = "late charge"
    SERVICE_FEE = "service fee"
    DEPOSIT = "deposit"
    SPECIAL = "special"


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One thing the account was asked to pay, and what of it is open."""

    item_id: str
    kind: ItemKind
    account_id: str
    charged_day: date
    due_day: date | None
    charged_cents: int
    open_cents: int

    def __post_init__(self) -> None:
        ensure(self.charged_cents > 0, f"item {self.item_id} asks for something")
        ensure(
            0 <= self.open_cents <= self.charged_cents,
            f"item {self.item_id} is open between nothing and all of it",
        )


@dataclass(frozen=True, slots=True)
class Application:
    """Cents of one credit spent on one item. Undone by a second application below zero.

    ``source_entry_id`` is the entry that brought the credit (``payment:KEY``, or
    ``transfer:KEY`` where a balance moved, on the account that it left); ``undoes`` names
    the application whose cents this one takes back, all of them, once.
    """

    application_id: str
    source_entry_id: str
    item_id: str
    kind: ItemKind
    account_id: str
    cents: int
    applied_day: date
    learned_at: datetime
    undoes: str | None = None

    def __post_init__(self) -> None:
        ensure(self.cents != 0, f"application {self.application_id} moves something")
        ensure(
            (self.cents < 0) == (self.undoes is not None),
            f"application {self.application_id} takes back only what another one gave",
        )


@dataclass(frozen=True, slots=True)
class Movement:
    """What one entry moved on an account's receivables: debits above zero, credits below.

    ``control`` is the control account of its debit, 142 or 143. What a budget plan defers is left
    out: nobody asks for it yet.
    """

    entry_id: str
    effective_day: date
    learned_at: datetime
    cents: int
    control: str = "142"
    reverses: str | None = None


@dataclass(frozen=True, slots=True)
class BillShown:
    """A bill that was issued: until when it is to be paid, and what was known when it was made.

    What the account was charged before stands in the balance that its statement asks for.
    """

    bill_id: str
    issued_day: date
    due_day: date
    """Its own due day."""
    known_at: datetime
    cancelled_on: date | None = None
    """The day of the bill that took its place; None as long as it is live."""
    stated_on: date | None = None
    """The day of the combined statement that asks for it; None where it asks by itself."""
    stated_due: date | None = None
    """The one due day of that statement, which the Company chose (GRR V.B)."""
    later: tuple[tuple[datetime, date], ...] = ()
    """Where it went out late: when that document was made, and until when it may be paid by it."""

    def is_stated_on(self, day: date) -> bool:
        """Whether a combined statement asked for it on the evening of a day."""
        return self.stated_on is not None and self.stated_on <= day

    def due_on(self, day: date, known_at: datetime) -> date:
        """Until when it was to be paid, as it stood on the evening of a day, and as known then."""
        due = self.due_day
        if self.stated_due is not None and self.is_stated_on(day):
            due = self.stated_due
        return max([due, *(later for made_at, later in self.later if made_at <= known_at)])


def bill_order(bill: BillShown) -> tuple[date, datetime, str]:
    """The order in which bills were made."""
    return (bill.issued_day, bill.known_at, bill.bill_id)


@dataclass(frozen=True, slots=True)
class AccountMoney:
    """All that open items of one account follow from."""

    account_id: str
    opened_day: date
    movements: tuple[Movement, ...] = ()
    applications: tuple[Application, ...] = ()
    due_days: tuple[tuple[str, date], ...] = ()
    """By item, the day by which it is to be paid: bills, and balances that were moved here."""
    bills: tuple[BillShown, ...] = ()
    """Bills in the order in which they were made, where due days were asked for."""

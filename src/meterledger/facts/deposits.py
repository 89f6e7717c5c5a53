"""Deposits and guarantees: from the notice that one may be asked for until it goes back.

Lives here      frozen nouns: a deposit with its steps, what of it is asked for on a day.
Lives elsewhere whether it may be asked for (``arrears``), what is paid and held
                (``usecases/deposit_money``), keeping it (``stores``).
Read first      docs/operating/deposits.md; docs/glossary.md: "deposit", "guarantor".

A deposit is not changed: steps are added. Each decision keeps its record, which replays it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.facts.receivables import ItemKind, OpenItem
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.ensure import ensure

ITEM = "deposit:"
"""How the name of an open item begins that asks for a deposit."""


class DepositKind(Enum):
    """What the deposit is asked for."""

    INITIAL = "initial"
    """Before residential service begins: GRR VI.A.1."""
    CONTINUED = "continued"
    """To keep residential service: GRR VI.A.2."""
    NON_RESIDENTIAL = "non-residential"
    """At any time: GRR VI.B."""


class DepositAct(Enum):
    """What happened to a deposit."""

    NOTICED = "noticed"
    """The written notice was sent."""
    ASKED = "asked"
    GUARANTEED = "guaranteed"
    """A written guarantee took the place of what was unpaid."""
    MISSED = "missed"
    """It, or an instalment of it, was not paid by its day."""
    PAUSED = "paused"
    """Billing of it pauses for the Cold Weather season; ``until`` is when it resumes."""
    CANCELLED = "cancelled"
    """``cents`` that were unpaid are given up for good."""
    DISPUTED = "disputed"
    SETTLED = "settled"
    """The dispute is over."""
    REVIEWED = "reviewed"
    """The credit of a non-residential customer was looked at; ``note`` is the opinion."""
    INTEREST_CREDITED = "interest credited"
    """Yearly interest went to the account; ``until`` is the last day that bore it."""
    INTEREST_ADDED = "interest added"
    """Interest joined the deposit when it was given back."""
    APPLIED = "applied"
    """``cents`` of it paid what the account owed; ``note`` is the final bill, where one is paid."""
    GIVEN_BACK = "given back"
    """It ended: ``cents`` go to the customer, by ``until`` where the text sets a day."""
    REQUESTED = "requested"
    """The customer asked for a remainder that does not go back by itself."""
    EFFORT = "effort"
    """An effort to return it; ``note`` says how."""
    EFFORT_BACK = "effort taken back"
    """An effort that was none: another person says so, of its day; ``note`` is the effort's key."""
    RELEASED = "released"
    """The guarantor answers no more."""
    MOVED_OUT = "moved out"
    MOVED_IN = "moved in"
    """It came from another account of the same customer; ``parts`` are when it was received."""
    UNDONE = "undone"
    """A step that moved money is taken back: a payment of the deposit came back; ``note`` is its
    key. What still stands of it is taken anew, under a key with ``AGAIN`` in it."""
    OWED = "owed back"
    """``cents`` left the deposit that never were in it: the customer owes them."""


CLOSING = frozenset({DepositAct.GIVEN_BACK, DepositAct.RELEASED, DepositAct.MOVED_OUT})
"""After these nothing is asked for, and nothing bears interest."""
OPENING = frozenset({DepositAct.NOTICED, DepositAct.ASKED, DepositAct.MOVED_IN})
"""With one of these a deposit begins."""
PREFIX_OF_ACT = {
    DepositAct.INTEREST_CREDITED: "deposit-interest",
    DepositAct.INTEREST_ADDED: "deposit-interest",
    DepositAct.APPLIED: "deposit-applied",
    DepositAct.MOVED_OUT: "deposit-transfer",
    DepositAct.OWED: "deposit-owed",
}
"""Acts that post an entry, and the prefix of its name; the key is the step's name."""
AGAIN = ".again."
"""In the key of what stands of an undone step: ``applied.B-1.again.1``."""
REST = ".rest."
"""In the key of what a mistaken effort had kept from a year of interest, given once the effort is
taken back: ``interest.2026-07-04.rest.1``. Its year was credited before."""
UNDOABLE = frozenset(
    {
        DepositAct.APPLIED,
        DepositAct.INTEREST_ADDED,
        DepositAct.INTEREST_CREDITED,
        DepositAct.OWED,
    }
)
"""Acts that are taken back when a payment of the deposit comes back."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a deposit. Asked for: billed on a day, due by another. Moved in: received on a day,
    which is both.
    """

    billed_day: date
    due_day: date
    cents: int

    def __post_init__(self) -> None:
        ensure(self.cents > 0, "a part of a deposit is of a positive amount")


@dataclass(frozen=True, slots=True)
class DepositStep:
    """One step. ``key`` says what it means, so that doing it twice does it once.

    ``record`` are the canonical bytes of the decision behind it; empty where nothing was decided.
    """

    deposit_id: str
    key: str
    act: DepositAct
    on: date
    by: str
    reason: str
    learned_at: datetime
    cents: int = 0
    until: date | None = None
    note: str = ""
    parts: tuple[Part, ...] = ()
    record: bytes = b""
    approved_by: str = ""
    """Who agreed, where an act takes two people; moves of before name them in their reason only."""

    def __post_init__(self) -> None:
        ensure(self.cents >= 0, f"step {self.key} of {self.deposit_id} is of no negative amount")
        ensure(bool(self.by.strip()), f"step {self.key} of {self.deposit_id} is somebody's")

    @property
    def step_id(self) -> str:
        """Its name, unique for ever."""
        return f"{self.deposit_id}.{self.key}"

    @property
    def is_again(self) -> bool:
        """Whether it is what still stands of a step that was undone."""
        return AGAIN in self.key

    @property
    def is_rest(self) -> bool:
        """Whether it is what a mistaken effort had kept from a year that was credited before."""
        return REST in self.key

    @property
    def entry_id(self) -> str:
        """The entry that it posts; "" where it moves no money. What undoes posts a reversal."""
        prefix = PREFIX_OF_ACT.get(self.act)
        return f"{prefix}:{self.step_id}" if prefix and self.cents else ""


@dataclass(frozen=True, slots=True)
class Deposit:
    """A deposit or guarantee of an account, with its steps in order."""

    deposit_id: str
    account_id: str
    kind: DepositKind
    steps: tuple[DepositStep, ...]

    def of(self, *acts: DepositAct) -> tuple[DepositStep, ...]:
        """Its steps of these acts."""
        return tuple(one for one in self.steps if one.act in acts)

    def standing(self, *acts: DepositAct) -> tuple[DepositStep, ...]:
        """Its steps of these acts that were not undone."""
        undone = {one.note for one in self.of(DepositAct.UNDONE)}
        return tuple(one for one in self.of(*acts) if one.key not in undone)

    @property
    def efforts(self) -> tuple[DepositStep, ...]:
        """Efforts to return it that were not taken back."""
        back = {one.note for one in self.of(DepositAct.EFFORT_BACK)}
        return tuple(one for one in self.of(DepositAct.EFFORT) if one.key not in back)

    def step(self, key: str) -> DepositStep | None:
        """The step of a key."""
        return next((one for one in self.steps if one.key == key), None)

    def last(self, *acts: DepositAct) -> DepositStep | None:
        """The newest step of these acts."""
        found = self.of(*acts)
        return found[-1] if found else None

    def as_of(self, day: date) -> Deposit:
        """The deposit with the steps that had been taken by the evening of a day."""
        kept = tuple(one for one in self.steps if one.on <= day)
        return Deposit(self.deposit_id, self.account_id, self.kind, kept)

    @property
    def is_residential(self) -> bool:
        """Whether it is a residential customer's."""
        return self.kind is not DepositKind.NON_RESIDENTIAL

    @property
    def asked(self) -> DepositStep | None:
        """The step that asked for it."""
        return self.last(DepositAct.ASKED)

    @property
    def guarantee(self) -> DepositStep | None:
        """The guarantee that stands in for cash; None where there is none, or no longer."""
        found = self.last(DepositAct.GUARANTEED, DepositAct.RELEASED)
        return found if found and found.act is DepositAct.GUARANTEED else None

    @property
    def dispute(self) -> DepositStep | None:
        """The dispute that is open."""
        found = self.last(DepositAct.DISPUTED, DepositAct.SETTLED)
        return found if found and found.act is DepositAct.DISPUTED else None

    @property
    def is_closed(self) -> bool:
        """Whether it has ended: given back, released or moved to another account."""
        return any(one.act in CLOSING for one in self.steps)

    @property
    def asked_cents(self) -> int:
        """What was asked for."""
        return self.asked.cents if self.asked else 0

    @property
    def called_off_cents(self) -> int:
        """What of it was given up, or taken over by a guarantor."""
        return sum(one.cents for one in self.of(DepositAct.CANCELLED, DepositAct.GUARANTEED))

    @property
    def state(self) -> str:
        """How it stands, in a word."""
        closing = self.last(*CLOSING)
        if closing is not None:
            return closing.act.value
        if self.guarantee:
            return "guaranteed"
        if self.asked or self.of(DepositAct.MOVED_IN):
            return "asked" if self.asked_cents > self.called_off_cents else "held"
        return "noticed"


def deposit_id_of(account_id: str, kind: DepositKind, on: date, ordinal: str = "") -> str:
    """``D-`` and sixteen hexadecimal digits: the same begun on a day has the same name."""
    told = f"{account_id}|{kind.value}|{on}|{ordinal}"
    return f"D-{sha256_hex(told.encode())[:16]}"


def deposit_of_item(item_id: str) -> str:
    """The deposit that an open item asks for; "" for any other item."""
    return item_id.removeprefix(ITEM).partition("/")[0] if item_id.startswith(ITEM) else ""


def asked_items(deposits: Sequence[Deposit], at: date) -> tuple[OpenItem, ...]:
    """What of the deposits is asked for on the evening of ``at``, before any payment.

    One item for each part that is billed by then. What was called off is taken from the last
    parts. A pause moves what was to be billed in it to the day on which it ends. A deposit that has
    ended asks for nothing, also where its payment comes back later.
    """
    items: list[OpenItem] = []
    for whole in deposits:
        deposit = whole.as_of(at)
        asked = deposit.asked
        if asked is None or deposit.is_closed:
            continue
        left = asked.cents - deposit.called_off_cents
        several = len(asked.parts) > 1
        for number, part in enumerate(asked.parts, start=1):
            cents = min(part.cents, left)
            left -= cents
            billed, due = part.billed_day, part.due_day
            for pause in deposit.of(DepositAct.PAUSED):
                if pause.until is not None and pause.on <= due < pause.until:
                    due = pause.until
                    billed = pause.until if billed >= pause.on else billed
            if cents <= 0 or billed > at:
                continue
            items.append(
                OpenItem(
                    item_id=f"{ITEM}{deposit.deposit_id}" + (f"/{number}" if several else ""),
                    kind=ItemKind.DEPOSIT,
                    account_id=deposit.account_id,
                    charged_day=billed,
                    due_day=due,
                    charged_cents=cents,
                    open_cents=cents,
                )
            )
    return tuple(items)

"""Statements: everything that a bill shows its customer, gathered once.

Lives here      the noun. The screen, the paper, the print file and the electronic notice are all
                drawn from it, so that shown, printed and posted are one number.
Lives elsewhere gathering it (``usecases/make_statement``), its words and drawing (``entrypoints``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from meterledger.facts.estimates import EstimateCause
from meterledger.facts.weather import MeanTemperature
from meterledger.kernel.citation import Citation
from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import DaySpan, Validity
from meterledger.kernel.standing import Standing


@dataclass(frozen=True, slots=True)
class ContactRoute:
    """Whom a customer calls, first and next, and where a payment is sent."""

    utility_phone: str
    utility_address: tuple[str, ...]
    payment_address: tuple[str, ...]
    commission_name: str
    commission_phone: str
    commission_address: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StatedLine:
    """One charge, tax or credit as its record has it. A credit is below zero."""

    code: str
    label: str
    group: str
    days: DaySpan
    quantity: str
    unit: str
    price_usd: str
    cents: int
    standing: Standing
    citations: tuple[Citation, ...]
    arithmetic: str
    inputs: tuple[tuple[str, str], ...]

    def input(self, name: str) -> str:
        """A figure behind the quantity; empty where the record has none of that name."""
        return dict(self.inputs).get(name, "")


@dataclass(frozen=True, slots=True)
class PeriodUse:
    """Watt-hours of one time of use within the window."""

    period: str
    energy_wh: int


@dataclass(frozen=True, slots=True)
class StatedEstimate:
    """What of a bill's usage was estimated: how much, in which ways (``methods``, as the bill's
    reasons tell them), by which clauses, and why there was no reading, where that is logged.
    """

    interval_count: int
    day_count: int
    energy_wh: int
    percent: str
    methods: tuple[str, ...]
    citations: tuple[Citation, ...]
    cause: EstimateCause | None = None


@dataclass(frozen=True, slots=True)
class StatedUsage:
    """What was used, and what the days are drawn from.

    ``record`` is the usage of the bill's record. ``periods`` is empty where the schedule knows no
    time of use, ``registers`` where intervals were added up. ``received_wh`` is what a net-metered
    service gave; None where nothing is netted.
    """

    energy_wh: int
    periods: tuple[PeriodUse, ...]
    record: dict[str, Any]
    estimate: StatedEstimate | None
    received_wh: int | None = None

    @property
    def registers(self) -> list[dict[str, Any]]:
        """What each register opened and closed on, as the record tells it."""
        found: list[dict[str, Any]] = self.record.get("registers", [])
        return found

    @property
    def from_intervals(self) -> bool:
        """Whether the usage was added up from intervals."""
        return not self.registers


@dataclass(frozen=True, slots=True)
class UseThen:
    """A bill of the same service a year before, for comparison."""

    days: DaySpan
    energy_wh: int
    temperature: MeanTemperature | None


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that moved the balance since the last bill. A payment is below zero."""

    day: date
    kind: str
    """``payment``, ``bill`` or ``other``."""
    words: str
    cents: int
    late_charge: str = ""
    """The late charge that it is, by its name; empty where it is none."""


@dataclass(frozen=True, slots=True)
class StatedBalance:
    """How the balance carried into a bill came about.

    ``last_asked_cents`` is None on a first bill. ``unlisted_cents`` is what moved it that cannot be
    told apart entry by entry; what was asked, the changes and it sum to ``previous_cents``.

    :raises InvariantBroken: if they do not
    """

    last_asked_cents: int | None
    changes: tuple[Change, ...]
    unlisted_cents: int
    previous_cents: int

    def __post_init__(self) -> None:
        summed = (self.last_asked_cents or 0) + sum(one.cents for one in self.changes)
        ensure(
            summed + self.unlisted_cents == self.previous_cents,
            "what was asked before and what happened since sum to the balance carried forward",
        )


@dataclass(frozen=True, slots=True)
class StatedBudget:
    """What a budget plan asks in place of the charges, and what then stays open in the plan.

    ``difference_cents`` is cost less what was asked since enrollment: above zero the customer will
    owe it, below zero it is the customer's.
    """

    asked_cents: int
    difference_cents: int


@dataclass(frozen=True, slots=True)
class StatedRelief:
    """What an agreement takes off the bill (GRR V.H.4), with the sentence that says how much of
    which charge, and the clauses.
    """

    relief_id: str
    cents: int
    sentence: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class StatedMark:
    """A mark across the bill: cancelled, correcting another (with the other's number), or late."""

    kind: str
    sentence: str
    other_bill: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """A whole bill as its customer is to see it.

    ``charges_cents`` is the sum of the lines, ``asked_cents`` what is to be paid: the balance and
    the charges, or what a budget plan asks in their place, less what an agreement takes off.
    ``meter_ids`` are the numbers on the devices; ``contact`` is None where the tariff book names
    no one.

    :raises InvariantBroken: if the lines do not sum to the charges
    """

    bill_id: str
    account_id: str
    utility: str
    schedule: str
    schedule_name: str
    kind: str
    days: DaySpan
    issued_day: date
    due_day: date
    holders: tuple[str, ...]
    address: str
    city: str
    state: str
    postal_code: str
    meter_ids: tuple[str, ...]
    usage: StatedUsage
    lines: tuple[StatedLine, ...]
    charges_cents: int
    balance: StatedBalance
    budget: StatedBudget | None
    temperature: MeanTemperature | None
    year_before: UseThen | None
    contact: ContactRoute | None
    messages: tuple[str, ...]
    marks: tuple[StatedMark, ...]
    reasons: tuple[tuple[str, Citation], ...]
    relief: StatedRelief | None = None
    combination: str = ""
    """The combination whose statement asks for this bill, with its one due day (GRR V.B)."""
    asked_on: str = ""
    """The bill of the account's same day that asks for all, what this one asks in it."""
    takes_in: tuple[str, ...] = ()
    """Bills of the account's same day that stand in the balance before this one."""
    autopay: tuple[Validity, ...] = ()
    """The days on which what is due may be drawn from the customer's bank account."""

    def __post_init__(self) -> None:
        ensure(
            sum(line.cents for line in self.lines) == self.charges_cents,
            f"the lines of {self.bill_id} sum to its total",
        )

    @property
    def asked_cents(self) -> int:
        """What the customer is asked for; below zero for a credit."""
        of_bill = self.charges_cents if self.budget is None else self.budget.asked_cents
        off = 0 if self.relief is None else self.relief.cents
        return self.balance.previous_cents + of_bill - off

    @property
    def is_cancelled(self) -> bool:
        """Whether nothing is to be paid on it any more, whatever it had asked for."""
        return any(mark.kind == "cancelled" for mark in self.marks)

    @property
    def is_drawn(self) -> bool:
        """Whether what is to be paid is drawn on the due day, so that nothing is to be sent."""
        return self.to_pay_cents > 0 and any(self.due_day in days for days in self.autopay)

    @property
    def to_pay_cents(self) -> int:
        """What is to be paid with this bill: nothing, where another of its day asks for all, or a
        combined statement does.
        """
        is_elsewhere = bool(self.asked_on or self.combination)
        return 0 if is_elsewhere and self.asked_cents > 0 else self.asked_cents

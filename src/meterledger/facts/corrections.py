"""Corrections: an issued bill is cancelled and another takes its place, with why and by whom.

Lives here      the record of one correction, its causes to the cent, and a difference that is left.
Lives elsewhere what may be corrected (``billing``), doing it (``usecases.rebill``), the database's
                part (``stores``).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from meterledger.facts.bills import Bill
from meterledger.facts.money import Entry
from meterledger.kernel.ensure import ensure
from meterledger.kernel.people import same_person


class CorrectionCause(Enum):
    """Why a corrected bill is not the bill that it corrects."""

    READING = "reading"
    METER = "meter and multiplier"
    RATE = "rate"
    PROGRAM = "programme and rate option"
    TAX = "tax"
    ENDED = "end of service"
    """Service ended before or with the bill's last day, and that was told after it was issued."""
    BEGAN = "first day of service"
    """The first day of service was entered wrong, and put right after the first bill."""
    OURS = "correction of ours"
    LIMIT = "not adjusted"
    """What the limits of adjustments leave as it was billed."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One bill cancelled and corrected.

    ``case_id``   the decision it belongs to: bills corrected together share it
    ``cause``     the cause of the largest part of the difference
    ``decision``  the facts of the case, what was decided and every cent by its cause: canonical
                  JSON, from which the corrected bill's adjustment is computed again
    ``approved_by``    another person who agrees, where somebody does
    ``ceiling_cents``  above which a corrected bill leaves only with two; None: none is known
    ``leaves_nothing`` the cancelled bill was wholly of days after its service ended: the corrected
                       one is the final bill, and has none of its days

    :raises InvariantBroken: if nobody signs, or nothing is said, or a bill corrects itself
    """

    cancelled_bill: str
    corrected_bill: str
    account_id: str
    case_id: str
    cause: CorrectionCause
    author: str
    reason: str
    learned_at: datetime
    decision: str
    approved_by: str = ""
    ceiling_cents: int | None = None
    leaves_nothing: bool = False

    @property
    def by_two(self) -> bool:
        """Whether another person agrees, whatever spaces and capitals a name is written with."""
        return bool(self.approved_by.strip()) and not same_person(self.author, self.approved_by)

    def __post_init__(self) -> None:
        ensure(bool(self.author.strip()), f"somebody corrects bill {self.cancelled_bill}")
        ensure(bool(self.reason.strip()), f"bill {self.cancelled_bill} is corrected for a reason")
        ensure(self.cancelled_bill != self.corrected_bill, "a bill does not correct itself")


class WrongFact(Enum):
    """Which fact of an agreement was entered wrong."""

    SCHEDULE = "rate option"
    FIRST_DAY = "first day"
    CYCLE = "cycle"
    """The reading cycle is of the whole account."""


@dataclass(frozen=True, slots=True)
class PutRight:
    """A fact of an agreement that was entered wrong, as it is believed from ``learned_at`` on.

    ``was`` and ``is_now`` are as a person writes them: a rate option, a day, a number.

    :raises InvariantBroken: if nobody signs, nothing is said, or nothing is another one
    """

    agreement_id: str
    account_id: str
    fact: WrongFact
    was: str
    is_now: str
    author: str
    reason: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(bool(self.author.strip()), f"somebody puts agreement {self.agreement_id} right")
        ensure(bool(self.reason.strip()), f"{self.agreement_id} is put right for a reason")
        ensure(self.was != self.is_now, "what is put right was another one")


@dataclass(frozen=True, slots=True)
class PartEnded:
    """Service of an agreement that stood on another one's bill ended on a day (out)."""

    agreement_id: str
    until_day: date


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A bill wholly of days after the end of its service: cancelled, and nobody has its days.

    The reversals are as those of a ``Rebill``.
    """

    correction: Correction
    reversal: Entry | None
    relief_reversal: Entry | None = None


@dataclass(frozen=True, slots=True)
class Rebill:
    """All that is recorded at once: the corrected bill, both entries, and the record of why.

    ``entry`` is None for a bill of zero, ``reversal`` where the cancelled one had no entry, and
    ``relief_reversal`` where nothing was taken off it by agreement. ``ends_service``: the
    agreement ends with this correction, on the last day (out) of its bill, which may have fewer
    days than the cancelled one. ``put_right``: what of the agreement is believed otherwise with
    this correction; of a first day, its bill begins on that day. No other correction is of other
    days than the cancelled bill. ``withdrawn``: bills of the agreement that are past its end.
    ``part_ended``: another agreement, which had days of the cancelled bill, ends with this
    correction: its bill has those until then, or none of it.
    """

    correction: Correction
    bill: Bill
    entry: Entry | None
    reversal: Entry | None
    relief_reversal: Entry | None = None
    ends_service: bool = False
    put_right: PutRight | None = None
    withdrawn: tuple[Withdrawal, ...] = ()
    part_ended: PartEnded | None = None


@dataclass(frozen=True, slots=True)
class CorrectedBill:
    """A corrected bill of a day, by whom, and what it charges less what was cancelled with it."""

    bill_id: str
    account_id: str
    author: str
    difference_cents: int


@dataclass(frozen=True, slots=True)
class LeftDifference:
    """A bill that would be another one now, and stays as it was issued: by whom, and why.

    ``computed_sha256`` names what was computed when it was left: another difference asks again.

    :raises InvariantBroken: if nobody signs, or nothing is said
    """

    bill_id: str
    account_id: str
    computed_sha256: str
    difference_cents: int
    author: str
    reason: str
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(bool(self.author.strip()), f"somebody leaves bill {self.bill_id} as it is")
        ensure(bool(self.reason.strip()), f"bill {self.bill_id} is left as it is for a reason")

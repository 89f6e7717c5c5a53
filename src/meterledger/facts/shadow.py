"""What a shadow run found: issued bills beside those that would be made now, and why not same.

Made by ``usecases/shadow``, told by ``entrypoints``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum

from meterledger.kernel.span import DaySpan


class ShadowCause(Enum):
    """Why a bill comes out otherwise, in the order in which things are changed."""

    UNEXPLAINED = "unexplained"
    """This program, as known then and by the bill's own revision, does not give what was issued."""
    LIMIT = "not adjusted"
    """What the limits of adjustments left on a corrected bill as it had been billed."""
    CALCULATION = "calculation"
    """A newer revision of the calculation, which this release declares."""
    METER = "meter and multiplier"
    TAX = "tax place and exemption"
    OPTION = "rate option and service"
    READING = "late reading"
    BOOK = "book"


@dataclass(frozen=True, slots=True)
class ShadowBill:
    """One bill that is not the same now.

    ``shadow_cents``  what it would be; None where no bill is made
    ``parts``         cents of each cause that changes a line; they sum to the difference
    ``why``           the sentence that holds it, or that says what cannot be explained
    """

    bill_id: str
    account_id: str
    agreement_id: str
    schedule: str
    days: DaySpan
    issued_cents: int
    shadow_cents: int | None
    parts: Mapping[ShadowCause, int]
    why: str = ""

    @property
    def difference_cents(self) -> int:
        """How much more it would be; nothing where no bill is made."""
        return 0 if self.shadow_cents is None else self.shadow_cents - self.issued_cents

    @property
    def explained(self) -> bool:
        """Whether each cent has a cause that is not this program's own."""
        return ShadowCause.UNEXPLAINED not in self.parts


@dataclass(frozen=True, slots=True)
class ShadowHeld:
    """A window that a run held and that is open, as it was when it was seen and as it is now.

    ``held_cents``    what its bill would have come to; None where there was none to make
    ``shadow_cents``  what it would come to now; ``why`` says what holds it where that is None
    """

    case_id: str
    account_id: str
    days: DaySpan | None
    code: str
    held_cents: int | None
    shadow_cents: int | None
    why: str = ""

    @property
    def same(self) -> bool:
        """Whether its bill comes to the same now, or there still is none to make."""
        return self.held_cents == self.shadow_cents


@dataclass(slots=True)
class ShadowRun:
    """A population beside what is live.

    ``issued_cents``    of all bills looked at: those compared and those not made
    ``compared_cents``  as issued, of the bills that are made on both sides
    ``shadow_cents``    as they would be now, of the same bills
    ``in_columns``      bills told by columns alone; the rest went the whole way
    ``held``            windows that are held, on this side; they count in no sum
    """

    since: date
    until: date
    bills: int = 0
    same: int = 0
    in_columns: int = 0
    sampled: int = 0
    issued_cents: int = 0
    compared_cents: int = 0
    shadow_cents: int = 0
    different: list[ShadowBill] = field(default_factory=list)
    not_made: list[ShadowBill] = field(default_factory=list)
    held: list[ShadowHeld] = field(default_factory=list)

    @property
    def causes(self) -> dict[ShadowCause, tuple[int, int]]:
        """Bills and cents by cause; a bill with two causes counts with both."""
        found = dict.fromkeys(ShadowCause, (0, 0))
        for one in self.different:
            for cause, cents in one.parts.items():
                count, sum_cents = found[cause]
                found[cause] = (count + 1, sum_cents + cents)
        return found

    @property
    def held_otherwise(self) -> list[ShadowHeld]:
        """Held windows that are made on one side only, or come to another amount now."""
        return [one for one in self.held if not one.same]

    @property
    def unexplained(self) -> list[ShadowBill]:
        """What a release must not have."""
        return [one for one in (*self.different, *self.not_made) if not one.explained]

    @property
    def ties(self) -> bool:
        """Whether issued plus the causes are the shadow's total, and each bill is accounted for."""
        by_cause = sum(cents for _, cents in self.causes.values())
        not_made = sum(one.issued_cents for one in self.not_made)
        return (
            self.compared_cents + by_cause == self.shadow_cents
            and self.compared_cents + not_made == self.issued_cents
            and self.same + len(self.different) + len(self.not_made) == self.bills
        )

"""Words and small helpers that the deposit rules share.

Lives here      how a bill was paid, what is in dispute, whether a Cold Weather agreement is kept;
                days a number of months or years away; reasons.
Lives elsewhere the rules (``deposit_*``), the clause's numbers (the tariff book).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol, TypeVar

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.provisions import Clause, ReviewNeeded
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

Given = TypeVar("Given")


class DepositFactsContradict(Refusal):
    """The facts of a deposit cannot all be true, or one that the text needs is not given."""


class Payment(Enum):
    """How the bill of one billing period was paid."""

    BEFORE_THE_DAY = "before_the_day"
    """In full, before its delinquent date."""
    ON_THE_DAY = "on_the_day"
    """In full, on its delinquent date."""
    MAILED_WITHIN_GRACE = "mailed_within_grace"
    """In full, by mail that came within the grace for mailed payments."""
    DISPUTED = "disputed"
    """All but an amount in dispute was paid in time."""
    LATE = "late"
    UNPAID = "unpaid"


TIMELY_READING = "payments.timely_definition"
ONE_DEFINITION = "on_the_day_and_mail_grace"
"""The option by which one definition of "in time" holds everywhere: on the day, and the grace."""


class CustomerKind(Enum):
    """Whom a deposit is of."""

    RESIDENTIAL = "residential"
    NON_RESIDENTIAL = "non_residential"


class ColdWeatherAgreement(Enum):
    """Whether the customer has a Cold Weather agreement, and pays by it."""

    NONE = "none"
    KEPT = "kept"
    BROKEN = "broken"


@dataclass(slots=True)
class Findings:
    """Reasons in the order in which they were found."""

    reasons: list[Reason] = field(default_factory=list)

    def add(self, finding: str, cited: Cited) -> None:
        """A finding and the clause, or the value, that makes it count."""
        self.reasons.append(Reason(finding, cited.citation))

    def all(self) -> tuple[Reason, ...]:
        """What a decision carries."""
        return tuple(self.reasons)


class Cited(Protocol):
    """A clause or a dated value."""

    @property
    def citation(self) -> Citation:
        """Where it stands."""
        ...


def clause_if_in_force(terms: Terms, provision: str) -> Clause | None:
    """The clause, or None where the text of this day does not have it: not yet, or no longer.

    :raises ReviewNeeded: where nobody knows whether it does
    """
    try:
        return terms.clause(provision)
    except ReviewNeeded:
        raise
    except NoRuleInForce:
        return None


def text_if_in_force(terms: Terms, name: str) -> str | None:
    """A word of the book, or None where the text of this day does not have it."""
    try:
        return terms.text(name).value
    except NoRuleInForce:
        return None


def not_after(day: date, today: date, *, called: str) -> None:
    """Refuse a day in the future of the day that counts.

    :raises DepositFactsContradict: naming both days
    """
    if day > today:
        raise DepositFactsContradict(
            f"{called} is {day}, after the day that counts, {today}",
            do="Correct the day, or decide on a later one",
        )


def must_have(given: Given | None, *, missing: str, why: str, do: str) -> Given:
    """The group of facts that the text in force needs. ``missing`` goes on after "Nobody has
    told"; ``do`` says where a person finds them, and under which name they are told.

    :raises DepositFactsContradict: saying what is missing, if it is null
    """
    if given is None:
        raise DepositFactsContradict(f"Nobody has told {missing}", why=why, do=do)
    return given


def listed(words: Sequence[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} or {words[-1]}"

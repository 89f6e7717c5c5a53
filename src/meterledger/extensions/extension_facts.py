"""Words and small helpers that the rules of this room share.

Lives here      the refusal of facts that cannot be true, reasons in order, comparisons.
Lives elsewhere the rules (modules beside this one), the clause's numbers (the tariff book).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Protocol

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.terms import Terms

CHAPTER = "grr_iii_extensions"
ROOM = "extensions"
REQUEST_DAY = "the day of the request for an extension"
"""A contract keeps the text under which its extension was asked for, as long as it lives."""


class ExtensionFactsContradict(Refusal):
    """The facts of an extension cannot all be true, or one that the text needs is not given."""


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


def not_negative(cents: int, called: str) -> None:
    """Refuse an amount below zero.

    :raises ExtensionFactsContradict: naming the amount
    """
    if cents < 0:
        raise ExtensionFactsContradict(
            f"{called} is below zero", do="Give the amount as zero or above"
        )


def above_zero(number: int | Fraction, called: str) -> None:
    """Refuse an amount or a count that is not above zero.

    :raises ExtensionFactsContradict: naming it
    """
    if number <= 0:
        raise ExtensionFactsContradict(f"{called} is not above zero", do="Give what was agreed")


def in_order(earlier: date, later: date, *, called: str) -> None:
    """Refuse a day that lies before the one it must follow.

    :raises ExtensionFactsContradict: naming both days
    """
    if later < earlier:
        raise ExtensionFactsContradict(
            f"{called}: {later} is before {earlier}", do="Correct one of the two days"
        )


def reaches(terms: Terms, name: str, amount: int, wanted: int) -> tuple[bool, Cited]:
    """Whether an amount reaches another, compared as the sheet says (``>=``).

    :raises ExtensionFactsContradict: if the book's word is another one
    """
    compared = terms.text(name)
    if compared.value != ">=":
        raise ExtensionFactsContradict(
            f"'{name}' is '{compared.value}', and this rule knows '>='",
            do="Have the rule learn the new comparison before the value is used",
        )
    return amount >= wanted, compared

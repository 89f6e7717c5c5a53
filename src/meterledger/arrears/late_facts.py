"""What every rule about paying late shares: whose account it is, and facts that cannot be true.

Lives here      account holders, refusals of facts that contradict each other, reasons on a clause.
Lives elsewhere the charge (``late_payment``), agreements (``late_agreements``), accounts of
                governments (``late_government``), payments in time (``timely_payment``).
Read first      GRR V.J (V.K to 2018-04-12); docs/glossary.md: "delinquent date".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.provisions import Clause

CHAPTER, ROOM = "grr_v_late_payment", "arrears"


class LateFactsContradict(Refusal):
    """The facts given about an unpaid bill or a payment cannot all be true."""


class Holder(Enum):
    """Whose account it is, where governments may have terms of their own."""

    STATE_OF_MISSOURI = "State of Missouri"
    US_GOVERNMENT = "U.S. Government"
    CITY_OR_COUNTY = "city or county"
    OTHER = "other"


def because(finding: str, source: Citation | Clause) -> Reason:
    """A reason that stands on a clause."""
    return Reason(finding, source.citation if isinstance(source, Clause) else source)


def no_credits(amounts: Mapping[str, Cents]) -> None:
    """Refuse amounts below zero, by their keys.

    :raises LateFactsContradict: naming the fact
    """
    for key, cents in amounts.items():
        if cents < 0:
            raise LateFactsContradict(
                f"{usd_display(cents)} cannot be unpaid",
                where=f"facts.{key}",
                why="What is unpaid is nothing or more; a credit is no arrears",
                do="Give the amount as zero or above",
            )

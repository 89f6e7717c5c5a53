"""A charge that is no part of electric service: merchandise, work on a customer's own appliances.

Lives here      what follows from such a charge: it is paid last, and is no utility charge.
Lives elsewhere asking for one (``usecases``), its entry (``settlement_entries``), the order of
                payment (``payment_order``), what a late charge leaves out (``arrears``).
Read first      GRR V.M; docs/operating/settlements.md: "A special charge".
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.ledger.payment_order import LAST
from meterledger.rulebook.forms import fact
from meterledger.rulebook.terms import Terms


class SpecialKind(Enum):
    """What is charged for."""

    MERCHANDISE = "merchandise"
    NON_UTILITY = "non-utility"


@dataclass(frozen=True, slots=True)
class SpecialChargeFacts:
    """A charge beside electric service."""

    kind: SpecialKind = fact("Whether it is for merchandise or for a non-utility service.")
    what: str = fact("What it is for, as the bill says it.")


@dataclass(frozen=True, slots=True)
class SpecialCharge:
    """What follows from it."""

    utility_charge: bool = fact("Whether it is a utility charge, that may be in arrears as one.")
    paid_after: str = fact("What a payment pays first.")


def decide_special_charge(facts: SpecialChargeFacts, terms: Terms) -> Decision[SpecialCharge]:
    """What follows from a special charge: payments come to it last (GRR V.M).

    The sheet puts no late charge on it: that is asked of utility charges alone.

    :raises NoRuleInForce: if the book is silent on the day
    """
    last = terms.text(LAST)
    found = (
        f"{facts.kind.value} is no part of electric service; the sheet has {last.value} paid last, "
        "after every utility charge and deposit"
    )
    outcome = SpecialCharge(utility_charge=False, paid_after="utility charges and deposits")
    return Decision(outcome, (Reason(found, last.citation),))

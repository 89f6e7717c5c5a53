"""A certificate of one agreement goes on when another agreement continues it on another option.

Lives here      which certificates go on, and those that carry one on where it ends.
Lives elsewhere recording and ending one by a person (``tax_exemptions``), the changes
                (``change_rate``, ``small_general_periods``), keeping both at once (``stores``).
Read first      docs/operating/taxes.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from meterledger.facts.places import Agreement
from meterledger.facts.taxes import TaxExemption
from meterledger.kernel.span import Validity
from meterledger.usecases.periods_of_service import ServicesAsked, going_on


class ExemptionsAsked(Protocol):
    """What is asked of the store."""

    def exemptions_of_account(self, account_id: str, known_at: datetime) -> list[TaxExemption]:
        """The account's certificates as known then."""


def exemptions_going_on(
    agreement: Agreement, then: Agreement, store: ExemptionsAsked
) -> tuple[TaxExemption, ...]:
    """The certificates of the agreement for the one that continues it, from its first day on.

    One for the whole account holds for each of its agreements, and needs nothing.
    """
    begins = then.days.from_day
    return tuple(
        replace(
            one,
            agreement_id=then.agreement_id,
            days=Validity(max(begins, one.days.from_day), one.days.until_day),
            learned_at=then.learned_at,
        )
        for one in store.exemptions_of_account(agreement.account_id, then.learned_at)
        if one.agreement_id == agreement.agreement_id
        and (one.days.until_day is None or begins < one.days.until_day)
    )


def carrying_on(
    exemptions: Sequence[TaxExemption], known_at: datetime, store: ServicesAsked
) -> tuple[TaxExemption, ...]:
    """The certificates that are one and the same, carried on from agreement to agreement.

    Oldest first, all of ``exemptions``; empty where one of them is another certificate.
    """
    first, *others = sorted(exemptions, key=lambda one: one.days.from_day)
    if not first.agreement_id:
        return ()
    chain = going_on(first.agreement_id, first.account_id, known_at, store)
    names = {one.agreement_id for one in chain}
    same = all(one.tax is first.tax and one.agreement_id in names for one in others)
    return (first, *others) if same else ()

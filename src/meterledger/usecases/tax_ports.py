"""What taxes need from storage; ``stores`` implement it, promises test it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol

from meterledger.facts.places import TaxPlace
from meterledger.facts.taxes import SalesTaxPlace, TaxExemption, TaxTotal


class TaxLog(Protocol):
    """Where premises are taxed and who is exempt, on two clocks; what was taxed on bills."""

    def tax_premise(self, place: TaxPlace | SalesTaxPlace) -> bool:
        """Record where a premise is taxed from a day on; what was true before ends on that day.

        False, and nothing changed, where that is known already.

        :raises Conflict: if there is no such premise, or something begins there then or later
        """

    def record_exemption(self, exemption: TaxExemption) -> TaxExemption:
        """Keep a certificate; the same again changes nothing. Answers it as it is believed.

        It is learned after every bill that the account has: none of them was made with it.

        :raises Conflict: if there is no such account or agreement of it, or another certificate
            for the same tax holds on one of the days
        """

    def end_exemption(
        self,
        exemption: TaxExemption,
        until_day: date,
        learned_at: datetime,
        carried: Sequence[TaxExemption] = (),
    ) -> TaxExemption:
        """Believe from now on that a certificate holds until ``until_day`` (out).

        So do those that carry it on, in the same step; one that begins then or later holds no more.

        :raises Conflict: if it is not what is believed now, or would hold on no day or on more days
        """

    def exemptions_of_account(self, account_id: str, known_at: datetime) -> list[TaxExemption]:
        """The account's certificates as known then, by agreement, tax and first day."""

    def tax_totals(self, since: date, until: date) -> list[TaxTotal]:
        """What was taxed on bills posted on days from ``since`` until ``until`` (out), by tax.

        A bill that was cancelled counts on its day, and is taken off on the day of its reversal.
        """

    def tax_postings(self, since: date, until: date) -> dict[str, int]:
        """Sums of taxes' ledger accounts over postings of the days, in cents; debits positive."""

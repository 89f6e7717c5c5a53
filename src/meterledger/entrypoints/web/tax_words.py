"""Taxes on an account's page: where its places are taxed, and what exempts it, with the clause.

Lives here      words and links.
Lives elsewhere what a certificate exempts (``billing.tax_exemptions``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterledger.billing import Levy, provision_of_ground
from meterledger.entrypoints.web.words import place_words
from meterledger.facts.places import BillableService
from meterledger.facts.taxes import TaxExemption, TaxKind
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import number_text


@dataclass(frozen=True, slots=True)
class ShownExemption:
    """A certificate with its ground's provision; ``clause`` is empty where the book has none."""

    exemption: TaxExemption
    tax: str
    kind: str
    part: str
    provision: str
    clause: str


def tax_place_words(service: BillableService) -> str:
    """Municipalities, and sales-tax jurisdictions where somebody has said them."""
    municipal = [place_words(one.place) for one in service.tax_places]
    sales = [f"sales tax: {place_words(one.jurisdiction)}" for one in service.sales_tax_places]
    return ", ".join(dict.fromkeys((*municipal, *sales)))


def shown_exemptions(services: Sequence[BillableService], view: BookView) -> list[ShownExemption]:
    """The certificates of an account's services, each once."""
    found = dict.fromkeys(each for one in services for each in one.tax_exemptions)
    return [_shown(one, view) for one in found]


def _shown(one: TaxExemption, view: BookView) -> ShownExemption:
    levy = Levy.GROSS_RECEIPTS if one.tax is TaxKind.GROSS_RECEIPTS else Levy.STATE_SALES
    provision = provision_of_ground(levy, one.kind)
    try:
        clause = view.clause(provision, one.days.from_day).citation.text
    except Refusal:  # the text is of later days than the certificate: it is shown without
        clause = ""
    return ShownExemption(
        exemption=one,
        tax=one.tax.value.replace("_", "-"),
        kind=one.kind.value.replace("_", " "),
        part="" if one.share == 1 else f"for {number_text(one.share)} of the use",
        provision=provision,
        clause=clause,
    )

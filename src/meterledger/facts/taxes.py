"""Taxes of a bill: where a premise is sales-taxed, what exempts whom, and which tax a line is.

Every dated fact has the days it is true (``days``) and the instant we learned it (``learned_at``,
UTC), as the facts of ``places`` have. The municipality of a premise is ``places.TaxPlace``.

Lives here      the facts, and what a tax line of a bill says of its tax and its jurisdiction.
Lives elsewhere which tax a bill owes (``billing``), the accounts it is posted to (``ledger``).
Read first      docs/operating/taxes.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from fractions import Fraction

from meterledger.kernel.ensure import ensure
from meterledger.kernel.span import Validity


class TaxKind(Enum):
    """A tax that a certificate can exempt from."""

    GROSS_RECEIPTS = "gross_receipts"
    SALES = "sales"
    """The state's and the local one: a certificate is for both, as far as the law goes."""


class ExemptionKind(Enum):
    """On which ground somebody is exempt."""

    GOVERNMENT = "government"
    CHARITABLE = "charitable"
    MANUFACTURING = "manufacturing"
    AGRICULTURAL = "agricultural"
    DOMESTIC_USE = "domestic_use"
    LARGE_USE = "large_use"


@dataclass(frozen=True, slots=True)
class SalesTaxPlace:
    """The local sales-tax jurisdiction of a premise, on some days.

    ``jurisdiction`` names a series of the tariff book (``st_louis_county``); ``none`` says that
    only the state taxes there, which is a fact and not a default.
    """

    premise_id: str
    jurisdiction: str
    days: Validity
    learned_at: datetime


@dataclass(frozen=True, slots=True)
class TaxExemption:
    """A certificate, or a finding of ours, that exempts an account's service from a tax.

    ``agreement_id`` is empty where it is for every agreement of the account; one for an agreement
    goes before one for the account. ``share`` of the charges is exempt: 1, or less where only part
    of the use is. ``certificate`` is its number, or that of our finding.

    :raises InvariantBroken: if the share is not above nothing and at most the whole
    """

    account_id: str
    agreement_id: str
    tax: TaxKind
    kind: ExemptionKind
    certificate: str
    share: Fraction
    days: Validity
    learned_at: datetime

    def __post_init__(self) -> None:
        ensure(0 < self.share <= 1, "an exemption is of a share above nothing, at most the whole")


@dataclass(frozen=True, slots=True)
class TaxSubject:
    """What decides the taxes of one bill beside its charges, as known at one moment.

    ``state`` is that of the premise; ``sales_place`` is None where nobody has said in which
    sales-tax jurisdiction the premise lies. ``exemptions`` are those of the account and of the
    agreement, whatever their days.
    """

    premise_id: str
    state: str
    sales_place: str | None
    agreement_id: str = ""
    exemptions: tuple[TaxExemption, ...] = ()


NOT_SALES_TAXED_HERE = "none"
"""A premise in which no local sales tax is levied: the state's alone is."""

GROSS_RECEIPTS_CODE = "municipal_gross_receipts_tax"
STATE_SALES_CODE = "state_sales_tax"
LOCAL_SALES_CODE = "local_sales_tax"

TAX_OF_CODE = {
    GROSS_RECEIPTS_CODE: "gross_receipts",
    STATE_SALES_CODE: "state_sales",
    LOCAL_SALES_CODE: "local_sales",
}
"""The tax that a bill's line is, by the line's code."""

SERIES_OF_TAX = {
    "gross_receipts": ("municipal_gross_receipts_", "residential_gross_receipts_"),
    "state_sales": ("sales_tax_state_",),
    "local_sales": ("sales_tax_local_",),
}
"""How the series of a tax's rate begin; the rest of the name is the jurisdiction."""


@dataclass(frozen=True, slots=True, order=True)
class TaxOfLine:
    """Which tax a line is, and who levies it. Both are words of the book's names."""

    tax: str
    jurisdiction: str


def tax_of_line(code: str, inputs: Mapping[str, str]) -> TaxOfLine | None:
    """The tax of a bill's line, from its code and inputs; None where it is none known here."""
    tax = TAX_OF_CODE.get(code)
    series = inputs.get("rate_series", "")
    if tax is None:
        return None
    for beginning in SERIES_OF_TAX[tax]:
        if series.startswith(beginning):
            return TaxOfLine(tax, series.removeprefix(beginning))
    return None


def taxes_of_lines(
    lines: Sequence[tuple[str, Mapping[str, str]]], tax_place: str
) -> list[TaxOfLine | None]:
    """The taxes of a bill's tax lines, given by code and inputs.

    A line that only leaves a difference as it was billed says no rate: it is of the jurisdiction
    of the bill's other line of that tax, or of its municipality (``tax_place``).
    """
    named: dict[str, TaxOfLine] = {}
    for code, inputs in lines:
        of = tax_of_line(code, inputs)
        if of is not None:
            named[code] = max(of, named.get(code, of))
    if tax_place != NOT_SALES_TAXED_HERE:
        tax = TAX_OF_CODE[GROSS_RECEIPTS_CODE]
        named.setdefault(GROSS_RECEIPTS_CODE, TaxOfLine(tax, tax_place))
    return [tax_of_line(code, inputs) or named.get(code) for code, inputs in lines]


@dataclass(frozen=True, slots=True)
class TaxTotal:
    """A tax of one jurisdiction over many bills, in cents: what was taxed, exempt and billed."""

    of: TaxOfLine
    taxable_cents: int
    exempt_cents: int
    tax_cents: int
    bill_count: int

"""Municipal gross-receipts tax: passed on by a separate line, grossed up.

Lives here      the tax line of a bill, from the municipality's rate on its governing day.
Lives elsewhere which municipality a premise lies in (a dated fact), sales tax (later chapter).
Read first      tariffs/union_electric_mo6/taxes/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.places import TaxPlace
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView

NO_TAX_PLACE = "none"
"""A premise that lies in no taxing municipality. A fact about the premise, not a default."""

TAX_CODE = "municipal_gross_receipts_tax"


class UnknownTaxPlace(Refusal):
    """Nobody has said in which municipality a premise lies."""


class UnknownGrossUp(Refusal):
    """The book's gross-up formula is one this calculation does not know."""


def tax_place_on(tax_places: Sequence[TaxPlace], window: DaySpan, premise_id: str) -> str:
    """The municipality of the premise on the window's last day of service.

    :raises UnknownTaxPlace: if no tax place is known for that day
    """
    for tax_place in tax_places:
        if window.last_day in tax_place.days:
            return tax_place.place
    raise UnknownTaxPlace(
        f"No tax place is known for premise {premise_id} on {window.last_day}",
        do="Record the municipality the premise lies in, or 'none' if it lies in no taxing one",
    )


@dataclass(frozen=True, slots=True)
class TaxTerms:
    """A municipality's tax on bills of one window: what every such bill has in common.

    ``share`` of the charges is added; ``shown`` and ``inputs`` are its words.
    """

    place: str
    window: DaySpan
    share: Fraction
    shown: str
    standing: Standing
    citations: tuple[Citation, ...]
    inputs: tuple[tuple[str, str], ...]


def tax_terms(*, place: str, window: DaySpan, view: BookView) -> TaxTerms | None:
    """The tax's terms for a window, or None where the premise lies in no taxing municipality.

    The tax is owed on receipts that include the tax itself, so a rate of r adds r / (1 - r) of
    the charges.

    :raises NoRuleInForce: if the municipality has no rate on the window's last day
    :raises UnknownGrossUp: if the book states another formula or day than this calculation knows
    """
    if place == NO_TAX_PLACE:
        return None
    series = f"municipal_gross_receipts_{place}"
    rate = view.number(series).on(window.last_day)
    gross_up = view.text("gross_receipts_gross_up").on(window.last_day)
    governing = view.text("gross_receipts_governing_day").on(window.last_day)
    if gross_up.value != "r/(1-r)" or governing.value != "last_service_day":
        raise UnknownGrossUp(
            f"The gross-receipts tax follows '{gross_up.value}' on '{governing.value}'",
            do="Use a release that knows this rule, or state it as r/(1-r) on last_service_day",
        )
    share = rate.value / (1 - rate.value)
    rate_text = _decimal_text(rate.value)
    return TaxTerms(
        place=place,
        window=window,
        share=share,
        shown=f"{share.numerator}/{share.denominator}",
        standing=weakest((rate.standing, gross_up.standing, governing.standing)),
        citations=tuple(dict.fromkeys((rate.citation, gross_up.citation, governing.citation))),
        inputs=(
            ("rate_series", series),
            ("rate", rate_text),
            ("gross_up", f"{rate_text} / (1 - {rate_text})"),
        ),
    )


def tax_line(terms: TaxTerms | None, lines: Sequence[ChargeLine]) -> ChargeLine | None:
    """The gross-receipts tax on a bill's lines, rounded once; None where it comes to nothing."""
    if terms is None:
        return None
    base_cents = sum(line.cents for line in lines)
    cents = to_whole_half_up(base_cents * terms.share)
    if cents == 0:
        return None
    base_usd = usd_text(base_cents)
    return ChargeLine(
        code=TAX_CODE,
        label=f"{terms.place.replace('_', ' ').title()} gross receipts tax",
        group=ChargeGroup.TAX,
        days=terms.window,
        quantity=base_usd,
        unit="USD",
        price_usd=terms.shown,
        cents=cents,
        standing=terms.standing,
        citations=terms.citations,
        arithmetic=f"${base_usd} x {terms.shown} = ${usd_text(cents)}",
        inputs=(*terms.inputs, ("charges_usd", base_usd)),
        reading_keys=("taxes.gross_receipts_gross_up",),
    )


def _decimal_text(share: Fraction) -> str:
    thousandths = share * 100_000
    if thousandths.denominator != 1:
        return f"{share.numerator}/{share.denominator}"
    return f"{int(thousandths) // 100_000}.{int(thousandths) % 100_000:05d}".rstrip("0")

"""Municipal gross-receipts tax: passed on by a separate line, grossed up.

Lives here      the tax line of a bill, from the municipality's rate on its governing day.
Lives elsewhere which municipality a premise lies in (a dated fact), sales tax (``sales_tax``), what
                exempts from it (``tax_exemptions``).
Read first      tariffs/union_electric_mo6/taxes/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterledger.billing.tax_exemptions import Exempted, UnknownTaxRule
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.places import TaxPlace
from meterledger.facts.taxes import GROSS_RECEIPTS_CODE
from meterledger.kernel.citation import Citation
from meterledger.kernel.money import usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import number_text

NO_TAX_PLACE = "none"
"""A premise that lies in no taxing municipality. A fact about the premise, not a default."""

TAX_CODE = GROSS_RECEIPTS_CODE
RESIDENTIAL = "residential"


class UnknownTaxPlace(Refusal):
    """Nobody has said in which municipality a premise lies."""


class UnknownGrossUp(UnknownTaxRule):
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


def tax_terms(
    *, place: str, window: DaySpan, view: BookView, schedule: str = ""
) -> TaxTerms | None:
    """The tax's terms for a window, or None where the premise lies in no taxing municipality.

    The tax is owed on receipts that include the tax itself, so a rate of r adds r / (1 - r) of
    the charges. A municipality may have a rate of its own for residential service; ``schedule``
    says whose service it is.

    :raises NoRuleInForce: if the municipality has no rate on the window's last day
    :raises UnknownGrossUp: if the book states another formula or day than this calculation knows
    """
    if place == NO_TAX_PLACE:
        return None
    series = _rate_series(place, schedule, window, view)
    rate = view.number(series).on(window.last_day)
    gross_up = view.text("gross_receipts_gross_up").on(window.last_day)
    governing = view.text("gross_receipts_governing_day").on(window.last_day)
    if gross_up.value != "r/(1-r)" or governing.value != "last_service_day":
        raise UnknownGrossUp(
            f"The gross-receipts tax follows '{gross_up.value}' on '{governing.value}'",
            do="Use a release that knows this rule, or state it as r/(1-r) on last_service_day",
        )
    share = rate.value / (1 - rate.value)
    rate_text = decimal_text(rate.value)
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


def _rate_series(place: str, schedule: str, window: DaySpan, view: BookView) -> str:
    """The series of the municipality's rate: its own for residential service, where it has one."""
    own = f"residential_gross_receipts_{place}"
    known = schedule and own in view.names() and view.number(own).covering(window.last_day)
    if known and view.service_class(schedule, window.last_day).value == RESIDENTIAL:
        return own
    return f"municipal_gross_receipts_{place}"


def tax_line(
    terms: TaxTerms | None, lines: Sequence[ChargeLine], exempt: Exempted | None = None
) -> ChargeLine | None:
    """The gross-receipts tax on a bill's lines, rounded once; None where it comes to nothing.

    With a certificate there is a line even so: it says why nothing, or less, is asked.
    """
    if terms is None:
        return None
    base_cents = sum(line.cents for line in lines)
    return line_of_tax(
        code=TAX_CODE,
        label=f"{terms.place.replace('_', ' ').title()} gross receipts tax",
        window=terms.window,
        base_cents=base_cents,
        share=terms.share,
        shown=terms.shown,
        standing=terms.standing,
        citations=terms.citations,
        inputs=terms.inputs,
        reading_keys=("taxes.gross_receipts_gross_up",),
        exempt=exempt,
    )


def line_of_tax(
    *,
    code: str,
    label: str,
    window: DaySpan,
    base_cents: int,
    share: Fraction,
    shown: str,
    standing: Standing,
    citations: tuple[Citation, ...],
    inputs: tuple[tuple[str, str], ...],
    reading_keys: tuple[str, ...],
    exempt: Exempted | None,
) -> ChargeLine | None:
    """A tax of ``share`` on a bill's charges without what a certificate exempts, rounded once.

    None where it comes to nothing and no certificate is why.
    """
    base_usd, left = usd_text(base_cents), Fraction(1)
    inputs = (*inputs, ("charges_usd", base_usd))
    times = ""
    if exempt is not None:
        left -= exempt.share
        exempt_cents = to_whole_half_up(base_cents * exempt.share)
        inputs += exempt.inputs(usd_text(exempt_cents), usd_text(base_cents - exempt_cents))
        times = f" x (1 - {number_text(exempt.share)})" if exempt.share else ""
        standing = weakest((standing, exempt.standing))
        citations = tuple(dict.fromkeys((*citations, *exempt.citations)))
        reading_keys = tuple(dict.fromkeys((*reading_keys, *exempt.reading_keys)))
    cents = to_whole_half_up(base_cents * left * share)
    if cents == 0 and exempt is None:
        return None
    return ChargeLine(
        code=code,
        label=label,
        group=ChargeGroup.TAX,
        days=window,
        quantity=base_usd,
        unit="USD",
        price_usd=shown,
        cents=cents,
        standing=standing,
        citations=citations,
        arithmetic=f"${base_usd}{times} x {shown} = ${usd_text(cents)}",
        inputs=inputs,
        reading_keys=reading_keys,
    )


def decimal_text(share: Fraction) -> str:
    thousandths = share * 100_000
    if thousandths.denominator != 1:
        return f"{share.numerator}/{share.denominator}"
    return f"{int(thousandths) // 100_000}.{int(thousandths) % 100_000:05d}".rstrip("0")

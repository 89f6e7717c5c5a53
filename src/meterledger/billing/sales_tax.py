"""Sales tax on service that is not for domestic use: the state's line and the local one.

Lives here      the terms of both taxes for a window, and their lines.
Lives elsewhere whose service is taxed and what a certificate exempts (``tax_exemptions``), where a
                premise lies (``facts.taxes``), gross-receipts tax (``taxes``).
Read first      tariffs/union_electric_mo6/taxes/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from meterledger.billing.tax_exemptions import (
    CHAPTER,
    ROOM,
    SALES_CLASSES,
    ClassFacts,
    Levy,
    UnknownTaxRule,
    decide_sales_taxed,
    exempted,
)
from meterledger.billing.taxes import UnknownTaxPlace, decimal_text, line_of_tax
from meterledger.facts.charges import ChargeLine
from meterledger.facts.places import BillableService
from meterledger.facts.taxes import (
    LOCAL_SALES_CODE,
    NOT_SALES_TAXED_HERE,
    STATE_SALES_CODE,
    TaxSubject,
)
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView, NoSuchValue
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

BASIC_RATE = "tax.sales.basic_rate"
DAY = "sales_tax_governing_day"
BASE = "taxes.sales_tax_base"
WITH_GROSS_RECEIPTS = "charges_and_gross_receipts_tax"


class UnknownSalesTaxPlace(UnknownTaxPlace):
    """Nobody has said in which sales-tax jurisdiction a premise lies that has to be taxed."""


@dataclass(frozen=True, slots=True)
class SalesTaxTerms:
    """One sales tax on bills of one window: what every such bill has in common.

    ``on_gross_receipts_tax`` says whether that line is among what is taxed.
    """

    levy: Levy
    code: str
    label: str
    window: DaySpan
    rate: Fraction
    on_gross_receipts_tax: bool
    standing: Standing
    citations: tuple[Citation, ...]
    inputs: tuple[tuple[str, str], ...]
    reading_keys: tuple[str, ...]


def tax_subject_of(service: BillableService, window: DaySpan) -> TaxSubject:
    """What decides the taxes of a service's bill, from what is known of the service."""
    return TaxSubject(
        premise_id=service.premise.premise_id,
        state=service.premise.state,
        sales_place=next(
            (one.jurisdiction for one in service.sales_tax_places if window.last_day in one.days),
            None,
        ),
        agreement_id=service.agreement.agreement_id,
        exemptions=service.tax_exemptions,
    )


def sales_tax_terms(
    *, schedule: str, subject: TaxSubject, window: DaySpan, view: BookView
) -> tuple[SalesTaxTerms, ...]:
    """The sales taxes of a window; none for domestic use, or where the book has no sales tax.

    :raises NoRuleInForce: if a jurisdiction has no rate on the window's last day
    :raises UnknownSalesTaxPlace: if nobody has said in which jurisdiction the premise lies
    :raises UnknownTaxRule: if the book states a day that this calculation does not know
    """
    day = window.last_day
    if not _has_sales_tax(window, view):
        return ()
    terms = Terms(view, day)
    taxed = decide_sales_taxed(ClassFacts(view.service_class(schedule, day).value), terms)
    if not taxed.outcome.taxed:
        return ()
    if subject.sales_place is None:
        raise UnknownSalesTaxPlace(
            f"No sales-tax jurisdiction is known for premise {subject.premise_id} on {day}",
            why="Its service is not residential, and sales tax is asked on it",
            do="Record it with `meterledger tax place`, or 'none' if only the state taxes there",
        )
    base, clause, governing = terms.reading(BASE), terms.clause(BASIC_RATE), terms.text(DAY)
    if governing.value != "last_service_day":
        raise UnknownTaxRule(
            f"The day that counts for sales tax is '{governing.value}'",
            do="Use a release that knows this rule, or state it as last_service_day",
        )
    clauses = (taxed.reasons[0].citation, clause.citation, governing.citation)
    state = subject.state.lower()
    levied = [(Levy.STATE_SALES, STATE_SALES_CODE, "State sales tax", f"sales_tax_state_{state}")]
    if subject.sales_place != NOT_SALES_TAXED_HERE:
        place = subject.sales_place
        label = f"{place.replace('_', ' ').title()} sales tax"
        levied.append((Levy.LOCAL_SALES, LOCAL_SALES_CODE, label, f"sales_tax_local_{place}"))
    found = []
    for levy, code, label, series in levied:
        rate = view.number(series).on(day)
        found.append(
            SalesTaxTerms(
                levy=levy,
                code=code,
                label=label,
                window=window,
                rate=rate.value,
                on_gross_receipts_tax=base == WITH_GROSS_RECEIPTS,
                standing=weakest((*terms.memory.standings, rate.standing)),
                citations=tuple(dict.fromkeys((rate.citation, *clauses))),
                inputs=(("rate_series", series), ("rate", decimal_text(rate.value))),
                reading_keys=tuple(sorted(terms.memory.readings)),
            )
        )
    return tuple(found)


def names_classes(view: BookView) -> bool:
    """Whether the book, as known, says of any schedule of which class of service it is."""
    return any(
        view.kind_of(name) == "service_class" and view.series(name).values for name in view.names()
    )


def sales_tax_lines(
    terms: Sequence[SalesTaxTerms],
    lines: Sequence[ChargeLine],
    gross_receipts: ChargeLine | None,
    *,
    subject: TaxSubject,
    view: BookView,
) -> list[ChargeLine]:
    """The sales taxes on a bill's charges, each rounded once; those that come to nothing left out.

    ``lines`` are the charges, without any tax.
    """
    charges = sum(line.cents for line in lines)
    found = []
    for one in terms:
        base = charges
        if one.on_gross_receipts_tax and gross_receipts is not None:
            base += gross_receipts.cents
        line = line_of_tax(
            code=one.code,
            label=one.label,
            window=one.window,
            base_cents=base,
            share=one.rate,
            shown=decimal_text(one.rate),
            standing=one.standing,
            citations=one.citations,
            inputs=one.inputs,
            reading_keys=one.reading_keys,
            exempt=exempted(subject=subject, levy=one.levy, window=one.window, view=view),
        )
        if line is not None:
            found.append(line)
    return found


@dataclass(frozen=True, slots=True)
class SalesBaseFacts:
    """The charges of a bill, and its gross-receipts tax."""

    charges_cents: Cents = fact("What the lines of the schedule and of riders come to.")
    gross_receipts_tax_cents: Cents = fact("The line of the gross-receipts tax; 0.00 for none.")


@dataclass(frozen=True, slots=True)
class SalesBase:
    """The amount that is sales-taxed."""

    taxed_cents: Cents = fact("The amount that sales tax is asked on, before any exemption.")


def decide_sales_base(facts: SalesBaseFacts, terms: Terms) -> Decision[SalesBase]:
    """What of a bill is sales-taxed: the basic rate, without taxes on the supplier."""
    clause = terms.clause(BASIC_RATE)
    if terms.reading(BASE) == WITH_GROSS_RECEIPTS:
        found = "the gross-receipts tax is taxed with the charges"
        total = Cents(facts.charges_cents + facts.gross_receipts_tax_cents)
        return Decision(SalesBase(total), (Reason(found, clause.citation),))
    found = "a separately stated tax on the supplier is no part of the basic rate"
    return Decision(SalesBase(facts.charges_cents), (Reason(found, clause.citation),))


RULES = (
    Rule(
        id="tax.sales_base",
        title="What of a bill is sales-taxed",
        room=ROOM,
        kind="calculation",
        chapter=CHAPTER,
        provisions=(BASIC_RATE,),
        governing_day="the last day of service of the bill",
        facts=SalesBaseFacts,
        outcome=SalesBase,
        values=(),
        readings=(BASE,),
        decide=decide_sales_base,
    ),
)


def _has_sales_tax(window: DaySpan, view: BookView) -> bool:
    """Whether the book, as known, says whose service is sales-taxed on the window's last day."""
    try:
        return view.of_kind(SALES_CLASSES, "list").covering(window.last_day) is not None
    except NoSuchValue:
        return False

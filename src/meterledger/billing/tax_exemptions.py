"""Exemptions: whose service is sales-taxed, how much a certificate exempts, who uses too much.

Lives here      the rules, each a pure function over a form; which certificate a bill goes by.
Lives elsewhere the tax lines (``taxes``, ``sales_tax``), certificates as facts (``facts.taxes``).
Read first      tariffs/union_electric_mo6/taxes/README.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.facts.taxes import ExemptionKind, TaxExemption, TaxKind, TaxSubject
from meterledger.kernel.citation import Citation
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.standing import Standing, weakest
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.terms import Terms

ROOM, CHAPTER = "billing", "taxes"
SALES_CLASSES = "sales_tax_classes"
STATE_KINDS = "sales_tax_exempt_kinds_state"
LOCAL_KINDS = "sales_tax_exempt_kinds_local"
MUNICIPAL_KINDS = "gross_receipts_exempt_kinds"
EXEMPTION_DAY = "taxes.exemption_governing_day"
LARGE_USE = "tax.large_use"
LARGE_USE_KWH = "gross_receipts_large_use_kwh_per_month"
MANUFACTURING_LOCAL = "taxes.manufacturing_local"
NONRESIDENTIAL = "tax.sales.nonresidential"
DOMESTIC = "tax.sales.domestic_use"
MANUFACTURING = "tax.sales.manufacturing"
ORGANIZATIONS = "tax.sales.organizations"
MUNICIPAL = "tax.gross_receipts.excluded"


class UnknownTaxRule(Refusal):
    """The book states a day or a formula of a tax that this calculation does not know."""


class TaxFactsContradict(Refusal):
    """Facts of an exemption that cannot be together."""


class Levy(Enum):
    """A tax as a line of a bill: who levies it."""

    GROSS_RECEIPTS = "gross_receipts"
    STATE_SALES = "state_sales"
    LOCAL_SALES = "local_sales"


@dataclass(frozen=True, slots=True)
class ClassFacts:
    """Whose service it is."""

    service_class: str = fact("The class of service of the schedule, like residential.")


@dataclass(frozen=True, slots=True)
class SalesTaxed:
    """Whether sales tax is asked on the service."""

    taxed: bool = fact("Whether sales tax is asked on the service's charges.")


def decide_sales_taxed(facts: ClassFacts, terms: Terms) -> Decision[SalesTaxed]:
    """Whether sales tax is asked on a class of service: not on residential (12 CSR 10-108.300)."""
    classes = terms.listing(SALES_CLASSES)
    if facts.service_class in classes.value:
        found = f"sales to {_words(facts.service_class)} service are not for domestic use"
        return Decision(SalesTaxed(True), (Reason(found, terms.clause(NONRESIDENTIAL).citation),))
    found = f"sales under a {_words(facts.service_class)} classification are for domestic use"
    return Decision(SalesTaxed(False), (Reason(found, terms.clause(DOMESTIC).citation),))


@dataclass(frozen=True, slots=True)
class ExemptionFacts:
    """A certificate and a bill."""

    levy: Levy = fact("The tax that the line asks.")
    kind: ExemptionKind = fact("The ground of the certificate.")
    share: Fraction = fact("The share of the use that is exempt: 1, or less.")
    valid_from: date = fact("The first day of the certificate.")
    first_service_day: date = fact("The first day of service of the bill.")
    last_service_day: date = fact("The last day of service of the bill.")
    valid_until: date | None = fact("The first day after it; null: no end.", default=None)
    municipality: str | None = fact(
        "The municipality of a gross-receipts tax, as the book names it.", default=None
    )


@dataclass(frozen=True, slots=True)
class ExemptShare:
    """How much of a bill's charges a certificate exempts from a tax."""

    share: Fraction = fact("The exempt share of the charges; 0 where it exempts nothing.")


def decide_exempt_share(facts: ExemptionFacts, terms: Terms) -> Decision[ExemptShare]:
    """How much of a bill a certificate exempts: by its day, its ground and its share of the use.

    :raises TaxFactsContradict: if share or days cannot be, or nobody named the municipality
    """
    _refuse_contradicting(facts)
    kinds, named = _kinds(facts, terms)
    first = terms.reading(EXEMPTION_DAY) == "first_service_day"
    day, which = (facts.first_service_day, "first") if first else (facts.last_service_day, "last")
    if day < facts.valid_from:
        found = f"it begins on {facts.valid_from}, after {day}, the bill's {which} day"
        return Decision(ExemptShare(Fraction(0)), (Reason(found, kinds.citation),))
    if facts.valid_until is not None and facts.valid_until <= day:
        found = f"it ended before {facts.valid_until}; the bill's {which} day is {day}"
        return Decision(ExemptShare(Fraction(0)), (Reason(found, kinds.citation),))
    in_force = Reason(f"it holds on {day}, the bill's {which} day", kinds.citation)
    words = _words(facts.levy.value)
    if named not in kinds.value:
        found = f"'{named}' is no ground of exemption from the {words} tax"
        return Decision(ExemptShare(Fraction(0)), (in_force, Reason(found, kinds.citation)))
    if facts.kind is ExemptionKind.MANUFACTURING and facts.levy is Levy.LOCAL_SALES:
        clause = terms.clause(MANUFACTURING)
        if terms.reading(MANUFACTURING_LOCAL) == "local_taxed":
            found = "energy used in manufacturing is not exempt from local sales tax"
            return Decision(ExemptShare(Fraction(0)), (in_force, Reason(found, clause.citation)))
    found = f"{_words(facts.kind.value)}: {number_text(facts.share)} of the use is exempt"
    ground = Reason(found, terms.clause(provision_of_ground(facts.levy, facts.kind)).citation)
    return Decision(ExemptShare(facts.share), (in_force, ground))


def _refuse_contradicting(facts: ExemptionFacts) -> None:
    if not 0 < facts.share <= 1:
        raise TaxFactsContradict(
            f"A share of {number_text(facts.share)} of the use cannot be exempt",
            where="facts.share",
            do="Give a share above 0 and at most 1",
        )
    if facts.last_service_day < facts.first_service_day:
        raise TaxFactsContradict(
            f"A bill's last day of service, {facts.last_service_day}, is before its first",
            where="facts.last_service_day",
            do="Give the days of one bill",
        )
    if facts.levy is Levy.GROSS_RECEIPTS and not facts.municipality:
        raise TaxFactsContradict(
            "Nobody said which municipality levies the gross-receipts tax",
            where="facts.municipality",
            do="Give its name in the book, like bel_ridge",
        )


def _kinds(facts: ExemptionFacts, terms: Terms) -> tuple[DatedValue[tuple[str, ...]], str]:
    """The grounds that the book knows for the tax, and how it would name this one."""
    if facts.levy is Levy.GROSS_RECEIPTS:
        return terms.listing(MUNICIPAL_KINDS), f"{facts.municipality} {facts.kind.value}"
    name = STATE_KINDS if facts.levy is Levy.STATE_SALES else LOCAL_KINDS
    return terms.listing(name), facts.kind.value


def provision_of_ground(levy: Levy, kind: ExemptionKind) -> str:
    """The provision that a ground of exemption from a tax stands on."""
    if levy is Levy.GROSS_RECEIPTS:
        return MUNICIPAL
    return {
        ExemptionKind.MANUFACTURING: MANUFACTURING,
        ExemptionKind.DOMESTIC_USE: DOMESTIC,
        ExemptionKind.AGRICULTURAL: NONRESIDENTIAL,
    }.get(kind, ORGANIZATIONS)


@dataclass(frozen=True, slots=True)
class LargeUseFacts:
    """How much a customer uses on average."""

    average_kwh_per_month: Fraction = fact("The average use of a month, in kWh.")


@dataclass(frozen=True, slots=True)
class LargeUse:
    """Whether a customer uses so much that the municipality does not tax the receipts."""

    excluded: bool = fact("Whether the customer is excluded from the tax.")


def decide_large_use(facts: LargeUseFacts, terms: Terms) -> Decision[LargeUse]:
    """Whether a customer averages more than the municipality taxes (Bel-Ridge: 25,000 kWh)."""
    most = terms.number(LARGE_USE_KWH)
    average = number_text(facts.average_kwh_per_month)
    if facts.average_kwh_per_month > most.value:
        found = f"{average} kWh a month on average is over {number_text(most.value)}"
        return Decision(LargeUse(True), (Reason(found, most.citation),))
    found = f"{average} kWh a month on average is not over {number_text(most.value)}"
    return Decision(LargeUse(False), (Reason(found, most.citation),))


def exemption_of(
    exemptions: Sequence[TaxExemption], tax: TaxKind, agreement_id: str, day: date
) -> TaxExemption | None:
    """The certificate that a bill goes by on the day that counts, or None.

    The agreement's own goes before one of the whole account.
    """
    found = [
        one
        for one in exemptions
        if one.tax is tax and one.agreement_id in ("", agreement_id) and day in one.days
    ]
    return max(found, key=lambda one: one.agreement_id, default=None)


def exemption_day(window: DaySpan, view: BookView) -> date:
    """The day of a service period on which a certificate has to hold."""
    first = view.reading_option(EXEMPTION_DAY) == "first_service_day"
    return window.from_day if first else window.last_day


def grounds_of(tax: TaxKind, day: date, view: BookView) -> tuple[str, ...]:
    """The grounds on which the book knows an exemption from a tax, in order.

    :raises NoRuleInForce: if the book is silent on them on the day
    """
    terms = Terms(view, day)
    if tax is TaxKind.GROSS_RECEIPTS:
        named = terms.listing(MUNICIPAL_KINDS).value
        return tuple(dict.fromkeys(one.rpartition(" ")[2] for one in named))
    state, local = terms.listing(STATE_KINDS).value, terms.listing(LOCAL_KINDS).value
    return tuple(dict.fromkeys((*state, *local)))


@dataclass(frozen=True, slots=True)
class Exempted:
    """What a certificate takes from a tax on one bill, and the clauses that say so.

    ``share`` may be nothing: the certificate is of another tax's ground, and the bill says so.
    """

    exemption: TaxExemption
    share: Fraction
    because: str
    standing: Standing
    citations: tuple[Citation, ...]
    reading_keys: tuple[str, ...]

    def inputs(self, exempt_usd: str, taxable_usd: str) -> tuple[tuple[str, str], ...]:
        """The certificate as it stands among a line's inputs."""
        return (
            ("exempt_share", number_text(self.share)),
            ("exempt_usd", exempt_usd),
            ("taxable_usd", taxable_usd),
            ("exemption", self.exemption.kind.value),
            ("certificate", self.exemption.certificate),
            ("certificate_share", number_text(self.exemption.share)),
            ("certificate_days", str(self.exemption.days)),
            ("exempt_because", self.because),
        )


def exempted(
    *,
    subject: TaxSubject | None,
    levy: Levy,
    window: DaySpan,
    view: BookView,
    municipality: str = "",
) -> Exempted | None:
    """What the subject's certificate takes from a tax on a bill; None where it has none that day.

    :raises NoRuleInForce: if the book is silent on exemptions on the day
    """
    if subject is None or not subject.exemptions:
        return None
    tax = TaxKind.GROSS_RECEIPTS if levy is Levy.GROSS_RECEIPTS else TaxKind.SALES
    if not any(one.tax is tax for one in subject.exemptions):
        return None
    day = exemption_day(window, view)
    found = exemption_of(subject.exemptions, tax, subject.agreement_id, day)
    if found is None:
        return None
    terms = Terms(view, window.last_day)
    facts = ExemptionFacts(
        levy=levy,
        kind=found.kind,
        share=found.share,
        valid_from=found.days.from_day,
        first_service_day=window.from_day,
        last_service_day=window.last_day,
        valid_until=found.days.until_day,
        municipality=municipality or None,
    )
    decision = decide_exempt_share(facts, terms)
    return Exempted(
        exemption=found,
        share=decision.outcome.share,
        because=decision.reasons[-1].finding,
        standing=weakest(terms.memory.standings),
        citations=tuple(dict.fromkeys(reason.citation for reason in decision.reasons)),
        reading_keys=tuple(sorted(terms.memory.readings)),
    )


def _words(name: str) -> str:
    return name.replace("_", " ")


RULES = (
    Rule(
        id="tax.sales_taxed",
        title="Whether sales tax is asked on a class of service",
        room=ROOM,
        kind="eligibility",
        chapter=CHAPTER,
        provisions=(NONRESIDENTIAL, DOMESTIC),
        governing_day="the last day of service of the bill",
        facts=ClassFacts,
        outcome=SalesTaxed,
        values=(SALES_CLASSES,),
        decide=decide_sales_taxed,
    ),
    Rule(
        id="tax.exempt_share",
        title="How much of a bill a certificate exempts from a tax",
        room=ROOM,
        kind="calculation",
        chapter=CHAPTER,
        provisions=(MANUFACTURING, ORGANIZATIONS, DOMESTIC, NONRESIDENTIAL, MUNICIPAL),
        governing_day="the last day of service of the bill",
        facts=ExemptionFacts,
        outcome=ExemptShare,
        values=(STATE_KINDS, LOCAL_KINDS, MUNICIPAL_KINDS),
        readings=(EXEMPTION_DAY, MANUFACTURING_LOCAL),
        decide=decide_exempt_share,
    ),
    Rule(
        id=LARGE_USE,
        title="Customers who use too much for a municipality's tax",
        room=ROOM,
        kind="eligibility",
        chapter=CHAPTER,
        provisions=(MUNICIPAL,),
        governing_day="the day of the finding",
        facts=LargeUseFacts,
        outcome=LargeUse,
        values=(LARGE_USE_KWH,),
        decide=decide_large_use,
    ),
)

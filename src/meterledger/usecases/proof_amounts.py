"""What a proof file says of amounts beside the charges: taxes, what is left, credit, the plan.

Lives here      the parameters of taxes with their exemptions, of amounts that are not charged, of
                the paperless credit; what a budget plan asks, with the bills before.
Lives elsewhere the charges' parameters and the file (``prove_bill``), readings
                (``proof_readings``), the rules themselves (``billing``).
Read first      docs/reference/proof_file.md.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from meterledger.billing import (
    ADJUSTMENT,
    TAX_CODE,
    Levy,
    exempted,
    exemption_day,
    sales_tax_terms,
    tax_subject_of,
    tax_terms,
)
from meterledger.facts.bills import Bill
from meterledger.facts.budget import holding
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.taxes import ExemptionKind, TaxSubject
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import number_text
from meterledger.rulebook.terms import Terms
from meterledger.usecases.bill_options import options_of
from meterledger.usecases.replay_bill import Recalled, ReplayStore, first_issued

PAPERLESS = "paperless_credit"
PAPERLESS_MONTHS = "billing_paperless_credit_term_max_term_months"


def taxes_of(bill: Bill, recalled: Recalled) -> dict[str, Any]:
    """The bill's taxes: ``tax`` where there is at most the municipality's, without a certificate;
    ``taxes`` where there is more.
    """
    view, window = recalled.view, bill.days
    subject = tax_subject_of(recalled.due.service, window)
    terms = tax_terms(place=bill.tax_place, window=window, view=view, schedule=bill.schedule)
    found: list[dict[str, Any]] = []
    if terms is not None:
        one = {
            "code": TAX_CODE,
            "rate": str(terms.share / (1 + terms.share)),
            "citations": [citation.text for citation in terms.citations],
        }
        exemption = _exemption(Levy.GROSS_RECEIPTS, bill, subject, view, bill.tax_place)
        found.append(one if exemption is None else {**one, "exemption": exemption})
    sales = sales_tax_terms(schedule=bill.schedule, subject=subject, window=window, view=view)
    if not sales and all("exemption" not in one for one in found):
        return {"tax": found[0] if found else None}
    for each in sales:
        exemption = _exemption(each.levy, bill, subject, view)
        found.append(
            {
                "code": each.code,
                "rate": dict(each.inputs)["rate"],
                "grossed_up": False,
                "also_on": [TAX_CODE] if each.on_gross_receipts_tax else [],
                "citations": [citation.text for citation in each.citations],
                **({} if exemption is None else {"exemption": exemption}),
            }
        )
    return {"taxes": found}


def _exemption(
    levy: Levy, bill: Bill, subject: TaxSubject, view: BookView, municipality: str = ""
) -> dict[str, Any] | None:
    """The certificate that the bill goes by, and the grounds that count for the tax."""
    how: dict[str, Any] = {
        "levy": levy,
        "window": bill.days,
        "view": view,
        "municipality": municipality,
    }
    found = exempted(subject=subject, **how)
    if found is None:
        return None
    certificate = found.exemption
    grounds = []
    for kind in ExemptionKind:
        supposed = replace(subject, exemptions=(replace(certificate, kind=kind),))
        counted = exempted(subject=supposed, **how)
        if counted is not None and counted.share:
            grounds.append(kind.value)
    first = exemption_day(bill.days, view) == bill.days.from_day
    until = certificate.days.until_day
    return {
        "certificate": certificate.certificate,
        "ground": certificate.kind.value,
        "share": number_text(certificate.share),
        "from": certificate.days.from_day.isoformat(),
        "to": None if until is None else until.isoformat(),
        "holds_on": "first_service_day" if first else "last_service_day",
        "grounds": grounds,
        "citations": [citation.text for citation in found.citations],
    }


def left_of(bill: Bill) -> dict[str, Any]:
    """What is left as it was billed, or is not charged: to which amount each sum is brought."""
    found = [_left(line) for line in bill.lines if line.unit == ADJUSTMENT]
    return {"adjustments": found} if found else {}


def _left(line: ChargeLine) -> dict[str, Any]:
    return {
        "code": line.code,
        "of": "tax" if line.group is ChargeGroup.TAX else "charges",
        "charged_usd": dict(line.inputs)["charged_usd"],
        "citations": [citation.text for citation in line.citations],
    }


def paperless_of(bill: Bill, recalled: Recalled, store: ReplayStore) -> dict[str, Any]:
    """The credit for paperless billing, since when, and for how many months it is given."""
    line = next((one for one in bill.lines if one.code == PAPERLESS and not one.price_usd), None)
    if line is None:
        return {}
    on: date = first_issued(recalled.stored, store)
    told = {
        "code": line.code,
        "credit_usd": usd_text(-line.cents),
        "since": dict(line.inputs)["since"],
        "billed_on": on.isoformat(),
        "months": Terms(recalled.view, on).whole(PAPERLESS_MONTHS).value,
        "citations": [citation.text for citation in line.citations],
    }
    return {"paperless": told}


def asked_of(bill: Bill, recalled: Recalled, store: ReplayStore) -> dict[str, Any]:
    """What a budget plan asks of the bill, and the bills before that made the difference."""
    if bill.asked is None:
        return {}
    account = bill.account_id
    options = options_of([account], recalled.known_at, store)[account]
    known = (one for one in options.budget_bills if one.learned_at <= recalled.known_at)
    before = [one for one in holding(known) if one.days.until_day <= bill.days.from_day]
    ensure(
        sum(one.deferred_cents for one in before) == bill.asked.difference_before_cents,
        "the running difference is that of the bills before",
    )
    told = bill.asked.as_json(lambda citation: citation.text)
    told["bills_before"] = [
        [one.bill_id, usd_text(one.charges_cents), usd_text(one.asked_cents)] for one in before
    ]
    return {"asked": told}

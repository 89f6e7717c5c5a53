"""What a proof file says of amounts beside the charges: taxes, what is left, credit, the plan.

Lives here      taxes with their exemptions, amounts that are not charged and the paperless credit
                as charges of the file; what a budget plan asks, as operations.
Lives elsewhere the schedule's charges (``proof_charges``), values (``proof_values``), the file
                (``prove_bill``), the rules themselves (``billing``).
Read first      docs/reference/proof_file.md.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from meterledger.billing import (
    ADJUSTMENT,
    TAX_CODE,
    Levy,
    budget_bills_before,
    exempted,
    exemption_day,
    sales_tax_terms,
    tax_subject_of,
    tax_terms,
)
from meterledger.facts.bills import Bill
from meterledger.facts.budget import AskedKind, BudgetBill
from meterledger.facts.charges import ChargeGroup, ChargeLine
from meterledger.facts.taxes import TaxSubject
from meterledger.kernel.ensure import ensure
from meterledger.kernel.money import usd_text
from meterledger.kernel.span import DaySpan
from meterledger.rulebook.forms import number_text
from meterledger.usecases.bill_options import options_of
from meterledger.usecases.proof_values import Operation, ProofValues, op
from meterledger.usecases.replay_bill import Recalled, ReplayStore, first_issued

PAPERLESS = "paperless_credit"
PAPERLESS_AMOUNT = "billing_paperless_credit_term_amount_usd"
PAPERLESS_MONTHS = "billing_paperless_credit_term_max_term_months"

Charge = dict[str, Any]


def taxes_of(bill: Bill, recalled: Recalled, values: ProofValues, codes: list[str]) -> list[Charge]:
    """The bill's taxes. ``codes`` are those of its charges: what a tax is on."""
    view, window = recalled.view, bill.days
    subject = tax_subject_of(recalled.due.service, window)
    terms = tax_terms(place=bill.tax_place, window=window, view=view, schedule=bill.schedule)
    found: list[Charge] = []
    if terms is not None:
        rate = values.on_last_day(dict(terms.inputs)["rate_series"])
        price = op("ratio", rate, op("less", "1", rate))  # the receipts taxed hold the tax itself
        exempt = _exempt(Levy.GROSS_RECEIPTS, bill, subject, values, bill.tax_place)
        found.append(_tax(TAX_CODE, codes, price, exempt))
    for each in sales_tax_terms(schedule=bill.schedule, subject=subject, window=window, view=view):
        on = [*codes, TAX_CODE] if each.on_gross_receipts_tax else codes
        rate = values.on_last_day(dict(each.inputs)["rate_series"])
        found.append(_tax(each.code, on, rate, _exempt(each.levy, bill, subject, values)))
    return found


def _tax(code: str, on: list[str], price: Operation, exempt: Operation | None) -> Charge:
    return {
        "code": code,
        "unit": "USD",
        "quantity": {"lines": on},
        "price": price,
        "times": [] if exempt is None else [op("less", "1", exempt)],
        "by": [],
        "stands": "amount" if exempt is None else "always",
    }


def _exempt(
    levy: Levy, bill: Bill, subject: TaxSubject, values: ProofValues, municipality: str = ""
) -> Operation | None:
    """The share that a certificate exempts, if its ground is one that counts for the tax."""
    how: dict[str, Any] = {
        "levy": levy,
        "window": bill.days,
        "view": values.view,
        "municipality": municipality,
    }
    found = exempted(subject=subject, **how)
    if found is None:
        return None
    certificate, day = found.exemption, exemption_day(bill.days, values.view)
    at = "first" if day == bill.days.from_day else "last"
    ensure(day in certificate.days, "a certificate holds on the day that counts")
    held = DaySpan(day, day + timedelta(days=1))
    source = f"certificate {certificate.certificate}, {certificate.days}"
    share = number_text(certificate.share)
    share_of = values.give(f"exempt_share_{levy.value}", share, source, held)
    counts = "1" if found.share else "0"
    ground = f"{levy.value}_exempts_{certificate.kind.value}"
    values.clause_on(ground, found.citations[0], counts, day)
    return op("product", {"value": f"{share_of}@{at}"}, {"value": f"{ground}@{at}"})


def left_of(bill: Bill, values: ProofValues, codes: list[str]) -> list[Charge]:
    """What is left as it was billed, or is not charged: to which amount each sum is brought."""
    left = [line for line in bill.lines if line.unit == ADJUSTMENT]
    return [_left(number, line, values, codes) for number, line in enumerate(left, 1)]


def _left(number: int, line: ChargeLine, values: ProofValues, codes: list[str]) -> Charge:
    source = "what the bill's clauses leave to be charged"
    charged = values.given(f"charged_{number}", dict(line.inputs)["charged_usd"], source)
    of = [line.code] if line.group is ChargeGroup.TAX else [*codes, line.code]
    cited = enumerate(line.citations, 1)
    return {
        "code": line.code,
        "unit": ADJUSTMENT,
        "quantity": "1",
        "times": [op("less", charged, {"lines": of})],
        "by": [values.clause(f"left_as_it_is_{number}_{n}", clause) for n, clause in cited],
        "stands": "amount",
    }


def paperless_of(
    bill: Bill, recalled: Recalled, store: ReplayStore, values: ProofValues
) -> list[Charge]:
    """The credit for paperless billing, since when, and for how many months it is given."""
    line = next((one for one in bill.lines if one.code == PAPERLESS and not one.price_usd), None)
    if line is None:
        return []
    on = first_issued(recalled.stored, store)
    billed_on = values.give("billed_on", on.isoformat(), "the first bill of these days")
    since = [[dict(line.inputs)["since"], "1"]]
    alive = {
        "of": values.give("paperless_since", since, "the account's first electronic delivery"),
        "months": {"value": f"{values.ask(PAPERLESS_MONTHS, [on])}@{billed_on}"},
        "on": billed_on,
    }
    amount = {"value": f"{values.ask(PAPERLESS_AMOUNT, [on])}@{billed_on}"}
    charge = {
        "code": line.code,
        "unit": "bill",
        "quantity": "1",
        "times": ["-1", amount, {"alive": alive}],
        "by": [],
        "stands": "amount",
    }
    return [charge]


def asked_of(
    bill: Bill, recalled: Recalled, store: ReplayStore, values: ProofValues
) -> tuple[dict[str, Any], dict[str, Operation]]:
    """What a budget plan asks of the bill, in its words; and how each amount follows."""
    if bill.asked is None:
        return {}, {}
    account, asked = bill.account_id, bill.asked
    options = options_of([account], recalled.known_at, store)[account]
    place, known_at = bill.service_point_id, recalled.known_at
    for every_place in (False, True):  # the other reading made bills of accounts with two places
        bills = budget_bills_before(options, place, bill.days, known_at, every_place=every_place)
        if sum(one.deferred_cents for one in bills) == asked.difference_before_cents:
            break
    ensure(
        sum(one.deferred_cents for one in bills) == asked.difference_before_cents,
        "the running difference is that of the bills before",
    )
    before = _before(bills, values)
    plan = f"budget plan {asked.plan_id}"
    amount = values.given("plan_amount", usd_text(asked.plan_amount_cents), plan)
    rolled = values.given("rolled_over_part", usd_text(asked.rolled_over_part_cents), plan)
    cost: Operation = {"lines": None}
    settled = values.given("settlement", usd_text(asked.settlement_cents), plan)
    after = op("less", op("sum", before, cost), amount, rolled, settled)
    told: dict[str, Operation] = {
        "plan_amount_usd": amount,
        "rolled_over_part_usd": rolled,
        "settlement_usd": settled,
        "charges_usd": cost,
        "asked_usd": op("sum", amount, rolled, settled),
        "difference_before_usd": before,
        "difference_after_usd": after,
    }
    if asked.kind is AskedKind.PLAN:
        told["rolled_over_usd"] = "0"
    elif asked.kind is AskedKind.ENDED:
        told["difference_after_usd"] = "0"
        told["settlement_usd"] = op("less", op("sum", before, cost), amount, rolled)
    elif bill.corrects is None:
        told["rolled_over_usd"] = after
    return {"asked": asked.as_json(lambda citation: citation.text)}, told


def _before(bills: list[BudgetBill], values: ProofValues) -> Operation:
    """Cost less what was asked, of the plan's bills before this one."""
    costs: list[Operation] = []
    asked: list[Operation] = []
    for number, one in enumerate(bills, 1):
        source = f"bill {one.bill_id}"
        costs.append(values.given(f"cost_before_{number}", usd_text(one.charges_cents), source))
        asked.append(values.given(f"asked_before_{number}", usd_text(one.asked_cents), source))
    return op("less", op("sum", *costs), *asked)

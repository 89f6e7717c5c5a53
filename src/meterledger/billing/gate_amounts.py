"""Checks of a bill's lines and amounts: missing lines, price over energy, amount, ceiling.

Lives here      one pure function for each; cents and watt-hours are compared whole.
Lives elsewhere thresholds (``gate_terms``), energy (``gate_use``).
"""

from __future__ import annotations

from meterledger.billing.gate_facts import BillFacts, finding
from meterledger.billing.gate_terms import GateTerms
from meterledger.facts.held import GateFinding
from meterledger.kernel.money import usd_display

LINES, PRICE, AMOUNT, CEILING = "gate.lines", "gate.price", "gate.amount", "gate.ceiling"


def check_lines(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """Every line that the schedule has on every bill, and one of energy where there is some.

    None of energy where a programme may have left nothing of it to bill.
    """
    present = facts.bill.line_codes
    missing = sorted(facts.expected - present)
    billed = facts.bill.energy_wh > 0 and not facts.bill.bills_other_energy
    if billed and facts.energy_codes.isdisjoint(present):
        missing += ["a charge for energy"] if facts.energy_codes else []
    if not missing:
        return None
    sentence = f"The bill has no line for {', '.join(missing)} of {facts.bill.schedule}"
    evidence = [("lines", ", ".join(sorted(present)))]
    return finding(LINES, sentence, terms["gate_price_floor_wh"], evidence)


def check_price(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """The total over the energy, where there is enough energy for it to say something.

    It says nothing where a programme bills other energy than was delivered.
    """
    energy = facts.bill.energy_wh
    if facts.bill.bills_other_energy or energy < terms["gate_price_floor_wh"].value:
        return None
    milli_cents = facts.bill.total_cents * 1000
    most = terms["gate_price_most_cents_per_kwh"]
    least = terms["gate_price_least_cents_per_kwh"]
    if least.value * energy <= milli_cents <= most.value * energy:
        return None
    limit = most if milli_cents > most.value * energy else least
    tenths = milli_cents * 10 // energy
    sign = "-" if tenths < 0 else ""
    sentence = (
        f"{usd_display(facts.bill.total_cents)} for {energy:,} Wh is "
        f"{sign}{abs(tenths) // 10}.{abs(tenths) % 10} cents a kWh, outside {least.value} to "
        f"{most.value}"
    )
    return finding(PRICE, sentence, limit)


def check_amount(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """A credit or an amount that is absurd for the class of service.

    :raises NoRuleInForce: if the book has no amounts for the class
    """
    most, _ = terms.amounts_of(facts.service_class)
    total = facts.bill.total_cents
    if terms.least_cents.value <= total <= most.value:
        return None
    limit = most if total > most.value else terms.least_cents
    side = "above" if total > most.value else "below"
    sentence = (
        f"{usd_display(total)} is {side} {usd_display(limit.value)}, unusual for "
        f"{facts.service_class.replace('_', ' ')} service"
    )
    return finding(AMOUNT, sentence, limit)


def check_ceiling(facts: BillFacts, terms: GateTerms) -> GateFinding | None:
    """Above the ceiling a bill leaves only with two people.

    :raises NoRuleInForce: if the book has no amounts for the class
    """
    _, ceiling = terms.amounts_of(facts.service_class)
    if facts.bill.total_cents <= ceiling.value:
        return None
    sentence = (
        f"{usd_display(facts.bill.total_cents)} is above the ceiling of "
        f"{usd_display(ceiling.value)}: one person releases it and another approves"
    )
    return finding(CEILING, sentence, ceiling)

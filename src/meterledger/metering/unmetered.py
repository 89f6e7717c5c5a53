"""Service without a meter: which constant loads may have it, and what a month of it is made of.

Lives here      the company's discretion, the listed devices, the limit at one point of delivery;
                from which schedules such a bill takes its parts.
Lives elsewhere prices of those schedules (``rating``; 2(M) and 6(M) are not held yet).
Read first      GRR IV.E of 2013; conflict C-IV-E-LETTER.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.metering.account_meters import CHAPTER, ROOM
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

ELIGIBILITY = "meters.unmetered.eligibility"
LOAD_LIMIT = "meters.unmetered.load_limit"
BILLING = "meters.unmetered.billing"
DISCRETION = "meters_unmetered_eligibility_discretion"
DEVICE_TYPES = "meters_unmetered_load_limit_device_types"
MOST_KVA = "meters_unmetered_load_limit_max_kva_per_delivery_point"
CUSTOMER_CHARGE_FROM = "meters_unmetered_billing_customer_charge_from"
ENERGY_FROM = "meters_unmetered_billing_energy_rate_from"


class LoadNotStated(Refusal):
    """A load below zero, or none, was given."""


class Device(Enum):
    """What takes the energy, in the words of the list."""

    LIGHTING = "lighting"
    WI_FI = "Wi-Fi"
    CATV_POWER_BOOSTER = "CATV power booster"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class UnmeteredFacts:
    """A load at one point of delivery for which service without a meter is asked."""

    device: Device = fact("What takes the energy.")
    kva: Fraction = fact("The load at this one point of delivery, in kVA.")
    constant: bool = fact("Whether it stays the same over its whole schedule of operation.")
    can_be_estimated: bool = fact("Whether its energy can be estimated reasonably.")
    company_agrees: bool = fact("Whether the company chooses to go without a meter.")


@dataclass(frozen=True, slots=True)
class Unmetered:
    """Whether the load may be served without a meter."""

    allowed: bool = fact("Whether service without a meter may be given.")


def decide_unmetered(facts: UnmeteredFacts, terms: Terms) -> Decision[Unmetered]:
    """Whether a load may be served without a meter (GRR IV.E of 2013).

    Each point of delivery is looked at alone. The text after 2017-03-31 is not held: it is carried
    forward, and the decision says so.

    :raises LoadNotStated: if the load is not above zero
    :raises ReviewNeeded: where the reading ``iv_e.letter`` leaves it to a person
    """
    if facts.kva <= 0:
        raise LoadNotStated(
            f"A load of {facts.kva} kVA is none",
            where="facts.kva",
            do="Give the load at the point of delivery, above zero",
        )
    types, most = terms.listing(DEVICE_TYPES), terms.number(MOST_KVA)
    clause, discretion = terms.clause(ELIGIBILITY), terms.text(DISCRETION)
    no: list[Reason] = []
    if not facts.constant:
        no.append(Reason("the load is not constant over its schedule", clause.citation))
    if not facts.can_be_estimated:
        no.append(Reason("its energy cannot be estimated reasonably", clause.citation))
    if facts.device.value not in types.value:
        found = f"'{facts.device.value}' is not among the listed devices: {', '.join(types.value)}"
        no.append(Reason(found, types.citation))
    if facts.kva > most.value:
        found = f"more than {most.value} kVA at one point of delivery"
        no.append(Reason(found, most.citation))
    if not facts.company_agrees:
        found = f"it is for the company to choose ({discretion.value}), and it does not"
        no.append(Reason(found, discretion.citation))
    if no:
        return Decision(Unmetered(False), tuple(no))
    reasons = (
        Reason("a constant load that can be estimated, and the company agrees", clause.citation),
        Reason(f"{facts.device.value} is a listed device", types.citation),
        Reason(f"not above {most.value} kVA at this point of delivery", most.citation),
    )
    return Decision(Unmetered(True), reasons)


@dataclass(frozen=True, slots=True)
class UnmeteredBillFacts:
    """A month of service without a meter."""

    units: int = fact("How many units the customer charge is counted for; one or more.")
    calculated_kwh: Fraction = fact("The energy calculated for the month, in kWh.")


@dataclass(frozen=True, slots=True)
class UnmeteredBill:
    """What the month's bill is made of."""

    customer_charge_schedule: str = fact("Whose customer charge is billed, once for each unit.")
    customer_charge_count: int = fact("How often.")
    energy_schedule: str = fact("Whose energy prices, seasons and riders apply.")
    billed_kwh: Fraction = fact("The energy billed, in kWh.")
    energy_schedule_customer_charge: bool = fact("Whether that schedule's own customer charge is.")


def decide_unmetered_bill(facts: UnmeteredBillFacts, terms: Terms) -> Decision[UnmeteredBill]:
    """From which schedules a month without a meter is priced (GRR IV.E of 2013).

    :raises LoadNotStated: if there is no unit, or the energy is below zero
    """
    if facts.units < 1 or facts.calculated_kwh < 0:
        raise LoadNotStated(
            f"{facts.units} units and {facts.calculated_kwh} kWh are no month of service",
            where="facts",
            do="Give one unit or more, and energy of zero or above",
        )
    charge, energy = terms.text(CUSTOMER_CHARGE_FROM), terms.text(ENERGY_FROM)
    reasons = (
        Reason(f"the customer charge of {charge.value}, for each unit", charge.citation),
        Reason(
            f"calculated energy at {energy.value}, all of it but its customer charge",
            energy.citation,
        ),
    )
    bill = UnmeteredBill(charge.value, facts.units, energy.value, facts.calculated_kwh, False)
    return Decision(bill, reasons)


UNMETERED = Rule(
    id="meters.unmetered",
    title="Service without a meter",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(ELIGIBILITY, LOAD_LIMIT),
    governing_day="the day of the request",
    facts=UnmeteredFacts,
    outcome=Unmetered,
    values=(DISCRETION, DEVICE_TYPES, MOST_KVA),
    decide=decide_unmetered,
)

UNMETERED_BILL = Rule(
    id="meters.unmetered_bill",
    title="What a month of service without a meter is made of",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(BILLING,),
    governing_day="the last day of the billing month",
    facts=UnmeteredBillFacts,
    outcome=UnmeteredBill,
    values=(CUSTOMER_CHARGE_FROM, ENERGY_FROM),
    decide=decide_unmetered_bill,
)

RULES = (UNMETERED, UNMETERED_BILL)

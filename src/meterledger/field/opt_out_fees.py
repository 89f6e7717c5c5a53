"""What a customer without a remotely read meter pays: once on asking, and every month.

Lives here      who is charged since the sheet charges, and the statute's limit over both charges.
Lives elsewhere who may opt out and which meter is fitted (to come in this room), posting (ledger).
Read first      GRR IV.E; RSMo 386.820.2(2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_iv_opt_out", "field"
FIRST_CHARGE = "opt_out.first_charge_date"
CAP_START = "opt_out.cap_start_date"
OTHER_METER, SUFFICES = "opt_out.legacy_meter_policy", "deactivated_meter_suffices"
SETUP, MONTHLY = "opt_out.tariff.setup_charge", "opt_out.tariff.monthly_charge"
SETUP_CAP, MONTHLY_CAP = "opt_out.statute.one_time_fee_cap", "opt_out.statute.monthly_fee_cap"
SETUP_USD = "opt_out_tariff_setup_charge_one_time_usd"
SETUP_CAP_USD = "opt_out_statute_one_time_fee_cap_usd"
ALL_INCLUSIVE = "opt_out_statute_one_time_fee_cap_all_inclusive"
MONTHLY_USD = "opt_out_tariff_monthly_charge_monthly_usd"
OTHER_METER_USD = "opt_out_tariff_monthly_charge_other_meter_usd"
MONTHLY_CAP_USD = "opt_out_statute_monthly_fee_cap_usd_per_month"


class RequestAhead(Refusal):
    """A charge is asked for before the customer asked to opt out."""


class MeterInPlace(Enum):
    """What is fitted at the service point."""

    TRADITIONAL = "traditional"
    """Cannot transmit at all and is read by a person, as the statute defines it."""
    NON_STANDARD = "non_standard"
    """Read by hand, but able to transmit: a remotely read meter switched off, for one."""
    REMOTELY_READ = "remotely_read"


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """A residential customer's request for a meter that is not read remotely."""

    already_billed: bool = fact("Whether this customer's set-up charge was billed before.")


@dataclass(frozen=True, slots=True)
class SetupCharge:
    """What the change of meter costs."""

    setup_charge_cents: Cents = fact("The one-time charge for this request.")
    all_inclusive: bool = fact(
        "Whether the charge covers removal, meter and installation, so that nothing is added to it."
    )


def decide_setup_charge(facts: SetupFacts, terms: Terms) -> Decision[SetupCharge]:
    """The one-time charge for a request on the day that counts (GRR IV.E, RSMo 386.820.2(2)).

    :raises NoRuleInForce: for a request of days before the sheet: its text is not held
    """
    charged, since = _charged_since(terms, SETUP)
    if not charged:
        return Decision(SetupCharge(Cents(0), False), (since,))
    if facts.already_billed:
        found = "the set-up charge is billed once, and was billed before"
        return Decision(
            SetupCharge(Cents(0), False), (since, Reason(found, terms.clause(SETUP).citation))
        )
    charge = terms.cents(SETUP_USD)
    reasons = (since, *_amount(charge, "once", SETUP_CAP_USD, terms))
    if not charge.limited_by:
        return Decision(SetupCharge(charge.value, False), reasons)
    inclusive = terms.flag(ALL_INCLUSIVE)
    found = (
        "it covers removal, meter and installation: nothing is added"
        if inclusive.value
        else "the statute lets work be charged beside it"
    )
    return Decision(
        SetupCharge(charge.value, inclusive.value), (*reasons, Reason(found, inclusive.citation))
    )


@dataclass(frozen=True, slots=True)
class MonthlyFacts:
    """A residential customer who asked to opt out, and the meter in place for the month billed."""

    requested: date = fact("The day of the request to opt out.")
    meter: MeterInPlace = fact("The meter in place.")


@dataclass(frozen=True, slots=True)
class MonthlyCharge:
    """What the meter costs on this bill."""

    monthly_charge_cents: Cents = fact("The charge for one month, never for part of one.")


def decide_monthly_charge(facts: MonthlyFacts, terms: Terms) -> Decision[MonthlyCharge]:
    """The monthly charge on a bill of the day that counts (GRR IV.E, RSMo 386.820.2(2)).

    The statute limits it by the day it is billed, for old and new requests alike, and only for a
    traditional meter. Whether a remotely read meter that is switched off is one is a reading.

    :raises RequestAhead: if the request lies after the bill
    :raises NoRuleInForce: for a request of days before the sheet: its text is not held
    """
    if facts.requested > terms.day:
        raise RequestAhead(
            f"The request was made on {facts.requested}, after the bill of {terms.day}",
            where="facts.requested",
            do="Correct the fact, or ask for a later bill",
        )
    if facts.meter is MeterInPlace.REMOTELY_READ:
        found = "a remotely read meter is in place: there is no non-standard meter to charge for"
        return Decision(MonthlyCharge(Cents(0)), (Reason(found, terms.clause(MONTHLY).citation),))
    charged, since = _charged_since(terms.on(facts.requested), MONTHLY)
    if not charged:
        return Decision(MonthlyCharge(Cents(0)), (since,))
    charge = terms.cents(MONTHLY_USD)
    if charge.limited_by and facts.meter is not MeterInPlace.TRADITIONAL:
        return _other_meter(charge, since, terms)
    return Decision(
        MonthlyCharge(charge.value), (since, *_amount(charge, "a month", MONTHLY_CAP_USD, terms))
    )


def _other_meter(charge: DatedValue[Cents], since: Reason, terms: Terms) -> Decision[MonthlyCharge]:
    """A meter read by hand that can transmit, on a day on which the statute limits the charge."""
    limit = charge.limited_by[-1]
    if terms.reading(OTHER_METER) == SUFFICES:
        found = "a meter that is switched off is taken for a traditional meter"
        amounts = _amount(charge, "a month", MONTHLY_CAP_USD, terms)
        return Decision(MonthlyCharge(charge.value), (since, Reason(found, limit), *amounts))
    unlimited = terms.cents(OTHER_METER_USD)
    found = (
        "the statute's limit is for a traditional meter, and this one can transmit: it is "
        "exchanged on request, without a second set-up charge"
    )
    by_sheet = f"{usd_text(unlimited.value)} a month by the sheet until then"
    return Decision(
        MonthlyCharge(unlimited.value),
        (since, Reason(found, limit), Reason(by_sheet, unlimited.citation)),
    )


def _charged_since(terms: Terms, provision: str) -> tuple[bool, Reason]:
    """Whether a request of the day is charged, and by which words.

    The sheet charges requests "after" a day, and its pages bear two effective days; only requests
    of the days between them depend on the reading.
    """
    name = provision.replace(".", "_")
    after, printed = (
        terms.day_of(f"{name}_request_after"),
        terms.day_of(f"{name}_printed_effective"),
    )
    charges = f"the sheet charges requests after {after.value}"
    if terms.day >= printed.value:
        return True, Reason(f"requested on {terms.day}: {charges}", after.citation)
    first = date.fromisoformat(terms.reading(FIRST_CHARGE))
    charged = terms.day >= first
    found = (
        f"requested on {terms.day}: {charges}, which is read as from {first} on; "
        f"{'charged' if charged else 'not charged'}"
    )
    return charged, Reason(found, after.citation)


def _amount(
    charge: DatedValue[Cents], how_often: str, cap: str, terms: Terms
) -> tuple[Reason, ...]:
    """The amount by the sheet and, from its first day on, by the limit over it: both cited."""
    if not charge.limited_by:
        found = f"{usd_text(charge.value)} {how_often} by the sheet"
        return (Reason(found, charge.citation),)
    limit = terms.cents(cap)
    at_most = Reason(f"the statute allows at most {usd_text(limit.value)}", limit.citation)
    if charge.value < limit.value:
        found = f"{usd_text(charge.value)} {how_often} by the sheet, within the statute's limit"
    else:
        found = f"{usd_text(charge.value)} {how_often}: the sheet's charge, limited by the statute"
    return Reason(found, charge.citation), at_most


SETUP_CHARGE = Rule(
    id="opt_out.setup_charge",
    title="One-time charge for a meter that is not read remotely",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(SETUP, SETUP_CAP),
    governing_day="the day of the request to opt out",
    facts=SetupFacts,
    outcome=SetupCharge,
    values=(
        SETUP_USD,
        SETUP_CAP_USD,
        ALL_INCLUSIVE,
        "opt_out_tariff_setup_charge_request_after",
        "opt_out_tariff_setup_charge_printed_effective",
    ),
    readings=(FIRST_CHARGE, CAP_START),
    decide=decide_setup_charge,
)

MONTHLY_CHARGE = Rule(
    id="opt_out.monthly_charge",
    title="Monthly charge for a meter that is not read remotely",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(MONTHLY, MONTHLY_CAP),
    governing_day="the bill on which the month is charged (bill date)",
    facts=MonthlyFacts,
    outcome=MonthlyCharge,
    values=(
        MONTHLY_USD,
        MONTHLY_CAP_USD,
        OTHER_METER_USD,
        "opt_out_tariff_monthly_charge_request_after",
        "opt_out_tariff_monthly_charge_printed_effective",
    ),
    readings=(FIRST_CHARGE, CAP_START, OTHER_METER),
    decide=decide_monthly_charge,
)

RULES = (SETUP_CHARGE, MONTHLY_CHARGE)

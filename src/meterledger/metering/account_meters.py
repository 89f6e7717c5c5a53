"""Several meters on one account: what is billed of them together, and a meter that counts nothing.

Lives here      adding the energy of the watthour meters and the peaks of the demand meters; when a
                month without usage draws the charge of GRR IV.B.
Lives elsewhere usage of each meter (``usage``), prices (``rating``).
Read first      GRR IV.C.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_iv_meters", "metering"
SUM_KWH = "meters.multiple.sum_kwh"
SUM_KW = "meters.multiple.sum_noncoincident_demand"
ZERO_USAGE = "meters.multiple.zero_usage_charge"
HOW_KWH = "meters_multiple_sum_kwh_aggregation_kwh"
HOW_KW = "meters_multiple_sum_noncoincident_demand_aggregation_kw"
TRIGGER_KWH = "meters_multiple_zero_usage_charge_trigger_kwh"
CHARGE_SOURCE = "meters_multiple_zero_usage_charge_source"


class MetersContradict(Refusal):
    """The facts given about the meters of an account cannot all be true."""


class MeterMeasures(Enum):
    """What a meter measures, as section IV.C tells meters apart."""

    AC_WATTHOURS = "alternating-current watthours"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class MeterMonth:
    """One meter of the account in the billing month."""

    meter: str = fact("The meter's number.")
    account: str = fact("The account on whose premises it measures.")
    kwh: Fraction | None = fact("Energy registered in the month, in kWh; null if not known yet.")
    peak_kw: Fraction | None = fact(
        "Its own highest demand of the month, in kW; null if it measures none.", default=None
    )


@dataclass(frozen=True, slots=True)
class AccountMetersFacts:
    """All meters of one account, whenever each of them peaked."""

    account: str = fact("The account that is billed.")
    meters: tuple[MeterMonth, ...] = fact("Every meter of the account; at least one.")


@dataclass(frozen=True, slots=True)
class AccountUsage:
    """What the account is billed on."""

    billing_kwh: Fraction = fact("The sum of what the meters registered, in kWh.")
    billing_kw: Fraction | None = fact("The sum of the meters' own peaks, in kW; null if none.")
    meters_counted: int = fact("How many meters stand in the sum, those with zero included.")


def decide_account_usage(facts: AccountMetersFacts, terms: Terms) -> Decision[AccountUsage]:
    """Add up the meters of one account (GRR IV.C).

    :raises MetersContradict: if a meter is another account's, stands twice, or is not known yet
    """
    _sound(facts)
    energy, demand = terms.text(HOW_KWH), terms.text(HOW_KW)
    kwh = sum((one.kwh or Fraction(0) for one in facts.meters), Fraction(0))
    peaks = [one.peak_kw for one in facts.meters if one.peak_kw is not None]
    count = len(facts.meters)
    reasons = [
        Reason(f"{count} meters of the account, energy by {energy.value}", energy.citation),
    ]
    if peaks:
        found = f"{len(peaks)} of them measure demand: {demand.value}, whenever each peaked"
        reasons.append(Reason(found, demand.citation))
    kw = sum(peaks, Fraction(0)) if peaks else None
    return Decision(AccountUsage(kwh, kw, count), tuple(reasons))


def _sound(facts: AccountMetersFacts) -> None:
    if not facts.meters:
        raise MetersContradict(
            "No meter is given", where="facts.meters", do="Give every meter of the account"
        )
    seen: set[str] = set()
    for number, one in enumerate(facts.meters):
        where = f"facts.meters[{number}]"
        if one.account != facts.account:
            raise MetersContradict(
                f"Meter {one.meter} is of account {one.account}, not of {facts.account}",
                where=where,
                why="Meters of two accounts are never added together, whatever premises they share",
                do="Leave it out",
            )
        if one.meter in seen:
            raise MetersContradict(
                f"Meter {one.meter} stands twice",
                where=where,
                why="Its energy would be counted twice",
                do="Give each meter once, with its whole month",
            )
        seen.add(one.meter)
        if one.kwh is None:
            raise MetersContradict(
                f"What meter {one.meter} registered is not known",
                where=where,
                why="A sum with a part missing is no sum",
                do="Estimate that meter first (GRR V.E), then add",
            )
        if one.kwh < 0 or (one.peak_kw is not None and one.peak_kw < 0):
            raise MetersContradict(
                f"Meter {one.meter} has registered less than nothing",
                where=where,
                do="Correct the reading, or bill the other direction by its own schedule",
            )


@dataclass(frozen=True, slots=True)
class ZeroUsageFacts:
    """One meter that may have stood still for a billing month."""

    measures: MeterMeasures = fact("What the meter measures.")
    meters_on_account: int = fact("How many meters the account has.")
    kwh: Fraction = fact("Energy of the month, in kWh.")
    estimated: bool = fact("Whether that figure is an estimate.")


@dataclass(frozen=True, slots=True)
class ZeroUsageCharge:
    """Whether the month draws the charge, and whether that can be said yet."""

    charged: bool = fact("Whether the monthly three-phase meter charge of GRR IV.B applies.")
    wait_for_actual_reading: bool = fact("Whether the month must be read first.")
    amount_from: str | None = fact("Where the amount stands; null if nothing is charged.")


def decide_zero_usage(facts: ZeroUsageFacts, terms: Terms) -> Decision[ZeroUsageCharge]:
    """Whether a meter without usage draws the charge of GRR IV.B for the month (GRR IV.C).

    The amount stands in GRR IV.B, which is not held: it is named and never guessed.

    :raises MetersContradict: if there is no meter, or it registered less than nothing
    """
    if facts.meters_on_account < 1 or facts.kwh < 0:
        raise MetersContradict(
            "An account has a meter or more, and a meter registers nothing or more",
            where="facts",
            do="Correct meters_on_account or kwh",
        )
    most = terms.number(TRIGGER_KWH)
    no = ZeroUsageCharge(False, False, None)
    if facts.meters_on_account == 1:
        found = "the account has one meter: the charge is for accounts with several"
        return Decision(no, (Reason(found, terms.clause(ZERO_USAGE).citation),))
    if facts.measures is not MeterMeasures.AC_WATTHOURS:
        found = "the charge is for meters of alternating-current watthours alone"
        return Decision(no, (Reason(found, terms.clause(ZERO_USAGE).citation),))
    if facts.kwh > most.value:
        found = f"the meter registered {facts.kwh} kWh, more than {most.value}"
        return Decision(no, (Reason(found, most.citation),))
    if facts.estimated:
        found = "no usage by an estimate: whether the meter stood still, an actual reading says"
        return Decision(ZeroUsageCharge(False, True, None), (Reason(found, most.citation),))
    source = terms.text(CHARGE_SOURCE)
    reasons = (
        Reason("the meter registered nothing in the month", most.citation),
        Reason(f"the amount stands elsewhere: {source.value}", source.citation),
    )
    return Decision(ZeroUsageCharge(True, False, source.value), reasons)


ACCOUNT_USAGE = Rule(
    id="meters.account_usage",
    title="Energy and demand of an account with several meters",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(SUM_KWH, SUM_KW),
    governing_day="the last day of the billing month",
    facts=AccountMetersFacts,
    outcome=AccountUsage,
    values=(HOW_KWH, HOW_KW),
    decide=decide_account_usage,
)

ZERO_USAGE_CHARGE = Rule(
    id="meters.zero_usage_charge",
    title="Charge for a meter without usage on an account with several",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(ZERO_USAGE,),
    governing_day="the last day of the billing month",
    facts=ZeroUsageFacts,
    outcome=ZeroUsageCharge,
    values=(TRIGGER_KWH, CHARGE_SOURCE),
    decide=decide_zero_usage,
)

RULES = (ACCOUNT_USAGE, ZERO_USAGE_CHARGE)

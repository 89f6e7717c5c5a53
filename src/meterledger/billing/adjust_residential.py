"""Correcting residential bills after an error: how far back, how much, and over how many months.

Lives here      sixty periods for an overcharge, twelve for an undercharge, none for a meter
                within its limits, the dollar floor, no interest, and the offer to repay slowly.
Lives elsewhere other customers (``adjust_bounds``), computing the right bill (``rating``), the
                documents that cancel and rebill (journeys).
Read first      GRR V.G.1; conflicts C-ONE-DOLLAR and C-UNDERCHARGE-REPAY-TRANSITION.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.written_counts import many
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import NoRuleInForce
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_adjustments", "billing"
HOW_LONG = "adjustments.residential.period_determination"
OVERCHARGE = "adjustments.residential.overcharge_60"
UNDERCHARGE = "adjustments.residential.undercharge_12"
REPAYMENT = "adjustments.residential.undercharge_repayment"
WITHIN_LIMITS = "adjustments.residential.test_within_limits"
OBSTRUCTION = "adjustments.residential.obstruction_misrepresentation"
FLOOR = "adjustments.residential.one_dollar_floor"
NO_INTEREST = "adjustments.residential.no_interest"
OVERCHARGE_PERIODS = "adjustments_residential_overcharge_60_max_billing_periods"
OVERCHARGE_ANCHOR = "adjustments_residential_overcharge_60_anchor"
UNDERCHARGE_PERIODS = "adjustments_residential_undercharge_12_max_billing_periods"
UNDERCHARGE_ANCHOR = "adjustments_residential_undercharge_12_anchor"
LIMITS_FROM = "adjustments_residential_test_within_limits_limit_source"
OBSTRUCTION_LIMIT = "adjustments_residential_obstruction_misrepresentation_period_limit"
FLOOR_USD = "adjustments_residential_one_dollar_floor_usd"
INTEREST = "adjustments_residential_no_interest_rate"
MULTIPLE = "adjustments_residential_undercharge_repayment_multiple"
MOST_MONTHS = "adjustments_residential_undercharge_repayment_max_repayment_months"
OFFER_BASIS = "adjustments.repayment_offer_date_basis"
DISCOVERY = "discovery_date"


class AdjustmentContradicts(Refusal):
    """The facts given about an error of billing cannot all be true."""


class Direction(Enum):
    """Who was wronged by the error."""

    OVERCHARGE = "overcharge"
    UNDERCHARGE = "undercharge"


@dataclass(frozen=True, slots=True)
class WrongPeriod:
    """One billing period that the error touched, as billed and as it should have been."""

    begins: date = fact("The first day of the period.")
    billed_cents: Cents = fact("What was billed.")
    correct_cents: Cents = fact("What should have been billed.")


@dataclass(frozen=True, slots=True)
class ResidentialErrorFacts:
    """An error in a residential customer's bills, as the evidence shows it."""

    direction: Direction = fact("Whether too much or too little was billed.")
    periods: tuple[WrongPeriod, ...] = fact(
        "The periods it probably lasted, oldest first, by all related and available information."
    )
    discovered: date = fact("The day on which the error was discovered.")
    inquired: date | None = fact(
        "The day the customer asked about it; null if never.", default=None
    )
    notified: date | None = fact(
        "The day the company was actually told; null if never.", default=None
    )
    meter_error_within_limits: bool = fact(
        "Whether a test found the meter's error inside the commission's limits.", default=False
    )
    obstruction_or_misrepresentation: bool = fact(
        "Whether there is proof that the customer obstructed the meter or misled the company.",
        default=False,
    )


@dataclass(frozen=True, slots=True)
class ResidentialAdjustment:
    """What is corrected."""

    adjusted: bool = fact("Whether the bills are adjusted.")
    periods_adjusted: int = fact("How many billing periods.")
    periods_too_old: int = fact("How many of the error's periods lie beyond the limit.")
    first_period: date | None = fact("The first day of the oldest one adjusted; null if none.")
    amount_cents: Cents = fact("What is credited for an overcharge, or billed for an undercharge.")
    interest_cents: Cents = fact("Interest on it.")
    by_limitation: bool = fact("Whether the statute of limitations sets the limit, not the sheet.")


def decide_residential_adjustment(
    facts: ResidentialErrorFacts, terms: Terms
) -> Decision[ResidentialAdjustment]:
    """What of an error is corrected (GRR V.G.1). The two directions are limited each by itself.

    Periods are counted back from the earliest of discovery, inquiry and notice: the newest one that
    had begun by then is the first. What was billed wrongly after that day is corrected as well, and
    not counted.

    :raises AdjustmentContradicts: if a period is wrong in the other direction, or out of order
    """
    _sound(facts, terms)
    how_long = Reason(
        f"the error probably lasted {len(facts.periods)} billing periods, by the evidence",
        terms.clause(HOW_LONG).citation,
    )
    if facts.meter_error_within_limits:
        limits = terms.text(LIMITS_FROM)
        found = f"the meter's error lies within the limits of: {limits.value}"
        return Decision(_nothing(), (how_long, Reason(found, limits.citation)))
    adjusted, too_old, reasons, by_limitation = _window(facts, terms)
    total = sum((_wrong_by(facts, one) for one in adjusted), start=0)
    floor = terms.cents(FLOOR_USD)
    if total < floor.value:
        found = (
            f"{usd_display(Cents(total))} over all periods is less than {usd_display(floor.value)}"
        )
        return Decision(_nothing(too_old), (how_long, *reasons, Reason(found, floor.citation)))
    interest = terms.number(INTEREST)
    outcome = ResidentialAdjustment(
        adjusted=True,
        periods_adjusted=len(adjusted),
        periods_too_old=too_old,
        first_period=adjusted[0].begins,
        amount_cents=Cents(total),
        interest_cents=Cents(int(interest.value * total / 100)),
        by_limitation=by_limitation,
    )
    free = Reason("no interest is paid or collected on it", interest.citation)
    return Decision(outcome, (how_long, *reasons, free))


def _window(
    facts: ResidentialErrorFacts, terms: Terms
) -> tuple[tuple[WrongPeriod, ...], int, tuple[Reason, ...], bool]:
    """The periods that are corrected, how many are too old, why, and whether counsel says so."""
    over = facts.direction is Direction.OVERCHARGE
    if facts.obstruction_or_misrepresentation and not over:
        limit = terms.text(OBSTRUCTION_LIMIT)
        found = f"proof of obstruction or misrepresentation: the limit is the {limit.value}"
        return facts.periods, 0, (Reason(found, limit.citation),), True
    most = terms.whole(OVERCHARGE_PERIODS if over else UNDERCHARGE_PERIODS)
    anchor = terms.text(OVERCHARGE_ANCHOR if over else UNDERCHARGE_ANCHOR)
    first = min(day for day in (facts.discovered, facts.inquired, facts.notified) if day)
    begun = [one for one in facts.periods if one.begins <= first]
    later = facts.periods[len(begun) :]
    counted = begun[-most.value :]
    too_old = len(begun) - len(counted)
    reasons = (
        Reason(f"counted back from {first}, the {anchor.value}", anchor.citation),
        Reason(
            f"an {facts.direction.value} is corrected for up to {most.value} billing periods"
            + (f"; {too_old} are older" if too_old else ""),
            most.citation,
        ),
    )
    return (*counted, *later), too_old, reasons, False


def _wrong_by(facts: ResidentialErrorFacts, one: WrongPeriod) -> int:
    difference = one.billed_cents - one.correct_cents
    return difference if facts.direction is Direction.OVERCHARGE else -difference


def _nothing(too_old: int = 0) -> ResidentialAdjustment:
    return ResidentialAdjustment(False, 0, too_old, None, Cents(0), Cents(0), False)


def _sound(facts: ResidentialErrorFacts, terms: Terms) -> None:
    if not facts.periods:
        raise AdjustmentContradicts(
            "No billing period is given",
            where="facts.periods",
            do="Give the periods that the error touched, oldest first",
        )
    for number, one in enumerate(facts.periods):
        where = f"facts.periods[{number}]"
        if number and one.begins <= facts.periods[number - 1].begins:
            raise AdjustmentContradicts(
                f"The period of {one.begins} does not follow the one before it",
                where=where,
                do="Give the periods oldest first, each once",
            )
        if _wrong_by(facts, one) < 0:
            raise AdjustmentContradicts(
                f"The period of {one.begins} was wrong in the other direction",
                where=where,
                why="Overcharges and undercharges are limited each by itself",
                do="Decide on the two directions apart",
            )
    for key in ("discovered", "inquired", "notified"):
        day = getattr(facts, key)
        if day is not None and day > terms.day:
            raise AdjustmentContradicts(
                f"{key} is {day}, after the day that counts, {terms.day}",
                where=f"facts.{key}",
                do="Correct the day, or decide on a later one",
            )


@dataclass(frozen=True, slots=True)
class RepaymentFacts:
    """An undercharge that a residential customer is to repay."""

    periods_adjusted: int = fact("How many billing periods were adjusted; one or more.")
    undercharge_cents: Cents = fact("What is billed for them.")
    discovered: date = fact("The day on which the error was discovered.")
    wished_months: int | None = fact(
        "Over how many months the customer would repay; null if not asked yet.", default=None
    )


@dataclass(frozen=True, slots=True)
class Repayment:
    """How it may be repaid."""

    months_offered: int = fact("Over how many months it may be repaid; 1 if there is no offer.")
    months: int = fact("Over how many it is, by the customer's wish within the offer.")
    instalment_cents: Cents = fact("Each instalment but the last.")
    last_instalment_cents: Cents = fact("The last one, so that all sum to the undercharge.")


def decide_repayment(facts: RepaymentFacts, terms: Terms) -> Decision[Repayment]:
    """Over how many months an undercharge may be repaid (GRR V.G.1.b, from 2014-07-27).

    :raises AdjustmentContradicts: if nothing was adjusted, or a wish of no months is given
    """
    if facts.periods_adjusted < 1 or facts.undercharge_cents < 1:
        raise AdjustmentContradicts(
            "Nothing was adjusted",
            where="facts",
            do="Give one period or more and the undercharge of them",
        )
    if facts.wished_months is not None and facts.wished_months < 1:
        raise AdjustmentContradicts(
            f"{facts.wished_months} months are no time to repay in",
            where="facts.wished_months",
            do="Give one month or more, or null",
        )
    offered, reasons = _offer(facts, terms)
    months = offered
    if facts.wished_months is not None and facts.wished_months != offered:
        months = min(offered, facts.wished_months)
        found = (
            f"the customer chose {many(months, 'month')}, fewer than offered"
            if months == facts.wished_months
            else f"{facts.wished_months} months are more than offered: there is no right to them"
        )
        reasons = (*reasons, Reason(found, reasons[-1].citation))
    each = facts.undercharge_cents // months
    last = facts.undercharge_cents - each * (months - 1)
    return Decision(Repayment(offered, months, Cents(each), Cents(last)), reasons)


def _offer(facts: RepaymentFacts, terms: Terms) -> tuple[int, tuple[Reason, ...]]:
    try:
        clause = terms.clause(REPAYMENT)
    except NoRuleInForce:
        found = f"the sheet of {terms.day} knows no offer to repay over a time"
        return 1, (Reason(found, terms.clause(UNDERCHARGE).citation),)
    since = clause.version.days.from_day
    if facts.discovered < since and terms.reading(OFFER_BASIS) == DISCOVERY:
        found = f"discovered on {facts.discovered}, before the offer of {since}"
        return 1, (Reason(found, clause.citation),)
    times, most = terms.whole(MULTIPLE), terms.whole(MOST_MONTHS)
    doubled = times.value * facts.periods_adjusted
    periods = many(facts.periods_adjusted, "period")
    found = f"{periods} adjusted: {times.value} times as many months"
    if doubled <= most.value:
        return doubled, (Reason(f"{found}, {doubled}", times.citation),)
    capped = Reason(f"{most.value} months are the most", most.citation)
    return most.value, (Reason(found, times.citation), capped)


ADJUSTMENT = Rule(
    id="adjustments.residential",
    title="Correcting a residential customer's bills after an error",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(
        HOW_LONG,
        OVERCHARGE,
        UNDERCHARGE,
        WITHIN_LIMITS,
        OBSTRUCTION,
        FLOOR,
        NO_INTEREST,
    ),
    governing_day="the day on which the adjusted bill is issued",
    facts=ResidentialErrorFacts,
    outcome=ResidentialAdjustment,
    values=(
        OVERCHARGE_PERIODS,
        OVERCHARGE_ANCHOR,
        UNDERCHARGE_PERIODS,
        UNDERCHARGE_ANCHOR,
        LIMITS_FROM,
        OBSTRUCTION_LIMIT,
        FLOOR_USD,
        INTEREST,
    ),
    decide=decide_residential_adjustment,
)

REPAYMENT_OFFER = Rule(
    id="adjustments.repayment",
    title="Repaying an undercharge over a time",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(REPAYMENT, UNDERCHARGE),
    governing_day="the day on which the adjusted bill is issued",
    facts=RepaymentFacts,
    outcome=Repayment,
    values=(MULTIPLE, MOST_MONTHS),
    readings=(OFFER_BASIS,),
    decide=decide_repayment,
)

RULES = (ADJUSTMENT, REPAYMENT_OFFER)

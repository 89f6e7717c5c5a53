"""Which season a billing period is priced in, and how many bills of a year are of each.

Lives here      seasons by the number of the period (to 2020) and by the day of service (from 2021),
                and by what a period with both is divided.
Lives elsewhere prices of a season, and dividing energy between them (``rating``).
Read first      GRR V.A; conflicts C-SEASON-2021 and C-SEASON-PRORATION.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import Enum

from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import DaySpan
from meterledger.kernel.written_days import MonthDay
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.series import DatedValue, NoRuleInForce
from meterledger.rulebook.terms import Terms

CHAPTER, ROOM = "grr_v_billing", "billing"
BY_NUMBER_WINTER = "billing.seasons.ordinal_winter"
BY_NUMBER_SUMMER = "billing.seasons.ordinal_summer"
BY_DAY = "billing.seasons.service_date_summer"
BOTH = "billing.seasons.straddle_proration"
OF_A_YEAR = "billing.seasons.eight_four_split"
TWELVE = "billing.periods.twelve_per_year"
WINTER_NUMBERS = "billing_seasons_ordinal_winter_period_numbers"
SUMMER_NUMBERS = "billing_seasons_ordinal_summer_period_numbers"
SUMMER_FROM = "billing_seasons_service_date_summer_start"
SUMMER_TO = "billing_seasons_service_date_summer_end"
FIRST_YEAR = "billing_seasons_service_date_summer_first_calendar_year"
HOW_DIVIDED = "billing_seasons_straddle_proration_method"
DIVIDED_BY = "season_proration_basis"
BASIS = "billing_seasons_straddle_proration_recommended_basis"
DIVIDED_BY_READING = "billing.season_proration_basis"
DAYS_FOR_ALL = "days for everybody"
WINTER_BILLS = "billing_seasons_eight_four_split_winter_bills"
SUMMER_BILLS = "billing_seasons_eight_four_split_summer_bills"
BILLS = "billing_periods_twelve_per_year_periods_per_calendar_year"
DAYS_ABOUT = "billing_periods_twelve_per_year_days_per_period_approx"
LAST_WINTER_YEAR = "billing_seasons_ordinal_winter_last_calendar_year"
LAST_SUMMER_YEAR = "billing_seasons_ordinal_summer_last_calendar_year"


class PeriodContradicts(Refusal):
    """The facts given about a billing period cannot all be true."""


class Season(Enum):
    """Whose prices hold."""

    WINTER = "winter"
    SUMMER = "summer"
    BOTH = "both"


class DividedBy(Enum):
    """What divides a period with days of both seasons."""

    INTERVALS = "energy of each day"
    DAYS = "days"


@dataclass(frozen=True, slots=True)
class SeasonFacts:
    """A billing period. The day that counts is its last day."""

    begins: date = fact("Its first day.")
    period_number: int = fact("Its number in its calendar year's cycle, 1 to 12.")
    calendar_year: int = fact("The calendar year whose cycle it belongs to.")
    usage_from_intervals: bool = fact("Whether the usage of each day is known.")


@dataclass(frozen=True, slots=True)
class PeriodSeason:
    """The seasons of the period."""

    season: Season = fact("Whose prices hold.")
    summer_days: int = fact("How many of its days are priced as summer.")
    winter_days: int = fact("How many as winter.")
    divided_by: DividedBy | None = fact("What divides it; null if it lies in one season.")


def decide_season(facts: SeasonFacts, terms: Terms) -> Decision[PeriodSeason]:
    """The season of a billing period (GRR V.A).

    Through the cycles of 2020 a period is of one season, by its number, whatever its days. From
    2021 on each day of service is of the season it lies in.

    :raises PeriodContradicts: if it ends before it begins, or there is no such number
    """
    if facts.begins > terms.day or not 1 <= facts.period_number <= 12:
        raise PeriodContradicts(
            f"Period {facts.period_number} from {facts.begins} to {terms.day} cannot be",
            where="facts",
            do="Give a first day that is not after the last, and a number from 1 to 12",
        )
    if not facts.begins.year <= facts.calendar_year <= terms.day.year:
        raise PeriodContradicts(
            f"A period from {facts.begins} to {terms.day} is not of the year {facts.calendar_year}",
            where="facts.calendar_year",
            do="Give the calendar year in which it begins or ends",
        )
    if terms.ended(BY_NUMBER_WINTER) is None:
        return _by_number(facts, terms, terms.day)
    if facts.calendar_year < terms.whole(FIRST_YEAR).value:
        return _by_number(facts, terms.on(facts.begins), terms.day)
    return _by_day(facts, terms)


def _by_number(facts: SeasonFacts, terms: Terms, last: date) -> Decision[PeriodSeason]:
    winter, summer = terms.counts(WINTER_NUMBERS), terms.counts(SUMMER_NUMBERS)
    is_summer = facts.period_number in summer.value
    numbers = summer if is_summer else winter
    days = (last - facts.begins).days + 1
    season = Season.SUMMER if is_summer else Season.WINTER
    found = (
        f"period {facts.period_number} is one of {', '.join(map(str, numbers.value))}: "
        f"{season.value}, whole"
    )
    reasons = [Reason(found, numbers.citation)]
    through = _last_year(terms, LAST_SUMMER_YEAR if is_summer else LAST_WINTER_YEAR)
    if through is not None:
        reasons.append(Reason(f"by its number through {through.value}", through.citation))
    outcome = PeriodSeason(season, days if is_summer else 0, 0 if is_summer else days, None)
    return Decision(outcome, tuple(reasons))


def _last_year(terms: Terms, name: str) -> DatedValue[int] | None:
    """The last year of seasons by number, where the text names one."""
    try:
        return terms.whole(name)
    except NoRuleInForce:
        return None


def _by_day(facts: SeasonFacts, terms: Terms) -> Decision[PeriodSeason]:
    since, first, last = (
        terms.whole(FIRST_YEAR),
        terms.month_day(SUMMER_FROM),
        terms.month_day(SUMMER_TO),
    )
    days = DaySpan(facts.begins, terms.day + timedelta(days=1))
    summer = sum(_is_summer(day, first.value, last.value) for day in days.days())
    winter = days.day_count - summer
    reasons = [
        Reason(
            f"from {since.value} on service from {first.value} to {last.value} is summer: "
            f"{summer} days of {days.day_count}",
            first.citation,
        )
    ]
    if not summer or not winter:
        season = Season.SUMMER if summer else Season.WINTER
        return Decision(PeriodSeason(season, summer, winter, None), tuple(reasons))
    how = terms.text(HOW_DIVIDED)
    reasons.append(Reason(f"days of both seasons: {how.value}", how.citation))
    by = DividedBy.DAYS
    if facts.usage_from_intervals and terms.text(DIVIDED_BY).value != DAYS_FOR_ALL:
        by = DividedBy.INTERVALS
        basis = terms.text(BASIS)
        reasons.append(Reason(f"read as: {basis.value}", basis.citation))
    reasons.append(Reason(f"divided by {by.value}", terms.clause(BOTH).citation))
    return Decision(PeriodSeason(Season.BOTH, summer, winter, by), tuple(reasons))


def _is_summer(day: date, first: MonthDay, last: MonthDay) -> bool:
    return first <= MonthDay(day.month, day.day) <= last


@dataclass(frozen=True, slots=True)
class YearFacts:
    """A customer of a calendar year. The day that counts is the last of that year."""

    whole_year: bool = fact("Whether the customer is billed for the whole of it.")


@dataclass(frozen=True, slots=True)
class BillsOfAYear:
    """The bills of that year."""

    bills: int | None = fact("How many; null for part of a year.")
    days_about: int = fact("About how many days each covers.")
    winter_bills: int | None = fact("How many on winter prices; null where days say it.")
    summer_bills: int | None = fact("How many on summer prices; null where days say it.")


def decide_bills_of_year(facts: YearFacts, terms: Terms) -> Decision[BillsOfAYear]:
    """How many bills a calendar year has, and how many of each season (GRR V.A)."""
    bills, about = terms.whole(BILLS), terms.whole(DAYS_ABOUT)
    length = Reason(f"each for about {about.value} days", about.citation)
    if not facts.whole_year:
        found = f"part of a year: fewer than {bills.value} bills"
        outcome = BillsOfAYear(None, about.value, None, None)
        return Decision(outcome, (Reason(found, bills.citation), length))
    twelve = Reason(f"a whole calendar year has {bills.value} bills", bills.citation)
    if terms.ended(OF_A_YEAR) is not None:
        outcome = BillsOfAYear(bills.value, about.value, None, None)
        return Decision(outcome, (twelve, length))
    winter, summer = terms.whole(WINTER_BILLS), terms.whole(SUMMER_BILLS)
    found = f"{winter.value} of them on winter prices and {summer.value} on summer prices"
    outcome = BillsOfAYear(bills.value, about.value, winter.value, summer.value)
    return Decision(outcome, (twelve, length, Reason(found, winter.citation)))


RULES = (
    Rule(
        id="billing.season",
        title="The season of a billing period",
        room=ROOM,
        kind="calculation",
        chapter=CHAPTER,
        provisions=(BY_NUMBER_WINTER, BY_NUMBER_SUMMER, BY_DAY, BOTH),
        governing_day="the last day of the billing period",
        facts=SeasonFacts,
        outcome=PeriodSeason,
        values=(
            WINTER_NUMBERS,
            SUMMER_NUMBERS,
            LAST_WINTER_YEAR,
            LAST_SUMMER_YEAR,
            SUMMER_FROM,
            SUMMER_TO,
            FIRST_YEAR,
            HOW_DIVIDED,
            DIVIDED_BY,
            BASIS,
        ),
        readings=(DIVIDED_BY_READING,),
        decide=decide_season,
    ),
    Rule(
        id="billing.bills_of_a_year",
        title="The bills of a calendar year",
        room=ROOM,
        kind="calculation",
        chapter=CHAPTER,
        provisions=(TWELVE, OF_A_YEAR),
        governing_day="the last day of the calendar year, or of service in it",
        facts=YearFacts,
        outcome=BillsOfAYear,
        values=(BILLS, DAYS_ABOUT, WINTER_BILLS, SUMMER_BILLS),
        decide=decide_bills_of_year,
    ),
)

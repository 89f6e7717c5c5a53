"""One step of the ladder of AMI registers: whose use, on what basis, of which period or day.

Lives here      the words of a step's values, and what each of them finds in the histories.
Lives elsewhere the order of the steps and what becomes of a result (``estimation_register``).
Read first      GRR V.E.3.c.1 to V.E.3.c.15; readings/c_est_day_definitions.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from meterledger.facts.estimates import Method
from meterledger.rulebook.business_days import on_a_weekend
from meterledger.rulebook.errors import TariffFileBroken
from meterledger.rulebook.forms import fact, number_text
from meterledger.rulebook.series import DatedValue
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    BillingPeriod,
    DailyUse,
    Occupant,
    PastPeriod,
    daily_use,
    matching,
    month_before,
    preceding,
)
from meterledger.usage.estimation_similar import CRITERIA, SimilarSearch, similar_customers

STEPS = tuple(f"estimation.ami_register.step{number:02d}" for number in range(1, 16))
"""The steps of the sheet, by their provisions; each one's number is a value of the book."""
ONE_YEAR_IS_ENOUGH = "estimation_ami_register_two_years_least"

SAME_CUSTOMER = "same customer and location"
SAME_LOCATION = "same location"
SIMILAR = "similar customer"
AVERAGE = "average daily usage"
SAME_DAY_TYPE = "last good read, same day type"
PRIOR_YEAR = "same period of the prior year"
PRIOR_MONTH = "prior month's billing period"
CURRENT = "current billing period"
TWO_YEARS = "billing-month periods of the last two years"
WEEKDAY, WEEKEND = "weekday", "weekend"


@dataclass(frozen=True, slots=True)
class ElapsedPart:
    """A stretch of the current billing period whose energy was measured."""

    from_day: date = fact("Its first day.")
    until_day: date = fact("The first day after it.")
    energy_wh: int = fact("Watt-hours measured.")
    occupant: Occupant = fact("Whose use it was.", default=Occupant.SAME)


@dataclass(frozen=True, slots=True)
class GoodDay:
    """A day of the location whose energy was measured."""

    day: date = fact("The day.")
    energy_wh: int = fact("Watt-hours measured.")
    occupant: Occupant = fact("Whose use it was.", default=Occupant.SAME)


@dataclass(frozen=True, slots=True)
class RungInputs:
    """What a step may look at."""

    period: BillingPeriod
    estimate_from: date
    history: tuple[PastPeriod, ...]
    elapsed: tuple[ElapsedPart, ...]
    good_days: tuple[GoodDay, ...]
    similar: SimilarSearch | None

    @property
    def days(self) -> int:
        """Days to estimate."""
        return (self.period.until_day - self.estimate_from).days


@dataclass(frozen=True, slots=True)
class Step:
    """A step as the book describes it."""

    provision: str
    number: DatedValue[int]
    subject: DatedValue[str]
    basis: DatedValue[str]

    @property
    def stem(self) -> str:
        """How the names of its values begin."""
        return self.provision.replace(".", "_")

    @property
    def method(self) -> Method:
        """The lake's code of the step."""
        return Method[f"AMI_REGISTER_{self.number.value:02d}"]


@dataclass(frozen=True, slots=True)
class RungResult:
    """What a step found: the exact watt-hours, or None and why there are none."""

    exact: Fraction | None
    says: str
    """Without figures where they are another customer's."""
    inputs: tuple[str, ...] = ()
    former: bool = False
    similar: bool = False
    chained: bool = False
    shown_as: str = ""


def read_step(provision: str, terms: Terms) -> Step:
    """A step's number, subject and basis."""
    stem = provision.replace(".", "_")
    return Step(
        provision,
        terms.whole(f"{stem}_step"),
        terms.text(f"{stem}_subject"),
        terms.text(f"{stem}_basis"),
    )


def rung_values() -> tuple[str, ...]:
    """The names of all values that the steps may ask for."""
    names = []
    for number, provision in enumerate(STEPS, start=1):
        stem = provision.replace(".", "_")
        by_day = 5 <= number <= 9
        parts = ("age_days", "day_types") if by_day else ("period",)
        names += [f"{stem}_{part}" for part in ("step", "subject", "basis", *parts)]
    return (*names, ONE_YEAR_IS_ENOUGH, CRITERIA)


def try_step(step: Step, inputs: RungInputs, terms: Terms) -> RungResult:
    """What one step gives for the days to estimate."""
    if step.basis.value == SAME_DAY_TYPE:
        return _by_good_days(step, inputs, terms)
    _known(step.basis.value, (AVERAGE,), step)
    period = terms.text(f"{step.stem}_period").value
    if step.subject.value == SIMILAR:
        return _by_similar(step, period, inputs, terms)
    _known(step.subject.value, (SAME_CUSTOMER, SAME_LOCATION), step)
    counts = _counts(step.subject.value)
    if period == CURRENT:
        parts = [
            PastPeriod(0, 0, one.from_day, one.until_day, one.energy_wh, one.occupant)
            for one in inputs.elapsed
            if counts(one.occupant)
        ]
    else:
        history = tuple(one for one in inputs.history if counts(one.occupant))
        parts = list(_periods(period, history, inputs.period, step, terms))
    use = daily_use(parts)
    whose = "the customer" if step.subject.value == SAME_CUSTOMER else "the location"
    if use is None:
        return RungResult(None, f"no use of {whose} is known of the {period}")
    return _average(use, period, whose, inputs.days)


def _known(word: str, words: tuple[str, ...], step: Step) -> None:
    if word not in words:
        raise TariffFileBroken(
            f"'{word}' is nothing that a step of the ladder can be",
            where=step.provision,
            do=f"Use one of {', '.join(words)}, or teach the ladder the new word",
        )


def _counts(subject: str) -> Callable[[Occupant], bool]:
    if subject == SAME_CUSTOMER:
        return lambda occupant: occupant is Occupant.SAME
    return lambda occupant: occupant is not Occupant.VACANT


def _periods(
    period: str,
    history: tuple[PastPeriod, ...],
    estimated: BillingPeriod,
    step: Step,
    terms: Terms,
) -> Iterable[PastPeriod]:
    if period == PRIOR_YEAR:
        return matching(history, estimated.year - 1, estimated.number)
    if period == PRIOR_MONTH:
        return preceding(history, estimated)
    _known(period, (TWO_YEARS,), step)
    last = matching(history, estimated.year - 1, estimated.number)
    before = matching(history, estimated.year - 2, estimated.number)
    if bool(last) != bool(before) and terms.whole(ONE_YEAR_IS_ENOUGH).value > 1:
        return ()
    return (*last, *before)


def _average(use: DailyUse, period: str, whose: str, days: int) -> RungResult:
    exact = use.exact * days
    daily = f"{number_text(use.exact)} Wh a day, {use.energy_wh} Wh over {use.days} days"
    shown_as = f"average daily use of {whose} in the {period}"
    if use.former:
        shown_as = "location history"
    return RungResult(
        exact=exact,
        says=f"average daily use of {whose} in the {period}, times {days} days"
        + ("" if use.former else f": {daily}"),
        inputs=(f"{period}: {daily}", f"days estimated: {days}"),
        former=use.former,
        chained=use.estimated,
        shown_as=shown_as,
    )


def day_type(day: date) -> str:
    """Weekday or weekend, by the calendar: the sheet names no holidays for these steps."""
    return WEEKEND if on_a_weekend(day) else WEEKDAY


def _by_good_days(step: Step, inputs: RungInputs, terms: Terms) -> RungResult:
    """Each day to estimate takes the use of the day so many days before, if that is its like."""
    age = terms.whole(f"{step.stem}_age_days")
    types = terms.listing(f"{step.stem}_day_types")
    good = {one.day: one.energy_wh for one in inputs.good_days if one.occupant is Occupant.SAME}
    total = 0
    used = []
    for number in range(inputs.days):
        day = inputs.estimate_from + timedelta(days=number)
        source = day - timedelta(days=age.value)
        if source not in good or source >= inputs.estimate_from:
            return RungResult(
                None, f"no good read of {source}, {age.value} days before {day}, is known"
            )
        if day_type(source) != day_type(day):
            return RungResult(
                None,
                f"{source}, {age.value} days before {day}, is a {day_type(source)}, and not a "
                f"{day_type(day)} ({' or '.join(types.value)})",
            )
        total += good[source]
        used.append(f"{day} as {source}: {good[source]} Wh")
    return RungResult(
        exact=Fraction(total),
        says=f"the good reads {age.value} days before, of the same day types: {total} Wh",
        inputs=tuple(used),
        shown_as=f"the customer's use {age.value} days before, on days of the same type",
    )


def _by_similar(step: Step, period: str, inputs: RungInputs, terms: Terms) -> RungResult:
    criteria = terms.listing(CRITERIA)
    _known(period, (PRIOR_YEAR, PRIOR_MONTH), step)
    for one in similar_customers(inputs.similar):
        year, number = inputs.period.year - 1, inputs.period.number
        if period == PRIOR_MONTH:
            year, number = month_before(inputs.period)
        use = daily_use(matching(one.history, year, number))
        if use is not None:
            return RungResult(
                exact=use.exact * inputs.days,
                says=f"a similar customer ({', '.join(criteria.value)}): its average daily use in "
                f"the {period}, times {inputs.days} days",
                inputs=(
                    f"similar customer {one.key}, {period}: {number_text(use.exact)} Wh a day",
                    f"days estimated: {inputs.days}",
                ),
                similar=True,
                chained=use.estimated,
                shown_as="the use of similar customers",
            )
    return RungResult(None, f"no similar customer's use is known of the {period}")

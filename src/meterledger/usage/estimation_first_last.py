"""First and last readings: late notice, a read within three days, an attempt within two workdays.

Lives here      whether a reading for the day service begins or ends may be estimated, whether and
                by when a read is attempted, moving a read to that day.
Lives elsewhere every other estimate (``estimation_allowed`` and the ladders), workdays
                (``rulebook.business_days``).
Read first      GRR V.E.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum
from fractions import Fraction

from meterledger.kernel.decision import Decision
from meterledger.kernel.rounding import to_whole_half_up
from meterledger.rulebook.business_days import (
    HOLIDAYS,
    business_day_after,
    business_days_between,
)
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms
from meterledger.usage.estimation_facts import (
    CHAPTER,
    ROOM,
    EstimationFactsContradict,
    Findings,
)

LATE = "estimation.initial_final.late_notification"
NEAR_READ = "estimation.initial_final.three_day_read"
ATTEMPT = "estimation.initial_final.two_workday_attempt"
ADJUST = "estimation.initial_final.adjust_to_responsible_date"


class FirstLastRoute(Enum):
    """How the reading for the responsible date comes about."""

    READ_ON_THE_DAY = "read_on_the_day"
    READ_NEAR_THE_DAY = "read_near_the_day"
    """A read that was obtained on another day, moved to the responsible date."""
    READ_IS_DUE = "read_is_due"
    """Notice came in time: the meter is read, and GRR V.E.1 governs if that fails."""
    ATTEMPT_A_READ = "attempt_a_read"
    ESTIMATE = "estimate"


@dataclass(frozen=True, slots=True)
class FirstLastFacts:
    """A customer's notice that service is to begin or end, and what was read since."""

    responsible_date: date = fact("The day on which the customer wants service to begin or end.")
    notified_on: date = fact("The day on which the notice came.")
    readable_on_the_day: bool = fact(
        "Whether the notice came early enough to read the meter on the responsible date; a read "
        "on demand counts."
    )
    read_on: date | None = fact("The day of an actual read; null if there is none.", default=None)
    attempt_failed: bool = fact("Whether an attempt at a read was made and failed.", default=False)


@dataclass(frozen=True, slots=True)
class FirstLastReading:
    """What happens about the reading for the responsible date."""

    route: FirstLastRoute = fact("How the reading comes about.")
    estimate_allowed: bool = fact("Whether it may be estimated under GRR V.E.2.")
    attempt_by: date | None = fact("The last day of the attempt; null if none is owed.")
    adjust: bool = fact("Whether the read is to be moved to the responsible date.")


def decide_first_last(facts: FirstLastFacts, terms: Terms) -> Decision[FirstLastReading]:
    """How the reading for the day service begins or ends comes about: GRR V.E.2.

    :raises NoRuleInForce: before the first text, or where the holidays of a year are not known
    """
    findings = Findings()
    if facts.read_on is not None:
        accepted = _accepts(facts, facts.read_on, terms, findings)
        if accepted is not None:
            return Decision(accepted, findings.all())
    defined = terms.text("estimation_initial_final_late_notification_responsible_date")
    if facts.readable_on_the_day:
        findings.add(
            f"notice came in time to read the meter on {facts.responsible_date}, the "
            f"{defined.value}: a failed read is a case of GRR V.E.1",
            defined,
        )
        due = FirstLastReading(FirstLastRoute.READ_IS_DUE, False, None, False)
        return Decision(due, findings.all())
    findings.add(
        f"notice of {facts.notified_on} came too late to read the meter on "
        f"{facts.responsible_date}, the {defined.value}",
        defined,
    )
    attempt_by = _attempt_by(facts, terms, findings)
    if attempt_by is not None and not facts.attempt_failed and facts.read_on is None:
        owed = FirstLastReading(FirstLastRoute.ATTEMPT_A_READ, False, attempt_by, False)
        return Decision(owed, findings.all())
    if attempt_by is not None and facts.attempt_failed:
        findings.add("an attempt at a read was made and failed: estimated", terms.clause(ATTEMPT))
    estimated = FirstLastReading(FirstLastRoute.ESTIMATE, True, None, False)
    return Decision(estimated, findings.all())


def _accepts(
    facts: FirstLastFacts, read_on: date, terms: Terms, findings: Findings
) -> FirstLastReading | None:
    """The read as the one for the responsible date, by either route; None if it is too far off."""
    apart = abs((read_on - facts.responsible_date).days)
    if apart == 0:
        findings.add(f"read on {read_on}, the responsible date", terms.clause(NEAR_READ))
        return FirstLastReading(FirstLastRoute.READ_ON_THE_DAY, False, None, False)
    window = terms.whole("estimation_initial_final_three_day_read_window_days")
    kind = terms.text("estimation_initial_final_three_day_read_day_type")
    moved = FirstLastReading(FirstLastRoute.READ_NEAR_THE_DAY, False, None, True)
    if apart <= window.value:
        findings.add(
            f"read on {read_on}, {apart} of {window.value} days ({kind.value}) from the "
            "responsible date: no other read is needed",
            window,
        )
        findings.add("it is adjusted to the responsible date", terms.clause(ADJUST))
        return moved
    findings.add(
        f"read on {read_on}, {apart} days from the responsible date, and within {window.value} "
        "would do",
        window,
    )
    attempt_by = None if facts.readable_on_the_day else _attempt_by(facts, terms, findings)
    if attempt_by is not None and facts.notified_on <= read_on <= attempt_by:
        findings.add("it was obtained by the attempt, and is adjusted", terms.clause(ADJUST))
        return moved
    return None


def _attempt_by(facts: FirstLastFacts, terms: Terms, findings: Findings) -> date | None:
    """The last day on which the attempt is owed; None where the notice came too late for one."""
    latest = terms.whole("estimation_initial_final_two_workday_attempt_late_notice_max_workdays")
    within = terms.whole("estimation_initial_final_two_workday_attempt_within_workdays")
    late_by = business_days_between(facts.responsible_date, facts.notified_on, terms)
    if late_by > latest.value:
        findings.add(
            f"notice came {late_by} workdays after the responsible date, and up to {latest.value} "
            "an attempt is made: none is owed",
            latest,
        )
        return None
    ends = business_day_after(facts.notified_on, within.value, terms)
    findings.add(
        f"notice came {late_by} workdays after the responsible date, up to {latest.value} an "
        f"attempt is made within the next {within.value}: by {ends.day}",
        within,
    )
    return ends.day


@dataclass(frozen=True, slots=True)
class AdjustFacts:
    """A read that was obtained near the responsible date, and the customer's daily use."""

    register_wh: int = fact("The register as it was read, in watt-hours.")
    read_on: date = fact("The day on which it was read.")
    responsible_date: date = fact("The day that it is to represent.")
    average_daily_wh: Fraction = fact("The average daily use, in watt-hours.")


@dataclass(frozen=True, slots=True)
class AdjustedRead:
    """The read as of the responsible date."""

    register_wh: int = fact("The register as of the responsible date, in watt-hours.")
    moved_wh: int = fact("What was added (or, below zero, taken off).")
    estimated_days: int = fact("Days between, whose use was estimated.")


def decide_adjustment(facts: AdjustFacts, terms: Terms) -> Decision[AdjustedRead]:
    """Move a read to the responsible date by the use of the days between: GRR V.E.2.

    :raises EstimationFactsContradict: if the use is below zero, or more than the register holds
    """
    if facts.average_daily_wh < 0:
        raise EstimationFactsContradict(
            "The average daily use is below zero", do="Give watt-hours a day of actual use"
        )
    findings = Findings()
    days = (facts.responsible_date - facts.read_on).days
    moved = to_whole_half_up(facts.average_daily_wh * days)
    register = facts.register_wh + moved
    if register < 0:
        raise EstimationFactsContradict(
            f"{-moved} Wh of {abs(days)} days are more than the register's {facts.register_wh} Wh",
            do="Estimate the reading by hand",
        )
    how = "taken off a later read" if days < 0 else "added to an earlier read"
    findings.add(
        f"{abs(days)} days between {facts.read_on} and {facts.responsible_date}: "
        f"{abs(moved)} Wh {how}, rounded once, half up"
        if days
        else f"read on {facts.read_on}, the responsible date: nothing to adjust",
        terms.clause(ADJUST),
    )
    return Decision(AdjustedRead(register, moved, abs(days)), findings.all())


FIRST_LAST = Rule(
    id="estimation.first_last",
    title="The reading for the day on which service begins or ends",
    room=ROOM,
    kind="deadline",
    chapter=CHAPTER,
    provisions=(LATE, NEAR_READ, ATTEMPT, ADJUST),
    governing_day="the day service is to start or stop",
    facts=FirstLastFacts,
    outcome=FirstLastReading,
    values=(
        "estimation_initial_final_late_notification_responsible_date",
        "estimation_initial_final_three_day_read_window_days",
        "estimation_initial_final_three_day_read_day_type",
        "estimation_initial_final_two_workday_attempt_late_notice_max_workdays",
        "estimation_initial_final_two_workday_attempt_within_workdays",
        HOLIDAYS,
    ),
    decide=decide_first_last,
)

ADJUSTMENT = Rule(
    id="estimation.first_last.adjust",
    title="Moving a read to the day on which service begins or ends",
    room=ROOM,
    kind="calculation",
    chapter=CHAPTER,
    provisions=(ADJUST,),
    governing_day="the day service is to start or stop",
    facts=AdjustFacts,
    outcome=AdjustedRead,
    values=(),
    decide=decide_adjustment,
)

"""What a participant of the Budget Billing Plan elects, how long it binds, and who is exempt.

Lives here      the month of the yearly re-evaluation, changing an election, participants from
                before the elections existed.
Lives elsewhere what the settlement's election leads to (``budget_settlement``).
Read first      GRR V.I.2 and V.I.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from meterledger.billing.budget_calendar import (
    CHAPTER,
    ROOM,
    Month,
    Option,
    PlanFactsContradict,
    UnknownPlanRule,
    because,
    month_of,
    month_words,
    months_between,
    not_after,
)
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.months import months_after
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

LEGACY = "budget.election.legacy_before_2012"
MONTH_ELECTION = "budget.reevaluation.month_election"
LEGACY_VALUES = (
    "budget_election_legacy_before_2012_cutoff",
    "budget_election_legacy_before_2012_default",
    "budget_election_legacy_before_2012_switch_to_a",
)
_LEGACY_DEFAULT = "option b for month and settlement"
_LEGACY_SWITCH = "any time"


@dataclass(frozen=True, slots=True)
class EarlyParticipantFacts:
    """Since when the customer is on the plan."""

    enrolled: date = fact("The day on which the customer was enrolled.")


@dataclass(frozen=True, slots=True)
class EarlyParticipant:
    """Whether the customer was on the plan before there were elections, and what then holds."""

    legacy: bool = fact("Whether the customer was enrolled before the elections existed.")
    option_without_election: Option | None = fact(
        "The option that holds for month and settlement until the customer elects; null where the "
        "customer elects on joining."
    )
    may_elect_a_at_any_time: bool = fact("Whether option (a) may be elected whenever asked for.")


def decide_early_participant(
    facts: EarlyParticipantFacts, terms: Terms
) -> Decision[EarlyParticipant]:
    """Whether a participant is from before the elections (GRR V.I.4).

    :raises PlanFactsContradict: if the enrollment lies after the day that counts
    """
    legacy, reason = early_participant(facts.enrolled, terms)
    return Decision(
        EarlyParticipant(legacy, Option.B if legacy else None, legacy),
        (reason,),
    )


def early_participant(enrolled: date, terms: Terms) -> tuple[bool, Reason]:
    """Whether the enrollment lies before the elections existed, and the clause's word on it.

    :raises PlanFactsContradict: if the enrollment lies after the day that counts
    :raises UnknownPlanRule: if the sheet gives these participants other options than (b) until (a)
    """
    not_after(enrolled, terms.day, key="enrolled", what="The customer was enrolled")
    cutoff = terms.day_of(LEGACY_VALUES[0])
    if enrolled >= cutoff.value:
        found = f"enrolled on {enrolled}, not before {cutoff.value}: no participant from before"
        return False, because(found, cutoff.citation)
    default, switch = terms.text(LEGACY_VALUES[1]), terms.text(LEGACY_VALUES[2])
    for stated, known in ((default, _LEGACY_DEFAULT), (switch, _LEGACY_SWITCH)):
        if stated.value != known:
            raise UnknownPlanRule(
                f"The sheet gives earlier participants '{stated.value}'",
                why=f"Known here: '{known}'",
                do="Correct the value, or use a release that knows it",
            )
    found = (
        f"enrolled on {enrolled}, before {cutoff.value}: {default.value}, "
        f"and option (a) may be elected at {switch.value}"
    )
    return True, because(found, default.citation)


@dataclass(frozen=True, slots=True)
class ReevaluationMonthFacts:
    """When the customer joined, and which month the customer elects."""

    enrolled: date = fact("The day on which the customer was enrolled.")
    option: Option | None = fact(
        "a: a month before the twelfth after enrollment; b: the twelfth billing period; "
        "null: the customer elected nothing."
    )
    month: Month | None = fact("The month elected under option a; null otherwise.", default=None)


@dataclass(frozen=True, slots=True)
class ReevaluationMonth:
    """The month in which the plan is re-evaluated every year."""

    accepted: bool = fact("Whether the election is one that the sheet offers.")
    option: Option | None = fact("The option that holds; null where the election is not accepted.")
    reevaluation_month: Month | None = fact("The recurring month; null where not accepted.")
    next_reevaluation: str | None = fact(
        'Its first time from the day of the election on, like "December 2014".'
    )


def decide_reevaluation_month(
    facts: ReevaluationMonthFacts, terms: Terms
) -> Decision[ReevaluationMonth]:
    """Settle the yearly month of re-evaluation (GRR V.I.2).

    Months count from the month after enrollment, so that the twelfth bears the name of the month
    of enrollment itself.

    :raises PlanFactsContradict: if option and month do not fit together, or the enrollment lies
        after the day that counts
    """
    not_after(facts.enrolled, terms.day, key="enrolled", what="The customer was enrolled")
    latest = terms.whole("budget_reevaluation_month_election_latest_months")
    last = months_after(facts.enrolled.replace(day=1), latest.value)
    if (facts.option is Option.A) != (facts.month is not None):
        raise PlanFactsContradict(
            "A month is elected under option (a), and only there",
            where="facts.month",
            do="Give the month with option a; give null with option b or with no election",
        )
    if facts.month is not None:
        option = terms.text("budget_reevaluation_month_election_option_a")
        first = facts.month.next_after(facts.enrolled)
        count = months_between(facts.enrolled, first)
        found = f"(a) {option.value}: {month_words(first)} is month {count} after {facts.enrolled}"
        if count >= latest.value:
            why = f"{found}, and {month_words(last)} is the twelfth: that is option (b)"
            return Decision(
                ReevaluationMonth(False, None, None, None), (because(why, option.citation),)
            )
        return _settled(Option.A, first, terms.day, because(found, option.citation))
    option = terms.text("budget_reevaluation_month_election_option_b")
    found = f"(b) {option.value}: {month_words(last)}"
    if facts.option is Option.B:
        return _settled(Option.B, last, terms.day, because(found, option.citation))
    legacy, reason = early_participant(facts.enrolled, terms)
    if legacy:
        return _settled(Option.B, last, terms.day, reason, because(found, option.citation))
    nothing = f"no month was elected, so the last one that the sheet allows holds, {found}"
    return _settled(Option.B, last, terms.day, because(nothing, option.citation))


def _settled(
    option: Option, first: date, today: date, *reasons: Reason
) -> Decision[ReevaluationMonth]:
    month = month_of(first)
    if months_between(first, today) > 0:  # an election of a later year
        first = first.replace(year=today.year + (month.number < today.month))
    return Decision(ReevaluationMonth(True, option, month, month_words(first)), reasons)


@dataclass(frozen=True, slots=True)
class ChangeOfElectionFacts:
    """A participant who asks for another month, or another way to settle."""

    enrolled: date = fact("The day on which the customer was enrolled.")
    elected: date | None = fact(
        "The day of the election in force; null if the customer has never elected."
    )
    requested_option: Option = fact("The option asked for.")


@dataclass(frozen=True, slots=True)
class ChangeOfElection:
    """Whether an election may be changed today."""

    change_allowed: bool = fact("Whether the election may be made or changed today.")
    locked_until: date | None = fact(
        "The first day on which the election may be changed; null if it never was locked."
    )
    legacy: bool = fact("Whether the customer was enrolled before the elections existed.")


def decide_change_of_election(
    facts: ChangeOfElectionFacts, terms: Terms
) -> Decision[ChangeOfElection]:
    """Whether a request to change an election is heard today (GRR V.I.4).

    An early participant who has never elected stays on (b) and may elect (a) at any time; the
    first election binds like everybody's.

    :raises PlanFactsContradict: if the days do not follow each other
    """
    legacy, reason = early_participant(facts.enrolled, terms)
    lock = terms.whole("budget_election_lock_months")
    if facts.elected is None:
        found = "no election was made yet, so that nothing is locked"
        if legacy and facts.requested_option is Option.B:
            found = "option (b) holds already without an election; " + found
        return Decision(
            ChangeOfElection(True, None, legacy), (reason, because(found, lock.citation))
        )
    not_after(facts.elected, terms.day, key="elected", what="The election was made")
    if facts.elected < facts.enrolled:
        raise PlanFactsContradict(
            f"The election was made on {facts.elected}, before enrollment on {facts.enrolled}",
            where="facts.elected",
            do="Correct one of the days",
        )
    until = months_after(facts.elected, lock.value)
    allowed = terms.day >= until
    found = (
        f"elected on {facts.elected}: locked for {lock.value} months, until {until}; "
        f"{terms.day} is {'not ' if allowed else ''}within them"
    )
    return Decision(
        ChangeOfElection(allowed, until, legacy), (reason, because(found, lock.citation))
    )


EARLY_PARTICIPANT = Rule(
    id="budget.early_participant",
    title="Participants from before the elections existed",
    room=ROOM,
    kind="eligibility",
    chapter=CHAPTER,
    provisions=(LEGACY,),
    governing_day="the day on which the participant's options are looked at",
    facts=EarlyParticipantFacts,
    outcome=EarlyParticipant,
    values=LEGACY_VALUES,
    decide=decide_early_participant,
)

REEVALUATION_MONTH = Rule(
    id="budget.reevaluation_month",
    title="The month of the yearly re-evaluation",
    room=ROOM,
    kind="procedure",
    chapter=CHAPTER,
    provisions=(MONTH_ELECTION, LEGACY),
    governing_day="the day of the election, or of enrollment if there is none",
    facts=ReevaluationMonthFacts,
    outcome=ReevaluationMonth,
    values=(
        "budget_reevaluation_month_election_option_a",
        "budget_reevaluation_month_election_option_b",
        "budget_reevaluation_month_election_latest_months",
        *LEGACY_VALUES,
    ),
    decide=decide_reevaluation_month,
)

CHANGE_OF_ELECTION = Rule(
    id="budget.change_of_election",
    title="Changing an election of the budget plan",
    room=ROOM,
    kind="limit",
    chapter=CHAPTER,
    provisions=("budget.election.lock", LEGACY),
    governing_day="the day of the request to change",
    facts=ChangeOfElectionFacts,
    outcome=ChangeOfElection,
    values=("budget_election_lock_months", *LEGACY_VALUES),
    decide=decide_change_of_election,
)

RULES = (EARLY_PARTICIPANT, REEVALUATION_MONTH, CHANGE_OF_ELECTION)

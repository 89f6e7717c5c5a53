"""Another rate option: asked for by the customer, decided by the sheet, from a day on.

Lives here      what is asked of the rule, the day the next period begins, what the store is told.
Lives elsewhere the rule (``billing.rate_term``), what each option would have cost
                (``compare_schedules``).
Read first      GRR V.H; docs/operating/rate_options.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from meterledger.billing import (
    LATER_TERM,
    RATE_REQUEST,
    RateRequest,
    RateRequestFacts,
    next_reading_day,
)
from meterledger.facts.corrections import PutRight, WrongFact
from meterledger.facts.participation import Participation
from meterledger.facts.places import Agreement, BillableService
from meterledger.facts.taxes import TaxExemption
from meterledger.kernel.decision import Reason
from meterledger.kernel.ids import agreement_name
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.exemptions_go_on import ExemptionsAsked, exemptions_going_on
from meterledger.usecases.option_availability import MetersNamed, meters_on, refuse_not_open
from meterledger.usecases.ports import StoredBill
from meterledger.usecases.program_ports import ProgramsAsked
from meterledger.usecases.programs_go_on import programs_going_on, refuse_closed_programs
from meterledger.usecases.term_of_use import TermOfUse, term_of_use

RESIDENTIAL = "residential"
SMALL = "small_general"
LARGER = ("large_general", "small_primary")
"""Classes from which cut demand moves a billing period to ``SMALL`` for a time (GRR V.H.5)."""
A_MOMENT = timedelta(microseconds=1)
A_DAY = timedelta(days=1)


class AgreementReads(Protocol):
    """What is asked of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""

    def put_rights(self, account_id: str) -> list[PutRight]:
        """What was put right of the account's agreements, oldest first."""


class EvasionReads(AgreementReads, Protocol):
    """What is asked of who had service at a place."""

    def served_before(self, service_point_id: str, day: date) -> bool:
        """Whether an agreement at the service point has ended by the day."""

    def agreements_at(self, service_point_id: str, known_at: datetime) -> list[Agreement]:
        """All agreements of whomever at the service point, by first day."""

    def people_of_account(
        self, account_id: str, known_at: datetime
    ) -> list[tuple[str, str, Validity]]:
        """Id, name and days of everybody who held or holds the account."""


class RateStore(EvasionReads, MetersNamed, ProgramsAsked, ExemptionsAsked, Protocol):
    """What these journeys need of the store."""

    def change_agreement(
        self,
        agreement_id: str,
        last_day_out: date,
        then: Agreement,
        reasons: Sequence[Reason],
        programs: Sequence[Participation] = (),
        exemptions: Sequence[TaxExemption] = (),
    ) -> None:
        """End an agreement and begin another there, or NotFound, or Conflict."""

    def put_on_schedule(
        self, agreement_id: str, schedule: str, learned_at: datetime, reasons: Sequence[Reason]
    ) -> None:
        """Believe that an agreement was on another option from its first day, or Conflict."""

    def bills_of_account(self, account_id: str) -> list[StoredBill]:
        """Live bills of the account, oldest first."""


class RateRefused(Refusal):
    """Another rate option cannot be had as asked."""


@dataclass(frozen=True, slots=True)
class RateChange:
    """What becomes of a request: the agreement that ends, and the one that begins."""

    service: BillableService
    ruling: Ruling
    then: Agreement
    bills: tuple[str, ...] = ()
    """Live bills since the start of service that are made anew, where the rate goes back to it."""

    @property
    def outcome(self) -> RateRequest:
        """The rule's outcome."""
        request: RateRequest = self.ruling.decision.outcome
        return request


@dataclass(frozen=True, slots=True)
class RateBefore:
    """A rate that the same people had at a place before, whose term ran when service began again.

    ``ruling`` is what the rule says of another rate asked for on the day on which it began again.
    """

    schedule: str
    ended: date
    service_since: date
    rate_since: date
    ruling: Ruling


def options_open_to(service: BillableService, on: date, view: BookView) -> list[str]:
    """The rate options of the service's class on a day, in the book's order.

    Which of them are open to the meter is asked apart (``option_availability``).

    :raises NoRuleInForce: if the book does not say of which class the present option is
    """
    mine = view.service_class(service.agreement.schedule, on).value
    found = []
    for code in view.schedule_codes():
        try:
            if view.service_class(code, on).value == mine:
                found.append(code)
        except Refusal:  # an option without a class on that day is open to nobody
            continue
    return found


def ask_for_rate(
    service: BillableService,
    *,
    asked: date,
    before: Sequence[BillableService],
    view: BookView,
    given_back: bool = False,
    one_with: RateBefore | None = None,
    wanted: str = "",
) -> Ruling:
    """What the sheet says of a request for another option, received on ``asked``.

    ``before`` are the account's services: a rate that continues an earlier one does not begin
    service anew. ``given_back``: the present rate was put there from the first day of service
    (``was_given_back``). ``one_with``: service was ended for a time, and counts as one. ``wanted``
    is the option asked for, where it is one: the answer says how long it is kept.
    """
    facts = _request_facts(service, asked, before, view)
    if one_with is not None:
        goes_on = facts.rate_since == facts.service_since
        goes_on = goes_on and service.agreement.schedule == one_with.schedule
        facts = replace(
            facts,
            service_interrupted=True,
            service_since=one_with.service_since,
            rate_since=one_with.rate_since if goes_on else facts.rate_since,
        )
    is_first = facts.rate_since == facts.service_since
    kept = None
    if not is_first:
        kept = term_of_use(service.agreement.schedule, facts.rate_since, view)
    then = term_of_use(wanted, facts.next_period_begins, view) if wanted else None
    facts = replace(
        facts,
        given_back=given_back and is_first,
        rate_term_months=None if kept is None else kept.months,
        new_rate_term_months=None if then is None or facts.residential else then.months,
    )
    ruling = decide_filled(rule=RATE_REQUEST, facts=facts, day=asked, view=view)
    return ruling if kept is None else _with_term_said(ruling, kept, view)


def _with_term_said(ruling: Ruling, kept: TermOfUse, view: BookView) -> Ruling:
    """With what says the present rate's term, where the answer rests on it."""
    decision = ruling.decision
    own = view.text(LATER_TERM).covering(ruling.day)
    if own is None or all(one.citation != own.citation for one in decision.reasons):
        return ruling
    return replace(ruling, decision=replace(decision, reasons=(*decision.reasons, kept.reason)))


def _request_facts(
    service: BillableService, asked: date, before: Sequence[BillableService], view: BookView
) -> RateRequestFacts:
    agreement = service.agreement
    first = first_of_rate(service, before, view, asked)
    return RateRequestFacts(
        residential=view.service_class(agreement.schedule, asked).value == RESIDENTIAL,
        service_since=_began(service, before),
        rate_since=first.agreement.days.from_day,
        next_period_begins=next_reading_day(asked, service.account.cycle, view),
    )


def _began(service: BillableService, before: Sequence[BillableService]) -> date:
    """The first day of service, over changes of the rate option."""
    known = {one.agreement.agreement_id: one for one in before}
    since, back = service.agreement.days.from_day, service.continues
    while back in known:
        since, back = known[back].agreement.days.from_day, known[back].continues
    return since


def interrupted(
    service: BillableService,
    before: Sequence[BillableService],
    known_at: datetime,
    view: BookView,
    store: EvasionReads,
) -> RateBefore | None:
    """The rate before an end of service with which the present service counts as one, if any."""
    agreement, since = service.agreement, _began(service, before)
    people = _people_on(agreement.account_id, since, known_at, store)
    return rate_before(people, agreement.service_point_id, since, known_at, view, store)


def rate_before(
    people: frozenset[str],
    service_point_id: str,
    begins: date,
    known_at: datetime,
    view: BookView,
    store: EvasionReads,
) -> RateBefore | None:
    """The rate that the same people had at the place before, if its term runs on ``begins``.

    They are the same where each of them was responsible for what ended there. A book that is
    silent on the class of that rate, or on the rule, knows no term.
    """
    if not store.served_before(service_point_id, begins):
        return None  # nobody was there: no more is asked, and nobody's data is looked at
    ended = [
        one
        for one in store.agreements_at(service_point_id, known_at)
        if one.days.until_day is not None and one.days.until_day <= begins
    ]
    if not ended or not people:
        return None
    last = ended[-1]
    until = last.days.until_day or begins
    if not people <= _people_on(last.account_id, until - A_DAY, known_at, store):
        return None
    services = store.services_of_account(last.account_id, known_at)
    (service,) = [one for one in services if one.agreement.agreement_id == last.agreement_id]
    try:
        one_with = interrupted(service, services, known_at, view, store)
        back = was_given_back(first_of_rate(service, services, view, begins), store)
        facts = _request_facts(service, begins, services, view)
        ruling = ask_for_rate(
            service, asked=begins, before=services, view=view, given_back=back, one_with=one_with
        )
    except NoRuleInForce:
        return None
    outcome: RateRequest = ruling.decision.outcome
    if outcome.takes_effect is not None and not outcome.back_to_the_start:
        return None
    goes_on = one_with is not None and one_with.schedule == last.schedule
    return RateBefore(
        schedule=last.schedule,
        ended=until,
        service_since=one_with.service_since if one_with else facts.service_since,
        rate_since=one_with.rate_since if one_with and goes_on else facts.rate_since,
        ruling=ruling,
    )


def _people_on(
    account_id: str, day: date, known_at: datetime, store: EvasionReads
) -> frozenset[str]:
    return frozenset(
        person for person, _, days in store.people_of_account(account_id, known_at) if day in days
    )


def first_of_rate(
    service: BillableService, before: Sequence[BillableService], view: BookView, day: date
) -> BillableService:
    """The account's service with which the present rate began.

    Of the larger classes a period that stands alone, or was priced as Small General Service for a
    time (``small_general_periods``), is no change of the rate: nobody changes to another class.
    """
    schedule = service.agreement.schedule
    if view.service_class(schedule, day).value not in LARGER:
        return service
    known = {one.agreement.agreement_id: one for one in before}
    first, back = service, service.continues
    while back in known:
        one = known[back]
        if one.agreement.schedule == schedule:
            first = one
        elif view.service_class(one.agreement.schedule, day).value != SMALL:
            break
        back = one.continues
    return first


def _refuse_together(service: BillableService, asked: date) -> None:
    """Meters on one bill are on one option: they are parted before one of them gets another."""
    days = [one.days for one in service.joined] + [one.days for one in service.billed_with]
    if any(one.until_day is None or asked < one.until_day for one in days):
        account = service.account.account_id
        raise RateRefused(
            f"Agreement {service.agreement.agreement_id} is billed together with others of account "
            f"{account}",
            where=f"account {account}",
            why="One sum is priced on one rate option",
            do=f"End that first, with `meterledger together end {account}`, change the option of "
            "each, and begin it again",
        )


def was_given_back(service: BillableService, store: AgreementReads) -> bool:
    """Whether the agreement was believed to be on another rate option before, from the same day.

    Only a rate given back to the start of service does that (``put_on_schedule``): what else is
    learned of an agreement, like its end, leaves its option as it was. An option that was entered
    wrong and put right was never asked for.
    """
    agreement = service.agreement
    entered_wrong = {
        one.learned_at: one.was
        for one in store.put_rights(agreement.account_id)
        if (one.agreement_id, one.fact) == (agreement.agreement_id, WrongFact.SCHEDULE)
    }
    schedule = entered_wrong.get(agreement.learned_at, agreement.schedule)
    at = agreement.learned_at - A_MOMENT
    while True:
        known = [
            one.agreement
            for one in store.services_of_account(agreement.account_id, at)
            if one.agreement.agreement_id == agreement.agreement_id
        ]
        if not known:
            return False
        if known[0].schedule != schedule:
            return True
        schedule = entered_wrong.get(known[0].learned_at, schedule)
        at = known[0].learned_at - A_MOMENT


def change_rate(
    *,
    account_id: str,
    schedule: str,
    asked: date,
    learned_at: datetime,
    view: BookView,
    store: RateStore,
    service_point_id: str = "",
    dry_run: bool = False,
) -> RateChange:
    """Change the rate option of an account's service as the sheet allows; nothing else changes.

    Where the sheet gives the rate back to the start of service, the agreement is put on it from its
    first day, and the answer names the bills that ``rebill`` makes anew: each keeps its own days,
    and says what it asks otherwise by the cause "programme and rate option".

    What the service takes part in, and its certificates, go on with the new agreement.

    :raises RateRefused: if there is no such service, the option is not open, or it must wait
    :raises OptionNotOpen: if it is not open to the meter that is there
    :raises ProgramNotOpen: if it takes part in a programme that is not open to the option
    :raises Conflict: if the service ends already, or is billed past the day of the change
    """
    services = store.services_of_account(account_id, learned_at)
    service = _service_of(services, account_id, service_point_id, asked)
    _refuse_together(service, asked)
    _check_open(service, schedule, asked, view)
    refuse_not_open(
        schedule,
        meters_on(service, asked),
        on=asked,
        known_at=learned_at,
        view=view,
        store=store,
    )
    back = was_given_back(first_of_rate(service, services, view, asked), store)
    one_with = interrupted(service, services, learned_at, view, store)
    ruling = ask_for_rate(
        service,
        asked=asked,
        before=services,
        view=view,
        given_back=back,
        one_with=one_with,
        wanted=schedule,
    )
    outcome: RateRequest = ruling.decision.outcome
    where = f"account {account_id}, agreement {service.agreement.agreement_id}"
    if outcome.takes_effect is None:
        raise RateRefused(
            f"The present rate stays until {outcome.may_be_asked_again_from}",
            where=where,
            why="; ".join(one.finding for one in ruling.decision.reasons),
            do=f"Ask again from {outcome.may_be_asked_again_from} on",
        )
    view.schedule(schedule, outcome.takes_effect)
    agreement = service.agreement
    if outcome.back_to_the_start:
        if agreement.days.from_day > outcome.takes_effect:
            raise RateRefused(
                f"The rate since {outcome.takes_effect} stands in several agreements, the last "
                f"from {agreement.days.from_day}",
                where=where,
                why="Service was ended for a time and counts as one (GRR V.H.6)"
                if one_with is not None
                else "A period of cut demand was parted from the others (GRR V.H.5)",
                do="Ask for it from the next billing period on, after the first rate's term",
            )
        refuse_closed_programs(agreement, schedule, agreement.days.from_day, view, store)
        reasons = ruling.decision.reasons
        instead = replace(agreement, schedule=schedule, learned_at=learned_at)
        if not dry_run:
            store.put_on_schedule(agreement.agreement_id, schedule, learned_at, reasons)
        bills = store.bills_of_account(account_id)
        mine = [one.bill_id for one in bills if one.agreement_id == agreement.agreement_id]
        return RateChange(service, ruling, instead, tuple(mine))
    then = Agreement(
        agreement_name(account_id, agreement.service_point_id, outcome.takes_effect),
        account_id,
        agreement.service_point_id,
        schedule,
        Validity(outcome.takes_effect),
        learned_at,
    )
    programs = programs_going_on(agreement, then, view, store)
    exemptions = exemptions_going_on(agreement, then, store)
    if not dry_run:
        store.change_agreement(
            agreement.agreement_id,
            outcome.takes_effect,
            then,
            ruling.decision.reasons,
            programs,
            exemptions,
        )
    return RateChange(service, ruling, then)


def _service_of(
    services: Sequence[BillableService], account_id: str, point: str, asked: date
) -> BillableService:
    found = [
        one
        for one in services
        if asked in one.agreement.days and point in ("", one.agreement.service_point_id)
    ]
    if len(found) == 1:
        return found[0]
    named = ", ".join(one.agreement.service_point_id for one in found)
    raise RateRefused(
        f"Account {account_id} has {'several services' if found else 'no service'}"
        f"{f' at {point}' if point else ''} on {asked}",
        where=f"account {account_id}",
        do=f"Name one service point of {named}" if found else "Choose a day with service",
    )


def _check_open(service: BillableService, schedule: str, asked: date, view: BookView) -> None:
    now = service.agreement.schedule
    where = f"account {service.account.account_id}"
    if schedule == now:
        raise RateRefused(
            f"The service is on {schedule} already", where=where, do="Name another rate option"
        )
    choices = options_open_to(service, asked, view)
    if schedule not in choices:
        raise RateRefused(
            f"'{schedule[:40]}' is no rate option of {view.service_class(now, asked).value} "
            "service",
            where=where,
            do=f"Name one of {', '.join(one for one in choices if one != now)}",
        )

"""Joining the Budget Billing Plan, and another election on it.

Lives here      what the rules are asked, and what the store is told.
Lives elsewhere the rules (``billing.budget_*``), an end (``budget_ends``), reviews of the amount
                (``budget_reviews``), what a bill asks (``bill_options``).
Read first      GRR V.I; docs/operating/budget_billing.md.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    CHANGE_OF_ELECTION,
    EARLY_PARTICIPANT,
    FIRST_AMOUNT,
    JOINING,
    REEVALUATION_MONTH,
    BillMedium,
    ChangeOfElectionFacts,
    EarlyParticipantFacts,
    FirstAmountFacts,
    JoiningFacts,
    Month,
    Option,
    ReevaluationMonthFacts,
)
from meterledger.facts.billing_options import AccountOptions, Delivery
from meterledger.facts.budget import (
    AmountCause,
    BudgetAmount,
    BudgetElection,
    BudgetPlan,
    YearEstimate,
    holding,
)
from meterledger.facts.places import BillableService
from meterledger.kernel.decision import Reason
from meterledger.kernel.money import Cents, usd_display
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.billing_option_ports import BillingOptions
from meterledger.usecases.budget_state import (
    BudgetRefused,
    PlanReads,
    plan_in_force,
    year_of,
)
from meterledger.usecases.decide import Ruling, decide_filled

_CLASS_OF_CODE = re.compile(r"([1-9][0-9]?)M\b")


class PlanStore(BillingOptions, PlanReads, Protocol):
    """What these journeys need of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


@dataclass(frozen=True, slots=True)
class JoinRequest:
    """What the customer asks and elects, and what a person of the utility has found.

    ``bill_medium`` is needed where no electronic delivery is preferred: paper comes as a postcard
    or as a letter. ``told_year_cents`` is for a customer without a bill, ``basis`` says from what.
    """

    account_id: str
    on: date
    credit_requirements_met: bool
    settlement_option: str = ""
    month_option: str = ""
    month: int | None = None
    bill_medium: str = ""
    service_point_id: str = ""
    charitable: bool = False
    company_agrees: bool = False
    cold_weather_agreement: bool = False
    told_year_cents: int | None = None
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Joined:
    """The plan as it begins, and every ruling behind it."""

    plan: BudgetPlan
    amount: BudgetAmount
    election: BudgetElection
    rulings: tuple[Ruling, ...]


def rate_class(schedule: str) -> str:
    """The service classification of a schedule's code: ``1M-smart`` is ``1(M)``.

    :raises BudgetRefused: if the code names none
    """
    found = _CLASS_OF_CODE.match(schedule)
    if found is None:
        raise BudgetRefused(
            f"The schedule {schedule} names no service classification",
            do="The plan is for classifications that its sheet names; leave the request aside",
        )
    return f"{found.group(1)}(M)"


def join_budget(
    request: JoinRequest,
    *,
    learned_at: datetime,
    view: BookView,
    store: PlanStore,
    dry_run: bool = False,
) -> Joined:
    """Put an account on the plan as the sheet allows, with its first amount and its elections.

    :raises BudgetRefused: if the customer may not join, or what has to be said is not
    :raises PlanFactsContradict: if an election is none that the sheet offers
    :raises Conflict: if the account has a plan
    """
    account, on = request.account_id, request.on
    service = _service(store.services_of_account(account, learned_at), request)
    options = store.billing_options([account], learned_at).get(account, AccountOptions(account))
    _refuse_open_plan(options, on)
    joining = decide_filled(
        rule=JOINING,
        facts=JoiningFacts(
            rate_class=rate_class(service.agreement.schedule),
            bill_medium=_medium(request, options),
            credit_requirements_met=request.credit_requirements_met,
            charitable=request.charitable,
            company_agrees=request.company_agrees,
            cold_weather_agreement=request.cold_weather_agreement,
        ),
        day=on,
        view=view,
    )
    if not joining.decision.outcome.accepted:
        raise BudgetRefused(
            f"Account {account} may not join the Budget Billing Plan on {on}",
            where=f"account {account}",
            why=words_of(joining.decision.reasons),
            do="Tell the customer why, or ask again when it has changed",
        )
    early = decide_filled(
        rule=EARLY_PARTICIPANT, facts=EarlyParticipantFacts(on), day=on, view=view
    )
    if not request.settlement_option and not early.decision.outcome.legacy:
        raise BudgetRefused(
            "The customer has not elected how the difference is settled",
            where=f"account {account}",
            why=words_of(early.decision.reasons),
            do="Ask for option a (spread over the next twelve bills) or b (all on one bill), and "
            "give --settle",
        )
    month = _month_ruling(on, request.month_option, request.month, on, view)
    point = service.agreement.service_point_id
    estimate = _year(request, point, store)
    first = decide_filled(
        rule=FIRST_AMOUNT,
        facts=FirstAmountFacts(Cents(estimate.annual_cents)),
        day=on,
        view=view,
    )
    plan_id = _free_name(f"BP-{account}-{on.isoformat()}", options)
    plan = BudgetPlan(plan_id, account, point, Validity(on), learned_at, joining.decision.reasons)
    said = Reason(estimate.sentence, first.decision.reasons[0].citation)
    amount = BudgetAmount(
        plan_id=plan_id,
        account_id=account,
        month=on.replace(day=1),
        from_day=on,
        cents=first.decision.outcome.monthly_amount_cents,
        cause=AmountCause.JOINED,
        adjusted=False,
        estimate=estimate,
        reasons=(said, *first.decision.reasons),
        learned_at=learned_at,
    )
    election = _election(
        plan, on, month, request.settlement_option, bool(request.settlement_option), learned_at
    )
    if not dry_run:
        store.begin_budget_plan(plan, amount, election)
    return Joined(plan, amount, election, (joining, early, month, first))


def _free_name(name: str, options: AccountOptions) -> str:
    """The plan's name; one that was taken back keeps its own, and its amounts with it."""
    taken = {one.plan_id for one in options.amounts}
    number, found = 1, name
    while found in taken:
        number += 1
        found = f"{name}-{number}"
    return found


def _service(services: Sequence[BillableService], request: JoinRequest) -> BillableService:
    account, on, point = request.account_id, request.on, request.service_point_id
    found = [
        one
        for one in services
        if on in one.agreement.days and point in ("", one.agreement.service_point_id)
    ]
    found = [one for one in found if all(on not in each.days for each in one.billed_with)]
    if len(found) == 1:
        _refuse_loses_its_bill(found[0], on)
        return found[0]
    named = ", ".join(one.agreement.service_point_id for one in found)
    raise BudgetRefused(
        f"Account {account} has {'several services' if found else 'no service'}"
        f"{f' at {point}' if point else ''} on {on}",
        where=f"account {account}",
        do=f"Name one service point of {named}" if found else "Choose a day with service",
    )


def _refuse_loses_its_bill(service: BillableService, on: date) -> None:
    """A plan levels the bills of its service point: from some day on it would have none."""
    for one in service.billed_with:
        if one.days.overlaps(Validity(on)):
            raise BudgetRefused(
                f"Agreement {service.agreement.agreement_id} is billed with agreement "
                f"{one.agreement_id} from {one.days.from_day} on",
                where=f"account {service.account.account_id}",
                why="From then on it has no bill of its own that a plan could level",
                do="Put the plan on the service point whose bill it is, or end that first with "
                f"`meterledger together end {service.account.account_id}`",
            )


def _refuse_open_plan(options: AccountOptions, on: date) -> None:
    later = [one for one in options.plans if one.days.until_day is None or one.days.until_day > on]
    if later:
        raise BudgetRefused(
            f"Account {options.account_id} has the budget plan {later[0].plan_id}, {later[0].days}",
            where=f"account {options.account_id}",
            why="An account has one plan on a day",
            do=f"Look at it with `meterledger budget show {options.account_id}`",
        )
    open_cents = sum(one.deferred_cents for one in holding(options.budget_bills))
    if open_cents:
        raise BudgetRefused(
            f"The plan that ended on {options.plans[-1].days.until_day} is not settled yet: "
            f"{usd_display(open_cents)} are open",
            where=f"account {options.account_id}",
            do="Join again after the next bill, which settles it",
        )


def _medium(request: JoinRequest, options: AccountOptions) -> BillMedium:
    preferred = options.delivery_on(request.on)
    if preferred is not None and preferred.medium is Delivery.ELECTRONIC:
        return BillMedium.ELECTRONIC
    if not request.bill_medium:
        raise BudgetRefused(
            "Nobody says how the bills are sent",
            where=f"account {request.account_id}",
            why="The plan is for bills by postcard or electronic ones",
            do="Give --bill-medium postcard or letter, or record an electronic delivery before",
        )
    if request.bill_medium == BillMedium.ELECTRONIC.value:
        raise BudgetRefused(
            "Bills of this account are not sent electronically",
            where=f"account {request.account_id}",
            do="Record it first with `meterledger delivery prefer`, or give --bill-medium postcard",
        )
    try:
        return BillMedium(request.bill_medium)
    except ValueError as problem:
        raise BudgetRefused(
            f"'{request.bill_medium[:40]}' is no way to send a bill",
            where="--bill-medium",
            do="Give postcard or letter",
        ) from problem


def _year(request: JoinRequest, point: str, store: PlanReads) -> YearEstimate:
    if request.told_year_cents is None:
        return year_of(request.account_id, point, store, until=request.on)
    if not request.basis.strip():
        raise BudgetRefused(
            "A year that is told needs to say from what it is estimated",
            where="--estimated-year-usd",
            do="Give --basis, like 'five similar apartments of Elm Street'",
        )
    return YearEstimate(request.told_year_cents, 0, 0, 0, told=request.basis.strip())


def _month_ruling(
    enrolled: date, option: str, month: int | None, on: date, view: BookView
) -> Ruling:
    facts = ReevaluationMonthFacts(
        enrolled=enrolled,
        option=_option(option, "--month-option"),
        month=None if month is None else _month(month),
    )
    ruling = decide_filled(rule=REEVALUATION_MONTH, facts=facts, day=on, view=view)
    if not ruling.decision.outcome.accepted:
        raise BudgetRefused(
            "The month cannot be elected",
            where="--month",
            why=words_of(ruling.decision.reasons),
            do="Elect an earlier month, or option b",
        )
    return ruling


def _option(text: str, where: str) -> Option | None:
    if text not in ("", "a", "b"):
        raise BudgetRefused(f"'{text[:20]}' is no option", where=where, do="Give a or b")
    return Option(text) if text else None


def _month(number: int) -> Month:
    months = tuple(Month)
    if not 1 <= number <= len(months):
        raise BudgetRefused(
            f"{number} is no month", where="--month", do="Give 1 for January to 12 for December"
        )
    return months[number - 1]


def _election(
    plan: BudgetPlan,
    on: date,
    month: Ruling,
    settlement: str,
    elected: bool,
    learned_at: datetime,
) -> BudgetElection:
    _option(settlement, "--settle")
    outcome = month.decision.outcome
    return BudgetElection(
        plan_id=plan.plan_id,
        account_id=plan.account_id,
        from_day=on,
        month_option=outcome.option.value,
        reevaluation_month=outcome.reevaluation_month.number,
        settlement_option=settlement,
        elected=elected,
        reasons=month.decision.reasons,
        learned_at=learned_at,
    )


def elect_budget(
    *,
    account_id: str,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: PlanStore,
    settlement_option: str = "",
    month_option: str = "",
    month: int | None = None,
) -> tuple[BudgetElection, Ruling]:
    """Another election, where the one in force does not bind any more (GRR V.I.4).

    :raises BudgetRefused: if nothing is asked for, or the election binds
    """
    state = plan_in_force(account_id, on, learned_at, store)
    if not settlement_option and not month_option:
        raise BudgetRefused(
            "Nothing else is elected", where=f"account {account_id}", do="Give --settle or --month"
        )
    wanted = _option(settlement_option or month_option, "--settle")
    facts = ChangeOfElectionFacts(
        enrolled=state.plan.days.from_day,
        elected=state.election.from_day if state.election.elected else None,
        requested_option=wanted or Option.B,
    )
    ruling = decide_filled(rule=CHANGE_OF_ELECTION, facts=facts, day=on, view=view)
    if not ruling.decision.outcome.change_allowed:
        raise BudgetRefused(
            f"The election of {state.election.from_day} binds until "
            f"{ruling.decision.outcome.locked_until}",
            where=f"account {account_id}",
            why=words_of(ruling.decision.reasons),
            do=f"Ask again from {ruling.decision.outcome.locked_until} on",
        )
    chosen = settlement_option or state.election.settlement_option
    if month_option:
        enrolled = state.plan.days.from_day
        election = _election(
            state.plan,
            on,
            _month_ruling(enrolled, month_option, month, on, view),
            chosen,
            True,
            learned_at,
        )
    else:
        election = BudgetElection(
            plan_id=state.plan.plan_id,
            account_id=account_id,
            from_day=on,
            month_option=state.election.month_option,
            reevaluation_month=state.election.reevaluation_month,
            settlement_option=chosen,
            elected=True,
            reasons=ruling.decision.reasons,
            learned_at=learned_at,
        )
    store.add_budget_election(election)
    return election, ruling


def words_of(reasons: Sequence[Reason]) -> str:
    return "; ".join(one.finding for one in reasons)

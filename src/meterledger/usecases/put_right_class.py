"""A rate option of another class: what stands by the rules of the class that was entered wrong.

Lives here      what is refused until it is ended, and what is told beside the bills made again.
Lives elsewhere putting it right (``put_right``), its bills and their limits, by the right class
                (``rebill``), late charges decided again by night (``late_charges``).
Read first      docs/operating/corrections.md, "Entered wrong".

Taxes, prices and the limits of GRR V.G come with each bill, for the class that it is of. What was
chosen of bills and is not for the other class would ask them wrongly: it is ended first. A deposit
or a late charge that is posted stays posted, and a person is told by which rules it came to be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Protocol

from meterledger.facts.billing_options import AccountOptions, DueDateKind
from meterledger.facts.deposits import Deposit
from meterledger.facts.late_charges import LateCharge, LateChargeReversal
from meterledger.facts.places import BillableService
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.series import NoRuleInForce
from meterledger.usecases.budget_plans import rate_class
from meterledger.usecases.rebill import RESIDENTIAL

PLANS_FOR = "budget_eligibility_classes"
DUE_DATES_FOR = "due_preferred_eligible_customers_classes"


class StandsByClass(Protocol):
    """Where it is known what was posted of an account by the rules of a class."""

    def deposits_of_accounts(
        self, account_ids: Collection[str]
    ) -> Mapping[str, tuple[Deposit, ...]]:
        """The accounts' deposits, the oldest first; accounts without one are left out."""

    def late_charges_of_account(self, account_id: str) -> list[LateCharge]:
        """Charges of the account, oldest first, reversed ones too."""

    def late_charge_reversal(self, late_charge_id: str) -> LateChargeReversal | None:
        """Why a charge was taken back; None where it stands."""


class StandsInTheWay(Refusal):
    """Something that was chosen of its bills is not for the class that it is put right to."""


def classes_of(service: BillableService, schedule: str, view: BookView) -> tuple[str, str] | None:
    """The class that was entered and the right one, where they differ.

    None where they are one, and where the book names no class of the option that was entered.

    :raises NoRuleInForce: if it names none of the right option
    """
    first = service.agreement.days.from_day
    try:
        was = view.service_class(service.agreement.schedule, first).value
    except NoRuleInForce:
        return None
    right = view.service_class(schedule, first).value
    return None if was == right else (was, right)


def refuse_what_is_not_for_it(
    service: BillableService, schedule: str, options: AccountOptions | None, view: BookView
) -> None:
    """What the account has chosen of its bills is for the right class, too.

    :raises StandsInTheWay: naming a budget plan or a due date that is not, and how it is ended
    """
    if options is None or not (options.plans or options.due_dates):
        return
    agreement = service.agreement
    account, first, named = agreement.account_id, agreement.days.from_day, rate_class(schedule)
    for plan in options.plans:
        mine = plan.service_point_id == agreement.service_point_id
        day = max(first, plan.days.from_day)
        if mine and plan.days.until_day is None and not _is_for(named, PLANS_FOR, day, view):
            raise StandsInTheWay(
                f"Its budget plan since {plan.days.from_day} is not for service under {named}",
                where=f"account {account}",
                why="Its bills are asked by the plan, which such service may not have",
                do=f"End it first, with `meterledger budget leave {account}`",
            )
    for choice in options.due_dates:
        day = max(first, choice.days.from_day)
        fits = (
            view.service_class(schedule, day).value == RESIDENTIAL
            if choice.kind is DueDateKind.DEFERRED
            else _is_for(named, DUE_DATES_FOR, day, view)
        )
        if choice.days.until_day is None and not fits:
            raise StandsInTheWay(
                f"Its {choice.kind.value} due date since {choice.days.from_day} is not for service "
                f"under {named}",
                where=f"account {account}",
                why="Its bills would be due by a rule that is not for them",
                do=f"End it first, with `meterledger due-date end {account}`",
            )


def _is_for(named: str, value: str, day: date, view: BookView) -> bool:
    """Whether the list of the day names the classification; a silent book closes nothing."""
    if value not in view.names():
        return True
    found = view.of_kind(value, "list").covering(day)
    return found is None or any(one.split()[0] == named for one in found.value)


def told_of_class(
    service: BillableService,
    classes: tuple[str, str],
    services: Sequence[BillableService],
    store: StandsByClass,
    view: BookView,
) -> tuple[str, ...]:
    """What stands by the rules of the class that was entered: sentences for who puts it right."""
    was, right = (one.replace("_", " ") for one in classes)
    told = [
        f"It was entered as {was} service and is {right} service: taxes, prices and limits of "
        f"adjustments are those of {right} service."
    ]
    told += _neighbors(service, right, services, view, classes[1])
    if (classes[0] == RESIDENTIAL) != (classes[1] == RESIDENTIAL):
        account = service.agreement.account_id
        told += _deposits(account, was, right, classes[1] == RESIDENTIAL, store)
        told += _late_charges(account, right, store)
    if classes[0] == RESIDENTIAL and not service.sales_tax_places:
        told.append(
            f"Nobody has said in which sales-tax place premise {service.premise.premise_id} lies: "
            f"the bills of {right} service are held until it is told. Tell it with `meterledger "
            f"tax place {service.premise.premise_id} --from {service.agreement.days.from_day} "
            "--sales-tax PLACE`."
        )
    return tuple(told)


def _neighbors(
    service: BillableService,
    right: str,
    services: Sequence[BillableService],
    view: BookView,
    right_class: str,
) -> Iterator[str]:
    """The service's rate options before and after, where these stay of another class."""
    for name in (service.continues, service.continued_by):
        for one in services:
            agreement = one.agreement
            if agreement.agreement_id != name:
                continue
            if view.service_class(agreement.schedule, agreement.days.from_day).value != right_class:
                yield (
                    f"Agreement {name}, {agreement.days}, is of the same service and stays on "
                    f"{agreement.schedule}, which is no {right} service: put it right, too."
                )


def _deposits(
    account: str, was: str, right: str, to_home: bool, store: StandsByClass
) -> Iterator[str]:
    for one in store.deposits_of_accounts([account]).get(account, ()):
        if one.is_closed or one.is_residential == to_home:
            continue
        yield (
            f"Deposit {one.deposit_id} ({one.state}, {usd_display(one.asked_cents)} asked) came by "
            f"the rules of {was} service, and goes by them until it ends: whether {right} service "
            f"may be asked for as much, a person decides."
        )


def _late_charges(account: str, right: str, store: StandsByClass) -> Iterator[str]:
    stand = [
        one
        for one in store.late_charges_of_account(account)
        if store.late_charge_reversal(one.late_charge_id) is None
    ]
    if stand:
        cents = sum(one.cents for one in stand)
        few = "is" if len(stand) == 1 else "are"
        yield (
            f"Late charges of {usd_display(cents)} stand on its account ({len(stand)}): those of "
            f"bills that are made again {few} decided again by the next night, by the rules of "
            f"{right} service, and only ever lowered."
        )

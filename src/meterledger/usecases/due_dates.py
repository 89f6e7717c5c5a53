"""An account's own due date: chosen by the customer, deferred for a retired one, and ended.

Lives here      what the rules are asked, and what the store is told.
Lives elsewhere the rules (``billing.due_date_*``, ``billing.deferred_pay_date``), the due day of a
                bill (``bill_options``).
Read first      GRR V.O and V.J; docs/operating/due_dates.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import (
    AGREED,
    CHOOSER,
    NEXT_CHOICE,
    PAY_DATE,
    WANTED_DAY,
    AgreedDateFacts,
    ChooserFacts,
    NextChoiceFacts,
    WantedDayFacts,
    decide_due_day,
    first_chosen_day,
    next_reading_day,
    pay_date_facts,
)
from meterledger.facts.billing_options import AccountOptions, DueDateChoice, DueDateKind
from meterledger.facts.meters import MeterKind
from meterledger.facts.places import BillableService
from meterledger.kernel.decision import Reason
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.rulebook.terms import Terms
from meterledger.usecases.billing_option_ports import BillingOptions
from meterledger.usecases.budget_plans import rate_class
from meterledger.usecases.decide import Ruling, decide_filled
from meterledger.usecases.meter_ports import MeterFile

DAYS_OF_EVERY_MONTH = 28
BILLS_LOOKED_AT = 12


class DueDateRefused(Refusal):
    """A due date cannot be chosen or deferred as asked."""


class DueDateStore(BillingOptions, Protocol):
    """What these journeys need of the store."""

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""

    def meter_file(self, meter_id: str, known_at: datetime | None = None) -> MeterFile:
        """Everything that is known of a meter."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The choice as it is kept, the rulings behind it, and the next due dates with it."""

    choice: DueDateChoice
    rulings: tuple[Ruling, ...]


def days_on_offer(service: BillableService, on: date, view: BookView) -> tuple[int, ...]:
    """Days of the month that can be had: near enough to the usual due date of every next bill.

    :raises NoRuleInForce: if the book is silent on due dates
    """
    rendered, on_offer = on, set(range(1, DAYS_OF_EVERY_MONTH + 1))
    for _ in range(BILLS_LOOKED_AT):
        rendered = next_reading_day(rendered, service.account.cycle, view)
        usual = decide_due_day(issued_day=rendered, view=view).outcome
        on_offer = {
            day
            for day in on_offer
            if decide_filled(
                rule=AGREED,
                facts=AgreedDateFacts(usual, first_chosen_day(usual, day)),
                day=on,
                view=view,
            ).decision.outcome.within
        }
    return tuple(sorted(on_offer))


def choose_due_date(
    *,
    account_id: str,
    day_of_month: int,
    on: date,
    learned_at: datetime,
    view: BookView,
    store: DueDateStore,
    active_collections: bool | None = None,
    active_agreement: bool | None = None,
    company_approval: bool | None = None,
    program_enrollment: bool = False,
    dry_run: bool = False,
) -> Chosen:
    """Choose the day of the month on which bills are due, as the sheet allows (GRR V.O).

    It holds for bills issued from ``on`` on; one that is out stays as it is. An account has one due
    date: of several services one with the class and the meter is enough, whatever is beside it.

    :raises DueDateRefused: if the customer may not choose, must wait, or the day cannot be had
    """
    services = _services(store.services_of_account(account_id, learned_at), account_id, on)
    options = store.billing_options([account_id], learned_at).get(
        account_id, AccountOptions(account_id)
    )
    asked = [
        decide_filled(
            rule=CHOOSER,
            facts=ChooserFacts(
                rate_class=rate_class(one.agreement.schedule),
                advanced_meter=_is_advanced(one, on, learned_at, store),
                active_collections=active_collections,
                active_agreement=active_agreement,
                program_enrollment=program_enrollment,
            ),
            day=on,
            view=view,
        )
        for one in services
    ]
    chooser = next((one for one in asked if one.decision.outcome.allowed), asked[0])
    if not chooser.decision.outcome.allowed:
        raise _refused(account_id, "may not choose a due date", chooser, "Keep the usual due date")
    chosen = [one for one in options.due_dates if one.kind is DueDateKind.PREFERRED]
    last = max((one.days.from_day for one in chosen), default=None)
    again = decide_filled(
        rule=NEXT_CHOICE, facts=NextChoiceFacts(last, company_approval), day=on, view=view
    )
    if not again.decision.outcome.allowed:
        free = again.decision.outcome.free_from
        way = f"Ask again from {free} on, or give --approved with the utility's approval"
        raise _refused(account_id, "must wait before choosing again", again, way)
    now = options.due_date_on(on)
    wanted = decide_filled(
        rule=WANTED_DAY,
        facts=WantedDayFacts(
            wanted_day=day_of_month,
            available_days=days_on_offer(services[0], on, view),
            current_day=now.day_of_month if now is not None and now.day_of_month else None,
        ),
        day=on,
        view=view,
    )
    if not wanted.decision.outcome.available:
        days = ", ".join(str(one) for one in wanted.decision.outcome.instead)
        raise _refused(
            account_id, f"cannot have day {day_of_month}", wanted, f"Choose one of {days or 'none'}"
        )
    rulings = (chooser, again, wanted)
    choice = DueDateChoice(
        account_id=account_id,
        kind=DueDateKind.PREFERRED,
        day_of_month=day_of_month,
        days=Validity(on),
        learned_at=learned_at,
        reasons=_reasons(rulings),
    )
    if not dry_run:
        store.choose_due_date(choice)
    return Chosen(choice, rulings)


def defer_pay_date(
    *,
    account_id: str,
    on: date,
    person: Sequence[tuple[str, str]],
    learned_at: datetime,
    view: BookView,
    store: DueDateStore,
    dry_run: bool = False,
) -> Chosen:
    """Give a retired or disabled customer the deferred pay date (GRR V.J, to 2018-04-12).

    ``person`` has birth_date or age, and retired, disabled and ssi as yes or no.

    :raises DueDateRefused: if the program is not there any more, or the person does not qualify
    """
    service, *_ = _services(store.services_of_account(account_id, learned_at), account_id, on)
    residential = rate_class(service.agreement.schedule) == "1(M)"
    told = (*person, ("residential", "yes" if residential else "no"))
    choice = DueDateChoice(
        account_id, DueDateKind.DEFERRED, 0, Validity(on), learned_at, (), tuple(told)
    )
    left = Terms(view, on, rule=PAY_DATE).ended(PAY_DATE.provisions[0])
    until = left.version.days.until_day if left is not None else None
    ruling = decide_filled(
        rule=PAY_DATE, facts=pay_date_facts(choice, None, until), day=on, view=view
    )
    outcome = ruling.decision.outcome
    if not (outcome.available and outcome.qualifies):
        way = "Offer a preferred due date with `meterledger due-date choose`"
        raise _refused(account_id, "has no deferred pay date", ruling, way)
    kept = DueDateChoice(
        account_id,
        DueDateKind.DEFERRED,
        0,
        Validity(on),
        learned_at,
        ruling.decision.reasons,
        tuple(told),
    )
    if not dry_run:
        store.choose_due_date(kept)
    return Chosen(kept, (ruling,))


def end_due_date(*, account_id: str, on: date, learned_at: datetime, store: BillingOptions) -> None:
    """End an account's own due date: bills issued from ``on`` on have the usual one.

    :raises NotFound: if none is in force
    """
    store.end_due_date(account_id, on, learned_at)


def _services(
    services: Sequence[BillableService], account_id: str, on: date
) -> list[BillableService]:
    found = [one for one in services if on in one.agreement.days]
    if found:
        return found
    raise DueDateRefused(
        f"Account {account_id} has no service on {on}",
        where=f"account {account_id}",
        do="Choose a day with service",
    )


def _is_advanced(
    service: BillableService, on: date, known_at: datetime, store: DueDateStore
) -> bool:
    """Whether the meter is read by intervals: what is not said to be manual is advanced.

    A meter of which nothing is entered sends intervals: that is how it is billed.
    """
    there = [one for one in service.installations if on in one.days]
    for one in there:
        meter = store.meter_file(one.meter_id, known_at).meter
        if meter is not None and meter.kind is MeterKind.MANUAL:
            return False
    return bool(there)


def _reasons(rulings: Sequence[Ruling]) -> tuple[Reason, ...]:
    return tuple(dict.fromkeys(one for ruling in rulings for one in ruling.decision.reasons))


def _refused(account_id: str, what: str, ruling: Ruling, do: str) -> DueDateRefused:
    return DueDateRefused(
        f"Account {account_id} {what}",
        where=f"account {account_id}",
        why=_sentence_case("; ".join(one.finding for one in ruling.decision.reasons)),
        do=do,
    )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]

"""Start and stop service: who, where, measured by what, on which rate option, from which day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from meterledger.billing import NO_TAX_PLACE, reading_cycle_count
from meterledger.facts.places import (
    Account,
    AccountHolder,
    Agreement,
    MeterInstallation,
    Person,
    Premise,
    ServicePoint,
    TaxPlace,
)
from meterledger.facts.taxes import NOT_SALES_TAXED_HERE, SalesTaxPlace
from meterledger.kernel.ids import agreement_name, check_digit_holds, with_check_digit
from meterledger.kernel.refusal import Refusal
from meterledger.kernel.span import Validity
from meterledger.rulebook.book import BookView
from meterledger.usecases.change_rate import EvasionReads
from meterledger.usecases.no_evasion import refuse_evasion
from meterledger.usecases.option_availability import MetersNamed, refuse_not_open
from meterledger.usecases.ports import ServiceStart

ACCOUNT_DIGITS = 10
LONGEST_WORDS = 200
RESIDENTIAL = "residential"
MULTIPLIER_MAX = 100_000  # beyond any pair of transformers, and a window's energy stays exact


class ServiceRefused(Refusal):
    """Service cannot start or stop as asked."""


class ServiceStore(EvasionReads, MetersNamed, Protocol):
    """What these journeys need of the store."""

    def start_service(self, start: ServiceStart) -> None:
        """Record a start of service, or Conflict."""

    def stop_service(self, agreement_id: str, last_day_out: date, learned_at: datetime) -> None:
        """End an agreement, or NotFound, or Conflict."""


@dataclass(frozen=True, slots=True)
class ServiceRequest:
    """What an agent is told when somebody wants power.

    ``people`` are (person id, name); ``tax_place`` names a municipality of the book or ``none``.
    ``state`` is one in which the utility serves; it may be left out where there is but one.
    """

    account_id: str
    people: tuple[tuple[str, str], ...]
    cycle: int
    premise_id: str
    address: str
    city: str
    postal_code: str
    tax_place: str
    service_point_id: str
    meter_id: str | None
    """The meter installed there; None for service without one, whose loads are recorded apart."""
    multiplier: int
    schedule: str
    from_day: date
    state: str = ""
    sales_tax_place: str = ""
    """The local sales-tax jurisdiction, ``none``, or empty where nobody has said."""


def start_service(
    request: ServiceRequest, *, learned_at: datetime, view: BookView, store: ServiceStore
) -> Agreement:
    """Record everything a start of service needs, at once or not at all. Returns the agreement.

    :raises ServiceRefused: naming what is missing or cannot be
    :raises OptionNotOpen: if the rate is not open to a meter of that kind
    :raises RateIsKept: if the same people had another rate there, and must keep it (GRR V.H.6)
    :raises NoRuleInForce: if the schedule or the tax place has no value on the first day
    :raises Conflict: if somebody else has service there, or the meter is elsewhere, on those days
    """
    start = service_start(request, learned_at=learned_at, view=view)
    if request.meter_id is not None:
        refuse_not_open(
            request.schedule,
            [request.meter_id],
            on=request.from_day,
            known_at=learned_at,
            view=view,
            store=store,
        )
    refuse_evasion(
        account_id=request.account_id,
        people=frozenset(person for person, _ in request.people),
        service_point_id=request.service_point_id,
        schedule=request.schedule,
        from_day=request.from_day,
        known_at=learned_at,
        view=view,
        store=store,
    )
    store.start_service(start)
    return start.agreement


def warnings_of(request: ServiceRequest, view: BookView) -> tuple[str, ...]:
    """What is not wrong yet and will be: sentences for who starts the service."""
    try:
        service_class = view.service_class(request.schedule, request.from_day).value
    except Refusal:  # the book names no class, and a bill says so
        return ()
    if service_class == RESIDENTIAL or request.sales_tax_place:
        return ()
    return (
        f"Nobody has said in which sales-tax place premise {request.premise_id} lies: the bills of "
        f"{service_class.replace('_', ' ')} service are held until it is told. Tell it with "
        f"`meterledger tax place {request.premise_id} --from {request.from_day} "
        "--sales-tax PLACE`.",
    )


def service_start(request: ServiceRequest, *, learned_at: datetime, view: BookView) -> ServiceStart:
    """The records of a start of service, checked; stores nothing. Raises as ``start_service``."""
    _check_words(request)
    cycles = reading_cycle_count(on=request.from_day, view=view)
    if not 1 <= request.cycle <= cycles:
        raise ServiceRefused(
            f"There is no reading cycle {request.cycle}",
            where=f"account {request.account_id}",
            do=f"Name a cycle from 1 to {cycles}",
        )
    view.schedule(request.schedule, request.from_day)
    if request.tax_place != NO_TAX_PLACE:
        view.number(f"municipal_gross_receipts_{request.tax_place}").on(request.from_day)
    days = Validity(request.from_day)
    if request.sales_tax_place not in ("", NOT_SALES_TAXED_HERE):
        view.number(f"sales_tax_local_{request.sales_tax_place}").on(request.from_day)
    return ServiceStart(
        persons=tuple(Person(person, name, learned_at) for person, name in request.people),
        account=Account(request.account_id, request.cycle, request.from_day, learned_at),
        holders=tuple(
            AccountHolder(request.account_id, person, days, learned_at)
            for person, _ in request.people
        ),
        premise=Premise(
            request.premise_id,
            request.address,
            request.city,
            _state_of(request, view),
            request.postal_code,
            learned_at,
        ),
        tax_place=TaxPlace(request.premise_id, request.tax_place, days, learned_at),
        service_point=ServicePoint(request.service_point_id, request.premise_id, learned_at),
        installation=MeterInstallation(
            request.service_point_id, request.meter_id, request.multiplier, days, learned_at
        )
        if request.meter_id is not None
        else None,
        agreement=Agreement(
            agreement_name(request.account_id, request.service_point_id, request.from_day),
            request.account_id,
            request.service_point_id,
            request.schedule,
            days,
            learned_at,
        ),
        sales_tax_place=SalesTaxPlace(request.premise_id, request.sales_tax_place, days, learned_at)
        if request.sales_tax_place
        else None,
    )


def _state_of(request: ServiceRequest, view: BookView) -> str:
    """The state that is named, or the only one in which the utility serves."""
    where, served = f"premise {request.premise_id}", ", ".join(view.states)
    if request.state in view.states:
        return request.state
    if request.state:
        raise ServiceRefused(
            f"The utility does not serve in a state '{request.state[:40]}'",
            where=where,
            do=f"Name a state that utility.yaml of its tariff book names: {served}",
        )
    if len(view.states) > 1:
        raise ServiceRefused(
            "Nobody said in which state the premise lies",
            where=where,
            do=f"The utility serves in several; name one of {served}",
        )
    return view.states[0]


def stop_service(
    *, agreement_id: str, last_day_out: date, learned_at: datetime, store: ServiceStore
) -> None:
    """End an agreement: ``last_day_out`` is the first day without service.

    :raises NotFound: if no such agreement is known
    :raises Conflict: if it has ended already, or is billed past that day
    """
    store.stop_service(agreement_id, last_day_out, learned_at)


def _check_words(request: ServiceRequest) -> None:
    account = request.account_id
    if len(account) != ACCOUNT_DIGITS or not check_digit_holds(account):
        plain = account.isascii() and account.isdigit()
        example = with_check_digit(account[: ACCOUNT_DIGITS - 1]) if plain else ""
        hint = f" (did you mean {example}?)" if len(example) == ACCOUNT_DIGITS else ""
        raise ServiceRefused(
            f"'{account}' is not an account number{hint}",
            do=f"Give {ACCOUNT_DIGITS} digits whose last is the check digit",
        )
    if not request.people:
        raise ServiceRefused(
            "Nobody is responsible for the account",
            where=f"account {account}",
            do="Name at least one person",
        )
    if not 1 <= request.multiplier <= MULTIPLIER_MAX:
        raise ServiceRefused(
            f"A multiplier of {request.multiplier} cannot be",
            where=f"meter {request.meter_id}",
            do=f"Give the whole number on the meter, 1 (no transformers) to {MULTIPLIER_MAX}",
        )
    named: Sequence[tuple[str, str]] = (
        ("premise", request.premise_id),
        ("service point", request.service_point_id),
        *((("meter", request.meter_id),) if request.meter_id is not None else ()),
        *(("person", person) for person, _ in request.people),
    )
    for noun, word in named:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}", word):
            raise ServiceRefused(
                f"'{word[:70]}' cannot name a {noun}",
                where=f"account {account}",
                do="Use letters, digits and . _ / : - , up to 64, first a letter or digit",
            )
    place = f"of premise {request.premise_id}"
    for noun, words in (
        (f"address {place}", request.address),
        (f"city {place}", request.city),
        (f"postal code {place}", request.postal_code),
        *((f"name of person {person}", name) for person, name in request.people),
    ):
        if not words.strip() or len(words) > LONGEST_WORDS or not words.isprintable():
            raise ServiceRefused(
                f"The {noun} is empty, longer than {LONGEST_WORDS} letters or not printable",
                where=f"account {account}",
                do=f"Give the {noun} as it is to stand on the bill",
            )

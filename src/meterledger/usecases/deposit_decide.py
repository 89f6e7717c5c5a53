"""Whether a deposit may be asked for, and how much: what is told and what our books say, to rules.

Lives here      merging both, and asking the rules of an initial, continued or non-residential
                deposit; nothing is written.
Lives elsewhere the rules (``arrears``), asking for it (``deposit_ask``).
Read first      GRR VI.A and VI.B; docs/operating/deposits.md, "May it be asked for".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from meterledger.facts.deposits import DepositKind
from meterledger.facts.places import Account, BillableService
from meterledger.kernel.money import Cents, usd_text
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.book import BookView
from meterledger.rulebook.forms import fact, fields_of, read_form
from meterledger.usecases.deposit_base import (
    PointStore,
    YearOfBills,
    continued_limit,
    nonresidential_limit,
    residential_limit,
    year_of_bills,
)
from meterledger.usecases.deposit_history import (
    AccountHistory,
    HistoryStore,
    account_history,
    payments_of,
)
from meterledger.usecases.deposit_history_unknown import waits_for
from meterledger.usecases.deposit_record import Ruled, ask

RULE_OF_KIND = {
    DepositKind.INITIAL: "deposits.initial",
    DepositKind.CONTINUED: "deposits.continued",
    DepositKind.NON_RESIDENTIAL: "deposits.nonresidential",
}
OUR_OWN = {
    DepositKind.INITIAL: (),
    DepositKind.CONTINUED: ("bills",),
    DepositKind.NON_RESIDENTIAL: ("customer",),
}
"""Facts that our own books say, and that nobody may tell."""
DEFAULTS: Mapping[DepositKind, Mapping[str, Any]] = {
    DepositKind.INITIAL: {"unpaid_bills": [], "diversions": []},
    DepositKind.CONTINUED: {
        "disconnections": [],
        "tampered_or_diverted": False,
        "agreement": "none",
    },
    DepositKind.NON_RESIDENTIAL: {
        "guarantee_offered": False,
        "guarantor_credit_satisfactory": False,
        "company_accepts_guarantee": False,
    },
}
"""What holds where nobody tells anything: it is written into the record as such."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What a person may tell of the whole decision, beside the facts of the kind's own rule."""

    disputed_bills: tuple[str, ...] = fact("Bills in dispute, by their numbers.", default=())
    on_payment_plan: bool = fact("Whether an earlier payment plan is being paid.", default=False)
    estimated_annual_bill_cents: Cents | None = fact(
        "The estimated bills of a year, where no bill of the place is known.", default=None
    )
    for_diversion: bool = fact("Whether it is required for diversion.", default=False)
    can_pay_at_once: bool = fact("Whether the customer can pay it all at once.", default=False)
    likely_not_to_pay: bool = fact(
        "Whether it can be shown that the customer likely does not intend to pay.", default=False
    )


RESIDENTIAL_CLASS = "residential"
"""The class of service of homes, as the book names it."""
BESIDE = tuple(one.key for one in fields_of(Beside))


def beside_of(told: Mapping[str, Any]) -> Beside:
    """What is told beside the rule's own facts.

    :raises FactsRefused: if one of them is not written as it must be
    """
    own = {name: value for name, value in told.items() if name in BESIDE}
    found: Beside = read_form(Beside, own, where="facts")
    return found


class CannotTell(Refusal):
    """A fact was told that our own books say, or that nobody needs."""


class WrongKind(Refusal):
    """The deposit is for another class of service than the account has."""


class NotTheCustomers(Refusal):
    """An account that is named as the customer's earlier one is somebody else's."""


class DecideStore(HistoryStore, PointStore, Protocol):
    """What this needs of the store."""

    def account(self, account_id: str) -> Account:
        """The account, or NotFound."""

    def accounts_of_same_holder(self, account_id: str, known_at: datetime) -> list[str]:
        """Other accounts for which a person of this one is responsible on some day, in order."""

    def accounts_of_same_people(self, account_id: str, known_at: datetime, on: date) -> list[str]:
        """Other accounts for which the same people are responsible, all of them and nobody else.

        Of each account those of the day count, or of the last day before it that had any. In order
        of their numbers; none where nobody is responsible for the account.
        """

    def services_of_account(self, account_id: str, known_at: datetime) -> list[BillableService]:
        """All agreements of the account, joined."""


@dataclass(frozen=True, slots=True)
class Asking:
    """Who is asked for which deposit, on which day, as known when; what a person told."""

    account_id: str
    kind: DepositKind
    on: date
    known_at: datetime
    told: Mapping[str, Any]
    earlier_accounts: tuple[str, ...] = ()
    others_cents: int = 0
    """What is held, guaranteed or asked for of the account's other deposits."""


@dataclass(frozen=True, slots=True)
class Considered:
    """What the rules say of a deposit: whether, and the most. Nothing of it is kept yet."""

    asking: Asking
    history: AccountHistory
    eligibility: Ruled
    limit: Ruled | None
    own: dict[str, Any]

    @property
    def may_be_asked(self) -> bool:
        """Whether any deposit may be asked for."""
        outcome = self.eligibility.outcome
        if self.asking.kind is DepositKind.CONTINUED:
            return bool(outcome.deposit_may_be_assessed)
        return bool(outcome.deposit_may_be_required)

    @property
    def most_cents(self) -> Cents:
        """The most that may be asked; zero where nothing may."""
        return self.limit.outcome.most_cents if self.limit else Cents(0)

    @property
    def rulings(self) -> tuple[Ruled, ...]:
        """What was decided, in order."""
        return (self.eligibility,) if self.limit is None else (self.eligibility, self.limit)


def consider_deposit(asking: Asking, *, store: DecideStore, view: BookView) -> Considered:
    """Decide whether a deposit may be asked for and the most that it may be.

    :raises CannotTell: if a person tells what our own books say
    :raises NotTheCustomers: if an earlier account is not the customer's
    :raises WaitsForPayment: while the answer rests on money of which nobody knows whether it came
    :raises FactsRefused: if what was told is not in the rule's form
    :raises NothingToGoBy: if no bill is known on which the most could rest
    :raises Refusal: in a rule's own words
    """
    _refuse_own(asking)
    _refuse_other_class(asking, store, view)
    beside = beside_of(asking.told)
    history = account_history(
        asking.account_id,
        on=asking.on,
        known_at=asking.known_at,
        store=store,
        view=view,
        disputed=beside.disputed_bills,
    )
    own: dict[str, Any] = {"history": history.as_json()}
    if asking.kind is DepositKind.CONTINUED and history.waiting:
        raise waits_for(asking.account_id, history.unknown_cents)
    facts = _facts(asking, history, own, store, view)
    eligibility = ask(RULE_OF_KIND[asking.kind], facts, on=asking.on, view=view)
    considered = Considered(asking, history, eligibility, None, own)
    if not considered.may_be_asked:
        return considered
    if asking.kind is DepositKind.CONTINUED and history.unknown_cents:
        # A part that came in time, or a lower balance, may spare the customer.
        raise waits_for(asking.account_id, history.unknown_cents)
    limit = _limit(asking, history, own, store, view)
    return Considered(asking, history, eligibility, limit, own)


def _refuse_own(asking: Asking) -> None:
    known = (*OUR_OWN[asking.kind], "small_debt")
    said = sorted(name for name in asking.told if name in known)
    if said:
        raise CannotTell(
            f"'{said[0]}' was told, and our own bills and payments say it",
            where=f"account {asking.account_id}",
            do="Leave it out; correct the bill or the payment if it is wrong",
        )


def _refuse_other_class(asking: Asking, store: DecideStore, view: BookView) -> None:
    """A home is asked for a deposit on a listed ground only; a business is no home.

    The class is that of the services that the account has, or had last.
    """
    services = store.services_of_account(asking.account_id, asking.known_at)
    if not services:
        store.account(asking.account_id)
        raise WrongKind(
            f"Account {asking.account_id} has no service, so a deposit would be for none",
            where=f"account {asking.account_id}",
            do="Start its service first; it may begin later than today",
        )
    last = max(services, key=lambda one: one.agreement.days.from_day).agreement
    day = max(asking.on, last.days.from_day)
    found = view.service_class(last.schedule, day)
    is_home = found.value == RESIDENTIAL_CLASS
    if is_home != (asking.kind is not DepositKind.NON_RESIDENTIAL):
        raise WrongKind(
            f"A deposit that is {asking.kind.value} is not for {found.value} service",
            where=f"account {asking.account_id}",
            why=f"Its schedule is {last.schedule} ({found.citation.text})",
            do="Ask for an initial or continued one"
            if is_home
            else "Ask for a non-residential one",
        )
    ends = [one.agreement.days.until_day for one in services]
    if all(end is not None and end <= asking.on for end in ends):
        raise WrongKind(
            f"Service of account {asking.account_id} has ended, so a deposit would be for none",
            where=f"account {asking.account_id}, {asking.on}",
            why=f"Its last day was {max(end for end in ends if end) - timedelta(days=1)}",
            do="Start new service first; what the account owes is asked for by its final bill",
        )


def _facts(
    asking: Asking,
    history: AccountHistory,
    own: dict[str, Any],
    store: DecideStore,
    view: BookView,
) -> dict[str, Any]:
    """The rule's facts: ours, what was told, and what holds where nothing was told."""
    told = {name: value for name, value in asking.told.items() if name not in BESIDE}
    facts = {**DEFAULTS[asking.kind], **told}
    if asking.kind is DepositKind.NON_RESIDENTIAL:
        return facts | {"customer": "non_residential"}
    if asking.kind is DepositKind.CONTINUED:
        return facts | {
            "bills": payments_of(history.bills),
            "small_debt": {
                "balance_usd": usd_text(max(0, history.balance_cents)),
                "on_payment_plan": beside_of(asking.told).on_payment_plan,
                "periods": [
                    {
                        "paid_in_time_usd": usd_text(one.paid_in_time_cents),
                        "outstanding_usd": usd_text(one.outstanding_cents),
                    }
                    for one in history.bills
                ],
            },
        }
    earlier = _earlier(asking, own, store, view)
    # What is told in another form than a list is refused by the rule's form, in its own words.
    if earlier.unpaid and isinstance(facts["unpaid_bills"], list):
        facts["unpaid_bills"] = [*facts["unpaid_bills"], *earlier.unpaid]
    if earlier.last_served_on is not None and isinstance(facts.get("score"), Mapping):
        facts["score"] = {**facts["score"], "last_served_on": earlier.last_served_on.isoformat()}
    return facts


@dataclass(frozen=True, slots=True)
class _Earlier:
    """What the customer's earlier accounts with us say."""

    unpaid: tuple[dict[str, Any], ...]
    last_served_on: date | None


def _earlier(asking: Asking, own: dict[str, Any], store: DecideStore, view: BookView) -> _Earlier:
    theirs = store.accounts_of_same_holder(asking.account_id, asking.known_at)
    unpaid: list[dict[str, Any]] = []
    served: list[date] = []
    told = []
    for account_id in asking.earlier_accounts:
        store.account(account_id)
        if account_id not in (asking.account_id, *theirs):
            raise NotTheCustomers(
                f"Account {account_id} has nobody in common with account {asking.account_id}",
                where=f"account {asking.account_id}",
                do="Name accounts of the same customer only",
            )
        history = account_history(
            account_id,
            on=asking.on,
            known_at=asking.known_at,
            store=store,
            view=view,
            disputed=beside_of(asking.told).disputed_bills,
        )
        # A bill whose day has not passed is no debt yet: nobody has failed to pay it.
        overdue = [one for one in history.oldest_unpaid if one.is_overdue(asking.on)]
        if 0 < sum(one.cents for one in overdue) <= history.unknown_cents:
            raise waits_for(account_id, history.unknown_cents)
        unpaid += [
            {
                "accrued_on": one.charged_day.isoformat(),
                "unpaid_usd": usd_text(one.cents),
                "service": "electric",
                "dispute": "registered" if one.disputed else "none",
            }
            for one in overdue
        ]
        ends = [
            one.agreement.days.until_day or asking.on + timedelta(days=1)
            for one in store.services_of_account(account_id, asking.known_at)
        ]
        served += [min(end - timedelta(days=1), asking.on) for end in ends]
        told.append(history.as_json())
    if told:
        own["earlier_accounts"] = told
    return _Earlier(tuple(unpaid), max(served, default=None))


def _limit(
    asking: Asking,
    history: AccountHistory,
    own: dict[str, Any],
    store: DecideStore,
    view: BookView,
) -> Ruled:
    has_bills = any(one.issued_day < asking.on for one in history.every_bill)
    if asking.kind is DepositKind.CONTINUED or (
        asking.kind is DepositKind.NON_RESIDENTIAL and has_bills
    ):
        return continued_limit(history, on=asking.on, view=view, others_cents=asking.others_cents)
    year = _year(asking, store)
    own["year"] = year.as_json()
    if asking.kind is DepositKind.NON_RESIDENTIAL:
        return nonresidential_limit(year, on=asking.on, view=view, others_cents=asking.others_cents)
    told = beside_of(asking.told).estimated_annual_bill_cents
    return residential_limit(year, told, on=asking.on, view=view, others_cents=asking.others_cents)


def _year(asking: Asking, store: DecideStore) -> YearOfBills:
    services = store.services_of_account(asking.account_id, asking.known_at)
    points: Sequence[str] = [one.agreement.service_point_id for one in services]
    return year_of_bills(
        points,
        on=asking.on,
        known_at=asking.known_at,
        store=store,
        disputed=beside_of(asking.told).disputed_bills,
    )

"""Contracts of extensions: opening one, signatures, connections, the release of construction.

Lives here      what a person tells of a contract, held against the rules of its day.
Lives elsewhere its money (``extension_money``), refunds, guarantees, facilities (beside this).
Read first      docs/operating/extensions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Protocol

from meterledger.extensions import (
    CONTRIBUTION,
    DEPOSIT_ASKED,
    GUARANTEE_AMOUNT,
    GUARANTEE_NEED,
    LEGACY_CHARGE,
    SPECIAL_REQUEST,
    ContributionFacts,
    DepositAskedFacts,
    Depositor,
    GuaranteeAmountFacts,
    GuaranteeNeedFacts,
    LegacyChargeFacts,
    Option,
    RefundKey,
    SpecialRequestFacts,
)
from meterledger.facts.extensions import (
    ContributionTerms,
    DepositTerms,
    ExtensionContract,
    FacilityTerms,
    GuaranteeTerms,
)
from meterledger.facts.places import Account, BillableService
from meterledger.facts.settlements import VerifiedPayee
from meterledger.kernel.local_days import local_day_of
from meterledger.kernel.money import Cents
from meterledger.rulebook.book import TariffBook
from meterledger.rulebook.forms import fact, number_text, plain_form
from meterledger.usecases.extension_ports import ExtensionLog
from meterledger.usecases.extension_records import (
    Asked,
    ExtensionRefused,
    Moment,
    in_name_of,
    plain_name,
    record_of,
)


class ExtensionStore(ExtensionLog, Protocol):
    """What these journeys need of the store."""

    def account(self, account_id: str) -> Account:
        """The account, or NotFound."""

    def service_of_agreement(self, agreement_id: str, known_at: datetime) -> BillableService:
        """One agreement, or NotFound."""

    def payee(self, payee_id: str) -> VerifiedPayee:
        """A payee by its id. :raises NotFound:"""


@dataclass(frozen=True, slots=True)
class DepositGiven:
    """An advance refundable deposit, as the parties agreed on it."""

    asked: DepositAskedFacts = fact("What is asked for.")
    key: RefundKey = fact("What refunds are shared by.")
    expected_units: Fraction = fact("How many units earn the whole deposit back.")


@dataclass(frozen=True, slots=True)
class GuaranteeGiven:
    """A guarantee agreement, as the parties agreed on it."""

    need: GuaranteeNeedFacts = fact("What the extension costs and is thought to bring.")
    amount: GuaranteeAmountFacts = fact("What is guaranteed.")


@dataclass(frozen=True, slots=True)
class SpecialGiven:
    """Special facilities, as the parties agreed on them."""

    request: SpecialRequestFacts = fact("What is asked for.")
    cost: ContributionFacts = fact("What it costs.")


@dataclass(frozen=True, slots=True)
class FacilityGiven:
    """A special facility of before 1992 that has a monthly charge."""

    facility: str = fact("Its name in the records of plant; a month of it is charged once.")
    installed_on: date = fact("The day on which it was installed.")
    installed_cost_cents: Cents = fact("What it cost to install.")
    option: Option | None = fact("The choice of before November 2, 1983; null for later ones.")
    same_customer: bool = fact("Whether the customer is the one of when options closed.")
    charges_from: date = fact("The first day of the first month that is charged here.")
    frozen_monthly_cents: Cents | None = fact(
        "The charge on the billing record of 2019-03-31; null: the last that was charged here.",
        default=None,
    )


@dataclass(frozen=True, slots=True)
class ContractGiven:
    """What a contract is about: one part or several."""

    deposit: DepositGiven | None = fact("An advance refundable deposit.", default=None)
    guarantee: GuaranteeGiven | None = fact("A guarantee agreement.", default=None)
    special: SpecialGiven | None = fact("Special facilities.", default=None)
    facility: FacilityGiven | None = fact("A facility with a monthly charge.", default=None)


@dataclass(frozen=True, slots=True)
class ContractAsked:
    """A contract that somebody wants opened."""

    contract_id: str
    account_id: str
    requested_day: date
    by: str
    given: ContractGiven
    account_is_the_depositors: bool = False
    """Whether it is said that the account is the other party's own who gives the deposit."""
    depositor: str = ""
    """The verified payee of the account who is that other party: what comes back goes to them."""


def open_contract(
    asked: ContractAsked, *, store: ExtensionStore, book: TariffBook, now: datetime
) -> tuple[ExtensionContract, bool]:
    """Open a contract under the text of the day of its request; False if it was open already.

    GRR III.O has a deposit go back to the depositor. What comes back is a credit of the account: so
    the account has to be the depositor's own, or the depositor is named, a verified payee, and what
    comes back is due to them alone.

    :raises ExtensionRefused: if the contract is about nothing, a rule says no, or another party
        gives the deposit and nobody says that the account is that party's own, or who it is
    :raises NotFound: if there is no such account, or payee
    :raises NoRuleInForce: for a request of a day whose text is not held
    """
    name = _contract_name(asked.contract_id)
    today = local_day_of(now, book.as_known(now.date()).time_zone)
    if asked.requested_day > today:
        raise ExtensionRefused(
            f"The extension is asked for on {asked.requested_day}, which is not here yet",
            where=f"extension {name}",
            do="Give the day of the request",
        )
    store.account(asked.account_id)
    known = [one for one in store.extensions() if one.contract.contract_id == name]
    moment = Moment.at(known[0].contract.learned_at if known else now, book)
    contract = contract_of(replace(asked, contract_id=name), moment)
    if not known:  # one of before anybody was asked stays as it is
        _refuse_account_of_another(asked, f"extension {name}")
        _refuse_payee_of_another(asked, store, f"extension {name}")
    return contract, store.open_extension(contract)


def _refuse_account_of_another(asked: ContractAsked, where: str) -> None:
    deposit = asked.given.deposit
    is_others = deposit is not None and deposit.asked.depositor is Depositor.OTHER_PARTY
    if asked.account_is_the_depositors and asked.depositor:
        raise ExtensionRefused(
            "The account is said to be the depositor's own, and another payee is named",
            where=where,
            why="What comes back goes to one of them",
            do="Give --account-is-the-depositors or --depositor, and not both",
        )
    if is_others and not (asked.account_is_the_depositors or asked.depositor):
        raise ExtensionRefused(
            f"Another responsible party gives the deposit, and nobody says that account "
            f"{asked.account_id} is theirs",
            where=where,
            why="What comes back goes to the depositor (GRR III.O), and it is a credit of the "
            "contract's account",
            do="Start an account for the depositor and open the contract there; if this one is the "
            "depositor's own, say so with --account-is-the-depositors; else verify the depositor "
            "with `meterledger refund payee` and name that payee with --depositor",
        )
    if asked.depositor and not is_others:
        raise ExtensionRefused(
            f"Payee {asked.depositor[:40]} is named as depositor, and the terms have no deposit of "
            "another responsible party",
            where=where,
            do="Give other_responsible_party as depositor in the terms, or leave out --depositor",
        )
    if asked.account_is_the_depositors and not is_others:
        raise ExtensionRefused(
            "The account is said to be another depositor's, and the terms have no deposit of "
            "another responsible party",
            where=where,
            do="Give other_responsible_party as depositor in the terms, or leave out "
            "--account-is-the-depositors",
        )


def _refuse_payee_of_another(asked: ContractAsked, store: ExtensionStore, where: str) -> None:
    if asked.depositor and store.payee(asked.depositor).account_id != asked.account_id:
        raise ExtensionRefused(
            f"Payee {asked.depositor} is verified for another account",
            where=where,
            why="Money of an account goes to payees who were verified for it",
            do=f"Verify the depositor for account {asked.account_id} with `meterledger refund "
            "payee`",
        )


def _contract_name(contract_id: str) -> str:
    name = contract_id.strip()
    plain = name.isascii() and name.replace("-", "").isalnum()
    if not plain or len(name) > 40:
        raise ExtensionRefused(
            f"'{contract_id[:60]}' is no name of a contract",
            do="Give letters, digits and hyphens, at most 40, unique for ever",
        )
    return name


def contract_of(asked: ContractAsked, moment: Moment) -> ExtensionContract:
    """The contract with its record, as the rules of the day have it."""
    where = f"extension {asked.contract_id}"
    by = in_name_of(asked.by, where)
    given, rules, day = asked.given, Asked(moment), asked.requested_day
    if not any((given.deposit, given.guarantee, given.special, given.facility)):
        raise ExtensionRefused(
            "The contract is about nothing",
            where=where,
            do="Give one of deposit, guarantee, special and facility",
        )
    parts: dict[str, Any] = {}
    if given.deposit is not None:
        parts["deposit"] = _deposit(given.deposit, rules, day, where)
    if given.guarantee is not None:
        parts["guarantee"] = _guarantee(given.guarantee, rules, day, where)
    if given.special is not None:
        parts["contribution"] = _contribution(given.special, rules, day, where)
    if given.facility is not None:
        parts["facility"] = _facility(given.facility, rules)
    told: dict[str, Any] = {
        "contract": asked.contract_id,
        "account": asked.account_id,
        "requested": day.isoformat(),
        "by": by,
        "given": plain_form(given),
    }
    if asked.account_is_the_depositors:  # beside `given`: records without it keep their bytes
        told["account_is_the_depositors"] = True
    if asked.depositor:
        told["depositor"] = asked.depositor
    record = record_of(moment, rules, told)
    return ExtensionContract(
        contract_id=asked.contract_id,
        account_id=asked.account_id,
        requested_day=day,
        by=by,
        learned_at=moment.known_at,
        record=record,
        depositor=asked.depositor,
        **parts,
    )


def _deposit(given: DepositGiven, rules: Asked, day: date, where: str) -> DepositTerms:
    if not rules.ask(DEPOSIT_ASKED, given.asked, day=day).deposit_may_be_required:
        raise _no(rules, where, "A deposit may not be asked for")
    if given.expected_units <= 0 or given.asked.deposit_cents <= 0:
        raise ExtensionRefused(
            "A deposit needs an amount and a number of units that earn it back",
            where=where,
            do="Give deposit_usd and expected_units above zero",
        )
    units = number_text(given.expected_units)
    return DepositTerms(given.asked.deposit_cents, given.key.value, units)


def _guarantee(given: GuaranteeGiven, rules: Asked, day: date, where: str) -> GuaranteeTerms:
    if not rules.ask(GUARANTEE_NEED, given.need, day=day).required:
        raise _no(rules, where, "A guarantee is not required")
    amount = rules.ask(GUARANTEE_AMOUNT, given.amount, day=day)
    return GuaranteeTerms(
        amount.guaranteed_cents, amount.monthly_payment_cents, amount.advance_deposit_cents
    )


def _contribution(given: SpecialGiven, rules: Asked, day: date, where: str) -> ContributionTerms:
    if not rules.ask(SPECIAL_REQUEST, given.request, day=day).may_be_provided:
        raise _no(rules, where, "These facilities are not provided as special ones")
    found = rules.ask(CONTRIBUTION, given.cost, day=day)
    return ContributionTerms(found.construction_cents, found.upkeep_cents)


def _facility(given: FacilityGiven, rules: Asked) -> FacilityTerms:
    first = given.charges_from.replace(day=1)
    facts = LegacyChargeFacts(
        installed_on=given.installed_on,
        installed_cost_cents=given.installed_cost_cents,
        option=given.option,
        same_customer=given.same_customer,
        changed_on=None,
        frozen_monthly_cents=given.frozen_monthly_cents,
    )
    rules.ask(LEGACY_CHARGE, facts, day=first)  # what the first month needs is given now
    return FacilityTerms(
        facility=plain_name(given.facility, "terms.facility.facility"),
        installed_on=given.installed_on,
        installed_cost_cents=given.installed_cost_cents,
        option=given.option.value if given.option else None,
        same_customer=given.same_customer,
        frozen_monthly_cents=given.frozen_monthly_cents,
        charges_from=first,
    )


def _no(rules: Asked, where: str, what: str) -> ExtensionRefused:
    ruling = rules.rulings[-1][0]
    reason = ruling.decision.reasons[-1]
    return ExtensionRefused(
        what, where=where, why=f"{reason.finding} ({reason.citation.text})", do="Leave it out"
    )

"""An unpaid balance that moves to another account of the same customer.

Lives here      when the company may move it, and that it stays as old as it is.
Lives elsewhere the entries (``templates``), disconnection for it (``arrears``).
Read first      GRR V.F (carried forward since 2020-07-09, C-PRORATION-GAP).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import Enum

from meterledger.facts.receivables import ItemKind
from meterledger.kernel.decision import Decision, Reason
from meterledger.kernel.refusal import Refusal
from meterledger.rulebook.forms import fact
from meterledger.rulebook.rules import Rule
from meterledger.rulebook.terms import Terms

TRANSFER = "billing.transfer_of_balances"
REQUIRES = "billing_transfer_of_balances_requires"
WORDS_OF_KIND = {
    ItemKind.LATE_CHARGE: "the late charge",
    ItemKind.SERVICE_FEE: "the service charge",
    ItemKind.SPECIAL: "the special charge",
}


class TransferContradicts(Refusal):
    """The facts given about a balance cannot all be true."""


class ServiceClass(Enum):
    """Classes of service, as far as balances are comparable."""

    RESIDENTIAL = "residential"
    SMALL_GENERAL = "small general service"
    LARGE_GENERAL = "large general service"
    PRIMARY = "primary service"
    LIGHTING = "lighting"


@dataclass(frozen=True, slots=True)
class TransferFacts:
    """What is unpaid of service that ended or was cut off, of one age and kind, and an account it
    could move to.
    """

    service_ended: date = fact("The day on which service at the first place ended.")
    delinquent_since: date | None = fact(
        "Its delinquent date, past or to come; null if no bill has asked for it yet."
    )
    same_customer: bool = fact("Whether both accounts are of the same person responsible.")
    from_class: ServiceClass = fact("The class of the service that ended.")
    to_class: ServiceClass = fact("The class of the other account's service.")
    disputed: bool = fact("Whether the balance is in dispute.", default=False)
    kind: ItemKind = fact("What it was charged for.", default=ItemKind.UTILITY)
    late_by_us: bool = fact(
        "Whether it is late by us, so that no late charge is put on it.", default=False
    )


@dataclass(frozen=True, slots=True)
class AgedTransferFacts:
    """As balances were moved until late-by-us was told apart: by age and kind.

    Kept for the records of then.
    """

    service_ended: date = fact("The day on which service at the first place ended.")
    delinquent_since: date | None = fact(
        "Its delinquent date, past or to come; null if no bill has asked for it yet."
    )
    same_customer: bool = fact("Whether both accounts are of the same person responsible.")
    from_class: ServiceClass = fact("The class of the service that ended.")
    to_class: ServiceClass = fact("The class of the other account's service.")
    disputed: bool = fact("Whether the balance is in dispute.", default=False)
    kind: ItemKind = fact("What it was charged for.", default=ItemKind.UTILITY)


@dataclass(frozen=True, slots=True)
class WholeTransferFacts:
    """As balances were moved until 2026-11-29: all of it as old as its oldest part, and of service.

    Kept for the records of then.
    """

    service_ended: date = fact("The day on which service at the first place ended.")
    delinquent_since: date = fact("The delinquent date of the oldest part of the balance.")
    same_customer: bool = fact("Whether both accounts are of the same person responsible.")
    from_class: ServiceClass = fact("The class of the service that ended.")
    to_class: ServiceClass = fact("The class of the other account's service.")
    disputed: bool = fact("Whether the balance is in dispute.", default=False)


@dataclass(frozen=True, slots=True)
class BalanceTransfer:
    """Whether it may move."""

    may_be_transferred: bool = fact("Whether the company may move it; it never has to.")
    aged_from: date | None = fact(
        "Its delinquent date, as before; null if it may not move, or no bill has asked for it yet."
    )


AnyTransferFacts = TransferFacts | AgedTransferFacts | WholeTransferFacts


def decide_transfer(facts: AnyTransferFacts, terms: Terms) -> Decision[BalanceTransfer]:
    """Whether an unpaid balance may move to another account (GRR V.F). It keeps its age.

    :raises TransferContradicts: if service ends after the day that counts
    :raises ReviewNeeded: where the reading ``gaps.carry_forward`` leaves it to a person
    """
    if facts.service_ended > terms.day:
        raise TransferContradicts(
            f"Service ends on {facts.service_ended}, after the day that counts, {terms.day}",
            where="facts.service_ended",
            do="Wait until service has ended, or correct the day",
        )
    needs, clause = terms.text(REQUIRES), terms.clause(TRANSFER)
    no = BalanceTransfer(False, None)
    if not facts.same_customer:
        found = f"it needs {needs.value}, and another person is responsible"
        return Decision(no, (Reason(found, needs.citation),))
    if facts.from_class is not facts.to_class:
        found = (
            f"it needs {needs.value}, and {facts.from_class.value} is not comparable with "
            f"{facts.to_class.value}"
        )
        return Decision(no, (Reason(found, needs.citation),))
    if facts.disputed:
        found = "the balance is in dispute, and stays where it is until that is settled"
        return Decision(no, (Reason(found, clause.citation),))
    reasons: tuple[Reason, ...] = (
        Reason(f"{needs.value}: the company may, and need not", needs.citation),
        Reason(_age(facts, terms.day), clause.citation),
    )
    if isinstance(facts, TransferFacts) and facts.late_by_us:
        found = "it is late by us, and bears no late charge on the other account either"
        reasons = (*reasons, Reason(found, clause.citation))
    return Decision(BalanceTransfer(True, facts.delinquent_since), reasons)


def _age(facts: AnyTransferFacts, on: date) -> str:
    since = facts.delinquent_since
    if isinstance(facts, WholeTransferFacts):
        return f"it stays overdue since {since}"
    what = WORDS_OF_KIND.get(facts.kind, "it")
    if since is None:
        return f"no bill has asked for {what} yet: the account's next bill does"
    return f"{what} stays overdue since {since}" if since < on else f"{what} stays due on {since}"


RULES = (
    Rule(
        id="ledger.transfer",
        title="Moving an unpaid balance to another account",
        room="ledger",
        kind="procedure",
        chapter="grr_v_billing",
        provisions=(TRANSFER,),
        governing_day="the day of the transfer",
        facts=TransferFacts,
        outcome=BalanceTransfer,
        values=(REQUIRES,),
        decide=decide_transfer,
    ),
)

"""Settlements on paper: asked for by Ana, approved by Ben, of the accounts of the paper town."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tests.stores.paper_town import ANALYST, LATER, account_id, payment_of, start_of

from meterledger.facts.settlements import (
    Act,
    Means,
    Payee,
    SettlementCase,
    SettlementKind,
    Step,
    VerifiedPayee,
)
from meterledger.ledger import entry_of_step
from meterledger.usecases.ports import Store
from meterledger.usecases.settlement_ports import SettlementWrite

DAY = LATER.date()


def ask(
    number: int,
    cents: int,
    key: str = "one",
    *,
    on: date = DAY,
    payment_key: str = "R-1",
    payee_id: str = "",
) -> SettlementWrite:
    """A refund of the number-th account, asked for by Ana."""
    payee = Payee(f"Ana Rivera {number}", Means.CHECK, payment_key=payment_key)
    if payee_id:
        payee = Payee("Ana Rivera", Means.ACH, payee_id=payee_id)
    write = write_of(SettlementKind.REFUND, cents, key, needs_two=True, payee=payee, on=on)
    return replace(write, case=replace(write.case, account_id=account_id(number)))


def write_of(
    kind: SettlementKind,
    cents: int,
    key: str = "one",
    *,
    to: int = 0,
    source: str = "142",
    about: str = "",
    ceiling: int | None = None,
    needs_two: bool = False,
    payee: Payee | None = None,
    approve: bool = False,
    on: date = DAY,
) -> SettlementWrite:
    """Any settlement of the first account, asked for by Ana and, if told, posted at once."""
    asked = Step(Act.ASKED, on, LATER, "Ana", "it is so")
    case = SettlementCase(
        *(key, kind, account_id(1), cents, source, needs_two, b"{}\n", (asked,)),
        to_account_id=account_id(to) if to else "",
        payee=payee,
        about=about,
        ceiling_cents=ceiling,
    )
    write = SettlementWrite(case, (asked,), ())
    if not approve:
        return write
    more = after(case, Act.APPROVED, "Ana")
    return SettlementWrite(more.case, (asked, *more.added), more.entries)


def after(
    case: SettlementCase, act: Act, by: str = "Ben", *, reference: str = ""
) -> SettlementWrite:
    """The next step of a settlement, with its entry."""
    step = Step(act, max(DAY, case.last.on), LATER, by, "it is right", reference=reference)
    entry = entry_of_step(case, step, revenue_account="440")
    if entry is not None:
        step = replace(step, entry_id=entry.entry_id)
    return SettlementWrite(
        replace(case, steps=(*case.steps, step)), (step,), () if entry is None else (entry,)
    )


def settled(store: Store, write: SettlementWrite, *acts: Act) -> SettlementCase:
    """Record a settlement and steps after it, each by Ben."""
    store.record_settlements([write])
    case = write.case
    for act in acts:
        more = after(case, act)
        store.record_settlements([more])
        case = more.case
    return case


def case_of(write: SettlementWrite) -> SettlementCase:
    """The settlement of a write."""
    return write.case


def payee_of_account(number: int) -> VerifiedPayee:
    """A bank account that was checked to be the number-th customer's."""
    return VerifiedPayee(
        *(f"bank-{number}", account_id(number), "Ana Rivera", Means.ACH, "bank account 1"),
        *("Ana", "a void check was seen", LATER),
    )


def keep_settlements(store: Store) -> None:
    """A row in every table of settlements, for tests of what a database refuses."""
    number = 9
    store.start_service(start_of(number))
    store.record_payment(*payment_of(number, "R-9"))
    store.add_payee(payee_of_account(number))
    with store.viewing(ANALYST, [account_id(number)]):
        store.record_settlements([ask(number, 1_00, "nine", payee_id=f"bank-{number}")])


def keep_refunds(store: Store) -> None:
    """A refund that is owed, and one that nobody took, of the seventeenth account."""
    store.start_service(start_of(17))
    store.record_payment(*payment_of(17, "R-17"))
    settled(store, ask(17, 20_00, "seven", payment_key="R-17"), Act.APPROVED)
    settled(store, ask(17, 5_00, "eight", payment_key="R-17"), Act.APPROVED, Act.UNCLAIMED)

"""Deposits on paper: of the accounts of the paper town, asked for by Ana, paid at the desk."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from tests.stores.paper_town import LATER, account_id

from meterledger.facts.deposits import (
    DepositAct,
    DepositKind,
    DepositStep,
    Part,
    deposit_id_of,
)
from meterledger.facts.money import Entry, Leg, Payment, Tender
from meterledger.facts.payments import (
    Channel,
    Receipt,
    ReceiptAct,
    ReceiptState,
    ReceiptStep,
)
from meterledger.facts.receivables import Application, ItemKind
from meterledger.ledger import DEPOSITS, entry_for_deposit_step
from meterledger.usecases.deposit_ports import DepositWork
from meterledger.usecases.payment_ports import ReceiptPosting
from meterledger.usecases.ports import Store

ASKED_ON = date(2025, 1, 10)
PAID_ON = date(2025, 1, 15)
KIND = DepositKind.INITIAL


def name_of(number: int) -> str:
    return deposit_id_of(account_id(number), KIND, ASKED_ON)


def step_of(
    number: int, act: DepositAct, key: str = "", *, on: date = ASKED_ON, **more: Any
) -> DepositStep:
    at: datetime = more.pop("at", LATER)
    made = DepositStep(name_of(number), key or act.value, act, on, "Ana", "it is so", at)
    return replace(made, **more)


def asked_step(number: int = 1, cents: int = 100_00) -> DepositStep:
    due = ASKED_ON + timedelta(days=21)
    return step_of(
        number,
        DepositAct.ASKED,
        cents=cents,
        until=due,
        parts=(Part(ASKED_ON, due, cents),),
        record=b'{"a":1}\n',
    )


def work_of(number: int, seen: int, *steps: DepositStep) -> DepositWork:
    entries = [entry_for_deposit_step(one, account_id(number)) for one in steps]
    return DepositWork(
        *(name_of(number), account_id(number), KIND, seen, steps),
        tuple(one for one in entries if one is not None),
    )


def pay_deposit(store: Store, number: int = 1, cents: int = 100_00, key: str = "R-D") -> None:
    """Cash for the deposit that was asked for: 235 is credited, and the item is paid."""
    receipt = Receipt(key, account_id(number), cents, Tender.CASH, Channel.OFFICE, PAID_ON, LATER)
    entry = Entry(
        f"payment:{key}",
        PAID_ON,
        LATER,
        (Leg("131", cents), Leg(DEPOSITS, -cents, account_id(number))),
        f"cash payment {key}",
    )
    item = f"deposit:{name_of(number)}"
    given = Application(
        *(f"{item}#1", entry.entry_id, item, ItemKind.DEPOSIT, account_id(number), cents),
        *(PAID_ON, LATER),
    )
    step = ReceiptStep(
        *(key, 1, ReceiptAct.TAKEN, ReceiptState.POSTED, PAID_ON, "desk", "", LATER),
        *(entry.entry_id, account_id(number)),
    )
    payment = Payment(key, account_id(number), cents, Tender.CASH, PAID_ON, LATER)
    store.post_receipts([ReceiptPosting(receipt, step, payment, (entry,), (given,))])


def keep_deposits(store: Store) -> None:
    """A deposit of the first account, asked for."""
    store.record_deposits([work_of(1, 0, asked_step())])


def keep_paid_deposit(store: Store) -> None:
    """A deposit of the first account: 100 dollars were paid, 60 of them paid what was owed."""
    store.record_deposits([work_of(1, 0, asked_step())])
    pay_deposit(store)
    applied = step_of(1, DepositAct.APPLIED, "applied.x", on=PAID_ON, cents=60_00)
    store.record_deposits([work_of(1, 1, applied)])

"""Everything that payment channels keep, on paper: one of each, as one change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from tests.stores.paper_town import LATER, account_id

from meterledger.facts.ach import AchStandard, BankAccountKind
from meterledger.facts.ach_orders import (
    AchOrder,
    AutopayAnswered,
    AutopayQuestion,
    BankAccount,
    BankChangeTold,
    BankStop,
    DroppedOrder,
    Enrollment,
    OrderKind,
    ReturnAct,
    ReturnDone,
    ReturnedEntry,
    SentEntry,
    SentFile,
    StopKind,
)
from meterledger.facts.bank import Expectation
from meterledger.facts.checkouts import (
    Answer,
    Checkout,
    CheckoutState,
    CheckoutStep,
    HeardBy,
    Said,
)
from meterledger.facts.money import Tender
from meterledger.facts.pledges import Pledge, PledgeAct, PledgeStep
from meterledger.kernel.span import Validity
from meterledger.usecases.channel_ports import ChannelChange

DAY = date(2025, 3, 3)
SOON = LATER + timedelta(hours=1)


def bank_of(number: int = 1) -> BankAccount:
    """The number-th account's bank account."""
    return BankAccount(
        *(f"BA-{number}", account_id(number), "Ana Rivera", "081000210"),
        *(BankAccountKind.SAVINGS, "6789", "f" * 32, b"sealed\x00\xff", LATER),
    )


def again_of(number: int = 1) -> BankAccount:
    """The number-th account's bank account as its bank corrected it."""
    return replace(
        bank_of(number), bank_id=f"BA-{number}-again", replaces=f"BA-{number}", from_day=DAY
    )


def enrollment_of(number: int = 1, from_day: date = DAY) -> Enrollment:
    """The number-th account on autopay from a day."""
    return Enrollment(
        *(f"AP-{number}-{from_day}", account_id(number), f"BA-{number}", AchStandard.WEB),
        *(Validity(from_day), 500_00, "online", "Ana", LATER),
    )


def order_of(number: int = 1, attempt: int = 1, *, kind: OrderKind = OrderKind.DEBIT) -> AchOrder:
    """An order of the number-th account's bank account."""
    return AchOrder(
        *(f"autopay:B-{number}:{attempt}", kind, account_id(number), f"BA-{number}", 165_19, DAY),
        *(AchStandard.WEB, "ELEC BILL", f"bill:B-{number}", attempt, LATER),
    )


def file_of(*orders: AchOrder, name: str = "20250303A", first: int = 1) -> SentFile:
    """A file of those orders."""
    entries = tuple(
        SentEntry(name, f"08100021{n:07}", one.order_id) for n, one in enumerate(orders, first)
    )
    return SentFile(
        *(name, DAY, name[-1], DAY + timedelta(days=1), "081000210", "1430559760", "US", "BANK"),
        *(sum(one.cents for one in orders), 0, LATER, entries),
    )


def checkout_of(number: int = 1) -> Checkout:
    """The number-th account's checkout."""
    return Checkout(f"pay-{number:04}", account_id(number), 165_19, Tender.CARD, LATER, "there")


def step_of(
    number: int = 1, *, step: int = 1, state: CheckoutState = CheckoutState.UNKNOWN, **other: Any
) -> CheckoutStep:
    """Something heard of the number-th account's checkout."""
    said = Said.PAID if state is CheckoutState.POSTED else Said.OPEN
    answer = Answer(f"pay-{number:04}", said, 0, step, "a name", "https://pay.example/1", DAY)
    made = CheckoutStep(
        *(f"pay-{number:04}", step, HeardBy.ASKED, answer, state, "it says so", SOON)
    )
    return replace(made, **other)


def pledge_of(number: int = 1) -> Pledge:
    """A pledge for the number-th account's bill."""
    return Pledge(
        *(f"P-{number}", account_id(number), "Heartland", 100_00, ("bill:B-1", "late:1"), DAY),
        *(DAY + timedelta(days=45), "Ana", LATER),
    )


def everything(at: datetime = LATER) -> ChannelChange:
    """One of each, of the first account."""
    again = order_of(1, 2)
    return ChannelChange(
        "everything",
        account_id(1),
        at,
        bank_accounts=(bank_of(), again_of()),
        changes_told=(BankChangeTold("BA-1-again", "Ana", "letter 7", LATER),),
        stops=(BankStop(account_id(1), "e" * 32, StopKind.CLOSED, "R02", DAY, LATER),),
        enrollments=(enrollment_of(),),
        orders=(order_of(), again),
        sent=(file_of(order_of()),),
        dropped=(DroppedOrder(again.order_id, DAY, "it was paid", LATER),),
        returned=(
            ReturnedEntry(
                *("x:1", "a" * 64, "1" * 15, "081000210000001", order_of().order_id, "R01"),
                *(ReturnAct.AGAIN, 165_19, DAY, "R01: again", LATER, ""),
            ),
            ReturnedEntry(
                *("x:2", "a" * 64, "2" * 15, "081000210000002", "", "R03"),
                *(ReturnAct.ASK, 5_00, DAY, "R03: none of ours", LATER, ""),
            ),
        ),
        returns_done=(ReturnDone("x:2", DAY, "Ana", "the bank was asked", LATER),),
        questions=(AutopayQuestion("B-2", account_id(1), DAY, 5, ("why", "so"), LATER),),
        answered=(AutopayAnswered("B-2", False, "Ana", "pays by check", LATER),),
        checkouts=(checkout_of(),),
        checkout_steps=(step_of(),),
        pledges=(pledge_of(),),
        pledge_steps=(
            PledgeStep("P-1", 1, PledgeAct.RECEIVED, DAY, 40_00, "Ana", "came", LATER, "chk-1"),
        ),
        expectations=(Expectation("ach:x", "131.ach", DAY, 165_19, "file x", "ref", "x"),),
    )


def keep_channels(store: Any) -> None:
    """A row in every table of payment channels, of the first account."""
    store.keep_channel(everything())

"""Money that does not come over the counter: lockbox, a check that bounces, autopay, a card.

Lives here      what goes wrong on which day, calling the journeys; done once, told every time.
Lives elsewhere everyday payments (``payments``), every decision (``usecases``).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from meterledger.entrypoints.demo.chronicle import ActTold
from meterledger.entrypoints.demo.scene import Scene, who
from meterledger.entrypoints.wiring import open_bank_numbers
from meterledger.facts.ach import AchEntry, AchReturn, AchStandard, BankAccountKind
from meterledger.facts.money import Tender
from meterledger.facts.payments import Channel, ReceiptState
from meterledger.kernel.canonical import sha256_hex
from meterledger.kernel.money import usd_display
from meterledger.kernel.refusal import Refusal
from meterledger.stores.gateways.lockbox_write import lockbox_text
from meterledger.stores.gateways.nacha import read_nacha
from meterledger.stores.gateways.nacha_write import write_nacha
from meterledger.stores.gateways.payment_csv import read_remittances
from meterledger.usecases.ach_out import file_of, make_ach_file
from meterledger.usecases.ach_returns import take_ach_returns
from meterledger.usecases.autopay import answer_question, enroll_autopay, run_autopay
from meterledger.usecases.payment_files import take_payment_file
from meterledger.usecases.returned_payment import settle_returned_payment
from meterledger.usecases.settle_payment import (
    assign_unapplied,
    confirm_payment,
    reverse_payment,
)
from meterledger.usecases.take_payment import How, receipt_of, tell_receipt

CLERK = "Rosa Lind"

LOCKBOX_HOMES, LOCKBOX_BILLS = ("CA-1", "S-07"), date(2025, 11, 1)
LOCKBOX_ON, ASSIGNED_ON = date(2025, 11, 17), date(2025, 11, 19)
"""Two checks come by lockbox; on one the account's number is written wrongly."""

BOUNCED_HOME, BOUNCED_BILL = "S-01", date(2025, 12, 1)
BOUNCED_ON, PAID_AGAIN_ON = date(2025, 12, 19), date(2025, 12, 29)
"""A check comes back, and the money is brought a week after the due day."""

AUTOPAY_HOME, AUTOPAY_FROM, AUTOPAY_BILLS = "S-10", date(2025, 11, 5), date(2025, 12, 1)
AUTOPAY_DUE, AUTOPAY_RETURNED = date(2025, 12, 22), date(2025, 12, 24)
AUTOPAY_DAYS = (AUTOPAY_DUE, *(date(2026, month, 22) for month in (1, 2, 3, 4)))
AUTOPAY_AGAIN = date(2025, 12, 29)
BANK_ROUTING, BANK_NUMBER = "081000210", "4400913578"

CARD_HOME, CARD_BILL = "NR-1", date(2026, 1, 21)
CARD_ON, CARD_KNOWN_ON = date(2026, 2, 5), date(2026, 2, 11)
"""The processor says nothing for six days."""


def lockbox(scene: Scene) -> list[ActTold]:
    """The lockbox file of the day; one of its lines names nobody's account."""
    bills = [scene.bill(home, LOCKBOX_BILLS) for home in LOCKBOX_HOMES]
    right, wrong = bills[0].account_id, _swapped(bills[1].account_id)
    text = lockbox_text([(right, bills[0].total_cents), (wrong, bills[1].total_cents)], scene.day)
    data = text.encode("ascii")
    file, _ = take_payment_file(
        read_remittances(data, "lockbox.txt", channel=Channel.LOCKBOX),
        sha256=sha256_hex(data),
        name=f"lockbox-{scene.day}.txt",
        by=CLERK,
        desk=scene.payments,
    )
    return [
        scene.told(
            "lockbox",
            f"{file.name}: received {file.received.count} ({usd_display(file.received.cents)}) = "
            f"posted {file.posted.count} ({usd_display(file.posted.cents)}) + unapplied "
            f"{file.unapplied.count} ({usd_display(file.unapplied.cents)}): nobody has the "
            f"account {wrong}.",
        )
    ]


def assign(scene: Scene) -> list[ActTold]:
    """The check is found to be the account's whose number has two digits changed."""
    bill = scene.bill(LOCKBOX_HOMES[1], LOCKBOX_BILLS)
    wrong = _swapped(bill.account_id)
    (known,) = [
        one for one in scene.store.receipts(limit=2000) if one.receipt.account_told == wrong
    ]
    if known.state is ReceiptState.UNAPPLIED:
        assign_unapplied(
            known.receipt.payment_key,
            bill.account_id,
            by=CLERK,
            reason="the check is signed by the account's customer; two digits were changed",
            desk=scene.payments,
        )
    return [
        scene.told(
            "decided",
            f"{CLERK} finds the account of the check of {usd_display(known.receipt.cents)}: "
            f"{bill.account_id}, where it counts from {known.receipt.received_day}, the day it "
            "came.",
        )
    ]


def bounce(scene: Scene) -> list[ActTold]:
    """A check comes back: its payment is reversed. What that costs is not in a sheet we hold."""
    bill = scene.bill(BOUNCED_HOME, BOUNCED_BILL)
    key = _receipt_key(bill.account_id, bill.days.until_day)
    known = scene.store.receipt(key)
    if known.state is ReceiptState.POSTED:
        reverse_payment(
            key, on=scene.day, by=CLERK, reason="returned by the bank", desk=scene.payments
        )
    told = [
        scene.told(
            "returned",
            f"{who(scene.stay(BOUNCED_HOME))}: the check of {usd_display(known.receipt.cents)} "
            "comes back; what it had paid is open again, and nothing else is changed.",
        )
    ]
    try:
        settle_returned_payment(
            key, bill.account_id, by=CLERK, reason="returned check", desk=scene.settlements
        )
    except Refusal as refusal:
        told.append(scene.told("REFUSED", refusal.of_one_case().sentence))
    return told


def enroll(scene: Scene) -> list[ActTold]:
    """An account allows us to draw its bills."""
    stay = scene.stay(AUTOPAY_HOME)
    if not scene.store.enrollments(account_ids=[stay.account_id]):
        enroll_autopay(
            account_id=stay.account_id,
            holder=stay.people[0][1],
            routing_number=BANK_ROUTING,
            number=BANK_NUMBER,
            kind=BankAccountKind.CHECKING,
            standard=AchStandard.PPD,
            from_day=scene.day,
            most_cents=None,
            authorized="signed form of 2025-11-04",
            by=CLERK,
            numbers=open_bank_numbers(scene.folder),
            desk=scene.autopay,
        )
    return [scene.told("asks", f"{who(stay)} goes on autopay.")]


def draw(scene: Scene) -> list[ActTold]:
    """What is due by autopay is drawn, and leaves for the bank in one file."""
    account = scene.stay(AUTOPAY_HOME).account_id
    told = []
    for one in run_autopay(scene.day, desk=scene.autopay):
        if one.order is None and one.decision.outcome.cents:
            told.append(
                scene.told(
                    "autopay",
                    f"{one.bill_id} is not drawn unasked: {one.decision.reasons[-1].finding}.",
                )
            )
            answer_question(
                one.bill_id,
                is_drawn=True,
                by=CLERK,
                reason="the customer agrees",
                desk=scene.autopay,
            )
    made = make_ach_file(desk=scene.ach_out).file
    files = (
        [made] if made else [one for one in scene.store.ach_files() if one.created_day == scene.day]
    )
    for file in files:
        told.append(
            scene.told(
                "autopay",
                f"{usd_display(file.debit_cents)} is drawn for account {account}, in file "
                f"{file.file_id} for {file.effective_day}.",
            )
        )
    return told


def come_back(scene: Scene) -> list[ActTold]:
    """The bank had not enough: the debit comes back, and is tried once more."""
    (sent,) = [one for one in scene.store.ach_files() if one.created_day == AUTOPAY_DUE]
    file = file_of(sent.file_id, store=scene.store, numbers=open_bank_numbers(scene.folder))
    entry = AchEntry(
        26,
        BANK_ROUTING,
        BANK_NUMBER,
        sent.debit_cents,
        "",
        "KOWALSKI",
        f"{BANK_ROUTING[:8]}0000001",
        returned=AchReturn("R01", sent.entries[0].trace, BANK_ROUTING[:8]),
    )
    batch = replace(file.batches[0], service_class=200, entries=(entry,))
    data = write_nacha(replace(file, batches=(batch,), created_day=scene.day))
    name = f"returns-{scene.day}.ach"
    (returned,), _ = take_ach_returns(
        read_nacha(data, name),
        name=name,
        sha256=sha256_hex(data),
        desk=scene.ach_returns,
    )
    return [
        scene.told(
            "returned",
            f"{name}: {usd_display(returned.cents)} drawn on {AUTOPAY_DUE} comes back, "
            f"{returned.code}: {returned.sentence}",
        )
    ]


def card_unknown(scene: Scene) -> list[ActTold]:
    """The processor does not say whether a card was charged: nobody knows, and it says so."""
    bill = scene.bill(CARD_HOME, CARD_BILL)
    key = _card_key(bill.account_id)
    if key not in scene.store.known_receipts([key]):
        receipt = receipt_of(
            account_id=bill.account_id,
            cents=bill.total_cents,
            payment_key=key,
            received_day=scene.day,
            learned_at=scene.at,
            view=scene.view,
            how=How(Tender.CARD, Channel.CARD, reference="CARD-0205"),
        )
        tell_receipt(
            receipt,
            ReceiptState.UNKNOWN,
            reason="the processor gave no answer",
            view=scene.view,
            store=scene.store,
        )
    return [
        scene.told(
            "unknown",
            f"{who(scene.stay(CARD_HOME))} pays {usd_display(bill.total_cents)} by card, and the "
            "processor does not answer: not counted as paid, nor as missed.",
        )
    ]


def card_known(scene: Scene) -> list[ActTold]:
    """Six days later it is known, and posts once, with the day of the payment."""
    bill = scene.bill(CARD_HOME, CARD_BILL)
    known = confirm_payment(
        _card_key(bill.account_id), reason="the processor's report has it", desk=scene.payments
    )
    return [
        scene.told(
            "decided",
            f"The processor's report has the card payment of {usd_display(known.receipt.cents)}: "
            f"posted, received on {known.receipt.received_day}.",
        )
    ]


def _card_key(account_id: str) -> str:
    return f"card-{account_id}-{CARD_ON:%Y%m%d}"


def _receipt_key(account_id: str, until_day: date) -> str:
    return f"receipt-{account_id}-{until_day:%Y%m%d}"


def _swapped(account_id: str) -> str:
    """The number with two neighbors changed, as people write it: its check digit tells."""
    digits = list(account_id)
    place = next(at for at in range(3, 9) if digits[at] != digits[at + 1])
    digits[place], digits[place + 1] = digits[place + 1], digits[place]
    return "".join(digits)
